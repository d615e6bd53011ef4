"""The directory of a recording: where the records of each kind are."""

from bisect import bisect_right, insort
from struct import Struct

from filprofiler import _abi

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import List, Tuple

_SEGMENT = Struct(_abi.SEGMENT_FORMAT)


class Directory:
    """The segments that lie inside the file and do not overlap.

    nodes: the node records of each segment, as far as they are complete. big, combined: likewise, the records after
    these.
    codes: where segments of functions begin; beyond the file's end if missing. threads_at: where the threads are; 0 if
    missing.
    damaged: number of segments ignored because they overlap others. The library writes none, and each could make a
    piece of the file count repeatedly.
    """

    def __init__(self, data: bytes, segment_count: int) -> None:
        self.nodes: "List[memoryview]" = []
        self.big: "List[memoryview]" = []
        self.combined: "List[memoryview]" = []
        self.codes: "List[int]" = []
        self.threads_at = 0
        self.damaged = 0
        taken: "List[Tuple[int, int]]" = []
        view = memoryview(data)
        start = _abi.HEADER_OFFSETS["segments"]
        end = start + min(segment_count, _abi.FIL_SEGMENT_CAPACITY) * _abi.SEGMENT_SIZE
        for offset, size, kind, _reserved in _SEGMENT.iter_unpack(view[start:end]):
            inside = _abi.FIL_HEADER_BYTES <= offset <= len(data)
            if inside and not _take(taken, offset, min(offset + size, len(data))):
                self.damaged += 1
                inside = False
            if kind == _abi.FIL_SEGMENT_NODES:
                segment = view[offset : offset + min(size, _abi.NODES_SIZE)] if inside else view[:0]
                self.nodes.append(_whole(segment[: _abi.NODES_OFFSETS["big"]], _abi.NODE_SIZE))
                big = segment[_abi.NODES_OFFSETS["big"] : _abi.NODES_OFFSETS["combined"]]
                self.big.append(_whole(big, _abi.BIG_SIZE))
                self.combined.append(_whole(segment[_abi.NODES_OFFSETS["combined"] :], _abi.COMBINED_SIZE))
            elif kind == _abi.FIL_SEGMENT_CODES:
                self.codes.append(offset if inside else len(data))
            elif kind == _abi.FIL_SEGMENT_THREADS and inside:
                self.threads_at = offset


def _whole(records: memoryview, size: int) -> memoryview:
    """The complete records."""
    return records[: len(records) // size * size]


def _take(taken: "List[Tuple[int, int]]", start: int, end: int) -> bool:
    """Claim [start, end); False if any of it was claimed before."""
    place = bisect_right(taken, (start, end))
    if (place and taken[place - 1][1] > start) or (place < len(taken) and taken[place][0] < end):
        return False
    insort(taken, (start, end))
    return True
