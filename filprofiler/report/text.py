"""Words, numbers and escapes that all forms of the report share."""

import os

from filprofiler.profile.tree import Site
from filprofiler.wording import JOINERS
from filprofiler.wording import visible as visible  # re-exported, for untrusted text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, List

    _Widths = Dict[str, int]
else:
    _Widths = dict

PAGE_COLUMNS = 200  # longest name or source line in the page; longer ones are cut
TITLE_COLUMNS = 400  # the same for tooltips of a picture's boxes

_UNITS = ("KiB", "MiB", "GiB", "TiB", "PiB", "EiB")


def human_bytes(size: int) -> str:
    """A size with one decimal in the largest unit that fits: "87.7 MiB"; below 1 KiB exact: "512 bytes"."""
    if size < 1024:
        return "1 byte" if size == 1 else "%d bytes" % size
    value = size / 1024
    power = 0
    while value >= 1023.95 and power + 1 < len(_UNITS):  # a value that rounds to 1024.0 belongs to the next unit
        value /= 1024
        power += 1
    return "%.1f %s" % (value, _UNITS[power])


def exact_bytes(size: int) -> str:
    """A size in full: "43,523,506 bytes"."""
    return "1 byte" if size == 1 else "%s bytes" % format(size, ",")


def percent(part: int, whole: int, decimals: int = 2) -> str:
    """A share: "47.36%". 0 of 0 is "100.00%"."""
    return "%.*f%%" % (decimals, 100.0 * part / whole if whole else 100.0)


def rough_percent(part: int, whole: int) -> str:
    """A share without decimals; "<1%" for less."""
    text = percent(part, whole, 0)
    return "<1%" if part and text == "0%" else text


def bytes_and_share(size: int, whole: int) -> str:
    """The end of every frame's title: "(43,523,506 bytes, 47.36%)"."""
    return "(%s bytes, %s)" % (format(size, ","), percent(size, whole))


def counted(number: int, noun: str, ending: str = "s") -> str:
    """A number of things: "1 call stack", "12,345 call stacks"."""
    return "%s %s%s" % (format(number, ","), noun, "" if number == 1 else ending)


def seconds(value: float) -> str:
    """A time: "3.1 s", "2 min 5 s", "1 h 3 min"."""
    if value < 60:
        return "%.1f s" % value if value < 59.95 else "1 min 0 s"
    minutes, rest = divmod(int(value), 60)
    if minutes < 60:
        return "%d min %d s" % (minutes, rest)
    return "%d h %d min" % divmod(minutes, 60)


def for_page(words: str, columns: int = PAGE_COLUMNS) -> str:
    """Untrusted text for the page: made visible, cut, escaped."""
    return escape(cut(visible(words), columns))


def escape(text: str) -> str:
    """Text made visible, and escaped for the content and the attributes of HTML and of XML 1.0."""
    text = visible(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return text.replace('"', "&quot;").replace("'", "&#39;")


def _encodes_to_itself(text: str) -> bool:
    return len(text) == len(text.encode("utf-8", "replace"))


_is_ascii = getattr(str, "isascii", _encodes_to_itself)  # new in 3.7


def columns(text: str) -> int:
    """Width of visible text in columns of a monospaced font."""
    if _is_ascii(text):
        return len(text)
    return sum(map(_COLUMNS.__getitem__, text))


class _Columns(_Widths):
    """The width of each character, computed once: the boxes of a picture have millions of them, few of which differ."""

    def __missing__(self, character: str) -> int:
        from unicodedata import combining, east_asian_width

        width = 2 if east_asian_width(character) in "WF" else 1
        self[character] = width = 0 if combining(character) or character in JOINERS else width
        return width


_COLUMNS = _Columns()


def cut(text: str, width: int, mark: str = "\u2026") -> str:
    """Visible text cut on the right to at most `width` columns, ending in `mark` if anything is missing."""
    if columns(text) <= width:
        return text
    room = width - len(mark)
    if room < 0:
        return ""
    if _is_ascii(text):
        return text[:room] + mark
    kept: "List[str]" = []
    for character in text:
        room -= _COLUMNS[character]
        if room < 0:
            break
        kept.append(character)
    return "".join(kept) + mark


def beginning(words: str) -> str:
    """Untrusted text made visible, and as much of it as matters where it is cut to at most TITLE_COLUMNS."""
    return cut(visible(words), TITLE_COLUMNS + 2, "")  # 2: the first character that is missing may be a wide one


def short_label(site: Site) -> str:
    """A site in short: "basename:line (function)", or a special site's text."""
    if site.special:
        return site.name
    path = site.path if site.path.startswith("<") else os.path.basename(site.path)
    return "%s:%d (%s)" % (path, site.line, site.name)


def full_label(site: Site) -> str:
    """A site in full: "path:line (function)", or a special site's text."""
    return site.name if site.special else "%s:%d (%s)" % (site.path, site.line, site.name)
