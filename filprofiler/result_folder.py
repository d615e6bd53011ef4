"""The folder of one result, and the recording in it."""

import errno
import os
import time

from filprofiler import _abi, exit_statuses
from filprofiler.errors import FilError
from filprofiler.opened_folder import OpenedFolder
from filprofiler.regular_files import open_to_read

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Iterable, List, Optional, Sequence

DEFAULT_OUTPUT = "fil-result"  # where results go, unless something else is asked for
DESCRIPTION_NAME = "recording.txt"  # what was started, and later how it ended
_DESCRIPTION_LINES = (b"script ", b"script_absolute ")  # how the first ones begin: see profile/program.py
RECORDING_NAME = "recording.fil"

# If the disk is too full even for that, the program does not start.
_FIRST_BYTES = _abi.FIL_FIRST_BYTES


class OutputError(FilError):
    """The result folder or the recording cannot be written."""

    exit_status = exit_statuses.CANNOT_WRITE


class ResultFolder:
    """A new folder for one result.

    path: absolute path of the folder.
    recording_path: where the recording lies while the program runs.

    Nothing is kept open meanwhile: it may be the program's own process that has made the folder. Whenever it is opened
    again, it must be the same one; and what was not made here is not removed.
    """

    _may_be_anybodys = False  # whether another user's folder will do

    def __init__(self, output: str, now: "Optional[float]" = None) -> None:
        """Create a folder named after the time `now` (seconds since 1970) in the folder `output`.

        If there is one of that name, the next millisecond that is free is taken. Nobody but the user can look into it:
        what it will hold names files, functions and arguments of the program. Raises OutputError.
        """
        milliseconds = int((time.time() if now is None else now) * 1000)
        try:
            made_output = not os.path.isdir(output)
            os.makedirs(output, exist_ok=True)
            with OpenedFolder(output) as above:
                while True:
                    name = _timestamp(milliseconds)
                    try:
                        self._identity = above.make_folder(name)
                        break
                    except FileExistsError:
                        milliseconds += 1
        except OSError as error:
            reason = error.strerror or str(error)
            raise OutputError("Cannot create a folder for the result in %s: %s.", output, reason) from None
        output = os.path.abspath(output)
        path = os.path.join(output, name)
        self._use(path, [path, output] if made_output else [path])

    def _use(self, path: str, made_folders: "Sequence[str]") -> None:
        self.path = path
        self._made_folders = made_folders  # the inner one first
        self.recording_path = os.path.join(path, RECORDING_NAME)
        self._made: "List[str]" = []

    def opened(self, _path: str = "") -> OpenedFolder:
        """This folder, opened; the caller closes it. Raises OSError, also if there is another one in its place."""
        folder = OpenedFolder(self.path)
        if folder.identity == self._identity:
            return folder
        folder.close()
        raise OSError(errno.ENOENT, "another folder is in its place")

    def create(self, name: str) -> int:
        """Create a file that only the user can read; a descriptor to write to it. Raises OSError."""
        with self.opened() as folder:
            descriptor = folder.create(name, 0o600)
            self._made.append(name)
            if not (self._may_be_anybodys or folder.is_of_owner(descriptor)):
                os.close(descriptor)
                raise OSError(errno.EPERM, "the folder is another user's")
        return descriptor

    def create_recording(self) -> None:
        """Create the empty recording, with its first room allocated on disk.

        Only the user can read it: it names functions and files of the program. Raises OutputError, and leaves nothing
        then.
        """
        try:
            descriptor = self.create(RECORDING_NAME)
            try:
                _allocate(descriptor, _FIRST_BYTES)
            finally:
                os.close(descriptor)
        except OSError as error:
            self.discard()
            raise OutputError("Cannot write the recording in %s: %s.", self.path, error.strerror) from None

    def remove_made(self, more: "Iterable[str]" = ()) -> None:
        """Remove the files that `create` has made, the recording among them, and those of the names `more`."""
        try:
            with self.opened() as folder:
                for name in [*self._made, *more]:
                    folder.remove(name)
        except OSError:
            pass  # it is not ours any more
        self._made = []

    def discard(self, more: "Iterable[str]" = ()) -> None:
        """Remove the files that we have made, and the folders that were made for them.

        more: names of files that were made here otherwise. Whatever else is there stays.
        """
        self.remove_made(more)
        try:
            self.opened().close()
            for path in self._made_folders:
                os.rmdir(path)
        except OSError:
            pass  # it is not ours any more, or someone has put something there


def _allocate(descriptor: int, size: int) -> None:
    """Let the empty file have this many zeros, allocated on disk. Raises OSError."""
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(descriptor, 0, size)
        return
    rest = memoryview(bytes(size))
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def _timestamp(milliseconds: int) -> str:
    """Local time as a folder's name: 2020-06-15T12-37-13_033."""
    return "%s_%03d" % (time.strftime("%Y-%m-%dT%H-%M-%S", time.localtime(milliseconds // 1000)), milliseconds % 1000)


def was_started(recording_path: str) -> bool:
    """Whether tracking began, so that the recording holds something. Raises OSError."""
    with open_to_read(recording_path) as file:
        begins = file.read(_abi.HEADER_OFFSETS["state"] + 1)
    return begins.startswith(_abi.FIL_FORMAT_MAGIC) and begins[-1] > _abi.FIL_STATE_CREATED


def was_written_over(recording_path: str, pid: int) -> bool:
    """Whether the recording begins as the library does not leave it for that process. Raises OSError."""
    with open_to_read(recording_path) as file:
        first = file.read(_FIRST_BYTES)
    if not first.startswith(_abi.FIL_FORMAT_MAGIC):
        return bool(first.strip(b"\0"))  # before tracking begins it is nothing but zeros
    at = _abi.HEADER_OFFSETS["pid"]
    states = (_abi.FIL_STATE_CREATED, _abi.FIL_STATE_TRACKING, _abi.FIL_STATE_STOPPED)
    return first[_abi.HEADER_OFFSETS["state"]] not in states or int.from_bytes(first[at : at + 4], "little") != pid


def was_cut_short(recording_path: str) -> bool:
    """Whether something else has taken of the recording's first room. If more was cut off, the reader finds it."""
    try:
        return os.path.getsize(recording_path) < _FIRST_BYTES
    except OSError:
        return False


def is_ours(path: str) -> bool:
    """Whether the file of one of our names was written by us, as far as its content proves it; or there is none.

    An empty one proves nothing, though it may be left from a start that was killed. Nor does a link: we make none.
    """
    if os.path.islink(path):
        return False
    try:
        with open_to_read(path) as file:
            begins = file.read(_FIRST_BYTES + 1)
    except FileNotFoundError:
        return True
    except OSError:
        return False
    if os.path.basename(path) == DESCRIPTION_NAME:
        lines = begins.split(b"\n")
        return all(line.startswith(ours) for line, ours in zip(lines, _DESCRIPTION_LINES)) and len(lines) > 1
    return begins.startswith(_abi.FIL_FORMAT_MAGIC) or begins == bytes(_FIRST_BYTES)  # before tracking has begun


class GivenFolder(ResultFolder):
    """The folder at `path`, which may exist already: what is in it stays, but for a recording that was left there."""

    _may_be_anybodys = True

    def __init__(self, path: str, made: bool = False) -> None:
        """made: it was made for this, so it goes when it is discarded. Raises OutputError."""
        made = made or not os.path.isdir(path)
        try:
            os.makedirs(path, exist_ok=True)
            with OpenedFolder(path) as folder:
                self._identity = folder.identity
                for name in (RECORDING_NAME, DESCRIPTION_NAME):
                    in_the_way = os.path.join(path, name)
                    if not is_ours(in_the_way):
                        raise OutputError("%s is not ours, and a file of that name is needed.", in_the_way)
                for name in (RECORDING_NAME, DESCRIPTION_NAME):
                    folder.remove(name)
        except OSError as error:
            raise OutputError("Cannot create the folder %s: %s.", path, error.strerror) from None
        path = os.path.abspath(path)
        self._use(path, [path] if made else [])
