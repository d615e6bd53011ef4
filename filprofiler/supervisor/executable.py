"""The file that is run as the interpreter.

On macOS the `python3` of a framework is a small program that starts the interpreter proper, which lies elsewhere. It
would be the one to load our library, and the library takes itself out of the environment where it is loaded. So it is
passed by.
"""

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import MutableMapping

# By this the small program tells the interpreter how it was called, so that a virtual environment is found.
LAUNCHER_VARIABLE = "__PYVENV_LAUNCHER__"

_PROPER = ("Resources", "Python.app", "Contents", "MacOS", "Python")


def executable_to_start(environment: "MutableMapping[str, str]") -> str:
    """The path of the running interpreter's executable. Sets what that needs in the environment that it will get."""
    if sys.platform != "darwin":
        return sys.executable
    return proper_executable(sys.executable, sys.base_prefix, environment)


def proper_executable(executable: str, prefix: str, environment: "MutableMapping[str, str]") -> str:
    """The executable to start for `executable`, of an installation in the folder `prefix`: perhaps a framework."""
    proper = os.path.join(prefix, *_PROPER)
    if not os.path.isfile(proper):
        return executable
    environment[LAUNCHER_VARIABLE] = executable
    return proper
