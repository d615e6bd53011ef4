"""`python -m filprofiler`: the same as the command `fil-profile`."""

import sys

from filprofiler.command import command

if __name__ == "__main__":
    # Python puts the working directory first, for modules that the program may import. Ours must not come from there.
    if not (sys.flags.isolated or getattr(sys.flags, "safe_path", False)):
        del sys.path[0]
    command()
