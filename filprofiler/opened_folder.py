"""A folder held open: files are made, replaced and removed in it by name, even if its path leads elsewhere meanwhile.

Others may be able to write in it, or in its parent. So nothing is written through a link or into an existing file, and
nobody can guess a file's name while it is being written.
"""

import os
import stat

from filprofiler.regular_files import check_regular, read_regular

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Iterable, List, Optional, Tuple

    Identity = Tuple[int, int]  # unique among things that exist at the same time

_TEMPORARY_ENDING = ".part"
_BUFFER_BYTES = 1 << 18

# These flags suffice for a folder that may be written but not listed.
_OPENED = os.O_DIRECTORY | os.O_CLOEXEC | getattr(os, "O_PATH", os.O_RDONLY)
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class OpenedFolder:
    """The folder at a path, until it is closed.

    All names are of things in it, without a slash. All methods raise OSError unless documented otherwise.
    """

    def __init__(self, path: str, above: "Optional[int]" = None) -> None:
        """above: descriptor of the folder that contains it, where no link is followed; None: `path` is a path."""
        flags = _OPENED if above is None else _OPENED | os.O_NOFOLLOW
        self._descriptor = os.open(path, flags, dir_fd=above)

    def __enter__(self) -> "OpenedFolder":
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the folder. Call once."""
        os.close(self._descriptor)

    @property
    def identity(self) -> "Identity":
        """The folder's identity, independent of its path."""
        return _identity(os.fstat(self._descriptor))

    def make_folder(self, name: str) -> "Identity":
        """Make a folder in it that only the user can read. Returns its identity."""
        os.mkdir(name, 0o700, dir_fd=self._descriptor)
        return _identity(os.stat(name, dir_fd=self._descriptor, follow_symlinks=False))

    def folder(self, name: str) -> "OpenedFolder":
        """Open a folder in it, not through a link; the caller closes it."""
        return OpenedFolder(name, self._descriptor)

    def names(self) -> "List[str]":
        """The names of all things in it, in order."""
        descriptor = os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=self._descriptor)
        try:
            return sorted(os.listdir(descriptor))
        finally:
            os.close(descriptor)

    def read(self, name: str) -> bytes:
        """The content of a regular file."""
        return read_regular(name, self._descriptor)

    def remove_folder(self, name: str) -> None:
        """Remove an empty folder, if it exists and can be removed. Never raises."""
        try:
            os.rmdir(name, dir_fd=self._descriptor)
        except OSError:
            pass

    def create(self, name: str, mode: int) -> int:
        """Create an empty file. Returns a descriptor for writing."""
        return os.open(name, _NEW, mode, dir_fd=self._descriptor)

    def is_of_owner(self, file: int) -> bool:
        """Whether the folder and an opened file belong to the same user."""
        return os.fstat(file).st_uid == os.fstat(self._descriptor).st_uid

    def write(self, name: str, parts: "Iterable[bytes]", mode: int = 0o666) -> None:
        """Write a file; it is complete or absent. An existing file or link of that name is replaced."""
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
        """Remove a file, if it exists and can be removed. Never raises."""
        try:
            os.unlink(name, dir_fd=self._descriptor)
        except OSError:
            pass


def _identity(status: "os.stat_result") -> "Identity":
    return status.st_dev, status.st_ino
