"""Where our own files lie.

Everything that is imported at the start of the command imports this, so it imports next to nothing itself.
"""

import os.path

from filprofiler.systems import HERE

PACKAGE_FOLDER = os.path.dirname(os.path.abspath(__file__))
LIBRARY_PATH = os.path.join(PACKAGE_FOLDER, "_lib", HERE.library)
BOOTSTRAP_PATH = os.path.join(PACKAGE_FOLDER, "in_process", "bootstrap.py")

# Files of ours whose frames stand at the root of the program's main thread: a profile leaves them out.
OWN_FILES = (
    BOOTSTRAP_PATH,
    os.path.join(PACKAGE_FOLDER, "in_process", "become.py"),
    os.path.join(PACKAGE_FOLDER, "in_process", "start.py"),
    os.path.join(PACKAGE_FOLDER, "library.py"),
)

# Set by the pytest plugin for the process that it becomes: that one does not try the same again.
RESTARTED_VARIABLE = "FIL_PYTEST_RESTARTED"
