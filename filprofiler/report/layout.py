"""Lays out the boxes of an icicle. Pure geometry: bytes across, rows down, no pixels.

The root is row 0. Below each box are its children, largest first, then the box's own allocations, and last one fold for
everything too small, too deep or too much to draw. Nothing is lost: below every box that is not a leaf, the widths add
up to its own. So the root's bytes are the sum of all leaves, selves and folds.
"""

from bisect import insort

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import List, Tuple, Union

    from filprofiler.profile.reversed_tree import ReversedNode
    from filprofiler.profile.tree import Node

    AnyNode = Union[Node, ReversedNode]

# Kinds of boxes.
FRAME = "frame"  # a frame, with boxes below it
LEAF = "leaf"  # a frame with nothing below it: all its bytes are its own
SELF = "self"  # what the frame above allocated itself, beside its callees
FOLD = "fold"  # call stacks of the frame above that are not drawn individually

MAX_BOXES = 4000
MAX_ROWS = 100
LEAST_SHARE = 1000  # children below 1/n of the whole are folded


class Box:
    """One box.

    kind: FRAME, LEAF, SELF or FOLD.
    node: the frame's node; for SELF and FOLD, that of the frame above.
    row: 0 for the root.
    start, size: its left edge and its width, in bytes.
    callstacks: how many call stacks it represents.
    """

    __slots__ = ("callstacks", "kind", "node", "row", "size", "start")

    def __init__(self, kind: str, node: "AnyNode", row: int, start: int, size: int, callstacks: int) -> None:
        self.kind = kind
        self.node = node
        self.row = row
        self.start = start
        self.size = size
        self.callstacks = callstacks


def lay_out(
    root: "AnyNode", max_boxes: int = MAX_BOXES, max_rows: int = MAX_ROWS, least_share: int = LEAST_SHARE
) -> "List[Box]":
    """The boxes of the tree under `root`: at most `max_boxes`, in at most `max_rows` rows, the root's first.

    The largest boxes are opened first, so that only the smallest do not fit the limit.
    """
    top = Box(LEAF, root, 0, 0, root.total_bytes, root.callstacks)
    boxes = [top]
    closed: "List[Tuple[int, int, int, Box]]" = []
    count = 1 + _close(top, closed)  # boxes, and the fold that each closed one may need
    while closed:
        _size, _row, _start, box = closed.pop()
        count -= 1
        below = _below(box, root.total_bytes, least_share, max_boxes - count, box.row + 2 < max_rows)
        boxes.extend(below)
        count += len(below)
        for child in below:
            count += _close(child, closed)
    return boxes


def _opens(box: Box) -> bool:
    """Whether the box has anything below it."""
    return box.kind in (FRAME, LEAF) and box.callstacks > 0 and bool(box.node.children)


def _close(box: Box, closed: "List[Tuple[int, int, int, Box]]") -> int:
    """Add a box that can be opened to `closed`, largest last. Returns the number of boxes to reserve for it."""
    if not _opens(box):
        return 0
    box.kind = FRAME
    insort(closed, (box.size, -box.row, -box.start, box))
    return 1


def _below(box: Box, whole: int, least_share: int, room: int, open_further: bool) -> "List[Box]":
    """The boxes below a box, together exactly as wide: at most `room`, including those reserved for them."""
    below: "List[Box]" = []
    start, told = box.start, 0
    room -= 1  # for the fold
    for node in box.node.children if open_further else ():
        room -= 2 if node.children else 1
        if node.total_bytes * least_share < whole or room < 0:
            break  # the following ones are even smaller
        below.append(Box(LEAF, node, box.row + 1, start, node.total_bytes, node.callstacks))
        start += node.total_bytes
        told += node.callstacks
    own = box.node.own_bytes
    if own and own * least_share >= whole and room > 0 and open_further:
        below.append(Box(SELF, box.node, box.row + 1, start, own, 1))
        start += own
        told += 1
    if told < box.callstacks:
        below.append(Box(FOLD, box.node, box.row + 1, start, box.start + box.size - start, box.callstacks - told))
    return below
