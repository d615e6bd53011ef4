"""Read a recording: validate it, apply the epoch rule, return call stack nodes and functions.

The process may have been killed in the middle of an event, or may still be running. So nothing in the file is trusted:
counts beyond the directory or the file are cut, and the reported peak is the sum over the nodes, never the header's own
counter, which may be one event ahead.
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
from filprofiler.recording.processes import read_origin, read_part, read_processes
from filprofiler.recording.segments import Directory
from filprofiler.recording.texts import Texts
from filprofiler.recording.threads import read_threads
from filprofiler.regular_files import read_regular

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, List, Optional, Sequence, Tuple

    from filprofiler.recording.failures import FailedRequest

# For each of a node's values: its format, and its offset counted in values of that format.
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

    Nodes are numbered. `parents[n]`, `codes[n]`, `offsets[n]` and `peak[n]` belong to node n: the node of the calling
    frame, the function's number for `code()` (0 for a mark), the offset in its bytecode, and the bytes that exactly
    this call stack held at the peak. A parent's number is always smaller than its child's.

    python_version: PY_VERSION_HEX of the profiled interpreter. pid: its process.
    state: one of _abi.FIL_STATE_*.
    current[n]: bytes of node n when the file was read.
    big_peak[n], big_current[n]: the part of peak[n] and current[n] in mappings and in blocks of FIL_BIG_BYTES or more.
    started_unix_ns, started_clock_ns: wall clock and monotonic clock when tracking began.
    current_bytes: bytes live when the file was read, the sum over the nodes.
    peak_bytes: the highest value of that, the sum of `peak`.
    peak_clock_ns: monotonic clock at the peak; None if the peak was still rising when the file was read.
    stacks: how call stacks were found, an _abi.FIL_STACKS_*.
    missed: events that could not be recorded, by _abi.FIL_MISSED_*.
    failed_requests: number of failed requests for memory. failures: the last of them, in order of time.
    allocations_since_failure: blocks and mappings allocated since the last of them.
    uncaught_memory_error: whether the program ended with an uncaught MemoryError.
    at_failure: bytes of each node when memory ran out; None if not kept. big_at_failure: the big ones, as above.
    snapshot_failure: the number of the failed request of that snapshot; 0 for the uncaught MemoryError itself.
    snapshot_clock_ns: its monotonic clock.
    threads: the threads that have allocated memory, an instance of Threads.
    memory: the data beside the call stacks, an instance of RecordedMemory.
    processes: processes that the recording does not include, an instance of OtherProcesses.
    origin: where the process comes from, an instance of Origin.
    part: its part in the combined peak of several processes, an instance of Part.
    line_ranges: cache of profile/lines.py: decoded line tables, by table.
    samples: the timeline: (monotonic clock in nanoseconds, tracked bytes, resident bytes), in order of time.
    settled: whether the header's counter agreed with the sum over the nodes, so no event was in progress.
    astray_bytes: the larger difference of either counter, current or peak.
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
        self.samples = read_samples(data, header["sample_count"])
        self.memory = RecordedMemory(data, header, rising, self._texts.text)
        for file in self.memory.files:
            if file.node >= self.node_count:
                file.node = _abi.FIL_NODE_LOST
        for large in self.memory.large:
            if large.node >= self.node_count:
                large.node = _abi.FIL_NODE_LOST
        self.part = read_part(data)
        self._combined = directory.combined
        self.processes = read_processes(data)
        self.origin = read_origin(data, self._texts.text)
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
        from filprofiler.recording.failures import read_failures  # most runs do not need it

        return read_failures(self._data, self.failed_requests, self.node_count)

    def _read_snapshot(self, offset: int, count: int) -> None:
        """The bytes of each node in the snapshot, if it is valid."""
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
        """Unpack the nodes by columns, and choose each node's bytes at the peak."""
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
                break  # node numbers after a truncated segment would be wrong
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
        """Treat nodes with impossible sizes as empty; if the others still add up to too much, also large ones."""
        for most in (IMPOSSIBLE, IMPOSSIBLE // (len(current) or 1)):
            if sum(current) + sum(at_peak) < IMPOSSIBLE:
                return  # so is each of them
            for number in range(len(current)):
                if current[number] >= most or at_peak[number] >= most:
                    self._damaged += 1
                    current[number] = at_peak[number] = 0

    def _repair_nodes(self) -> None:
        """Move invalid nodes under FIL_NODE_LOST, so that their bytes stay in the sum."""
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

    def at_combined_peak(self, best: int) -> "List[int]":
        """The bytes of each node at the combined peak of that number (fil_processes.word)."""
        kept_bytes: "List[int]" = []
        kept_best: "List[int]" = []
        longs, integers = _abi.COMBINED_SIZE // 8, _abi.COMBINED_SIZE // 4
        for segment in self._combined:
            kept_bytes += segment.cast("Q")[_abi.COMBINED_OFFSETS["bytes"] // 8 :: longs].tolist()
            kept_best += segment.cast("I")[_abi.COMBINED_OFFSETS["best"] // 4 :: integers].tolist()
            if len(segment) < _abi.FIL_NODES_PER_SEGMENT * _abi.COMBINED_SIZE:
                break  # later records would belong to other nodes
        missing = [0] * (self.node_count - len(kept_best))  # in a truncated file: not known, so what they have now
        held = [
            kept if at == best and best else now
            for now, kept, at in zip(self.current, kept_bytes + missing, kept_best + missing)
        ]
        if sum(held) >= IMPOSSIBLE:
            self._damaged += 1
            held = []
        return held + [0] * (self.node_count - len(held))

    @property
    def damaged(self) -> int:
        """Number of invalid rows and texts found so far, plus any damage that the library reported."""
        return self._damaged + self._texts.damaged + self.missed[_abi.FIL_MISSED_DAMAGE]

    @property
    def node_count(self) -> int:
        """Number of nodes in the file, including the unused node 0."""
        return len(self.parents)

    def code(self, number: int) -> Code:
        """The function of that number, 1 <= number < code_count, decoded on first use."""
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
            first_line - (first_line >> 31 << 32),  # it is signed: programs can forge any value
            self._texts.content(line_table),
            kind,
        )


def _column(nodes: memoryview, name: str) -> "List[int]":
    """One value of all nodes in a segment. The file has this machine's byte order."""
    letter, first, step = _NODE_COLUMNS[name]
    return nodes.cast(letter)[first::step].tolist()  # type: ignore[call-overload,no-any-return]


def read_samples(data: bytes, count: int) -> "List[Tuple[int, int, int]]":
    """The possible samples of a recording's timeline: each later than the one before."""
    start = _abi.HEADER_OFFSETS["samples"]
    end = start + min(count, _abi.FIL_SAMPLES_KEPT) * _abi.SAMPLE_SIZE
    samples: "List[Tuple[int, int, int]]" = []
    for sample in _SAMPLE.iter_unpack(data[start:end]):
        if max(sample) < IMPOSSIBLE and (not samples or sample[0] >= samples[-1][0]):
            samples.append(sample)
    return samples


def read_recording(path: str) -> Recording:
    """Read the recording at `path`.

    Raises RecordingError if it cannot be read: NothingRecordedError if tracking never began, CutShortError if it is
    truncated.
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

    Retries up to `attempts` times while an event was in progress. The last reading is then used; it is off by the few
    events that happened meanwhile. Raises the same errors as read_recording.
    """
    recording = read_recording(path)
    for _attempt in range(attempts - 1):
        if recording.settled:
            break
        recording = read_recording(path)
    return recording
