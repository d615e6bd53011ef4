"""The recordings of one run: that of the program, those of processes that it has started, and what they share."""

from struct import Struct

from filprofiler import _abi
from filprofiler.errors import RecordingError
from filprofiler.opened_folder import OpenedFolder
from filprofiler.recording.bounds import IMPOSSIBLE
from filprofiler.recording.header import check_length
from filprofiler.recording.overview import overview_of
from filprofiler.recording.processes import Part
from filprofiler.recording.reader import Recording
from filprofiler.result_folder import ENDED_NAME, PROCESSES_NAME, SHARED_NAME, is_process_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, List, Optional, Tuple

    from filprofiler.recording.overview import Overview

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


def other_processes(folder: str) -> "List[Overview]":
    """The other processes recorded in a result folder, in the order in which they began; empty if there are none.

    Those whose recordings were removed when they had ended are among them. One that has not begun to track is left out,
    as is a file that cannot be read.
    """
    found: "Dict[str, Overview]" = {}
    try:
        with OpenedFolder(folder) as opened, opened.folder(PROCESSES_NAME) as processes:
            names = processes.names()
            if ENDED_NAME in names:
                from filprofiler.recording.ended import read_ended

                found.update((process.name, process) for process in read_ended(processes.read(ENDED_NAME)))
            for name in names:
                if is_process_name(name):
                    try:
                        found[name] = overview_of(name, processes.read(name))
                    except (OSError, RecordingError):
                        continue
    except OSError:
        return []
    return sorted(found.values(), key=lambda process: (process.started_clock_ns, process.name))


def recording_of(folder: str, process: "Overview") -> "Optional[Recording]":
    """Read a process's whole recording; None if it can no longer be read."""
    try:
        with OpenedFolder(folder) as opened, opened.folder(PROCESSES_NAME) as processes:
            data = processes.read(process.name)
        check_length(data)
        return Recording(data)
    except (OSError, RecordingError):
        return None
