"""Paths of our own files.

Everything imported at the start of the command imports this, so it imports very little itself.
"""

import os.path

from filprofiler.systems import HERE

PACKAGE_FOLDER = os.path.dirname(os.path.abspath(__file__))
LIBRARY_PATH = os.path.join(PACKAGE_FOLDER, "_lib", HERE.library)
BOOTSTRAP_PATH = os.path.join(PACKAGE_FOLDER, "in_process", "bootstrap.py")

# Our own files whose frames are at the root of the program's main thread: a profile leaves them out.
OWN_FILES = (
    BOOTSTRAP_PATH,
    os.path.join(PACKAGE_FOLDER, "in_process", "become.py"),
    os.path.join(PACKAGE_FOLDER, "in_process", "start.py"),
    os.path.join(PACKAGE_FOLDER, "library.py"),
)

# Set by the pytest plugin for the process that it becomes, which must not restart again.
RESTARTED_VARIABLE = "FIL_PYTEST_RESTARTED"
