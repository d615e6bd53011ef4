"""The summary of the result on the terminal."""

import os

from filprofiler.profile.model import OUT_OF_MEMORY
from filprofiler.profile.program import STILL_RUNNING
from filprofiler.profile.source import SourceReader
from filprofiler.report import text
from filprofiler.report.memory_breakdown import files_line
from filprofiler.report.processes import all_processes, largest_process, more_at_most
from filprofiler.report.sentences import (
    changed_files,
    completeness,
    incomplete,
    other_processes,
    out_of_memory,
    survived_failures,
    until_exec,
)
from filprofiler.wording import PREFIX, Styled

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import List, Optional

    from filprofiler.profile.model import Profile
    from filprofiler.profile.top import TopLine, TopLines

COLUMNS = 80 - len(PREFIX)  # left by the caller's prefix
_SHOWN_LINES = 3
_MOST_LINES = 8
_CUT_MARK = "..."

_BOLD, _PLAIN = "\x1b[1m", "\x1b[0m"


def summary_lines(
    profile: "Profile",
    top: "TopLines",
    index_path: "Optional[str]",
    color: bool,
    sources: "Optional[SourceReader]" = None,
) -> "List[str]":
    """At most 8 lines, without a prefix: the peak, the three lines that hold most, what is missing, the report's path.

    They fit 80 columns together with the prefix, except that a path is never cut. color: whether terminal colours are
    allowed; the caller knows about terminals and NO_COLOR. index_path: None if no report could be written. sources: an
    existing reader of source lines, if any.
    """
    sources = sources or SourceReader(profile.program, profile)
    lines = [out_of_memory(profile) or _peak_line(profile, color)]
    if profile.fatal_request is not None and profile.fatal_request.stack:
        asked = "Requested by %s" % text.short_label(profile.fatal_request.stack[-1])
        lines.append(text.cut(text.visible(asked), COLUMNS, _CUT_MARK))
    if profile.moment == OUT_OF_MEMORY:
        lines.extend(text.cut(text.visible(limit), COLUMNS, _CUT_MARK) for limit in profile.program.limits[:1])
    notes = _notes(profile, top, sources, "." if index_path is None else "; the report says why.")
    room = max(1, _MOST_LINES - len(lines) - len(notes) - 1)  # notes have priority over smaller lines
    for line in top.lines[: min(room, _SHOWN_LINES)]:
        lines.append(text.cut(_top_line(profile, line, sources), COLUMNS, _CUT_MARK))
    lines += notes
    if index_path is not None:
        lines.append("Report: %s" % text.visible(index_path))
    return lines


def _notes(profile: "Profile", top: "TopLines", sources: SourceReader, why: str) -> "List[str]":
    """Notes beside the peak and its lines, one line each. why: the end of the note on missing events."""
    notes = []
    paths = {line.site.path for line in top.lines[:_SHOWN_LINES] if not sources.lines(line.site.path)}
    changed = changed_files(sorted(os.path.basename(path) for path in paths.intersection(sources.changed)))
    if changed:
        notes.append(text.cut(text.visible(changed), COLUMNS, _CUT_MARK))
    if files_line(profile) and profile.moment != OUT_OF_MEMORY:
        notes.append(files_line(profile))
    if survived_failures(profile):
        notes.append(survived_failures(profile))
    if profile.together is not None:
        notes.append(text.cut(text.visible(largest_process(profile)), COLUMNS, _CUT_MARK))
    notes += other_processes(profile)
    if until_exec(profile):
        notes.append(text.cut(until_exec(profile) + ".", COLUMNS, _CUT_MARK))
    if not profile.complete:
        events = all(count for count, _reason in profile.missed)
        notes.append(incomplete(profile) + why if events else text.visible(completeness(profile)))
    return notes


def _peak_line(profile: "Profile", color: bool) -> str:
    peak = text.human_bytes(profile.peak_bytes)
    running = profile.program.outcome == STILL_RUNNING
    line = "Peak so far " if running else "Peak "
    line += _BOLD + peak + _PLAIN if color else peak  # only numbers: this line contains no untrusted text
    if profile.together is not None:
        line += " of " + all_processes(profile)
    if profile.peak_seconds is not None:
        line += " at " + text.seconds(profile.peak_seconds)
    words, known = "resident", profile.resident_then
    if known is None:
        words, known = "resident at most", profile.resident_at_most
    if profile.together is not None:
        line += " (%s)" % more_at_most(profile) if more_at_most(profile) else ""
    elif known is not None:
        line += " (%s %s)" % (words, text.human_bytes(known))
    if running:
        line += "; still running"
    return Styled(line) if color else line


def _top_line(profile: "Profile", line: "TopLine", sources: SourceReader) -> str:
    """Bytes, share, place and source of one line."""
    size = text.human_bytes(line.held_bytes)
    share = text.rough_percent(line.held_bytes, profile.peak_bytes)
    place = text.short_label(line.site).rpartition(" (")[0] or line.site.name
    source = sources.line(line.site.path, line.site.line)
    return text.visible("%10s %4s %s %s" % (size, share, place, source)).rstrip()
