"""Opens regular files only: a pipe, a device or a socket in a file's place could make us wait for ever.

Paths are not trusted: a recording from elsewhere names source files, and folders can be shared. So the file is checked
before it is opened (opening a device can have effects), opened without blocking, and checked again.
"""

import errno
import os
import stat

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import BinaryIO, Callable, List, Optional

_KINDS: "tuple[tuple[Callable[[int], bool], str], ...]" = (
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)

_NEVER_WAIT = os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC

# No file system compresses text to less than 1/n. What claims that is a file with a hole, which reads as zeros.
_MOST_COMPRESSED = 1000
_LARGE_BYTES = 64 << 20
_BLOCK_BYTES = 512  # the unit of st_blocks, on every system

# Most bytes read from a file without a size, such as the system's pseudo files: some of them never end.
_UNSIZED_BYTES = 1 << 20


def open_regular(path: str, flags: int = os.O_RDONLY, mode: int = 0o600, folder: "Optional[int]" = None) -> int:
    """Open a file like os.open, if it is a regular file or the flags create one. Returns its descriptor.

    folder: descriptor of the folder where a relative path begins; None for the working directory.
    Raises OSError; if it is not a regular file, `strerror` says what it is.
    """
    try:
        check_regular(os.stat(path, dir_fd=folder, follow_symlinks=not flags & os.O_NOFOLLOW).st_mode)
    except FileNotFoundError:
        if not flags & os.O_CREAT:
            raise
    descriptor = os.open(path, flags | _NEVER_WAIT, mode, dir_fd=folder)
    try:
        check_regular(os.fstat(descriptor).st_mode)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def open_to_read(path: str, folder: "Optional[int]" = None) -> "BinaryIO":
    """Open a regular file for reading bytes.

    Raises OSError like open_regular, also for a large file that is nothing but a hole.
    """
    descriptor = open_regular(path, folder=folder)
    try:
        _check_not_sparse(os.fstat(descriptor))
    except OSError:
        os.close(descriptor)
        raise
    return open(descriptor, "rb")


def read_regular(path: str, folder: "Optional[int]" = None) -> bytes:
    """All bytes of a regular file; of one without a size, the first mebibyte. Raises OSError like open_to_read."""
    with open_to_read(path, folder) as file:
        size = os.fstat(file.fileno()).st_size
        if size == 0:
            return file.read(_UNSIZED_BYTES)
        content = file.read(size)
        if len(content) < size:
            return content
        rest: "List[bytes]" = []
        while True:  # it may be growing
            size = os.fstat(file.fileno()).st_size - file.tell()
            piece = file.read(size) if size > 0 else b""
            if not piece:
                return b"".join([content] + rest) if rest else content
            rest.append(piece)


def _check_not_sparse(found: os.stat_result) -> None:
    """Check that reading a whole file is not far more work than making it was. Raises OSError."""
    on_disk = getattr(found, "st_blocks", found.st_size) * _BLOCK_BYTES
    if found.st_size > _LARGE_BYTES and on_disk < found.st_size // _MOST_COMPRESSED:
        raise OSError(errno.EFBIG, "it is a large file of nothing but a hole")


def make_folders(path: str) -> None:
    """Create a folder, and those above it, if it does not exist. Raises OSError, also if it is something else."""
    try:
        os.makedirs(path, exist_ok=True)
    except FileExistsError:
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), path) from None


def check_regular(mode: int) -> None:
    """Check that a mode is a regular file's. Raises OSError like open_regular."""
    if stat.S_ISREG(mode):
        return
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    kind = next((kind for is_kind, kind in _KINDS if is_kind(mode)), "something else")
    raise OSError(errno.EINVAL, "it is %s, not a regular file" % kind)
