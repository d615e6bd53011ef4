"""How many frames of deep call stacks are written where each call stack is written with all its frames.

Such a file grows with the number of call stacks times their depth: a recursion that keeps something at each of 100,000
levels would fill a disk. So if call stacks are deeper than 1,000 frames and the file would be too large, the middle of
the deep ones is left out. A frame says so; it is always the same, so that a reader that builds a tree makes one node
for it and not one per depth.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Sequence, Union

    from filprofiler.profile.folding import FoldedTree
    from filprofiler.profile.totals import FlatTree

    Tree = Union[FlatTree, FoldedTree]

DEEP = 1000  # frames: the usual limit of a recursion. Call stacks that are not deeper stay whole
_FEWEST_BITS = 6  # at least 64 frames of a call stack are kept


def frames_at_each_end(flat: "Tree", lengths: "Sequence[int]", most_bytes: int) -> int:
    """How many frames stay at each end of a deep call stack, not counting the innermost frame.

    lengths: by site, the bytes that a frame takes. most_bytes: of the file; it may be exceeded if even few frames
    of each call stack, and shallow ones as a whole, take more.
    """
    deepest = max(flat.depths, default=0)
    if deepest <= DEEP:
        return deepest
    fewest, bits = _FEWEST_BITS, deepest.bit_length()
    most = bits
    while fewest < most:
        if _size(flat, lengths, 1 << bits >> 1) <= most_bytes:
            fewest = bits
        else:
            most = bits - 1
        bits = (fewest + most + 1) // 2
    return 1 << fewest >> 1


def _size(flat: "Tree", lengths: "Sequence[int]", half: int) -> int:
    """Bytes of a file with `half` frames at each end of its call stacks, without anything but frames."""
    ends = [0] * (2 + max(flat.depths))  # by depth, the bytes from the root
    size = 0
    for number, depth, own_bytes in zip(flat.numbers, flat.depths, flat.own_bytes):
        ends[depth] = ends[depth - 1] + lengths[number]
        if own_bytes:
            inner = depth - 1 - half
            size += ends[depth]
            if depth > DEEP and inner > half:
                size -= ends[inner] - ends[half]
    return size
