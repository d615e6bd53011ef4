"""Runs in an environment with Jupyter: executes the cells that come as JSON on standard input, in one kernel.

    python execute.py KERNEL FOLDER < {"cells": [...], "actions": {...}}

Writes the notebook, executed, to standard output as JSON; errors are kept as outputs.
"""

import json
import sys

import nbformat
from nbclient import NotebookClient


def main(kernel, folder):
    """Execute."""
    cells = json.load(sys.stdin)
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in cells])
    client = NotebookClient(
        notebook, kernel_name=kernel, timeout=300, allow_errors=True, resources={"metadata": {"path": folder}}
    )
    client.execute()
    print(nbformat.writes(notebook))


main(*sys.argv[1:])
