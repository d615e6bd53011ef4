"""Environment variables by which we tell the profiled process something, and how it takes them out again.

Python keeps the environment three times: in the C library, in the module posix, and in the module os if that is there.
"""

import posix
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Optional

# Set by a developer: the way in which call stacks are to be found (in_process/stacks.py). Not seen by the program.
STACKS_VARIABLE = "FIL_STACKS"

# CPython's compiler to machine code is turned off by its variable. The value that this had travels in ours
# (jit.py), and the program sees things as they were.
JIT_VARIABLE = "PYTHON_JIT"
JIT_BEFORE_VARIABLE = "FIL_PYTHON_JIT"


def take(name: str) -> "Optional[str]":
    """The value of a variable, which is not there any more afterwards; None if it was not there."""
    value = posix.environ.pop(_encoded(name), None)
    if "os" in sys.modules:
        sys.modules["os"].environ.pop(name, None)
    if value is None:
        return None
    posix.unsetenv(_encoded(name))
    return value.decode(sys.getfilesystemencoding(), "surrogateescape")


def put(name: str, value: str) -> None:
    """Give a variable a value."""
    posix.environ[_encoded(name)] = _encoded(value)
    posix.putenv(_encoded(name), _encoded(value))
    if "os" in sys.modules:
        sys.modules["os"].environ[name] = value


def _encoded(text: str) -> bytes:
    return text.encode(sys.getfilesystemencoding(), "surrogateescape")
