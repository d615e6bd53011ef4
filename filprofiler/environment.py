"""Where our own files lie, and the names of the environment variables that we read or set.

Everything that is imported at start-up imports this, so it imports next to nothing itself.
"""

import os.path

from filprofiler.systems import HERE

PACKAGE_FOLDER = os.path.dirname(os.path.abspath(__file__))
LIBRARY_PATH = os.path.join(PACKAGE_FOLDER, "_lib", HERE.library)
BOOTSTRAP_PATH = os.path.join(PACKAGE_FOLDER, "launch", "bootstrap.py")

# Files of ours whose frames stand at the root of the program's main thread: a profile leaves them out.
OWN_FILES = (
    BOOTSTRAP_PATH,
    os.path.join(PACKAGE_FOLDER, "launch", "become.py"),
    os.path.join(PACKAGE_FOLDER, "library.py"),
)

# Set by a developer: the way in which callstacks are to be found (launch/stacks.py). Not seen by the program.
STACKS_VARIABLE = "FIL_STACKS"

# CPython's compiler to machine code is turned off by its variable. The value that this had travels in ours
# (launch/jit.py), and the program sees things as they were.
JIT_VARIABLE = "PYTHON_JIT"
JIT_BEFORE_VARIABLE = "FIL_PYTHON_JIT"

# Set by the pytest plugin for the process that it becomes: that one does not try the same again.
RESTARTED_VARIABLE = "FIL_PYTEST_RESTARTED"
