"""The environment in which the program is started: our library is loaded in front of the C library."""

import errno
import os

from filprofiler.systems import HERE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import MutableMapping

    from filprofiler.systems import System


class Preload:
    """Our library's entry in the list of preloaded libraries.

    The list cannot hold a path with a colon (on Linux, or a blank). Such a library is named through a descriptor of
    this process, which stays open until `close`.
    """

    def __init__(self, library_path: str, system: "System" = HERE) -> None:
        """Raises OSError if the library cannot be read, is none, or cannot be named in the list."""
        self._system = system
        self._descriptor = os.open(library_path, os.O_RDONLY | os.O_CLOEXEC)
        if not os.read(self._descriptor, 16).startswith(system.library_begins):
            raise OSError(errno.ENOEXEC, "it is not a library")
        self.entry = library_path
        if any(separator in library_path for separator in system.separators):
            if not system.open_files_have_names:
                raise OSError(errno.EINVAL, "a path with a colon cannot stand in %s" % system.preload_variable)
            self.entry = "/proc/%d/fd/%d" % (os.getpid(), self._descriptor)

    def put_first(self, environment: "MutableMapping[str, str]") -> None:
        """Put our library before the user's own. The library takes itself out again when it is loaded."""
        variable = self._system.preload_variable
        others = environment.get(variable)
        environment[variable] = self.entry + (self._system.separators[0] + others if others else "")

    def outlive_exec(self) -> None:
        """This process is about to become the program: an entry that names a descriptor has to be good then."""
        os.set_inheritable(self._descriptor, self.entry.startswith("/proc/"))

    def close(self) -> None:
        """The program has begun: the entry is not needed any more."""
        os.close(self._descriptor)
