"""Compare csrc/attribute/layouts/layouts.def with the headers of interpreters.

Usage: python build_tools/check_layouts.py PYTHON...

For each interpreter that has its headers, prints the row that they give and whether the table has the same. Exit status
1 if a row differs or is missing, 2 if no interpreter had headers.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from typing import List, Optional

HERE = os.path.dirname(os.path.abspath(__file__))
TABLE = os.path.join(os.path.dirname(HERE), "csrc", "attribute", "layouts", "layouts.def")
PROBE = os.path.join(HERE, "layout_probe.c")
ASK_INCLUDE = "import sys, sysconfig; print(sys.abiflags, sysconfig.get_paths()['include'], sep=':')"


def table_rows() -> List[str]:
    """The rows of layouts.def, each on one line."""
    with open(TABLE) as table:
        return [" ".join(row.split()) for row in re.findall(r"^LAYOUT\([^)]*\)", table.read(), re.MULTILINE)]


def row_from_headers(python: str) -> Optional[str]:
    """The row that the headers of the interpreter `python` give.

    None where they are not installed, and for a build without the GIL: those publish their layout, and have no row.

    Raises subprocess.CalledProcessError if the probe does not compile against them.
    """
    answer = subprocess.check_output([python, "-c", ASK_INCLUDE], universal_newlines=True)
    flags, _, include = answer.strip().partition(":")
    if "t" in flags or not os.path.exists(os.path.join(include, "Python.h")):
        return None
    compiler = os.environ.get("CC") or shutil.which("cc") or shutil.which("gcc") or "cc"
    with tempfile.TemporaryDirectory() as folder:
        program = os.path.join(folder, "probe")
        subprocess.check_call(
            [compiler, "-w", "-I" + include, "-I" + os.path.join(include, "internal"), PROBE, "-o", program]
        )
        return subprocess.check_output([program], universal_newlines=True).strip()


def main(pythons: List[str]) -> int:
    """Check each interpreter; see the module's text for what is printed and returned."""
    rows = table_rows()
    checked = 0
    wrong = 0
    for python in pythons:
        row = row_from_headers(python)
        if row is None:
            print("%s: no headers, or no row of its own" % python)
            continue
        checked += 1
        wrong += row not in rows
        print("%s: %s%s" % (python, row, "" if row in rows else "   NOT in layouts.def"))
    return 1 if wrong else 0 if checked else 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
