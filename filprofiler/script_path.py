"""Python's name for the file of a script given on the command line."""

import os
import sys

STANDARD_INPUT = "-"  # the script argument that makes Python read standard input
STANDARD_INPUT_FILE = "<stdin>"


def co_filename_of_script(path: str) -> str:
    """`co_filename` and `__file__` of the script given as `path`: unchanged up to CPython 3.8, absolute from 3.9 on.

    It is joined to the working directory and not normalized. If that is gone, it stays unchanged.
    """
    if path == STANDARD_INPUT:
        return STANDARD_INPUT_FILE
    if sys.version_info < (3, 9) or path.startswith("/"):
        return path
    try:
        return os.getcwd() + "/" + path
    except OSError:
        return path
