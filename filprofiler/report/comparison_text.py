"""A comparison of two results for the terminal, and the words that the page shares with it."""

from filprofiler.report import text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import List

    from filprofiler.profile.comparison import Change, Comparison
    from filprofiler.profile.source import SourceReader
    from filprofiler.profile.tree import Site

COLUMNS = 100
_LEAST_SHARE = 1000  # changes below this part (1/n) of the larger peak are summed up
_SHOWN = 10  # of lines that have grown, and of lines that have shrunk


def signed_bytes(size: int) -> str:
    """A change: "+12.3 MiB", "-512 bytes", "0 bytes"."""
    return ("+" if size > 0 else "-" if size < 0 else "") + text.human_bytes(abs(size))


def signed_percent(change: int, before: int) -> str:
    """A change as a share of the value before: "+20.1%"; "new" if that was 0."""
    if not before:
        return "new" if change else "0%"
    return "%s%s" % ("+" if change > 0 else "-" if change < 0 else "", text.percent(abs(change), before, 1))


def peak_sentence(comparison: "Comparison") -> str:
    """Both peaks and their difference."""
    before, after = comparison.before.peak_bytes, comparison.after.peak_bytes
    return "Peak %s -> %s: %s (%s)" % (
        text.human_bytes(before),
        text.human_bytes(after),
        signed_bytes(after - before),
        signed_percent(after - before, before),
    )


def matching_sentence(comparison: "Comparison") -> str:
    """How the lines of the two results were matched, and what could not be."""
    if comparison.by_text:
        return "Lines are matched by function and text: a moved or slightly edited line counts as the same."
    sentence = "Lines are matched by number: if lines were added above a line, it counts as gone and as new."
    if comparison.smaller_growth_bytes:
        sentence += " Not in the lines: %s in call stacks that a .prof file combines." % (
            signed_bytes(comparison.smaller_growth_bytes)
        )
    return sentence


def comparison_lines(comparison: "Comparison", older: "SourceReader", newer: "SourceReader") -> "List[str]":
    """The table, at most COLUMNS wide: both peaks, the lines that have grown and those that have shrunk."""
    lines = [peak_sentence(comparison)]
    grown = [change for change in comparison.changes if change.growth_bytes > 0]
    shrunk = [change for change in comparison.changes if change.growth_bytes < 0]
    if not (grown or shrunk):
        return [*lines, "No line holds more or less than before."]
    for title, changes in (("Grown", grown), ("Shrunk", shrunk)):
        if changes:
            lines += ["", "%s: %s" % (title, signed_bytes(sum(change.growth_bytes for change in changes)))]
            lines += _table(changes, comparison, older, newer)
    return [*lines, "", matching_sentence(comparison)]


def matters(change: "Change", comparison: "Comparison") -> bool:
    """Whether a change is large enough for a row of its own."""
    largest = max(comparison.before.peak_bytes, comparison.after.peak_bytes)
    return abs(change.growth_bytes) * _LEAST_SHARE >= largest


def _table(
    changes: "List[Change]", comparison: "Comparison", older: "SourceReader", newer: "SourceReader"
) -> "List[str]":
    """The header, the changes that matter, and one row for the sum of the others."""
    shown = [change for change in changes[:_SHOWN] if matters(change, comparison)] or changes[:1]
    lines = ["%11s  %10s  %10s  %s" % ("change", "before", "after", "line")]
    for change in shown:
        lines.append(text.cut(_row(change, newer if change.in_newer else older), COLUMNS, "..."))
    rest = changes[len(shown) :]
    if rest:
        size = signed_bytes(sum(change.growth_bytes for change in rest))
        lines.append("%11s  %24s%s" % (size, "", "in %s" % text.counted(len(rest), "more line")))
    return lines


def _row(change: "Change", sources: "SourceReader") -> str:
    source = sources.line(change.site.path, change.site.line)
    label = place_of(change.site) + " " + source if source else text.short_label(change.site)
    sizes = [signed_bytes(change.growth_bytes)]
    sizes += [text.human_bytes(size) for size in (change.before_bytes, change.after_bytes)]
    return text.visible("%11s  %10s  %10s  %s" % (*sizes, label)).rstrip()


def place_of(site: "Site") -> str:
    """A site's short label without the function: "job.py:12"."""
    return text.short_label(site).rpartition(" (")[0] or site.name
