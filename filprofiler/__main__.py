"""`python -m filprofiler`: the same as the command `fil-profile`."""

import os
import sys

if __name__ == "__main__":
    # Python puts the working directory first, for modules that the program may import. Ours must not come from there.
    if not (sys.flags.isolated or getattr(sys.flags, "safe_path", False)):
        del sys.path[0]

    from filprofiler.cli import main

    status = main()
    if sys.flags.inspect:
        # `python -i`: the program has had its interactive session, and we are none.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)
    sys.exit(status)
