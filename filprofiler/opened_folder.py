"""A folder that is held open: files are made, replaced and removed in it by name, wherever its path leads meanwhile.

Others may be able to write in it, or in the folder above it. So nothing is written through a link or into what is there
already, and nobody can guess the name that a file has while it is written.
"""

import os
import stat

from filprofiler.regular_files import check_regular

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Iterable, Tuple

    Identity = Tuple[int, int]  # no two things that are there at the same time have the same

_TEMPORARY_ENDING = ".part"
_BUFFER_BYTES = 1 << 18

# To open a folder for this is enough where one may write in it but not list it.
_OPENED = os.O_DIRECTORY | os.O_CLOEXEC | getattr(os, "O_PATH", os.O_RDONLY)
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class OpenedFolder:
    """The folder at a path, until it is closed.

    All names are those of things in it, without a slash. All methods raise OSError unless they say otherwise.
    """

    def __init__(self, path: str) -> None:
        self._descriptor = os.open(path, _OPENED)

    def __enter__(self) -> "OpenedFolder":
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of it. Once."""
        os.close(self._descriptor)

    @property
    def identity(self) -> "Identity":
        """Which folder this is, whatever its path."""
        return _identity(os.fstat(self._descriptor))

    def make_folder(self, name: str) -> "Identity":
        """Make a folder in it that only the user can look into; which one that is."""
        os.mkdir(name, 0o700, dir_fd=self._descriptor)
        return _identity(os.stat(name, dir_fd=self._descriptor, follow_symlinks=False))

    def create(self, name: str, mode: int) -> int:
        """Create an empty file; a descriptor to write to it."""
        return os.open(name, _NEW, mode, dir_fd=self._descriptor)

    def is_of_owner(self, file: int) -> bool:
        """Whether the folder and an opened file are the same user's."""
        return os.fstat(file).st_uid == os.fstat(self._descriptor).st_uid

    def write(self, name: str, parts: "Iterable[bytes]", mode: int = 0o666) -> None:
        """Write a file, so that it is whole or not there. One of that name, or a link, is replaced."""
        self._check_replaceable(name)
        temporary = "%s.%s%s" % (name, os.urandom(8).hex(), _TEMPORARY_ENDING)
        try:
            with open(self.create(temporary, mode), "wb", _BUFFER_BYTES) as file:
                file.writelines(parts)
            os.replace(temporary, name, src_dir_fd=self._descriptor, dst_dir_fd=self._descriptor)
        except BaseException:
            self.remove(temporary)
            raise

    def _check_replaceable(self, name: str) -> None:
        try:
            mode = os.stat(name, dir_fd=self._descriptor, follow_symlinks=False).st_mode
        except FileNotFoundError:
            return
        if not stat.S_ISLNK(mode):
            check_regular(mode)

    def remove(self, name: str) -> None:
        """Remove a file; one that is not there, or cannot be removed, is left. Raises nothing."""
        try:
            os.unlink(name, dir_fd=self._descriptor)
        except OSError:
            pass


def _identity(status: "os.stat_result") -> "Identity":
    return status.st_dev, status.st_ino
