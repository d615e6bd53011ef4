"""Writes the JSON file: the whole profile, for programs; json_reader.py reads it back.

docs/json-format.md describes it.
"""

import json

from filprofiler.profile.hints import hints_of
from filprofiler.profile.memory_breakdown import import_bytes
from filprofiler.profile.processes import FIELDS
from filprofiler.report.hint_text import hint_basis, hint_text
from filprofiler.report.json_reader import FORMAT, OLD_NAMES, PROGRAM_FIELDS, USE_FIELDS, VERSION

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, Iterator, List, Optional

    from filprofiler.profile.failed_request import FailedRequest
    from filprofiler.profile.hint import Hint
    from filprofiler.profile.memory_breakdown import MemoryUse
    from filprofiler.profile.model import Profile
    from filprofiler.profile.processes import Together
    from filprofiler.profile.source import SourceReader
    from filprofiler.profile.top import TopLine, TopLines
    from filprofiler.profile.tree import Node, Site
    from filprofiler.report.content import Content

_AROUND = 2  # lines saved before and after each line of a call stack


def pieces(content: "Content") -> "Iterator[bytes]":
    """The file in pieces."""
    return json_pieces(content.profile, content.top, content.drawn.sources)


def json_pieces(profile: "Profile", top: "TopLines", sources: "SourceReader") -> "Iterator[bytes]":
    """The file in pieces: one member of the outermost object per line, all in ASCII."""
    sites = _SiteNumbers()
    nodes = _columns(profile, sites)
    members = _facts(profile)
    members["top_lines"] = [_top_line(line, sources, sites) for line in top.lines]
    members["lines"] = [
        {"site": sites.number(line.site), "own_bytes": line.own_bytes, "total_bytes": line.total_bytes}
        for line in profile.totals.lines()
    ]
    members["hints"] = [_hint(hint, profile.peak_bytes, sites) for hint in hints_of(profile, top, sources)]
    members["timeline"] = [
        {"seconds": seconds, "tracked_bytes": tracked, "resident_bytes": resident}
        for seconds, tracked, resident in profile.timeline
    ]
    for name in ("hints", "timeline"):
        members[OLD_NAMES[name]] = members[name]
    members["threads"] = [
        {"name": thread.name, "last": thread.last, "stack": [sites.number(site) for site in thread.stack]}
        for thread in profile.threads
    ]
    if profile.together is not None:
        members["together"] = _together(profile.together, sites)
    members["memory"] = memory_member(profile, sites.number)
    members["failed_requests"] = profile.failed_requests
    members["failures"] = [_failure(failure, sites) for failure in profile.failures]
    fatal = profile.fatal_request
    members["fatal_request"] = None if fatal is None else profile.failures.index(fatal)
    members["nodes"] = nodes
    members["sites"] = [_site(site, profile) for site in sites.sites]
    members["source_lines"] = _source_lines(profile, sites.sites, sources)
    members["changed_files"] = sorted(sources.changed)
    separator = b"{\n"
    for name, value in members.items():
        yield separator
        yield ("%s: %s" % (json.dumps(name), json.dumps(value, separators=(",", ":")))).encode("ascii")
        separator = b",\n"
    yield b"\n}\n"


class _SiteNumbers:
    """Numbers sites in the order of first use, by identity: equal sites that are two objects get two numbers."""

    def __init__(self) -> None:
        self.sites: "List[Site]" = []
        self._known: "Dict[Site, int]" = {}

    def number(self, site: "Site") -> int:
        """The site's number."""
        found = self._known.get(site)
        if found is None:
            found = self._known[site] = len(self.sites)
            self.sites.append(site)
        return found


def _facts(profile: "Profile") -> "Dict[str, Any]":
    """Facts about the run as a whole."""
    program = {name: _plain(getattr(profile.program, name)) for name in PROGRAM_FIELDS}
    return {
        "format": FORMAT,
        "version": VERSION,
        "moment": profile.moment,
        "peak_bytes": profile.peak_bytes,
        "callstacks": profile.root.callstacks,
        "peak_seconds": profile.peak_seconds,
        "exact": profile.complete,
        "missed": [{"events": count, "reason": reason} for count, reason in profile.missed],
        "program": program,
        "python_version_hex": profile.python_version,
        "pid": profile.pid,
        "started_unix_ns": profile.started_unix_ns,
        "main_paths": sorted(profile.main_paths),
        "followed": profile.followed,
        "processes": {
            "count": profile.processes.count,
            "largest_resident_bytes": profile.processes.largest_resident_bytes,
            "became": profile.processes.became,
        },
    }


def _plain(value: "Any") -> "Any":
    return list(value) if isinstance(value, tuple) else value


def _top_line(line: "TopLine", sources: "SourceReader", sites: _SiteNumbers) -> "Dict[str, Any]":
    via: "Optional[int]" = None
    if line.via is not None:
        via = sites.number(line.via)
    site = line.site
    return {
        "site": sites.number(site),
        "path": site.path,
        "line": site.line,
        "function": site.name,
        "source": sources.line(site.path, site.line),
        "held_bytes": line.held_bytes,
        "own_code": line.owned,
        "via": via,
    }


def _hint(hint: "Hint", peak_bytes: int, sites: _SiteNumbers) -> "Dict[str, Any]":
    return {
        "kind": hint.kind,
        "text": hint_text(hint, peak_bytes),
        "basis": hint_basis(hint, peak_bytes),
        "sites": [sites.number(site) for site in hint.sites],
        "sizes": list(hint.sizes),
        "words": hint.words,
    }


def _site(site: "Site", profile: "Profile") -> "Dict[str, Any]":
    columns = None if profile.columns is None else profile.columns.of(site)
    return {"path": site.path, "function": site.name, "line": site.line, "columns": columns}


def _failure(failure: "FailedRequest", sites: _SiteNumbers) -> "Dict[str, Any]":
    return {
        "number": failure.number,
        "requested_bytes": failure.requested_bytes,
        "mapping": failure.mapping,
        "live_bytes": failure.live_bytes,
        "seconds": failure.seconds,
        "stack": [sites.number(site) for site in failure.stack],
    }


def _columns(profile: "Profile", sites: _SiteNumbers) -> "Dict[str, Any]":
    """The tree: for each node, callers before callees, the number of its caller, its site and its bytes."""
    parents: "List[int]" = []
    numbers: "List[int]" = []
    sizes: "List[int]" = []
    big_sizes: "List[int]" = []
    threads: "List[int]" = []
    words: "List[str]" = []
    imported: "List[int]" = []
    pending = [(profile.root, -1)]
    while pending:
        node, parent = pending.pop()
        place = len(parents)
        parents.append(parent)
        numbers.append(sites.number(node.site))
        sizes.append(node.own_bytes)
        big_sizes.append(node.own_big_bytes)
        if node.thread:
            threads.append(place)
            words.append(node.thread)
        if node.imported:
            imported.append(place)
        if node.children:
            pending += [(child, place) for child in reversed(node.children)]
    columns: "Dict[str, Any]" = {
        "parent": parents,
        "site": numbers,
        "own_bytes": sizes,
        "thread": threads,
        "thread_words": words,
        "imported": imported,
    }
    if profile.tells_big:
        columns["own_big_bytes"] = big_sizes
    return columns


def _source_lines(profile: "Profile", sites: "List[Site]", sources: "SourceReader") -> "Dict[str, Dict[str, str]]":
    """The lines that a report shows: those of all sites, and two before and after. Empty ones are left out."""
    wanted: "Dict[str, Dict[str, str]]" = {}
    for site in sites:
        for number in range(site.line - _AROUND, site.line + _AROUND + 1):
            text = "" if site.special else sources.indented_line(site.path, number)
            if text:
                wanted.setdefault(site.path, {})[str(number)] = text
    return wanted


def _together(together: "Together", sites: _SiteNumbers) -> "Dict[str, Any]":
    """The recorded processes, if there were several, and how the bytes of lines are spread over them."""
    return {
        "more_bytes": together.more_bytes,
        "processes": [{name: _plain(getattr(process, name)) for name in FIELDS} for process in together.processes],
        "lines": [
            {
                "site": sites.number(site),
                "processes": share.processes,
                "most_bytes": share.most_bytes,
                "most_pid": share.most_pid,
                "least_bytes": share.least_bytes,
            }
            for site, share in together.lines.items()
        ],
    }


def memory_member(profile: "Profile", number: "Callable[[Site], int]") -> "Optional[Dict[str, Any]]":
    """The value of "memory". number: returns a site's number in the file."""
    memory = profile.memory
    if memory is None:
        return None
    files = [
        {
            "path": file.path,
            "mapped_bytes": file.mapped_bytes,
            "resident_bytes": file.resident_bytes,
            "written_bytes": file.written_bytes,
            "mappings": [
                {"bytes": size, "private": private, "stack": [number(site) for site in stack]}
                for size, private, stack in file.mappings
            ],
        }
        for file in memory.files
    ]
    return {
        "allocations": memory.allocations,
        "allocated_bytes": memory.allocated_bytes,
        "import_bytes": import_bytes(profile.flat),
        "at_moment": _use(memory.at_moment),
        "at_end": None if memory.at_end is None else _use(memory.at_end),
        "mapped_files_bytes": memory.files_bytes,
        "mapped_files": files,
        "large_mappings": [
            {
                "name": mapping.name,
                "mapped_bytes": mapping.mapped_bytes,
                "touched_bytes": mapping.touched_bytes,
                "stack": [number(site) for site in mapping.stack],
            }
            for mapping in memory.large
        ],
    }


def _use(use: "MemoryUse") -> "Dict[str, Any]":
    values: "Dict[str, Any]" = {name: getattr(use, name) for name in USE_FIELDS}
    values.update((OLD_NAMES[name], values[name]) for name in USE_FIELDS if name in OLD_NAMES)
    values["at_end"] = use.at_end
    return values
