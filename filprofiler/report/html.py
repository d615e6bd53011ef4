"""index.html: the page with the result, self-contained and readable without scripts."""

import time

from filprofiler.profile.model import OUT_OF_MEMORY
from filprofiler.profile.tree import LEAST_HINTED_BYTES
from filprofiler.report import text
from filprofiler.report.content import Drawn
from filprofiler.report.memory_breakdown import memory_breakdown_section
from filprofiler.report.page_data import page_json, underlined
from filprofiler.report.processes import all_processes, more_at_most, spread
from filprofiler.report.sentences import (
    changed_files,
    completeness,
    other_processes,
    out_of_memory,
    picture_title,
    program_name,
    survived_failures,
)
from filprofiler.report.style import page_script, page_style
from filprofiler.report.svg import still_svg
from filprofiler.report.tables import table_rows
from filprofiler.report.template import fill, filled_pieces, read_template
from filprofiler.report.timeline import timeline_section

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Iterator, List, Optional, Sequence

    from filprofiler.profile.model import Profile
    from filprofiler.profile.own_code import OwnCode
    from filprofiler.profile.source import SourceReader
    from filprofiler.profile.top import TopLine, TopLines
    from filprofiler.profile.tree import Site
    from filprofiler.report.content import Content

_SHOWN_LINES = 3
_CHANGED_FILES = 10  # files named at most


def html_page(profile: "Profile", top: "TopLines", drawn: Drawn, beside: "Sequence[str]" = ()) -> str:
    """The whole page. drawn: shared by all pictures. beside: names of the other files of the report, for links."""
    return "".join(html_pieces(profile, top, drawn, beside))


def pieces(content: "Content") -> "Iterator[bytes]":
    """The file in pieces."""
    for piece in html_pieces(content.profile, content.top, content.drawn, content.beside):
        yield piece.encode("utf-8")


def html_pieces(profile: "Profile", top: "TopLines", drawn: Drawn, beside: "Sequence[str]") -> "List[str]":
    """The page in pieces."""
    sources = drawn.sources
    peak = text.human_bytes(profile.peak_bytes)
    name = program_name(profile)
    line_rows, function_rows = table_rows(profile, top.own_code, sources)
    values = {
        "title": text.escape("%s: %s" % (_title(profile), text.cut(text.visible(name), 80))),
        "style": page_style(),
        "told": _told(profile),
        "program": text.for_page(name),
        "peak": text.escape(peak),
        "exact_peak": text.escape(text.exact_bytes(profile.peak_bytes)),
        "when": text.escape(", ".join(filter(None, [_when(profile), more_at_most(profile)]))),
        "facts": "".join("<li>%s</li>" % text.escape(fact) for fact in _facts(profile)),
        "completeness_class": "exact" if profile.complete else "incomplete",
        "completeness": text.escape(completeness(profile)),
        "not_counted": text.escape(" ".join(other_processes(profile))),
        "banner": _banner(profile, sources),
        "top_lines": _top_list(profile, top, sources),
        "rest": text.escape(_rest(profile, top.lines)),
        "hints": _hints(profile, top, sources),
        "timeline": timeline_section(profile),
        "processes": _processes(profile),
        "threads": _threads(profile, top.own_code),
        "memory_breakdown": memory_breakdown_section(profile, top.own_code),
        "picture": still_svg(profile.root, picture_title(profile), drawn),
        "line_rows": line_rows,
        "function_rows": function_rows,
        "data": page_json(profile, top.own_code, sources),
        "script": page_script(),
        "files": _files(beside),
    }
    values["changed"] = _changed(sources.changed)  # last, because by now all files have been read
    return filled_pieces(read_template("report.html"), values)


def _told(profile: "Profile") -> str:
    """What the number in the headline is, before the program's name."""
    if profile.moment == OUT_OF_MEMORY:
        return "Memory live when memory ran out in"
    together = all_processes(profile)
    return "Peak tracked memory of %s:" % together if together else "Peak tracked memory of"


def _title(profile: "Profile") -> str:
    return out_of_memory(profile) or "Peak memory %s" % text.human_bytes(profile.peak_bytes)


def _banner(profile: "Profile", sources: "SourceReader") -> str:
    """The banner; "" if no request for memory failed, as in most runs."""
    sentence = out_of_memory(profile) or survived_failures(profile)
    if not sentence:
        return ""
    from filprofiler.report.banner import banner

    return banner(sentence, profile, sources)


def _threads(profile: "Profile", own_code: "OwnCode") -> str:
    """The section on threads; "" if there was only one, or none is known."""
    if not profile.threads:
        return ""
    from filprofiler.report.threads import threads_section

    return threads_section(profile, own_code)


def _processes(profile: "Profile") -> str:
    """The section on processes; "" if only one was recorded."""
    if profile.together is None:
        return ""
    from filprofiler.report.processes import processes_section

    return processes_section(profile)


def _hints(profile: "Profile", top: "TopLines", sources: "SourceReader") -> str:
    """The section of hints; "" if there are none. Small peaks do not import what makes hints."""
    if profile.saved_hints is None and profile.peak_bytes < LEAST_HINTED_BYTES:
        return ""
    from filprofiler.report.hints import hints_section

    return hints_section(profile, top, sources)


def _when(profile: "Profile") -> str:
    """When the peak was: "at 3.1 s of 10.2 s"."""
    if profile.peak_seconds is None:
        return ""
    when = "at " + text.seconds(profile.peak_seconds)
    elapsed = profile.program.elapsed_seconds
    return when if elapsed is None else "%s of %s" % (when, text.seconds(max(elapsed, profile.peak_seconds)))


def _facts(profile: "Profile") -> "List[str]":
    """Further facts about the run, each in a few words."""
    program = profile.program
    facts = []
    for words, resident in (("at that moment", profile.resident_then), ("at most", profile.resident_at_most)):
        if resident is not None:
            facts.append("resident %s %s" % (words, text.human_bytes(resident)))
    if profile.pid:
        facts.append("process %d" % profile.pid)
    facts.append(text.counted(profile.root.callstacks, "call stack"))
    if profile.python_version:
        version = profile.python_version
        facts.append("CPython %d.%d.%d" % (version >> 24, version >> 16 & 255, version >> 8 & 255))
    if profile.started_unix_ns:
        started = time.localtime(profile.started_unix_ns // 1000000000)
        facts.append("started " + time.strftime("%Y-%m-%d %H:%M:%S", started))
    if program.outcome:
        facts.append("outcome: " + program.outcome)
    if program.settings:
        facts.append("environment: " + ", ".join(program.settings))
    return facts


def _top_list(profile: "Profile", top: "TopLines", sources: "SourceReader") -> str:
    items = []
    for line in top.lines[:_SHOWN_LINES]:
        share = text.percent(line.held_bytes, profile.peak_bytes, 1)
        source = _source(profile, line.site, sources)
        values = {
            "bytes": text.escape(text.human_bytes(line.held_bytes)),
            "exact": text.escape(text.exact_bytes(line.held_bytes)),
            "share": text.escape(share),
            "width": share,
            "source": source or text.escape(_without_source(line, sources)),
            "source_class": "source" if source else "no-source",
            "place": text.escape(text.full_label(line.site)),
            "via": text.escape(_via(line.via, top.own_code)),
            "reserved": text.escape(_reserved(top.reserved_bytes(line.site))),
            "spread": text.escape(spread(profile, line.site)),
        }
        items.append(fill(read_template("top_line.html"), values))
    return "".join(items)


def _source(profile: "Profile", site: "Site", sources: "SourceReader") -> str:
    """A site's line as HTML, with the part that allocated the memory underlined if known; "" without source."""
    line = text.visible(sources.indented_line(site.path, site.line).rstrip())
    shown = text.cut(line, text.PAGE_COLUMNS)
    start, end = underlined(profile, site, sources) or (0, 0)
    if end > len(shown):
        start = end = 0
    before, within, after = shown[:start].lstrip(), shown[start:end], shown[end:]
    if not within:
        return text.escape(shown.strip())
    return "%s<u>%s</u>%s" % (text.escape(before), text.escape(within), text.escape(after))


def _changed(paths: "Sequence[str]") -> str:
    """A paragraph on files that are not the code that ran; "" if there are none."""
    sentence = changed_files(sorted(paths), _CHANGED_FILES)
    return '<p class="changed">%s.</p>\n' % text.escape(sentence) if sentence else ""


def _without_source(line: "TopLine", sources: "SourceReader") -> str:
    """The text shown in place of a missing source line."""
    if line.site.path in sources.changed:
        return "(the file has changed since the run began: its text is not the code that ran)"
    if line.owned:
        return "(source not available)"
    return "(no line of your own code on these call stacks)"


def _via(site: "Optional[Site]", own_code: "OwnCode") -> str:
    """Where below the line most of its memory was allocated."""
    if site is None:
        return ""
    if site.special:
        return "\u2192 " + site.name
    return "\u2192 via %s:%d (%s)" % (own_code.library_path(site.path), site.line, site.name)


def _reserved(size: int) -> str:
    return "including %s reserved, not touched" % text.human_bytes(size) if size else ""


def _rest(profile: "Profile", lines: "List[TopLine]") -> str:
    """A sentence on the lines that are not shown."""
    if not lines:
        return "Nothing was live at the peak."
    shown = sum(line.held_bytes for line in lines[:_SHOWN_LINES])
    others = lines[_SHOWN_LINES:]
    if not others:
        return "These lines hold all of the peak." if len(lines) > 1 else "This one line holds all of the peak."
    rest = sum(line.held_bytes for line in others)
    return "These %d hold %s; the other %s %s %s." % (
        _SHOWN_LINES,
        text.percent(shown, profile.peak_bytes, 1),
        text.counted(len(others), "line"),
        "holds" if len(others) == 1 else "hold",
        text.percent(rest, profile.peak_bytes, 1),
    )


def _files(names: "Sequence[str]") -> str:
    """Links to the other files of the report."""
    links = [fill(read_template("file_link.html"), {"name": text.escape(name)}) for name in names]
    return "Other files of this report: %s. " % ", ".join(links) if links else ""
