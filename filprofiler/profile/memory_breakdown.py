"""Where a program's memory was, by kind, in parts that add up to the kernel's resident count."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable, Dict, List, Optional, Sequence, Tuple

    from filprofiler.profile.totals import FlatTree
    from filprofiler.profile.tree import Site
    from filprofiler.recording.memory_breakdown import FileRecord, RecordedMemory, RssSample
    from filprofiler.recording.reader import Recording

_LITTLE = 10  # less than 1/n of a mapping is little

PARTS = (
    "blocks_bytes",
    "mappings_bytes",
    "mapped_files_bytes",
    "before_bytes",
    "libraries_bytes",
    "allocator_free_bytes",
    "rest_bytes",
)
"""The parts of MemoryUse that add up to resident_bytes, if known; an unknown part is included in the rest."""


class MemoryUse:
    """The memory breakdown at one moment. Sizes are bytes; None means not known.

    blocks_bytes, mappings_bytes: tracked blocks (malloc and Python objects), tracked mappings; exact.
    mapped_files_bytes: resident memory of files that the program has mapped.
    before_bytes: resident memory before tracking began: the interpreter and its libraries.
    libraries_bytes: resident memory of other files since then: libraries that were loaded.
    allocator_free_bytes: growth of malloc's free memory since tracking began.
    rest_bytes: the rest of resident_bytes. Negative: more was allocated than resident (not touched yet, given back, or
        swapped out). Positive: allocators' overhead, thread stacks, our own tables.
    resident_bytes: as the kernel counted. sample_seconds: when, since tracking began.
    sample_tracked_bytes: tracked bytes at that time.
    at_end: whether the program's process took this sample itself at its ordinary end.
    """

    __slots__ = PARTS + ("resident_bytes", "sample_seconds", "sample_tracked_bytes", "at_end")

    blocks_bytes: int
    mappings_bytes: int
    mapped_files_bytes: "Optional[int]"
    before_bytes: "Optional[int]"
    libraries_bytes: "Optional[int]"
    allocator_free_bytes: "Optional[int]"
    rest_bytes: "Optional[int]"
    resident_bytes: "Optional[int]"
    sample_seconds: "Optional[float]"
    sample_tracked_bytes: "Optional[int]"
    at_end: bool

    def __init__(self, blocks_bytes: int, mappings_bytes: int) -> None:
        """All values but the tracked bytes start as not known."""
        for name in self.__slots__:
            setattr(self, name, None)
        self.blocks_bytes = blocks_bytes
        self.mappings_bytes = mappings_bytes
        self.at_end = False

    @property
    def tracked_bytes(self) -> int:
        """Tracked bytes at that moment."""
        return self.blocks_bytes + self.mappings_bytes

    def settle(self) -> None:
        """Compute rest_bytes from all other parts."""
        known = [getattr(self, name) or 0 for name in PARTS if name != "rest_bytes"]
        self.rest_bytes = None if self.resident_bytes is None else self.resident_bytes - sum(known)


class MappedFile:
    """A file mapped at the reported moment. It is not part of the peak.

    path: as the kernel names it; "" if not kept.
    resident_bytes: its resident part. written_bytes: the part of that which the process has written and so owns a copy
        of (MAP_PRIVATE). None: not known.
    mappings: (bytes, whether private, call stack with the outermost site first), largest first.
    """

    __slots__ = ("mappings", "path", "resident_bytes", "written_bytes")

    def __init__(
        self,
        path: str,
        resident_bytes: "Optional[int]",
        written_bytes: "Optional[int]",
        mappings: "Sequence[Tuple[int, bool, Sequence[Site]]]",
    ) -> None:
        self.path = path
        self.resident_bytes = resident_bytes
        self.written_bytes = written_bytes
        self.mappings = tuple(mappings)

    @property
    def mapped_bytes(self) -> int:
        """Mapped bytes at the reported moment, exact."""
        return sum(size for size, _private, _stack in self.mappings)


class LargeMapping:
    """A large mapping that is part of the peak, and that has a name or was hardly touched.

    name: of shared memory, as the kernel names it; else "".
    mapped_bytes: its bytes in the peak. touched_bytes: the part that the process had touched; None: not known.
    stack: the call stack that mapped it, outermost site first.
    """

    __slots__ = ("mapped_bytes", "name", "stack", "touched_bytes")

    def __init__(self, name: str, mapped_bytes: int, touched_bytes: "Optional[int]", stack: "Sequence[Site]") -> None:
        self.name = name
        self.mapped_bytes = mapped_bytes
        self.touched_bytes = touched_bytes
        self.stack = tuple(stack)

    @property
    def reserved(self) -> bool:
        """Whether it only reserves addresses: less than a tenth was ever touched."""
        return self.touched_bytes is not None and self.touched_bytes * _LITTLE < self.mapped_bytes

    @property
    def untouched_bytes(self) -> int:
        """Bytes not touched; 0 if not known."""
        return 0 if self.touched_bytes is None else max(0, self.mapped_bytes - self.touched_bytes)


class MemoryBreakdown:
    """Memory data beside the call stacks. Sizes are bytes.

    at_moment: at the peak, or when memory ran out. at_end: at the end, or at the last sample; None: not known.
    allocations, allocated_bytes: number and bytes of blocks and mappings in the whole run; a resized one counts as new.
    files_bytes: mapped bytes of files at the reported moment, exact. files: these files, largest first.
    large: large mappings that have a name or were hardly touched, largest first.
    """

    __slots__ = ("allocated_bytes", "allocations", "at_end", "at_moment", "files", "files_bytes", "large")

    def __init__(
        self,
        at_moment: MemoryUse,
        at_end: "Optional[MemoryUse]",
        allocations: int,
        allocated_bytes: int,
        files_bytes: int,
        files: "Sequence[MappedFile]",
        large: "Sequence[LargeMapping]" = (),
    ) -> None:
        self.at_moment = at_moment
        self.at_end = at_end
        self.allocations = allocations
        self.allocated_bytes = allocated_bytes
        self.files_bytes = files_bytes
        self.files = tuple(files)
        self.large = tuple(large)


def import_bytes(flat: "FlatTree") -> int:
    """Bytes on call stacks that lead through the import of a module."""
    found = behind = 0
    places: "List[int]" = [place for place, node in enumerate(flat.nodes) if node.imported]
    for place in places:
        if place >= behind:  # else it is below a counted one
            behind = flat.ends[place]
            found += flat.total_bytes[place]
    return found


_LIKE = 0.9  # a sample represents a moment if the tracked bytes of both differ by no more than this ratio
_AS_GOOD = 0.999


def memory_breakdown_of(
    recording: "Recording",
    tracked: int,
    mapped: int,
    clock_ns: "Optional[int]",
    stack: "Callable[[int], Sequence[Site]]",
) -> MemoryBreakdown:
    """The memory breakdown at one moment, and at the end.

    tracked, mapped: tracked bytes at that moment, and the mappings among them. clock_ns: its monotonic clock; None: the
    end. stack: returns the call stack of a node of the recording.
    """
    memory = recording.memory
    use = MemoryUse(tracked - min(mapped, tracked), min(mapped, tracked))
    readings = [reading for reading in (memory.near_peak, memory.last, memory.end) if reading is not None]
    reading = _nearest(readings, tracked, clock_ns)
    if reading is not None:
        _fill(use, reading, recording)
    at_end = memory.end or memory.last
    end: "Optional[MemoryUse]" = None
    if at_end is not None:
        end = MemoryUse(at_end.tracked_bytes - at_end.mapped_bytes, at_end.mapped_bytes)
        _fill(end, at_end, recording)
        end.at_end = at_end is memory.end
    seen = reading is not None and memory.near_peak is not None and reading.clock_ns == memory.near_peak.clock_ns
    return MemoryBreakdown(
        use,
        end,
        memory.allocations,
        memory.allocated_bytes,
        memory.files_at_peak,
        _files(memory.files, seen, stack),
        _large(memory, tracked, stack) if clock_ns == recording.peak_clock_ns else (),
    )


def mapped_at(recording: "Recording", held: "List[int]") -> "Tuple[int, Optional[int]]":
    """The mapped part of the held bytes, and the monotonic clock of that moment; None: the end."""
    memory = recording.memory
    if held is recording.at_failure:
        return memory.mapped_at_failure, recording.snapshot_clock_ns
    if held is recording.current and held is not recording.peak:
        return memory.mapped_now, None
    return memory.mapped_at_peak, recording.peak_clock_ns


def _nearest(readings: "List[RssSample]", tracked: int, clock_ns: "Optional[int]") -> "Optional[RssSample]":
    """The sample that represents a moment; None if none is close enough."""
    like = [reading for reading in readings if _is_like(reading, tracked)]
    if not like:
        return None
    told = [reading for reading in like if reading.mapped_files_bytes is not None] or like
    difference = min(abs(reading.tracked_bytes - tracked) for reading in told)
    best = [
        reading for reading in told if abs(reading.tracked_bytes - tracked) <= difference + (1 - _AS_GOOD) * tracked
    ]
    if clock_ns is None:
        return max(best, key=lambda reading: reading.clock_ns)
    moment = clock_ns
    return min(best, key=lambda reading: abs(reading.clock_ns - moment))


def _is_like(reading: "RssSample", tracked: int) -> bool:
    return _LIKE * tracked <= reading.tracked_bytes <= tracked / _LIKE


def _fill(use: MemoryUse, reading: "RssSample", recording: "Recording") -> None:
    """Fill in resident memory from a sample."""
    start = recording.memory.start
    use.resident_bytes = reading.resident_bytes
    use.sample_seconds = (reading.clock_ns - recording.started_clock_ns) / 1e9
    use.sample_tracked_bytes = reading.tracked_bytes
    use.mapped_files_bytes = reading.mapped_files_bytes
    if start is not None:
        use.before_bytes = start.resident_bytes
        files = reading.file_bytes - (reading.mapped_files_bytes or 0) + (reading.mapped_files_written or 0)
        use.libraries_bytes = max(0, files - start.file_bytes)
        if reading.allocator_free_bytes is not None and start.allocator_free_bytes is not None:
            use.allocator_free_bytes = max(0, reading.allocator_free_bytes - start.allocator_free_bytes)
    use.settle()


def _files(records: "List[FileRecord]", seen: bool, stack: "Callable[[int], Sequence[Site]]") -> "List[MappedFile]":
    """The mapped files, combined by path, largest first. seen: whether resident bytes are known."""
    by_path: "Dict[str, List[FileRecord]]" = {}
    for record in records:
        by_path.setdefault(record.path, []).append(record)
    files = []
    for path in by_path:
        found = sorted(by_path[path], key=lambda record: -record.mapped_bytes)
        mappings: "List[Tuple[int, bool, Sequence[Site]]]" = [
            (record.mapped_bytes, record.private, stack(record.node)) for record in found
        ]
        sizes = [(record.resident_bytes, record.written_bytes) for record in found if seen]
        resident, written = next((pair for pair in sizes if None not in pair), (None, None))
        files.append(MappedFile(path, resident, written, mappings))
    files.sort(key=lambda file: (-file.mapped_bytes, file.path))
    return files


def _large(memory: "RecordedMemory", tracked: int, stack: "Callable[[int], Sequence[Site]]") -> "List[LargeMapping]":
    """The large mappings at the peak that have a name or were hardly touched, largest first."""
    near = memory.near_peak
    seen = near is not None and _is_like(near, tracked)
    large = [
        LargeMapping(record.name, record.mapped_bytes, record.touched_bytes if seen else None, stack(record.node))
        for record in memory.large
    ]
    large.sort(key=lambda mapping: (-mapping.mapped_bytes, mapping.name))
    return [mapping for mapping in large if mapping.name or mapping.reserved]
