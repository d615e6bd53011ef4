"""The .prof file: every callstack on a line of its own, complete and exact.

    a.py:24 (<module>);a.py:21 (main);/x/numpy/_core/numeric.py:191 (ones) 52428800

Outermost frame first, frames joined by ";", then a space and the bytes. The sum over all lines is the peak.

A path or a name may hold what the format itself uses: there ";" is written "\\x3b", and characters that end a line,
other control characters and lone surrogates as Python would spell them ("\\n", "\\x1b", "\\udc80"). All else, the
backslash too, stands as it is. The file is UTF-8.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, Iterator, List, Sequence

    from filprofiler.profile.model import Profile, Site

_LINE_ENDS = "\x85\u2028\u2029"  # beyond the control characters, what str.splitlines takes for the end of a line


def prof_pieces(profile: "Profile") -> "Iterator[bytes]":
    """The file in pieces. Only stacks that something is called from are put together as a whole."""
    flat = profile.flat
    labels = _labels(flat.sites)
    stacks = [b""] * (2 + max(flat.depths, default=0))  # by depth, the frames from the root on, each with its ";"
    for node, number, depth, size in zip(flat.nodes, flat.numbers, flat.depths, flat.own_bytes):
        label = labels[number]
        if size:
            yield stacks[depth - 1]
            yield b"%b %d\n" % (label, size)
        if node.children:
            stacks[depth] = stacks[depth - 1] + label + b";"


def _labels(sites: "Sequence[Site]") -> "List[bytes]":
    """Each site as the file has it: "PATH:LINE (FUNCTION)"; or a special site's text. Most paths are met often."""
    written = {}  # type: Dict[str, bytes]
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
