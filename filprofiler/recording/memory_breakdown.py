"""A recording's data beside the call stacks: sums at the peak, mapped files, and the kernel's own counts."""

from struct import Struct

from filprofiler import _abi
from filprofiler.recording.bounds import IMPOSSIBLE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable, Dict, List, Optional

_COUNTER = Struct(_abi.COUNTER_FORMAT)
_RSS_SAMPLE = Struct(_abi.RSS_SAMPLE_FORMAT)
_FILE = Struct(_abi.FILE_FORMAT)
_LARGE = Struct(_abi.LARGE_FORMAT)
_COUNT = Struct("<I")
_SIZE = Struct("<Q")

_NEEDED = 6  # values of a sample: without any of them it is useless
_MOST_KNOWN = 1 << 60  # more bytes than any process can have, and 36 years in nanoseconds


class RssSample:
    """The process's memory as the kernel counted it at one moment. Sizes are bytes; None means not known.

    clock_ns: monotonic clock.
    tracked_bytes, mapped_bytes: live tracked bytes, and the mappings among them.
    anonymous_bytes, file_bytes, shared_bytes: resident memory, by kind.
    mapped_files_bytes: resident memory of files that the program has mapped, part of the three above.
    mapped_files_written: the part of it that is private to the process.
    allocator_free_bytes: free memory that malloc keeps.
    """

    __slots__ = tuple(_abi.RSS_SAMPLE_FIELDS)

    clock_ns: int
    tracked_bytes: int
    mapped_bytes: int
    anonymous_bytes: int
    file_bytes: int
    shared_bytes: int
    mapped_files_bytes: "Optional[int]"
    mapped_files_written: "Optional[int]"
    allocator_free_bytes: "Optional[int]"

    def __init__(self, **values: "Optional[int]") -> None:
        for name in self.__slots__:
            setattr(self, name, values[name])

    @property
    def resident_bytes(self) -> int:
        """All resident memory."""
        return self.anonymous_bytes + self.file_bytes + self.shared_bytes


class FileRecord:
    """One file's mappings at the peak by one call stack. Sizes are bytes.

    path: as the kernel names it; "" if not kept.
    mapped_bytes: mapped at the peak. private: whether writes stay in the process. node: the call stack's node.
    resident_bytes, written_bytes: of all mappings of that path, in the sample nearest to the peak; None: not known.
    """

    __slots__ = ("mapped_bytes", "node", "path", "private", "resident_bytes", "written_bytes")

    def __init__(
        self,
        path: str,
        mapped_bytes: int,
        private: bool,
        node: int,
        resident_bytes: "Optional[int]",
        written_bytes: "Optional[int]",
    ) -> None:
        self.path = path
        self.mapped_bytes = mapped_bytes
        self.private = private
        self.node = node
        self.resident_bytes = resident_bytes
        self.written_bytes = written_bytes


class LargeRecord:
    """A large mapping that is part of the peak. Sizes are bytes.

    mapped_bytes: its size at the peak. name: for shared memory, else "". node: the call stack's node.
    touched_bytes: resident or swapped-out bytes in the sample nearest to the peak; None: not known or, without a name,
        a tenth of it or more.
    """

    __slots__ = ("mapped_bytes", "name", "node", "touched_bytes")

    def __init__(self, mapped_bytes: int, name: str, node: int, touched_bytes: "Optional[int]") -> None:
        self.mapped_bytes = mapped_bytes
        self.name = name
        self.node = node
        self.touched_bytes = touched_bytes


class RecordedMemory:
    """The sums, files and samples of a recording. Sizes are bytes.

    mapped_now, mapped_at_peak: tracked bytes in mappings, when the file was read and at the peak.
    mapped_at_failure: the same for the out-of-memory snapshot.
    files_at_peak: mapped bytes of files at the peak.
    allocations, allocated_bytes: number and bytes of blocks and mappings allocated in the whole run.
    start, near_peak, last, end: the samples; None where missing.
    files: the file mappings at the peak.
    malloc_path: if malloc calls were not seen, the file that served them; None: not known.
    own_function: a function of that file's malloc alone that was called unseen; None: none was.
    large: the large mappings at the peak.
    """

    def __init__(
        self, data: bytes, header: "Dict[str, int]", rising: bool, text: "Callable[[int], Optional[str]]"
    ) -> None:
        """data: the recording. rising: whether its peak is now. text: returns the text at an offset of the file."""
        self._epoch = None if rising else header["epoch"]
        self.allocations = header["allocations"]
        self.allocated_bytes = header["allocated_bytes"]
        counters = [_COUNTER.unpack_from(data, _place("counters", n, _COUNTER)) for n in range(_abi.FIL_COUNTERS)]
        self.mapped_now = _possible(counters[_abi.FIL_COUNTER_MAPPINGS][0])
        self.mapped_at_peak = _possible(self._at_peak(*counters[_abi.FIL_COUNTER_MAPPINGS][:3]))
        self.files_at_peak = _possible(self._at_peak(*counters[_abi.FIL_COUNTER_FILES][:3]))
        (self.mapped_at_failure,) = _SIZE.unpack_from(data, _abi.HEADER_OFFSETS["snapshot_mapped_bytes"])
        readings = [_reading(data, number) for number in range(_abi.FIL_RSS_SAMPLES)]
        self.start = readings[_abi.FIL_RSS_SAMPLE_START]
        self.near_peak = readings[_abi.FIL_RSS_SAMPLE_PEAK]
        self.last = readings[_abi.FIL_RSS_SAMPLE_LAST]
        self.end = readings[_abi.FIL_RSS_SAMPLE_END]
        self.files = self._files(data, text)
        (path_at,) = _SIZE.unpack_from(data, _abi.HEADER_OFFSETS["malloc_path"])
        self.malloc_path = text(path_at)
        (name_at,) = _SIZE.unpack_from(data, _abi.HEADER_OFFSETS["own_function"])
        self.own_function = text(name_at)
        self.large = self._large(data, text)

    def _at_peak(self, current: int, at_peak: int, epoch: int) -> int:
        return at_peak if epoch == self._epoch else current

    def _files(self, data: bytes, text: "Callable[[int], Optional[str]]") -> "List[FileRecord]":
        (offset,) = _SIZE.unpack_from(data, _abi.HEADER_OFFSETS["files_offset"])
        (count,) = _COUNT.unpack_from(data, _abi.HEADER_OFFSETS["file_count"])
        files: "List[FileRecord]" = []
        if offset < _abi.FIL_HEADER_BYTES:
            return files
        content = data[offset : offset + min(count, _abi.FIL_FILES_KEPT) * _FILE.size]
        for fields in _FILE.iter_unpack(content[: len(content) // _FILE.size * _FILE.size]):
            current, at_peak, path, resident, written, epoch, node, private, _reserved = fields
            mapped = _possible(self._at_peak(current, at_peak, epoch))
            if mapped:
                sizes = (_known(resident), _known(written)) if path else (None, None)
                files.append(FileRecord(text(path) or "", mapped, bool(private), node, *sizes))
        return files

    def _large(self, data: bytes, text: "Callable[[int], Optional[str]]") -> "List[LargeRecord]":
        (offset,) = _SIZE.unpack_from(data, _abi.HEADER_OFFSETS["large_offset"])
        (count,) = _COUNT.unpack_from(data, _abi.HEADER_OFFSETS["large_count"])
        large: "List[LargeRecord]" = []
        if offset < _abi.FIL_HEADER_BYTES:
            return large
        content = data[offset : offset + min(count, _abi.FIL_LARGE_KEPT) * _LARGE.size]
        for fields in _LARGE.iter_unpack(content[: len(content) // _LARGE.size * _LARGE.size]):
            _start, current, at_peak, path, touched, node, epoch = fields
            mapped = _possible(self._at_peak(current, at_peak, epoch))
            if mapped:
                large.append(LargeRecord(mapped, (path and text(path)) or "", node, _known(touched)))
        return large


def _reading(data: bytes, number: int) -> "Optional[RssSample]":
    """The sample; None if it is missing or invalid."""
    values = _RSS_SAMPLE.unpack_from(data, _place("rss_samples", number, _RSS_SAMPLE))
    if values[0] == 0 or max(values[:_NEEDED]) >= _MOST_KNOWN or values[1] < values[2]:
        return None
    return RssSample(**dict(zip(_abi.RSS_SAMPLE_FIELDS, map(_known, values))))


def _place(name: str, number: int, form: Struct) -> int:
    return _abi.HEADER_OFFSETS[name] + number * form.size


def _known(value: int) -> "Optional[int]":
    """The value; None if it is FIL_NOT_KNOWN or impossibly large."""
    return value if value < _MOST_KNOWN else None


def _possible(size: int) -> int:
    """The size; 0 if it is impossible because an event was interrupted."""
    return size if size < IMPOSSIBLE else 0
