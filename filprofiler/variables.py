"""Environment variables that carry something to the profiled process, and how it removes them again.

Python keeps the environment three times: in the C library, in the module posix, and in the module os if it is loaded.
"""

import posix
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Optional

# Set by a developer: the way in which call stacks are to be found (in_process/stacks.py). Not seen by the program.
STACKS_VARIABLE = "FIL_STACKS"

# CPython's JIT compiler is turned off by its variable. Our variable carries its previous value
# (jit.py), and the program sees things as they were.
JIT_VARIABLE = "PYTHON_JIT"
JIT_BEFORE_VARIABLE = "FIL_PYTHON_JIT"


def take(name: str) -> "Optional[str]":
    """Remove a variable and return its value; None if it was not set."""
    value = posix.environ.pop(_encoded(name), None)
    if "os" in sys.modules:
        sys.modules["os"].environ.pop(name, None)
    if value is None:
        return None
    posix.unsetenv(_encoded(name))
    return value.decode(sys.getfilesystemencoding(), "surrogateescape")


def put(name: str, value: str) -> None:
    """Set a variable."""
    posix.environ[_encoded(name)] = _encoded(value)
    posix.putenv(_encoded(name), _encoded(value))
    if "os" in sys.modules:
        sys.modules["os"].environ[name] = value


def _encoded(text: str) -> bytes:
    return text.encode(sys.getfilesystemencoding(), "surrogateescape")
