"""`python -m filprofiler`: the same as the command `fil-profile`."""

import posix
import sys

from filprofiler.command import command


def _forget_working_directory() -> None:
    """Remove the working directory, which Python puts first in sys.path: our modules must not come from there."""
    try:
        folder = posix.getcwd()
    except OSError:
        folder = ""  # it is gone, and Python has added nothing; CPython 3.6 adds ""
    if not (sys.flags.isolated or getattr(sys.flags, "safe_path", False)) and sys.path[0] in ("", folder):
        del sys.path[0]


if __name__ == "__main__":
    _forget_working_directory()
    command()
