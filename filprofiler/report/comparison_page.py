"""The page that compares two results: one self-contained file without scripts."""

from filprofiler.report import text
from filprofiler.report.comparison_picture import changes_svg
from filprofiler.report.comparison_text import matching_sentence, matters, peak_sentence, signed_bytes, signed_percent
from filprofiler.report.sentences import completeness, program_name
from filprofiler.report.template import fill, read_template

TYPE_CHECKING = False
if TYPE_CHECKING:
    from filprofiler.profile.comparison import Change, Comparison
    from filprofiler.profile.source import SourceReader

COMPARISON_NAME = "peak-memory-diff.html"

_SHOWN_ROWS = 50


def comparison_page(
    comparison: "Comparison", older: "SourceReader", newer: "SourceReader", older_name: str, newer_name: str
) -> str:
    """The whole page. The names identify the two results in it, such as their paths."""
    before, after = comparison.before, comparison.after
    known = after if after.pid or after.program.script or after.program.module else before
    name = program_name(known) if known.pid else "a program"
    incomplete = [
        '<p class="incomplete">%s: %s</p>\n' % (which, text.escape(completeness(profile)))
        for which, profile in (("Before", before), ("After", after))
        if not profile.complete
    ]
    values = {
        "title": text.escape(peak_sentence(comparison)),
        "style": read_template("comparison.css"),
        "program": _shown(name),
        "change": text.escape(_typographic(signed_bytes(comparison.growth_bytes))),
        "share": text.escape(_typographic(signed_percent(comparison.growth_bytes, before.peak_bytes))),
        "before": text.escape(text.human_bytes(before.peak_bytes)),
        "after": text.escape(text.human_bytes(after.peak_bytes)),
        "before_name": _shown(older_name),
        "after_name": _shown(newer_name),
        "incomplete": "".join(incomplete),
        "table": _table(comparison, older, newer),
        "matching": text.escape(matching_sentence(comparison)),
        "picture": changes_svg(comparison, older, newer),
    }
    return fill(read_template("comparison.html"), values)


def _shown(content: str) -> str:
    return text.for_page(content)


def _typographic(change: str) -> str:
    return change.replace("-", "\u2212")


def _table(comparison: "Comparison", older: "SourceReader", newer: "SourceReader") -> str:
    """The lines with the largest changes, and one row for the sum of the others."""
    if not comparison.changes:
        return "<p>No line holds more or less than before.</p>"
    largest = sorted(comparison.changes, key=lambda change: -abs(change.growth_bytes))
    rows_of = set(largest[:1] + [change for change in largest[:_SHOWN_ROWS] if matters(change, comparison)])
    shown = [change for change in comparison.changes if change in rows_of]
    rows = "".join(_row(change, newer if change.in_newer else older) for change in shown)
    table = fill(read_template("comparison_table.html"), {"rows": rows})
    rest = [change.growth_bytes for change in comparison.changes if change not in rows_of]
    if rest:
        words = (text.counted(len(rest), "more line"), _typographic(signed_bytes(sum(rest))))
        table += "<p>%s</p>" % text.escape("%s: %s together." % words)
    return table


def _row(change: "Change", sources: "SourceReader") -> str:
    site = change.site
    source = text.cut(text.visible(sources.line(site.path, site.line)), text.PAGE_COLUMNS)
    values = {
        "direction": "grown" if change.growth_bytes > 0 else "shrunk",
        "change": text.escape(_typographic(signed_bytes(change.growth_bytes))),
        "before": text.escape(text.human_bytes(change.before_bytes)),
        "after": text.escape(text.human_bytes(change.after_bytes)),
        "exact_before": text.escape(text.exact_bytes(change.before_bytes)),
        "exact_after": text.escape(text.exact_bytes(change.after_bytes)),
        "source": text.escape(source),
        "place": text.for_page(text.full_label(site)),
    }
    return fill(read_template("comparison_row.html"), values)
