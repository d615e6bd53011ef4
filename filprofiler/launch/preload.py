"""The environment in which the program is started: our library is loaded in front of the C library."""

import errno
import os

from filprofiler.environment import PRELOAD_VARIABLE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import MutableMapping

_SEPARATORS = (":", " ")
_LIBRARY_BEGINS = b"\x7fELF"


class Preload:
    """Our library's entry in the list of preloaded libraries.

    The list cannot hold a path with a colon or a blank. Such a library is named through a descriptor of this process,
    which stays open until `close`.
    """

    def __init__(self, library_path: str) -> None:
        """Raises OSError if the library cannot be read, or is none."""
        self._descriptor = os.open(library_path, os.O_RDONLY | os.O_CLOEXEC)
        if os.read(self._descriptor, len(_LIBRARY_BEGINS)) != _LIBRARY_BEGINS:
            raise OSError(errno.ENOEXEC, "it is not a library")
        self.entry = library_path
        if any(separator in library_path for separator in _SEPARATORS):
            self.entry = "/proc/%d/fd/%d" % (os.getpid(), self._descriptor)

    def put_first(self, environment: "MutableMapping[str, str]") -> None:
        """Put our library before the user's own. The library takes itself out again when it is loaded."""
        others = environment.get(PRELOAD_VARIABLE)
        environment[PRELOAD_VARIABLE] = self.entry + (":" + others if others else "")

    def outlive_exec(self) -> None:
        """This process is about to become the program: an entry that names a descriptor has to be good then."""
        os.set_inheritable(self._descriptor, self.entry.startswith("/proc/"))

    def close(self) -> None:
        """The program has begun: the entry is not needed any more."""
        os.close(self._descriptor)
