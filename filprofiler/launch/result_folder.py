"""The folder of one result, and the recording in it."""

import os
import time

from filprofiler import _abi
from filprofiler.errors import FilError
from filprofiler.regular_files import open_to_read

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Optional

RECORDING_NAME = "recording.fil"

# Room for the header and the first segments: if the disk is too full even for that, the program does not start.
_FIRST_BYTES = 640 * 1024


class OutputError(FilError):
    """The result folder or the recording cannot be written."""


class ResultFolder:
    """A new folder for one result.

    path: absolute path of the folder.
    recording_path: where the recording lies while the program runs.
    """

    def __init__(self, output: str, now: "Optional[float]" = None) -> None:
        """Create a folder named after the time `now` (seconds since 1970) in the folder `output`.

        If there is one of that name, the next millisecond that is free is taken. Nobody but the user can look into it:
        what it will hold names files, functions and arguments of the program. Raises OutputError.
        """
        milliseconds = int((time.time() if now is None else now) * 1000)
        try:
            self._made_output = not os.path.isdir(output)
            os.makedirs(output, exist_ok=True)
            while True:
                self.path = os.path.join(os.path.abspath(output), _timestamp(milliseconds))
                try:
                    os.mkdir(self.path, 0o700)
                    break
                except FileExistsError:
                    milliseconds += 1
        except OSError as error:
            reason = error.strerror or str(error)
            raise OutputError("Cannot create a folder for the result in %s: %s.", output, reason) from None
        self._use(self.path)

    def _use(self, path: str) -> None:
        self.path = path
        self.recording_path = os.path.join(path, RECORDING_NAME)

    def create_recording(self) -> None:
        """Create the empty recording, with its first room allocated on disk.

        Only the user can read it: it names functions and files of the program. Raises OutputError, and leaves nothing
        then.
        """
        try:
            descriptor = os.open(self.recording_path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            try:
                _allocate(descriptor, _FIRST_BYTES)
            finally:
                os.close(descriptor)
        except OSError as error:
            self.discard()
            raise OutputError("Cannot write the recording in %s: %s.", self.path, error.strerror) from None

    def discard(self) -> None:
        """Remove the folder and what is in it, and the folder above if it was made for this; as far as that goes."""
        try:
            for name in os.listdir(self.path):
                remove(os.path.join(self.path, name))
            os.rmdir(self.path)
            if self._made_output:
                os.rmdir(os.path.dirname(self.path))
        except OSError:
            pass  # it is not ours any more: someone has put something there


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
    """Whether tracking began, so that the recording holds something."""
    try:
        with open_to_read(recording_path) as file:
            begins = file.read(_abi.HEADER_OFFSETS["state"] + 1)
            return begins.startswith(_abi.FIL_FORMAT_MAGIC) and begins[-1] > _abi.FIL_STATE_CREATED
    except OSError:
        return False


def was_cut_short(recording_path: str) -> bool:
    """Whether something else has taken of the recording's first room. If more was cut off, the reader finds it."""
    try:
        return os.path.getsize(recording_path) < _FIRST_BYTES
    except OSError:
        return False


def remove(path: str) -> None:
    """Remove a file; one that is not there, or not ours, is left."""
    try:
        os.unlink(path)
    except OSError:
        pass
