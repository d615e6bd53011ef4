"""The recordings of one run: that of the program, those of processes that it has started, and what they share."""

from filprofiler.errors import RecordingError
from filprofiler.opened_folder import OpenedFolder
from filprofiler.recording.bounds import with_possible_times
from filprofiler.recording.header import check_length, read_header
from filprofiler.recording.processes import read_origin
from filprofiler.recording.reader import Recording
from filprofiler.recording.texts import Texts
from filprofiler.result_folder import PROCESSES_NAME, is_process_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Iterator, List, Optional, Sequence, Tuple


class SharedPeak:
    """The moment when all processes together had most.

    more_bytes: the true maximum is at most this much higher than the total of that moment.
    """

    def __init__(self) -> None:
        self.more_bytes = 0

    def held(self, recording: Recording) -> "List[int]":
        """The bytes of each of a recording's nodes at that moment."""
        return recording.peak

    def seconds(self, started_clock_ns: int) -> "Optional[float]":
        """When it was, in seconds since the given time of the monotonic clock; None if not known."""
        return None


class Overview:
    """What is known of a process's recording without reading its call stacks.

    name: the file's name. started_clock_ns: monotonic clock when tracking began. origin: where it comes from.
    """

    __slots__ = ("name", "origin", "started_clock_ns")

    def __init__(self, name: str, data: bytes) -> None:
        """Raises RecordingError."""
        header = with_possible_times(read_header(data))
        self.name = name
        self.started_clock_ns = header["started_clock_ns"]
        self.origin = read_origin(data, Texts(data).text)


def other_processes(folder: str) -> "List[Overview]":
    """The other processes recorded in a result folder, in the order in which they began; empty if there are none.

    One that has not begun to track is left out, as is a file that cannot be read.
    """
    found: "List[Overview]" = []
    try:
        with OpenedFolder(folder) as opened, opened.folder(PROCESSES_NAME) as processes:
            for name in processes.names():
                if is_process_name(name):
                    try:
                        found.append(Overview(name, processes.read(name)))
                    except (OSError, RecordingError):
                        continue
    except OSError:
        return []
    return sorted(found, key=lambda process: (process.started_clock_ns, process.name))


def recordings_of(folder: str, others: "Sequence[Overview]") -> "Iterator[Tuple[str, Recording]]":
    """Read these one by one: names and recordings. A file that can no longer be read is left out."""
    with OpenedFolder(folder) as opened, opened.folder(PROCESSES_NAME) as processes:
        for process in others:
            try:
                data = processes.read(process.name)
                check_length(data)
                yield process.name, Recording(data)
            except (OSError, RecordingError):
                continue
