"""How many of each node's bytes are big blocks and mappings. A recording keeps this beside the nodes."""

from _operator import gt  # as in profile/tree.py

from filprofiler import _abi

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import List, Sequence, Tuple

_LONGS, _INTEGERS = _abi.BIG_SIZE // 8, _abi.BIG_SIZE // 4  # of a record


def read_big(segments: "Sequence[memoryview]", newest_epoch: int, rising: bool) -> "Tuple[List[int], List[int]]":
    """Big bytes of each node when the file was read, and at the peak. The lists are shorter if the file is truncated.

    segments: the records of each segment of nodes, in order.
    """
    current: "List[int]" = []
    at_peak: "List[int]" = []
    epochs: "List[int]" = []
    for segment in segments:
        longs, integers = segment.cast("Q"), segment.cast("I")
        current += longs[_abi.BIG_OFFSETS["current_bytes"] // 8 :: _LONGS].tolist()
        at_peak += longs[_abi.BIG_OFFSETS["at_peak_bytes"] // 8 :: _LONGS].tolist()
        epochs += integers[_abi.BIG_OFFSETS["epoch"] // 4 :: _INTEGERS].tolist()
        if len(segment) < _abi.FIL_NODES_PER_SEGMENT * _abi.BIG_SIZE:
            break  # later records would belong to other nodes
    if rising:
        return current, current
    return current, [kept if epoch == newest_epoch else now for now, kept, epoch in zip(current, at_peak, epochs)]


def within(big: "List[int]", held: "List[int]") -> "List[int]":
    """One value per node, none larger than the node's bytes: the file may be forged."""
    fitting = big[: len(held)] + [0] * (len(held) - len(big))
    return list(map(min, fitting, held)) if any(map(gt, fitting, held)) else fitting
