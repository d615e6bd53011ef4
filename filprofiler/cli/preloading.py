"""Our library, ready to be loaded in front of the C library by the program that we start."""

import sys

from filprofiler.environment import LIBRARY_PATH
from filprofiler.errors import FilError
from filprofiler.supervisor.preload import Preload


class CannotProfileError(FilError):
    """This interpreter or platform cannot be profiled."""


def library_to_preload() -> Preload:
    """Raises CannotProfileError."""
    if not sys.executable:
        raise CannotProfileError("Python does not know its own path, so it cannot start the program.")
    try:
        return Preload(LIBRARY_PATH)
    except OSError as error:
        problem = "The library %s cannot be read (%s); install filprofiler again."
        raise CannotProfileError(problem, LIBRARY_PATH, error.strerror) from None
