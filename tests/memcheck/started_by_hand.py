"""Track from within: started_by_hand.py RECORDING PROGRAM ARGUMENT...

Valgrind brings a malloc of its own, with which the launcher's check that our hooks come first cannot pass. Here that
one check is left out; all else is as the launcher does it.
"""

import os
import signal
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))

from filprofiler.library import Library  # noqa: E402

recording, program = sys.argv[1:3]
sys.argv = sys.argv[2:]
library = Library()
library.select_layout(sys.hexversion, False)
library.accept_layout()
open(recording, "wb").close()
library.start(recording, int(signal.SIGUSR2))  # as with a supervisor
with open(program, "rb") as file:
    exec(compile(file.read(), program, "exec"), {"__name__": "__main__", "__file__": program})
