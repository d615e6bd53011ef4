"""The recordings of one run: that of the program, those of processes that it has started, and what they share."""

from struct import Struct

from filprofiler import _abi
from filprofiler.errors import RecordingError
from filprofiler.opened_folder import OpenedFolder
from filprofiler.recording.bounds import IMPOSSIBLE, with_possible_times
from filprofiler.recording.header import check_length, read_header
from filprofiler.recording.processes import Part, read_origin, read_part, read_processes
from filprofiler.recording.reader import Recording, read_samples
from filprofiler.recording.texts import Texts
from filprofiler.result_folder import PROCESSES_NAME, SHARED_NAME, is_process_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import List, Optional, Tuple

_PROCESSES = Struct(_abi.PROCESSES_FORMAT)
_SLOT = Struct(_abi.SLOT_FORMAT)


class SharedPeak:
    """The moment when all processes together had most: what they share (fil_processes), read from its file.

    known: whether they shared anything; if not, each is told at its own peak.
    """

    def __init__(self, data: bytes) -> None:
        """data: the bytes of the file; b"" if there is none."""
        self.known = False
        self._slots: "List[Tuple[int, ...]]" = []
        self._best = self._clock_ns = self._quotas = 0
        if len(data) < _abi.PROCESSES_SIZE or not data.startswith(_abi.FIL_PROCESSES_MAGIC):
            return
        values = dict(zip(_abi.PROCESSES_FIELDS, _PROCESSES.unpack_from(data)))
        if values["version"] != _abi.FIL_FORMAT_VERSION:
            return
        self.known = True
        self._best = values["word"] >> 32
        self._quotas = min(values["quotas"], IMPOSSIBLE)
        self._clock_ns = values["best_clock_ns"]
        used = min(values["slots_used"], _abi.FIL_PROCESSES_KEPT)
        end = _abi.PROCESSES_FORMAT_SIZE + used * _abi.SLOT_SIZE
        self._slots = list(_SLOT.iter_unpack(data[_abi.PROCESSES_FORMAT_SIZE : end]))

    def held(self, recording: Recording) -> "List[int]":
        """The bytes of each of a recording's nodes at that moment."""
        if not self.known or self.is_alone(recording.part):
            return recording.peak
        if self.is_out(recording.part, recording.pid):
            return [0] * recording.node_count
        return recording.at_combined_peak(self._best)

    def is_out(self, part: Part, pid: int) -> bool:
        """Whether a process had nothing then: it took no part, had ended before, or began after."""
        if not self.known or self.is_alone(part):
            return False
        if not 0 < part.slot <= len(self._slots):
            return True
        ended_best = part.ended_best
        slot = dict(zip(_abi.SLOT_FIELDS, self._slots[part.slot - 1]))
        if ended_best == 0 and slot["pid"] == pid and slot["state"] == _abi.FIL_SLOT_ENDED:
            ended_best = slot["ended_best"]
        return 0 < ended_best < self._best or (part.born_best >= self._best and part.alone_best == 0)

    def is_alone(self, part: Part) -> bool:
        """Whether that moment was this process's own peak, before there were others."""
        return part.alone_best != 0 and part.alone_best == self._best

    def more_bytes(self, total: int) -> int:
        """How much more there can have been at most at any moment than `total`, what all held at that moment.

        See csrc/ledger/combined.h.
        """
        if not self.known:
            return 0
        return max(0, (self._best + 1) * 1024 + self._quotas // 2 - total)

    def seconds(self, started_clock_ns: int) -> "Optional[float]":
        """When it was, in seconds since the given time of the monotonic clock; None if not known."""
        if not started_clock_ns <= self._clock_ns < IMPOSSIBLE:
            return None
        return (self._clock_ns - started_clock_ns) / 1e9


def read_shared_peak(folder: str) -> SharedPeak:
    """What the processes recorded in a result folder shared."""
    try:
        with OpenedFolder(folder) as opened, opened.folder(PROCESSES_NAME) as processes:
            return SharedPeak(processes.read(SHARED_NAME))
    except OSError:
        return SharedPeak(b"")


class Overview:
    """What is known of a process's recording without reading its call stacks.

    name: the file's name. pid: the process. started_clock_ns: monotonic clock when tracking began. origin: where it
    comes from. part: what it takes part in. processes: those that it has started. peak_bytes: its own peak.
    samples: its timeline, as in Recording.
    """

    __slots__ = ("name", "origin", "part", "peak_bytes", "pid", "processes", "samples", "started_clock_ns")

    def __init__(self, name: str, data: bytes) -> None:
        """Raises RecordingError."""
        header = with_possible_times(read_header(data))
        self.name = name
        self.pid = header["pid"]
        self.started_clock_ns = header["started_clock_ns"]
        self.origin = read_origin(data, Texts(data).text)
        self.part = read_part(data)
        self.processes = read_processes(data)
        self.peak_bytes = min(max(header["peak_bytes"], header["current_bytes"]), IMPOSSIBLE)
        self.samples = read_samples(data, header["sample_count"])


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


def recording_of(folder: str, process: Overview) -> "Optional[Recording]":
    """Read a process's whole recording; None if it can no longer be read."""
    try:
        with OpenedFolder(folder) as opened, opened.folder(PROCESSES_NAME) as processes:
            data = processes.read(process.name)
        check_length(data)
        return Recording(data)
    except (OSError, RecordingError):
        return None
