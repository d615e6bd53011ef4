"""How Python names the file of a script that was given on the command line."""

import os
import sys

STANDARD_INPUT = "-"  # what Python is given for a script that it is to read there
STANDARD_INPUT_FILE = "<stdin>"


def co_filename_of_script(path: str) -> str:
    """`co_filename` and `__file__` of the script given as `path`: as it is up to CPython 3.8, absolute from 3.9 on.

    It is joined to the working directory and not tidied up. If that is gone, it stays as it is.
    """
    if path == STANDARD_INPUT:
        return STANDARD_INPUT_FILE
    if sys.version_info < (3, 9) or path.startswith("/"):
        return path
    try:
        return os.getcwd() + "/" + path
    except OSError:
        return path
