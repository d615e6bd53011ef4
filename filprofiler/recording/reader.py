"""Read a recording: validate it, apply the epoch rule, hand out callstack nodes and functions.

The process may have been killed in the middle of an event, or may still be running. So nothing in the file is taken on
trust: counts that go beyond what the directory or the file holds are cut to what is there, and the peak that is
reported is the sum over the nodes, never the header's own counter, which may be one event ahead of them.
"""

from _operator import lt  # as in profile/model.py
from struct import Struct, calcsize, error

from filprofiler import _abi
from filprofiler.errors import RecordingError
from filprofiler.recording.big import read_big, within
from filprofiler.recording.bounds import IMPOSSIBLE, with_possible_times
from filprofiler.recording.code import Code
from filprofiler.recording.header import check_length, read_header
from filprofiler.recording.memory_breakdown import RecordedMemory
from filprofiler.recording.processes import read_processes
from filprofiler.recording.segments import Directory
from filprofiler.recording.texts import Texts
from filprofiler.recording.threads import read_threads
from filprofiler.regular_files import read_regular

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, List, Optional, Sequence, Tuple

    from filprofiler.recording.failures import FailedRequest

# Format and place, counted in values of that format, of each of a node's values.
_NODE_COLUMNS = {
    name: (letter, _abi.NODE_OFFSETS[name] // calcsize(letter), _abi.NODE_SIZE // calcsize(letter))
    for name, letter in zip(_abi.NODE_FIELDS, _abi.NODE_FORMAT[1:])
}
_CODE = Struct(_abi.CODE_FORMAT)

_SAMPLE = Struct(_abi.SAMPLE_FORMAT)
_COUNTER = Struct("<Q")

_NOT_KEPT = "<not recorded>"
_NOTHING = (0,) * len(_abi.CODE_FIELDS)


class Recording:
    """A recording's contents at the moment it was read. Sizes are bytes.

    Nodes are told by number. `parents[n]`, `codes[n]`, `offsets[n]` and `peak[n]` are those of node n: the node of the
    calling frame, the function's number for `code()` (0 for a mark), the place in its bytecode, and the bytes that
    exactly this callstack held at the peak. A parent's number is always smaller than its child's.

    python_version: PY_VERSION_HEX of the profiled interpreter; pid: its process.
    state: one of _abi.FIL_STATE_*.
    current[n]: the bytes of node n when the file was read.
    big_peak[n], big_current[n]: the part of peak[n] and current[n] in mappings and in blocks of FIL_BIG_BYTES or more.
    started_unix_ns, started_clock_ns: wall clock and monotonic clock when tracking began.
    current_bytes: bytes live when the file was read: the sum over the nodes.
    peak_bytes: the largest value that reached: the sum of `peak`.
    peak_clock_ns: monotonic clock at the peak; None if the peak was still rising when the file was read.
    stacks: how callstacks were found, an _abi.FIL_STACKS_*.
    missed: events that could not be recorded, by _abi.FIL_MISSED_*.
    failed_requests: how many requests for memory failed; failures: the last of them, in the order of time.
    allocations_since_failure: blocks and mappings that were taken since the last of them.
    uncaught_memory_error: whether the program ended by a MemoryError that nobody caught.
    at_failure: bytes of each node when memory ran out; None if that was not kept. big_at_failure: as above.
    snapshot_failure: the number of the failed request at which that was; 0 for the uncaught MemoryError itself.
    snapshot_clock_ns: monotonic clock then.
    threads: the threads that have asked for memory, an instance of Threads.
    memory: what is told beside the callstacks.
    processes: what is known of processes that are not in the recording.
    line_ranges: what profile/lines.py has read of line tables, by the table.
    samples: the timeline: (monotonic clock in nanoseconds, tracked bytes, resident bytes), in the order of time.
    settled: whether the header's counter agreed with the sum over the nodes: no event was in progress.
    astray_bytes: by how much it did not, or that of the peak.
    """

    def __init__(self, data: bytes) -> None:
        """Parse the bytes of a recording. Raises RecordingError."""
        header = with_possible_times(read_header(data))
        self._data = data
        self._codes: "Dict[int, Code]" = {}
        self.python_version = header["python_version"]
        self.pid = header["pid"]
        self.state = header["state"]
        self.stacks = header["stacks"]
        self.started_unix_ns = header["started_unix_ns"]
        self.started_clock_ns = header["started_clock_ns"]
        self.missed = tuple(header["missed_%d" % reason] for reason in range(_abi.FIL_MISSED_REASONS))
        directory = Directory(data, header["segment_count"])
        self._damaged = directory.damaged
        self._texts = Texts(data)
        self._code_segments = directory.codes
        self.code_count = min(header["code_count"], len(directory.codes) * _abi.FIL_CODES_PER_SEGMENT)
        self.line_ranges: "Dict[bytes, Tuple[List[int], List[int]]]" = {}
        rising = header["current_bytes"] > header["peak_bytes"]
        self.peak_clock_ns = None if rising else header["peak_clock_ns"] or None
        self._read_nodes(directory.nodes, header["node_count"], header["epoch"], rising)
        big_current, big_peak = read_big(directory.big, header["epoch"], rising)
        self.big_current, self.big_peak = within(big_current, self.current), within(big_peak, self.peak)
        self.threads = read_threads(data, directory.threads_at, header["epoch"], rising, self.node_count)
        self.failed_requests = header["failed_requests"]
        self.failures = self._read_failures()
        self.allocations_since_failure = header["allocations"] - self._allocations_before_failure()
        self.uncaught_memory_error = header["uncaught_memory_error"] == 1
        self.snapshot_failure = header["snapshot_failure"]
        self.snapshot_clock_ns = header["snapshot_clock_ns"]
        self.at_failure: "Optional[List[int]]" = None
        self.big_at_failure: "List[int]" = []
        if header["snapshot_number"]:
            self._read_snapshot(header["snapshot_offset"], header["snapshot_nodes"])
        self.samples = self._read_samples(header["sample_count"])
        self.memory = RecordedMemory(data, header, rising, self._texts.text)
        for file in self.memory.files:
            if file.node >= self.node_count:
                file.node = _abi.FIL_NODE_LOST
        for large in self.memory.large:
            if large.node >= self.node_count:
                large.node = _abi.FIL_NODE_LOST
        self.processes = read_processes(data)
        self.settled = header["current_bytes"] == self.current_bytes and not self.damaged
        self.astray_bytes = abs(header["current_bytes"] - self.current_bytes)
        if not rising:
            self.astray_bytes = max(self.astray_bytes, abs(header["peak_bytes"] - self.peak_bytes))

    def _allocations_before_failure(self) -> int:
        (count,) = _COUNTER.unpack_from(self._data, _abi.HEADER_OFFSETS["failure_allocations"])
        return int(count)

    def _read_failures(self) -> "List[FailedRequest]":
        if self.failed_requests == 0:
            return []
        from filprofiler.recording.failures import read_failures  # most runs need nothing of it

        return read_failures(self._data, self.failed_requests, self.node_count)

    def _read_samples(self, count: int) -> "List[Tuple[int, int, int]]":
        """Those that are possible: each after the one before."""
        start = _abi.HEADER_OFFSETS["samples"]
        end = start + min(count, _abi.FIL_SAMPLES_KEPT) * _abi.SAMPLE_SIZE
        samples: "List[Tuple[int, int, int]]" = []
        for sample in _SAMPLE.iter_unpack(self._data[start:end]):
            if max(sample) < IMPOSSIBLE and (not samples or sample[0] >= samples[-1][0]):
                samples.append(sample)
        return samples

    def _read_snapshot(self, offset: int, count: int) -> None:
        """The bytes of each node in the snapshot, if it makes sense."""
        content = memoryview(self._data)[offset : offset + 16 * count]
        if offset < _abi.FIL_HEADER_BYTES or len(content) != 16 * count or count > self.node_count:
            self._damaged += 1
            return
        values = content.cast("Q").tolist()
        held, big = values[:count], values[count:]
        if sum(held) >= IMPOSSIBLE:
            self._damaged += 1
            return
        self.at_failure = held + [0] * (self.node_count - count)
        self.big_at_failure = within(big, self.at_failure)

    def _read_nodes(self, segments: "Sequence[memoryview]", node_count: int, newest_epoch: int, rising: bool) -> None:
        """Unpack the nodes by columns, and take of each the bytes that it held at the peak."""
        parents: "List[int]" = []
        self.parents = parents
        codes: "List[int]" = []
        self.codes = codes
        offsets: "List[int]" = []
        self.offsets = offsets
        current: "List[int]" = []
        at_peak: "List[int]" = []
        epochs: "List[int]" = []
        for segment in segments:
            segment = segment[: max(0, node_count - len(parents)) * _abi.NODE_SIZE]
            if not segment:
                break
            current += _column(segment, "current_bytes")
            at_peak += _column(segment, "at_peak_bytes")
            epochs += _column(segment, "epoch")
            parents += _column(segment, "parent")
            codes += _column(segment, "code")
            offsets += _column(segment, "offset")
            if len(segment) < _abi.FIL_NODES_PER_SEGMENT * _abi.NODE_SIZE:
                break  # numbers behind a segment that is cut short would be wrong
        self._repair_sizes(current, at_peak)
        self._repair_nodes()
        self.current_bytes = sum(current)
        current += [0] * (len(parents) - len(current))
        self.current = current
        if rising:
            self.peak = current
        else:
            self.peak = [kept if epoch == newest_epoch else now for now, kept, epoch in zip(current, at_peak, epochs)]
            self.peak += [0] * (len(parents) - len(self.peak))
        self.peak_bytes = sum(self.peak)

    def _repair_sizes(self, current: "List[int]", at_peak: "List[int]") -> None:
        """Take nodes with impossible sizes for empty; if the others still add up to what is impossible, large ones."""
        for most in (IMPOSSIBLE, IMPOSSIBLE // (len(current) or 1)):
            if sum(current) + sum(at_peak) < IMPOSSIBLE:
                return  # so is each of them
            for number in range(len(current)):
                if current[number] >= most or at_peak[number] >= most:
                    self._damaged += 1
                    current[number] = at_peak[number] = 0

    def _repair_nodes(self) -> None:
        """Hang nodes that cannot be right under FIL_NODE_LOST, so that their bytes stay in the sum."""
        parents, codes, code_count, first = self.parents, self.codes, self.code_count, _abi.FIL_NODE_FIRST
        for column in (parents, codes, self.offsets):
            column += [0] * (first - len(column))
            column[:first] = [0] * first
        right = (
            0 not in parents[first:]
            and all(map(lt, parents[first:], range(first, len(parents))))
            and max(codes[first:], default=0) < code_count
        )
        if right:
            return
        for number in range(first, len(parents)):
            if not (0 < parents[number] < number and codes[number] < code_count):
                self._damaged += 1
                parents[number] = _abi.FIL_NODE_LOST
                codes[number] = 0
                self.offsets[number] = 0

    @property
    def damaged(self) -> int:
        """Rows and texts of the file, as far as they were asked for, that made no sense; or the library has said so."""
        return self._damaged + self._texts.damaged + self.missed[_abi.FIL_MISSED_DAMAGE]

    @property
    def node_count(self) -> int:
        """Nodes in the file, the unused node 0 included."""
        return len(self.parents)

    def code(self, number: int) -> Code:
        """The function of that number, 1 <= number < code_count, decoded when it is first asked for."""
        found = self._codes.get(number)
        if found is None:
            found = self._codes[number] = self._decode_code(number)
        return found

    def _decode_code(self, number: int) -> Code:
        segment, place = divmod(number, _abi.FIL_CODES_PER_SEGMENT)
        try:
            fields = _CODE.unpack_from(self._data, self._code_segments[segment] + place * _abi.CODE_SIZE)
        except (IndexError, error):
            return Code(_NOT_KEPT, _NOT_KEPT, None, 0, None, _abi.FIL_CODE_FUNCTION)
        filename, name, qualname, line_table, first_line, kind = fields
        if fields == _NOTHING and not self.missed[_abi.FIL_MISSED_TEXT]:
            self._damaged += 1
        text = self._texts.text
        return Code(
            text(filename) or _NOT_KEPT,
            text(name) or _NOT_KEPT,
            text(qualname),
            first_line - (first_line >> 31 << 32),  # it is a signed number: programs can make up what they like
            self._texts.content(line_table),
            kind,
        )


def _column(nodes: memoryview, name: str) -> "List[int]":
    """One value of all nodes of a segment. The file has this machine's byte order."""
    letter, first, step = _NODE_COLUMNS[name]
    return nodes.cast(letter)[first::step].tolist()  # type: ignore[call-overload,no-any-return]


def read_recording(path: str) -> Recording:
    """Read the recording at `path`.

    Raises RecordingError if it cannot be read: NothingRecordedError if tracking never began, CutShortError if its end
    is gone.
    """
    try:
        data = read_regular(path)
    except OSError as problem:
        raise RecordingError("The recording %s cannot be read: %s.", path, problem.strerror) from None
    try:
        check_length(data)
        return Recording(data)
    except RecordingError as problem:
        raise type(problem)("The recording %s %s.", path, problem) from None


def read_snapshot(path: str, attempts: int = 10) -> Recording:
    """Read a recording that is still being written.

    Reads again, at most `attempts` times, while an event was in progress; then takes what was read last, which is off
    by the few events that happened during the reading. Raises what read_recording raises.
    """
    recording = read_recording(path)
    for _attempt in range(attempts - 1):
        if recording.settled:
            break
        recording = read_recording(path)
    return recording
