"""The icicle of changes: boxes as wide as the change, red and "+" for growth, blue and "-" for shrinking."""

from filprofiler.report import layout, text
from filprofiler.report.comparison_text import signed_bytes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Tuple

    from filprofiler.profile.comparison import ChangedNode, Comparison
    from filprofiler.profile.source import SourceReader
    from filprofiler.profile.tree import Site
    from filprofiler.report.layout import Box

_WIDTH = 1200  # units; 1 is 1 px if there is enough room
_ROW = 36
_GAP = 2
_CHARACTER = 7.3  # width, in units
_PADDING = 5
_LEAST_COLUMNS = 3
_LEAST_SIGN = 9  # units: narrower boxes do not even show their sign
_MAX_BOXES = 1500
_MAX_ROWS = 60
_SHADES = 4


def changes_svg(comparison: "Comparison", older: "SourceReader", newer: "SourceReader") -> str:
    """An `<svg>` element in a region that scrolls on narrow screens, or a sentence if nothing changed."""
    root: "Any" = comparison.root
    if not root.total_bytes:
        return "<p>No call stack holds more or less than before.</p>"
    boxes = layout.lay_out(root, _MAX_BOXES, _MAX_ROWS)
    height = _ROW * (1 + max(box.row for box in boxes))
    labels: "Dict[Site, _Labels]" = {}
    for box in boxes:
        node = _node(box)
        if node.site not in labels:
            labels[node.site] = _Labels(node.site, newer if node.in_newer else older)
    drawn = "\n".join(_box(box, root, labels[_node(box).site]) for box in boxes)
    return (
        '<div class="scroll" tabindex="0" role="region" aria-label="Call stacks that have changed, callers first">\n'
        '<svg viewBox="0 0 %d %d" role="img" aria-label="%s">\n%s\n</svg>\n</div>'
    ) % (_WIDTH, height, text.escape(change_words(root)), drawn)


class _Labels:
    """The texts of a site's boxes, cached because most sites have many boxes: visible, and no longer than matters."""

    __slots__ = ("full", "short", "source")

    def __init__(self, site: "Site", sources: "SourceReader") -> None:
        self.short = text.beginning(text.short_label(site))
        self.full = text.beginning(text.full_label(site))
        self.source = text.beginning(sources.line(site.path, site.line))


def change_words(node: "ChangedNode") -> str:
    """The change of a node: "+12.3 MiB"; if it has both growth and shrinking, "+20.0 -7.7 = +12.3 MiB"."""
    if node.grown_bytes and node.shrunk_bytes:
        parts = (signed_bytes(node.grown_bytes), signed_bytes(-node.shrunk_bytes), signed_bytes(node.growth_bytes))
        return "%s %s = %s" % parts
    return signed_bytes(node.growth_bytes)


def _node(box: "Box") -> "ChangedNode":
    return box.node  # type: ignore[return-value]


def shade(growth: int, changed: int) -> str:
    """The style of a box: its direction, and how much of the change went in that direction."""
    direction = "grown" if growth >= 0 else "shrunk"
    return "%s%d" % (direction, max(1, min(_SHADES, -(-abs(growth) * _SHADES // max(1, changed)))))


def _box(box: "Box", root: "ChangedNode", labels: _Labels) -> str:
    scale = _WIDTH / float(root.total_bytes)
    x, width, y = box.start * scale, box.size * scale, box.row * _ROW
    style, first, second, title = _words(box, root, labels)
    parts = [
        '<g class="%s"><title>%s</title><rect x="%.2f" y="%d" width="%.2f" height="%d"/>'
        % (style, text.escape(title), x, y, width, _ROW - _GAP)
    ]
    room = int((width - 2 * _PADDING) / _CHARACTER)
    if room >= _LEAST_COLUMNS:
        for line, down, kind in ((first, 14, ""), (second, 28, ' class="second"')):
            if line:
                shown = text.escape(text.cut(text.visible(line), room))
                parts.append('<text x="%.2f" y="%d"%s>%s</text>' % (x + _PADDING, y + down, kind, shown))
    elif width >= _LEAST_SIGN and box.kind != layout.FOLD:
        sign = "+" if style.startswith("grown") else "\u2212"
        parts.append('<text x="%.2f" y="%d">%s</text>' % (x + (width - _CHARACTER) / 2, y + 21, sign))
    parts.append("</g>")
    return "".join(parts)


def _words(box: "Box", root: "ChangedNode", labels: _Labels) -> "Tuple[str, str, str, str]":
    """Style, first and second line, and title of a box."""
    node = _node(box)
    share = text.percent(box.size, root.total_bytes)
    if box.kind == layout.FOLD:
        words = "%s, %s changed" % (text.counted(box.callstacks, "call stack"), text.human_bytes(box.size))
        return "fold", words, "", "%s (%s of all changes), folded" % (words, share)
    if box.row == 0:
        words = "all: " + change_words(node)
        return shade(node.growth_bytes, node.total_bytes), words, text.counted(node.callstacks, "call stack"), words
    if box.kind == layout.SELF:
        words = signed_bytes(node.own_growth_bytes)
        return (
            shade(node.own_growth_bytes, node.own_bytes),
            words,
            "this line itself",
            "%s by %s itself" % (words, labels.full),
        )
    words = change_words(node)
    title = "%s | %s | %s | %s of all changes" % (words, labels.full, labels.source, share)
    first = "%s %s" % (words, labels.short)
    return shade(node.growth_bytes, node.total_bytes), first, labels.source, text.cut(title, text.TITLE_COLUMNS)
