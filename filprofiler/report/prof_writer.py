"""The .prof file: each call stack on a line of its own, with its exact bytes.

    a.py:24 (<module>);a.py:21 (main);/x/numpy/_core/numeric.py:191 (ones) 52428800

Outermost frame first, frames joined by ";", then a space and the bytes. The sum over all lines is the peak. Unless all
call stacks are wanted, those too small to matter are combined under a last frame "[12 smaller callstacks]".

A path or a name may contain characters of the format itself: ";" is written "\\x3b", and line ends, other control
characters and lone surrogates as in Python ("\\n", "\\x1b", "\\udc80"). Everything else, including the backslash, is
written as it is. The file is UTF-8.

If call stacks are deeper than 1,000 frames and the file would be too large (18 MB; 1 GiB if all call stacks are
wanted), the middle of the deep ones is left out: see deep_recursions.py. No line and no byte is lost.
"""

from filprofiler.report.deep_recursions import DEEP, frames_at_each_end

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, Iterator, List, Sequence

    from filprofiler.profile.model import Profile
    from filprofiler.profile.tree import Site
    from filprofiler.report.content import Content
    from filprofiler.report.deep_recursions import Tree

_LINE_ENDS = "\x85\u2028\u2029"  # line ends of str.splitlines that are not control characters

_MOST_BYTES = 1 << 30
_MOST_FOLDED_BYTES = 18000000
_MOST_BEGINNINGS = 1 << 24  # bytes of all beginnings of one call stack
_LEFT_OUT = b";<frames left out>:0 (of a deep recursion);"


def prof_pieces(profile: "Profile") -> "Iterator[bytes]":
    """The file in pieces. Only beginnings of stacks that have callees are built as a whole."""
    flat = profile.shown
    labels = _labels(flat.sites)
    deepest = max(flat.depths, default=0)
    if deepest > DEEP or deepest * deepest // 2 * max(map(len, labels)) > _MOST_BEGINNINGS:
        yield from _deep_pieces(flat, labels, _MOST_FOLDED_BYTES if profile.folds else _MOST_BYTES)
        return
    folded = flat.folded
    stacks = [b""] * (2 + deepest)  # by depth, the frames from the root, each with its ";"
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
    """The same for stacks too deep, or with names too long, to keep each beginning as a whole."""
    half = frames_at_each_end(flat, [len(label) + 1 for label in labels], most_bytes)
    stack = [b""] * (1 + max(flat.depths))  # by depth, the frames
    for place, (number, depth, size) in enumerate(zip(flat.numbers, flat.depths, flat.own_bytes)):
        stack[depth] = labels[number] if place not in flat.folded else _fold_label(flat.folded[place])
        if size:
            inner = depth - 1 - half
            if depth > DEEP and inner > half:
                yield b";".join(stack[1 : half + 1])
                yield _LEFT_OUT
                yield b";".join(stack[inner + 1 : depth + 1])
            else:
                yield b";".join(stack[1 : depth + 1])
            yield b" %d\n" % size


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
