"""The folder of one result, and the recording in it."""

import errno
import os
import time

from filprofiler import _abi, exit_statuses
from filprofiler.errors import FilError
from filprofiler.opened_folder import OpenedFolder
from filprofiler.regular_files import make_folders, open_to_read

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Iterable, List, Optional, Sequence

DEFAULT_OUTPUT = "fil-result"  # the default folder for results
DESCRIPTION_NAME = "recording.txt"  # what was started, and later how it ended
_DESCRIPTION_LINES = (b"script ", b"script_absolute ")  # how the first ones begin: see profile/program.py
RECORDING_NAME = "recording.fil"
PROCESSES_NAME = "processes"  # the folder of other processes' recordings, and what they share
SHARED_NAME = "processes.fil"  # in it
ENDED_NAME = "ended"  # in it: what is kept of processes whose recordings were removed
_CHOSEN_NAME = "chosen"  # in it: which programs are recorded
_NAMES_BESIDE = (SHARED_NAME, ENDED_NAME, _CHOSEN_NAME)
_PROOF_ENDING = ".proof"  # files in it: an interpreter's layout, proved by one process for the others

# If the disk is too full even for that, the program does not start.
_FIRST_BYTES = _abi.FIL_FIRST_BYTES


class OutputError(FilError):
    """The result folder or the recording cannot be written."""

    exit_status = exit_statuses.CANNOT_WRITE


class ResultFolder:
    """A new folder for one result.

    path: absolute path of the folder.
    recording_path: path of the recording while the program runs.

    Nothing is kept open meanwhile: the program's own process may have made the folder. Whenever it is opened again, it
    must be the same folder; and only things made here are removed.
    """

    _may_be_anybodys = False  # whether another user's folder will do

    def __init__(self, output: str, now: "Optional[float]" = None) -> None:
        """Create a folder named after the time `now` (seconds since 1970) in the folder `output`.

        If that name exists, the next free millisecond is used. Only the user can read it: its content will name files,
        functions and arguments of the program. Raises OutputError.
        """
        milliseconds = int((time.time() if now is None else now) * 1000)
        try:
            made_output = not os.path.isdir(output)
            make_folders(output)
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
        self._made_folders = made_folders  # innermost first
        self.recording_path = os.path.join(path, RECORDING_NAME)
        self._made: "List[str]" = []
        self._made_processes = False

    def opened(self, _path: str = "") -> OpenedFolder:
        """Open this folder; the caller closes it. Raises OSError, also if another one is in its place."""
        folder = OpenedFolder(self.path)
        if folder.identity == self._identity:
            return folder
        folder.close()
        raise OSError(errno.ENOENT, "another folder is in its place")

    def create(self, name: str) -> int:
        """Create a file that only the user can read. Returns a descriptor for writing. Raises OSError."""
        with self.opened() as folder:
            descriptor = folder.create(name, 0o600)
            self._made.append(name)
            if not (self._may_be_anybodys or folder.is_of_owner(descriptor)):
                os.close(descriptor)
                raise OSError(errno.EPERM, "the folder is another user's")
        return descriptor

    def create_recording(self) -> None:
        """Create the empty recording, with its first part allocated on disk.

        Only the user can read it: it names functions and files of the program. Raises OutputError and then leaves
        nothing behind.
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

    def make_processes_folder(self, chosen: bytes = b"") -> str:
        """Make the folder in which processes that the program starts make their recordings. Returns its path.

        chosen: what csrc/children/chosen.h reads, if not all are to be recorded. Raises OSError.
        """
        with self.opened() as folder:
            folder.make_folder(PROCESSES_NAME)
            self._made_processes = True
            if chosen:
                with folder.folder(PROCESSES_NAME) as processes, open(
                    processes.create(_CHOSEN_NAME, 0o600), "wb"
                ) as file:
                    file.write(chosen)
        return os.path.join(self.path, PROCESSES_NAME)

    def remove_made(self, more: "Iterable[str]" = ()) -> None:
        """Remove the files made by `create`, including the recording, and those named in `more`."""
        try:
            with self.opened() as folder:
                for name in [*self._made, *more]:
                    folder.remove(name)
                if self._made_processes:
                    remove_processes(folder)
        except OSError:
            pass  # it is no longer ours
        self._made = []

    def has_processes(self) -> bool:
        """Whether a process that the program has started has begun a recording, as far as known."""
        if not self._made_processes:
            return False
        try:
            with self.opened() as folder, folder.folder(PROCESSES_NAME) as processes:
                return bool(processes.names())
        except OSError:
            return False

    def remove_empty_processes_folder(self) -> None:
        """If the program has started no process that recorded itself, leave no folder for them."""
        try:
            with self.opened() as folder:
                folder.remove_folder(PROCESSES_NAME)
        except OSError:
            pass  # there are some

    def discard(self, more: "Iterable[str]" = ()) -> None:
        """Remove the files and folders that we made.

        more: names of files made here by other means. Everything else stays.
        """
        self.remove_made(more)
        try:
            self.opened().close()
            for path in self._made_folders:
                os.rmdir(path)
        except OSError:
            pass  # it is no longer ours, or contains foreign files


def is_process_name(name: str) -> bool:
    """Whether the library gives recordings in the folder of processes such a name: "1234-0.fil"."""
    numbers = name[: -len(".fil")].split("-")
    return (
        name.endswith(".fil") and len(numbers) == 2 and all(part and not part.strip("0123456789") for part in numbers)
    )


def remove_processes(folder: OpenedFolder) -> None:
    """Remove the recordings of other processes in an opened result folder, and their folder if nothing else is in it.

    Never raises.
    """
    try:
        with folder.folder(PROCESSES_NAME) as processes:
            for name in processes.names():
                if name in _NAMES_BESIDE or is_process_name(name) or name.endswith(_PROOF_ENDING):
                    processes.remove(name)
    except OSError:
        return
    folder.remove_folder(PROCESSES_NAME)


def _allocate(descriptor: int, size: int) -> None:
    """Fill the empty file with this many zeros, allocated on disk. Raises OSError."""
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(descriptor, 0, size)
        return
    rest = memoryview(bytes(size))
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def _timestamp(milliseconds: int) -> str:
    """Local time as a folder name: 2020-06-15T12-37-13_033."""
    return "%s_%03d" % (time.strftime("%Y-%m-%dT%H-%M-%S", time.localtime(milliseconds // 1000)), milliseconds % 1000)


def was_started(recording_path: str) -> bool:
    """Whether tracking began, so that the recording has content. Raises OSError."""
    with open_to_read(recording_path) as file:
        begins = file.read(_abi.HEADER_OFFSETS["state"] + 1)
    return begins.startswith(_abi.FIL_FORMAT_MAGIC) and begins[-1] > _abi.FIL_STATE_CREATED


def was_written_over(recording_path: str, pid: int) -> bool:
    """Whether the recording's beginning is not what the library writes for that process. Raises OSError."""
    with open_to_read(recording_path) as file:
        first = file.read(_FIRST_BYTES)
    if not first.startswith(_abi.FIL_FORMAT_MAGIC):
        return bool(first.strip(b"\0"))  # before tracking begins it contains only zeros
    at = _abi.HEADER_OFFSETS["pid"]
    states = (_abi.FIL_STATE_CREATED, _abi.FIL_STATE_TRACKING, _abi.FIL_STATE_STOPPED)
    return first[_abi.HEADER_OFFSETS["state"]] not in states or int.from_bytes(first[at : at + 4], "little") != pid


def was_cut_short(recording_path: str) -> bool:
    """Whether the recording's first part was cut short. The reader notices if later parts were."""
    try:
        return os.path.getsize(recording_path) < _FIRST_BYTES
    except OSError:
        return False


def is_ours(path: str) -> bool:
    """Whether the content of a file with one of our names proves that we wrote it; also true if there is no file.

    An empty file proves nothing, though it may be left from a killed start. Nor does a link: we make none.
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
        """made: it was made for this purpose, so `discard` removes it. Raises OutputError."""
        made = made or not os.path.isdir(path)
        try:
            make_folders(path)
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
