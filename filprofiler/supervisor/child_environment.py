"""The program's environment: our library is preloaded before the C library."""

import errno
import os
import sys

from filprofiler.environment import LIBRARY_PATH
from filprofiler.errors import CannotProfileError
from filprofiler.systems import HERE
from filprofiler.wording import quoted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, MutableMapping

    from filprofiler.systems import System


CHILDREN_VARIABLE = "FIL_CHILDREN"  # the folder in which processes that the program starts make their recordings


class Preload:
    """Our library's entry in the list of preloaded libraries.

    The list cannot hold a path with a colon (or, on Linux, a space). Such a library is named through a descriptor of
    this process, which stays open until `close`.
    """

    def __init__(self, library_path: str, system: "System" = HERE) -> None:
        """Raises OSError if the file cannot be read, is not a library, or cannot be listed."""
        self._system = system
        self._descriptor = os.open(library_path, os.O_RDONLY | os.O_CLOEXEC)
        if not os.read(self._descriptor, 16).startswith(system.library_begins):
            raise OSError(errno.ENOEXEC, "it is not a library")
        self.entry = library_path
        if any(separator in library_path for separator in system.separators):
            if not system.open_files_have_names:
                raise OSError(errno.EINVAL, "a path with a colon cannot be listed in %s" % system.preload_variable)
            self.entry = "/proc/%d/fd/%d" % (os.getpid(), self._descriptor)

    def put_first(self, environment: "MutableMapping[str, str]") -> None:
        """Put our library before the user's own. The library removes itself from the list when it is loaded.

        What is started is then no process of another run, if this one happens to be recorded itself.
        """
        variable = self._system.preload_variable
        others = environment.get(variable)
        environment[variable] = self.entry + (self._system.separators[0] + others if others else "")
        environment.setdefault(CHILDREN_VARIABLE, "")

    def outlive_exec(self) -> None:
        """Keep the entry's descriptor, if it has one, open when this process becomes the program by exec."""
        os.set_inheritable(self._descriptor, self.entry.startswith("/proc/"))

    def close(self) -> None:
        """Call when the program has begun and no longer needs the entry."""
        os.close(self._descriptor)


POOL_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "BLOSC_NTHREADS",
    "NUMEXPR_NUM_THREADS",
    "NUMEXPR_MAX_THREADS",
)

_LIMIT = "1"


def limit_thread_pools(environment: "MutableMapping[str, str]") -> "Dict[str, str]":
    """Set every pool's variable to 1. Returns the user's own differing values, by variable."""
    overridden = {}
    for variable in POOL_VARIABLES:
        before = environment.get(variable, _LIMIT)
        if before != _LIMIT:
            overridden[variable] = before
        environment[variable] = _LIMIT
    return overridden


def overridden_sentence(overridden: "Dict[str, str]") -> str:
    """A line for the user about the values that limit_thread_pools replaced."""
    settings = [quoted("%s=%s" % item) for item in overridden.items()]
    return "Thread pools run with 1 thread instead of %s; --keep-thread-pools leaves them alone." % ", ".join(settings)


def library_to_preload() -> Preload:
    """Our library's entry. Raises CannotProfileError."""
    if not sys.executable:
        raise CannotProfileError("Python does not know its own path, so it cannot start the program.")
    try:
        return Preload(LIBRARY_PATH)
    except OSError as error:
        problem = "The library %s cannot be read (%s); install filprofiler again."
        raise CannotProfileError(problem, LIBRARY_PATH, error.strerror) from None
