"""The recordings of one run: that of the program, those of processes that it has started, and what they share."""

from filprofiler.errors import RecordingError
from filprofiler.opened_folder import OpenedFolder
from filprofiler.recording.header import check_length
from filprofiler.recording.reader import Recording
from filprofiler.result_folder import PROCESSES_NAME, is_process_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Iterator, List, Optional, Sequence


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


def process_names(folder: str) -> "List[str]":
    """The names of the recordings of other processes in a result folder; empty if there are none."""
    try:
        with OpenedFolder(folder) as opened, opened.folder(PROCESSES_NAME) as processes:
            return [name for name in processes.names() if is_process_name(name)]
    except OSError:
        return []


def other_recordings(folder: str, names: "Sequence[str]") -> "Iterator[Recording]":
    """Read these one by one. A process that has not begun to track is left out, as is a file that cannot be read."""
    with OpenedFolder(folder) as opened, opened.folder(PROCESSES_NAME) as processes:
        for name in names:
            try:
                data = processes.read(name)
                check_length(data)
                yield Recording(data)
            except (OSError, RecordingError):
                continue
