"""The .prof file: each call stack on a line of its own, with its exact bytes.

    a.py:24 (<module>);a.py:21 (main);/x/numpy/_core/numeric.py:191 (ones) 52428800

Outermost frame first, frames joined by ";", then a space and the bytes. The sum over all lines is the peak. Unless all
call stacks are wanted, those too small to matter are combined under a last frame "[12 smaller callstacks]".

A path or a name may contain characters of the format itself: ";" is written "\\x3b", and line ends, other control
characters and lone surrogates as in Python ("\\n", "\\x1b", "\\udc80"). Everything else, including the backslash, is
written as it is. The file is UTF-8.

The file grows with the number of call stacks times their depth: a recursion that keeps something at each of 100,000
levels would fill a disk. So if call stacks are deeper than 1,000 frames and the file would be too large (18 MB; 1 GiB
if all call stacks are wanted), the middle of the deep ones is left out, and a frame says so. That frame is always the
same, so that a reader that builds a tree makes one node for it and not one per depth. No line and no byte is lost.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, Iterator, List, Sequence, Union

    from filprofiler.profile.folding import FoldedTree
    from filprofiler.profile.model import Profile
    from filprofiler.profile.totals import FlatTree
    from filprofiler.profile.tree import Site
    from filprofiler.report.content import Content

    Tree = Union[FlatTree, FoldedTree]

_LINE_ENDS = "\x85\u2028\u2029"  # line ends of str.splitlines that are not control characters

_DEEP = 1000  # frames: the usual limit of a recursion. Call stacks that are not deeper stay whole
_MOST_BYTES = 1 << 30
_MOST_FOLDED_BYTES = 18000000
_FEWEST_FRAMES = 64  # kept of a call stack
_LEFT_OUT = b"<frames left out>:0 (of a deep recursion);"


def prof_pieces(profile: "Profile") -> "Iterator[bytes]":
    """The file in pieces. Only beginnings of stacks that have callees are built as a whole."""
    flat = profile.shown
    labels = _labels(flat.sites)
    if max(flat.depths, default=0) > _DEEP:
        yield from _deep_pieces(flat, labels, _MOST_FOLDED_BYTES if profile.folds else _MOST_BYTES)
        return
    folded = flat.folded
    stacks = [b""] * (2 + max(flat.depths, default=0))  # by depth, the frames from the root, each with its ";"
    for place, (number, depth, size, end) in enumerate(zip(flat.numbers, flat.depths, flat.own_bytes, flat.ends), 1):
        label = labels[number]
        if size:
            yield stacks[depth - 1]
            if place - 1 in folded:
                label = _fold_label(folded[place - 1])
            yield b"%b %d\n" % (label, size)
        if end > place:
            stacks[depth] = stacks[depth - 1] + label + b";"


def pieces(content: "Content") -> "Iterator[bytes]":
    """The file in pieces."""
    return prof_pieces(content.profile)


def _fold_label(count: int) -> bytes:
    """The frame that combines `count` call stacks."""
    return b"[%d smaller callstack%b]" % (count, b"" if count == 1 else b"s")


def _deep_pieces(flat: "Tree", labels: "Sequence[bytes]", most_bytes: int) -> "Iterator[bytes]":
    """The same for stacks too deep to keep each beginning as a whole."""
    half = _frames_that_stay(flat, labels, most_bytes) // 2
    stack = bytearray()  # the frames from the root, each with its ";"
    ends = [0] * (2 + max(flat.depths))  # by depth, where the frame ends in it
    for place, (number, depth, size) in enumerate(zip(flat.numbers, flat.depths, flat.own_bytes)):
        label = labels[number] if place not in flat.folded else _fold_label(flat.folded[place])
        del stack[ends[depth - 1] :]
        if size:
            inner = depth - 1 - half
            if depth > _DEEP and inner > half:
                yield bytes(stack[: ends[half]])
                yield _LEFT_OUT
                yield bytes(stack[ends[inner] :])
            else:
                yield bytes(stack)
            yield b"%b %d\n" % (label, size)
        stack += label
        stack += b";"
        ends[depth] = len(stack)


def _frames_that_stay(flat: "Tree", labels: "Sequence[bytes]", most_bytes: int) -> int:
    """How many frames of a deep call stack, without the innermost, are written so that the file is not too large."""
    most = 1 << max(flat.depths).bit_length()
    while most > _FEWEST_FRAMES and _size(flat, labels, most // 2) > most_bytes:
        most //= 2
    return most


def _size(flat: "Tree", labels: "Sequence[bytes]", half: int) -> int:
    """Size in bytes of a file with `half` frames at each end of its call stacks, without numbers and omissions."""
    lengths = [len(label) + 1 for label in labels]
    ends = [0] * (2 + max(flat.depths))
    size = 0
    for number, depth, own_bytes in zip(flat.numbers, flat.depths, flat.own_bytes):
        outer = ends[depth - 1]
        ends[depth] = outer + lengths[number]
        if own_bytes:
            inner = depth - 1 - half
            size += ends[half] + ends[depth] - ends[inner] if depth > _DEEP and inner > half else ends[depth]
    return size


def _labels(sites: "Sequence[Site]") -> "List[bytes]":
    """Each site as in the file: "PATH:LINE (FUNCTION)", or a special site's text. Most paths occur often."""
    written: "Dict[str, bytes]" = {}
    for site in sites:
        for text in (site.path, site.name):
            if text not in written:
                written[text] = _written(text)
    return [
        b"%b:%d (%b)" % (written[site.path], site.line, written[site.name]) if site.path else written[site.name]
        for site in sites
    ]


def _written(text: str) -> bytes:
    if not text.isprintable() or ";" in text:
        text = "".join(map(_escaped, text))
    return text.encode("utf-8")


def _escaped(character: str) -> str:
    code = ord(character)
    if character == ";":
        return "\\x3b"
    if code < 32 or code == 127 or character in _LINE_ENDS or 0xD800 <= code <= 0xDFFF:
        return character.encode("unicode_escape").decode("ascii")
    return character
