"""The icicle as an SVG: the root on top, the largest child first, readable in any viewer, without scripts."""

from filprofiler.profile.reversed_tree import ReversedRoot
from filprofiler.report import layout, sentences, text
from filprofiler.report.content import Drawn
from filprofiler.report.formats import SVG, file_names
from filprofiler.report.layout import LEAST_SHARE
from filprofiler.report.style import SHADES, picture_style
from filprofiler.report.template import read_template

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, Iterator, List, Tuple

    from filprofiler.profile.source import SourceReader
    from filprofiler.profile.tree import Site
    from filprofiler.report.content import Content
    from filprofiler.report.layout import AnyNode, Box

XML_PROLOG = '<?xml version="1.0" encoding="UTF-8"?>\n'
MAX_BYTES = 1000000  # of one picture; larger ones get fewer boxes
MAX_STILL_BYTES = 70000  # of the one in the page

# The picture's own units; it fills its container, and 1 unit is 1 px at a width of 1200 px.
WIDTH = 1200
_MARGIN = 8
_HEAD = 58  # above the root box
_ROW = 36
_GAP = 2  # between rows
_CHARACTER = 7.3  # of 12 px monospaced text, a little wider than the widest common font
_PADDING = 5
_LEAST_TEXT_COLUMNS = 3

# Order of a tree: callers above, or callees above (the reversed tree).
CALLERS_FIRST = "callers-first"
CALLEES_FIRST = "callees-first"
_SELF_WORDS = {CALLERS_FIRST: "this line itself", CALLEES_FIRST: "no caller"}


def icicle_svg(root: "AnyNode", title: str, drawn: Drawn, order: str) -> str:
    """The `<svg>` element for the tree under `root`, with search, zoom and keys inside.

    title: the picture's heading and title.
    order: CALLERS_FIRST or CALLEES_FIRST.
    """
    return _fitting(root, title, drawn, order, MAX_BYTES, read_template("icicle.js"))


def still_svg(root: "AnyNode", title: str, drawn: Drawn) -> str:
    """A smaller `<svg>` element, callers first and without a script, for the page."""
    return _fitting(root, title, drawn, CALLERS_FIRST, MAX_STILL_BYTES, "")


def _fitting(root: "AnyNode", title: str, drawn: Drawn, order: str, max_bytes: int, script: str) -> str:
    """The picture with as many boxes as fit."""
    max_boxes = min(layout.MAX_BOXES, max_bytes // 200)
    while True:
        boxes = layout.lay_out(root, max_boxes)
        svg = _Picture(boxes, title, drawn, order, script).element()
        if 4 * len(svg) <= max_bytes:  # no character takes more than four
            return svg
        size = len(svg.encode("utf-8"))
        if size <= max_bytes or len(boxes) <= 2:
            return svg
        max_boxes = min(max_boxes, len(boxes)) * 9 // 10 * max_bytes // size


def shade(size: int, whole: int) -> int:
    """The number of the shade for a share of the peak: 0 is the faintest."""
    share = size * 1000
    number = 0
    while number < len(SHADES) and share >= whole * SHADES[number]:
        number += 1
    return number


class _Words:
    """The texts of a site's boxes, cached because most sites have many boxes.

    label: the short label. source: the source line. Both are visible, and their ends are missing if no box has room.
    title, title_source: the full label and that line, escaped.
    """

    __slots__ = ("label", "source", "title", "title_source")

    def __init__(self, site: "Site", sources: "SourceReader") -> None:
        self.label = text.beginning(text.short_label(site))
        self.source = text.beginning(sources.line(site.path, site.line))
        self.title = text.for_page(text.full_label(site), text.TITLE_COLUMNS)
        self.title_source = text.for_page(self.source, text.TITLE_COLUMNS)


class _Picture:
    """Writes one picture."""

    def __init__(self, boxes: "List[Box]", title: str, drawn: Drawn, order: str, script: str) -> None:
        self._boxes = boxes
        self._whole = boxes[0].size
        self._title = title
        self._sources = drawn.sources
        self._order = order
        self._script = script
        self._words_of = drawn.words
        self._scale = (WIDTH - 2 * _MARGIN) / float(self._whole or 1)

    def element(self) -> str:
        """The whole `<svg>` element."""
        height = _HEAD + _ROW * (1 + max(box.row for box in self._boxes)) + _MARGIN
        title = text.escape(self._title)
        parts = [
            '<svg xmlns="http://www.w3.org/2000/svg" class="icicle" width="100%%" viewBox="0 0 %d %d">'
            % (WIDTH, height),
            "<title>%s</title>" % title,
            "<style>%s</style>" % picture_style(),
            '<defs><pattern id="hatch-%s" width="6" height="6" patternUnits="userSpaceOnUse" '
            'patternTransform="rotate(45)"><rect class="hatch-ground" width="6" height="6"/>'
            '<rect class="hatch-line" width="1.5" height="6"/></pattern></defs>' % self._order,
            '<rect class="paper" width="%d" height="%d"/>' % (WIDTH, height),
            '<text class="heading" x="%d" y="24">%s</text>' % (_MARGIN, title),
            '<text class="note" x="%d" y="44">%s</text>' % (_MARGIN, text.escape(self._note())),
        ]
        parts += [self._box(box) for box in self._boxes]
        if self._script:
            parts.append("<script><![CDATA[\n%s]]></script>" % self._script)
        parts.append("</svg>\n")
        return "\n".join(parts)

    def _note(self) -> str:
        """The note on what the picture contains and what is folded."""
        note = "%s, %s, %s" % (
            text.exact_bytes(self._whole),
            text.counted(self._boxes[0].callstacks, "call stack"),
            text.counted(len(self._boxes), "box", "es"),
        )
        folds = [box for box in self._boxes if box.kind == layout.FOLD]
        if folds:
            folded = sum(box.size for box in folds)
            note += "; hatched: folded, %s (%s)" % (text.human_bytes(folded), text.percent(folded, self._whole))
        return note

    def _box(self, box: "Box") -> str:
        x = _MARGIN + box.start * self._scale
        width = box.size * self._scale if self._whole else WIDTH - 2 * _MARGIN
        y = _HEAD + box.row * _ROW
        if box.kind == layout.FOLD:
            style, fill = "fold", ' style="fill:url(#hatch-%s)"' % self._order
        else:
            style, fill = "%s s%d" % (box.kind, shade(box.size, self._whole)), ""
        first, second = self._lines(box)
        shown = ""
        room = int((width - 2 * _PADDING) / _CHARACTER)
        if room >= _LEAST_TEXT_COLUMNS:
            x_text = _number(x + _PADDING)
            if first:
                shown = '<text x="%s" y="%d">%s</text>' % (x_text, y + 14, _fitted(first, room))
            if second:
                shown += '<text x="%s" y="%d" class="source">%s</text>' % (x_text, y + 28, _fitted(second, room))
        return '<g class="%s"%s><title>%s</title><rect x="%s" y="%d" width="%s" height="%d"%s/>%s</g>' % (
            style,
            self._data(box, first, second) if self._script else "",
            self._box_title(box, first, second),
            _number(x),
            y,
            _number(width),
            _ROW - _GAP,
            fill,
            shown,
        )

    @staticmethod
    def _data(box: "Box", first: str, second: str) -> str:
        """For the script: the size, and the uncut lines, of which a box that becomes wider shows more."""
        data = ' data-bytes="%d" data-first="%s"' % (box.size, text.for_page(first, text.TITLE_COLUMNS))
        return data + (' data-second="%s"' % text.for_page(second, text.TITLE_COLUMNS) if second else "")

    def _lines(self, box: "Box") -> "tuple[str, str]":
        """The two lines of text in a box."""
        size = text.human_bytes(box.size)
        if box.kind == layout.FOLD:
            folded = (text.counted(box.callstacks, "call stack"), size, text.percent(box.size, self._whole))
            return "%s, %s (%s) folded" % folded, ""
        if box.kind == layout.SELF:
            return _SELF_WORDS[self._order], size
        if box.row == 0:
            return "%s in %s" % (size, text.counted(box.callstacks, "call stack")), ""
        words = self._words(box.node.site)
        return "thread: " + words.label if box.node.thread else words.label, words.source

    def _words(self, site: "Site") -> _Words:
        words = self._words_of.get(site)
        if words is None:
            words = self._words_of[site] = _Words(site, self._sources)
        return words

    def _box_title(self, box: "Box", first: str, second: str) -> str:
        """The tooltip of a box, escaped."""
        end = text.bytes_and_share(box.size, self._whole)
        if box.kind == layout.FOLD or box.row == 0:
            return text.escape("%s %s" % (first if box.row else "all: " + first, end))
        words = self._words(box.node.site)
        if box.kind == layout.SELF:
            return "%s | %s | %s %s" % (words.title, text.escape(first), text.escape(second), end)
        parts = [words.title]
        if box.node.thread:
            parts.append(text.escape("in " + box.node.thread))
        if second:
            parts.append(words.title_source)
        held = "%s in %s" % (text.human_bytes(box.size), text.counted(box.callstacks, "call stack"))
        return " | ".join(parts + [held]) + " " + end


def _fitted(line: str, room: int) -> str:
    """Text for a box, cut to `room` columns and escaped."""
    return text.escape(text.cut(text.visible(line), room))


def _number(value: float) -> str:
    """A coordinate, short: "12.34", "7"."""
    return ("%.2f" % value).rstrip("0").rstrip(".")


def pieces(content: "Content") -> "Iterator[bytes]":
    """A picture's file: callers first, or the reversed one."""
    profile, title = content.profile, sentences.picture_title(content.profile)
    yield XML_PROLOG.encode("utf-8")
    if content.name == file_names(SVG, profile.moment)[0]:
        yield icicle_svg(profile.root, title, content.drawn, CALLERS_FIRST).encode("utf-8")
    else:
        turned = ReversedRoot(profile, LEAST_SHARE)
        yield icicle_svg(turned, title + ", Reversed", content.drawn, CALLEES_FIRST).encode("utf-8")
