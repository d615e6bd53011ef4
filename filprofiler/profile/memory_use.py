"""From a recording's account to the whereabouts of the memory: which reading tells of which moment."""

from filprofiler.profile.whereabouts import LargeMapping, MappedFile, MemoryUse, Whereabouts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable, Dict, List, Optional, Sequence, Tuple

    from filprofiler.profile.tree import Site
    from filprofiler.recording.account import Account, FileRecord, Reading
    from filprofiler.recording.reader import Recording

_LIKE = (
    0.9  # a reading tells of a moment if so much of its tracked bytes was live, and not more than that the other way
)
_AS_GOOD = 0.999


def whereabouts_of(
    recording: "Recording",
    tracked: int,
    mapped: int,
    clock_ns: "Optional[int]",
    stack: "Callable[[int], Sequence[Site]]",
) -> Whereabouts:
    """The whereabouts at one moment, and at the end.

    tracked, mapped: tracked bytes then, and the mappings among them. clock_ns: monotonic clock then; None: the end.
    stack: gives the callstack of one of the recording's nodes.
    """
    account = recording.account
    use = MemoryUse(tracked - min(mapped, tracked), min(mapped, tracked))
    readings = [reading for reading in (account.near_peak, account.last, account.end) if reading is not None]
    reading = _nearest(readings, tracked, clock_ns)
    if reading is not None:
        _fill(use, reading, recording)
    at_end = account.end or account.last
    end: "Optional[MemoryUse]" = None
    if at_end is not None:
        end = MemoryUse(at_end.tracked_bytes - at_end.mapped_bytes, at_end.mapped_bytes)
        _fill(end, at_end, recording)
        end.at_end = at_end is account.end
    seen = reading is not None and account.near_peak is not None and reading.clock_ns == account.near_peak.clock_ns
    return Whereabouts(
        use,
        end,
        account.allocations,
        account.allocated_bytes,
        account.files_at_peak,
        _files(account.files, seen, stack),
        _large(account, tracked, stack) if clock_ns == recording.peak_clock_ns else (),
    )


def mapped_at(recording: "Recording", held: "List[int]") -> "Tuple[int, Optional[int]]":
    """The mappings among what is held, and the monotonic clock of that moment; None: the end."""
    account = recording.account
    if held is recording.at_failure:
        return account.mapped_at_failure, recording.snapshot_clock_ns
    if held is recording.current and held is not recording.peak:
        return account.mapped_now, None
    return account.mapped_at_peak, recording.peak_clock_ns


def _nearest(readings: "List[Reading]", tracked: int, clock_ns: "Optional[int]") -> "Optional[Reading]":
    """The reading that tells of a moment; None if none is like it."""
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


def _is_like(reading: "Reading", tracked: int) -> bool:
    return _LIKE * tracked <= reading.tracked_bytes <= tracked / _LIKE


def _fill(use: MemoryUse, reading: "Reading", recording: "Recording") -> None:
    """Let a reading tell what is resident."""
    start = recording.account.start
    use.resident_bytes = reading.resident_bytes
    use.reading_seconds = (reading.clock_ns - recording.started_clock_ns) / 1e9
    use.reading_tracked_bytes = reading.tracked_bytes
    use.mapped_files_bytes = reading.mapped_files_bytes
    if start is not None:
        use.before_bytes = start.resident_bytes
        files = reading.file_bytes - (reading.mapped_files_bytes or 0) + (reading.mapped_files_written or 0)
        use.libraries_bytes = max(0, files - start.file_bytes)
        if reading.allocator_free_bytes is not None and start.allocator_free_bytes is not None:
            use.allocator_free_bytes = max(0, reading.allocator_free_bytes - start.allocator_free_bytes)
    use.settle()


def _files(records: "List[FileRecord]", seen: bool, stack: "Callable[[int], Sequence[Site]]") -> "List[MappedFile]":
    """The mapped files, those of one path together, the largest first. seen: whether what is resident is known."""
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


def _large(account: "Account", tracked: int, stack: "Callable[[int], Sequence[Site]]") -> "List[LargeMapping]":
    """The large mappings at the peak of which there is something to tell, the largest first."""
    near = account.near_peak
    seen = near is not None and _is_like(near, tracked)
    large = [
        LargeMapping(record.name, record.mapped_bytes, record.touched_bytes if seen else None, stack(record.node))
        for record in account.large
    ]
    large.sort(key=lambda mapping: (-mapping.mapped_bytes, mapping.name))
    return [mapping for mapping in large if mapping.name or mapping.reserved]
