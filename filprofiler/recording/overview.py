"""What is known of a process without reading its call stacks."""

from filprofiler.recording.bounds import IMPOSSIBLE, with_possible_times
from filprofiler.recording.header import read_header
from filprofiler.recording.processes import Origin, OtherProcesses, Part, read_origin, read_part, read_processes
from filprofiler.recording.reader import read_samples
from filprofiler.recording.texts import Texts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import List, Tuple


class Overview:
    """What is known of a process without reading its call stacks.

    name: of its recording's file. pid: the process. started_clock_ns: monotonic clock when tracking began.
    origin: where it comes from. part: what it takes part in. processes: those that it has started.
    peak_bytes: its own peak. samples: its timeline, as in Recording.
    """

    __slots__ = ("name", "origin", "part", "peak_bytes", "pid", "processes", "samples", "started_clock_ns")

    def __init__(
        self,
        name: str,
        pid: int,
        started_clock_ns: int,
        origin: Origin,
        part: Part,
        processes: OtherProcesses,
        peak_bytes: int,
        samples: "List[Tuple[int, int, int]]",
    ) -> None:
        self.name = name
        self.pid = pid
        self.started_clock_ns = started_clock_ns
        self.origin = origin
        self.part = part
        self.processes = processes
        self.peak_bytes = peak_bytes
        self.samples = samples


def overview_of(name: str, data: bytes) -> Overview:
    """What a recording tells. name: of its file. data: its bytes. Raises RecordingError."""
    header = with_possible_times(read_header(data))
    return Overview(
        name,
        header["pid"],
        header["started_clock_ns"],
        read_origin(data, Texts(data).text),
        read_part(data),
        read_processes(data),
        min(max(header["peak_bytes"], header["current_bytes"]), IMPOSSIBLE),
        read_samples(data, header["sample_count"]),
    )
