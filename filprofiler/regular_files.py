"""Opening regular files only: a pipe, a device or a socket in a file's place could make us wait for ever.

The path may be anybody's: a recording from elsewhere names source files, and folders can be shared. So the file is
looked at before it is opened (opening a device can do something), opened so that nothing waits, and looked at again.
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

# What is read at most of a file without a size, as the system's own information has none: some of it never ends.
_UNSIZED_BYTES = 1 << 20


def open_regular(path: str, flags: int = os.O_RDONLY, mode: int = 0o600, folder: "Optional[int]" = None) -> int:
    """Open a file as os.open does, if it is a regular file or the flags create one; its descriptor.

    folder: the descriptor of the folder that a relative path begins at, None for the working directory.
    Raises OSError; of what is no regular file, its `strerror` says what it is instead.
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
    """A regular file, opened for reading bytes. Raises OSError as open_regular does."""
    return open(open_regular(path, folder=folder), "rb")


def read_regular(path: str, folder: "Optional[int]" = None) -> bytes:
    """All bytes of a regular file; of one that gives no size, a first mebibyte. Raises OSError as open_regular does."""
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


def check_regular(mode: int) -> None:
    """Raises OSError as open_regular does, if that is not the mode of a regular file."""
    if stat.S_ISREG(mode):
        return
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    kind = next((kind for is_kind, kind in _KINDS if is_kind(mode)), "something else")
    raise OSError(errno.EINVAL, "it is %s, not a regular file" % kind)
