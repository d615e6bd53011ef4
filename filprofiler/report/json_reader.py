"""Reads the saved profile, our JSON file: its name, its version, its content.

docs/json-format.md describes the file. json_writer.py writes it.
"""

from filprofiler.errors import FilError, SavedProfileError
from filprofiler.profile.collector import PausedCollector
from filprofiler.profile.columns import SavedColumns
from filprofiler.profile.failed_request import FailedRequest
from filprofiler.profile.hint import KINDS, LIVE_TOGETHER, Hint
from filprofiler.profile.lines import MOST_LINE
from filprofiler.profile.memory_breakdown import PARTS, LargeMapping, MappedFile, MemoryBreakdown, MemoryUse
from filprofiler.profile.model import OUT_OF_MEMORY, PEAK, Profile
from filprofiler.profile.processes import RecordedProcess, Share, Together
from filprofiler.profile.program import Program
from filprofiler.profile.saved_values import PROGRAM, name, of_type, or_none, seconds, whole, whole_in_words
from filprofiler.profile.threads import ANOTHER_THREAD, ThreadAtPeak
from filprofiler.profile.tree import Node, Site, sum_up
from filprofiler.recording.processes import OtherProcesses
from filprofiler.regular_files import read_regular

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Optional, Tuple

    from filprofiler.profile.tree import Site

FORMAT = "filprofiler-profile"
VERSION = 1

# The values of "program".
PROGRAM_FIELDS = (
    "script",
    "script_absolute",
    "command",
    "module",
    "arguments",
    "cwd",
    "own_files",
    "outcome",
    "elapsed_seconds",
    "resident_peak_bytes",
    "limits",
    "settings",
    "other_programs",
)

_MOST_LINES = 1 << 22  # of a source file; a larger line number means damage
_LONG_DIGITS = 4000  # of a number: parsing takes quadratic time
_MOST_NS = (1 << 63) - 1  # of the time since 1970


def read_saved(path: str) -> Profile:
    """Read the profile from a JSON file of ours. Raises SavedProfileError."""
    import json

    try:
        content = read_regular(path)
    except OSError as problem:
        raise SavedProfileError("The profile %s cannot be read: %s.", path, problem.strerror) from None
    try:
        with PausedCollector():
            parse_int = _short_integer if _has_long_number(content) else None
            data = json.loads(content.decode("utf-8"), parse_int=parse_int)
    except (ValueError, RecursionError) as problem:
        reason = str(problem).split("\n")[0].rstrip(".")
        raise SavedProfileError("The file %s is not a complete JSON file (%s).", path, reason) from None
    try:
        with PausedCollector():
            return _profile_of(data)
    except _UnfitError as problem:
        raise SavedProfileError("The file %s %s.", path, problem) from None
    except (TypeError, ValueError, KeyError, IndexError, AttributeError, OverflowError) as problem:
        raise SavedProfileError("The profile %s is damaged: %s.", path, _damage(problem)) from None


def _damage(problem: Exception) -> str:
    """What is wrong with a file, without Python's own words for it."""
    if isinstance(problem, KeyError):
        return "it has no '%s'" % problem.args[0]
    return str(problem) if isinstance(problem, ValueError) else "one of its values has the wrong type"


def _has_long_number(content: bytes) -> bool:
    """Whether there may be a run of digits that would take long to parse as a number."""
    pieces = range(0, len(content), _LONG_DIGITS)
    return any(content[place : place + _LONG_DIGITS].isdigit() for place in pieces)


def _short_integer(digits: str) -> int:
    """Parse an integer of limited length. Slow, so only used for files with a long run of digits."""
    if len(digits) > _LONG_DIGITS:
        raise ValueError("a number is too long")
    return int(digits)


# Members with an older name: both names are written, either is read. Version 2 will drop the older ones.
OLD_NAMES = {
    "hints": "remarks",
    "timeline": "curve",
    "sample_seconds": "reading_seconds",
    "sample_tracked_bytes": "reading_tracked_bytes",
}


class _UnfitError(FilError):
    """The file is not a usable saved profile; the message continues "The file PATH"."""


def _profile_of(data: "Any") -> Profile:
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise _UnfitError("is not a profile of filprofiler")
    if data.get("version") != VERSION:
        raise _UnfitError(
            "has format version %s, and this filprofiler reads version %d: use the one that wrote it",
            data.get("version") if type(data.get("version")) is int and abs(data["version"]) < _MOST_NS else "unknown",
            VERSION,
        )
    sites = [_site(site) for site in data["sites"]]
    failures = [_failure(failure, sites) for failure in data["failures"]]
    profile = Profile(
        _program(data),
        _root(data["nodes"], sites),
        python_version=whole(data["python_version_hex"]),
        pid=whole(data["pid"]),
        peak_seconds=or_none(seconds, data["peak_seconds"]),
        started_unix_ns=whole(data["started_unix_ns"], _MOST_NS),
        missed=[(whole(event["events"]), of_type(event["reason"], str)) for event in data["missed"]],
        main_paths=[of_type(path, str) for path in data["main_paths"]],
        followed=of_type(data["followed"], bool),
        processes=_processes(data.get("processes")),
        columns=SavedColumns(_columns(data["sites"], sites)),
        timeline=[_sample(sample) for sample in _member(data, "timeline")],
        moment=of_type(data["moment"], str),
        failed_requests=whole(data["failed_requests"]),
        failures=failures,
        memory=memory_of(data.get("memory"), sites),
        fatal_request=failures[whole(data["fatal_request"])] if data["fatal_request"] is not None else None,
        tells_big="own_big_bytes" in data["nodes"],
    )
    profile.together = _together(data.get("together"), sites)
    profile.threads = tuple(_thread(thread, sites) for thread in data.get("threads", ()))
    if profile.moment not in (PEAK, OUT_OF_MEMORY):
        raise _UnfitError("is damaged: it names the unknown moment '%s'", profile.moment)
    profile.changed_files = tuple(of_type(path, str) for path in data.get("changed_files", ()))
    hints = [_hint(hint, sites) for hint in _member(data, "hints")]
    # If it is not known how many of their bytes are big, they may be based on small blocks.
    profile.saved_hints = tuple(hint for hint in hints if profile.tells_big or hint.kind not in LIVE_TOGETHER)
    if whole(profile.peak_bytes) != data["peak_bytes"]:
        raise _UnfitError("is damaged: its call stacks add up to %d bytes, not to its peak_bytes", profile.peak_bytes)
    return profile


def _member(data: "Any", name: str) -> "Any":
    """A member by its name or its older name."""
    return data[name] if name in data else data[OLD_NAMES.get(name, name)]


def _processes(data: "Any") -> "Optional[OtherProcesses]":
    if data is None:
        return None
    largest = or_none(whole, data["largest_resident_bytes"])
    return OtherProcesses(whole(data["count"]), largest, of_type(data["became"], str))


def _together(data: "Any", sites: "List[Site]") -> "Optional[Together]":
    if data is None:
        return None
    processes = [
        RecordedProcess(
            whole(process["pid"]),
            whole(process["parent_pid"]),
            name(process["role"]),
            [name(word) for word in process["command"]],
            of_type(process["forked"], bool),
            whole(process["peak_bytes"]),
            whole(process["part_bytes"]),
            or_none(seconds, process["began_seconds"]) or 0.0,
            or_none(seconds, process["ended_seconds"]),
            or_none(whole, process["resident_bytes"]),
        )
        for process in data["processes"]
    ]
    if not processes:
        raise ValueError("no process was recorded")
    lines: "Dict[Site, Share]" = {}
    for line in data["lines"]:
        share = lines[sites[whole(line["site"])]] = Share()
        share.processes, share.most_pid = whole(line["processes"]), whole(line["most_pid"])
        share.most_bytes, share.least_bytes = whole(line["most_bytes"]), whole(line["least_bytes"])
    return Together(processes, whole(data["more_bytes"]), lines)


def _site(data: "Any") -> Site:
    return Site(name(data["path"]), name(data["function"]), whole(data["line"], MOST_LINE, -MOST_LINE))


def _columns(data: "Any", sites: "List[Site]") -> "Dict[Site, Tuple[int, int]]":
    found: "Dict[Site, Tuple[int, int]]" = {}
    for item, site in zip(data, sites):
        if item["columns"] is not None:
            first, behind = item["columns"]
            found[site] = (whole(first), whole(behind))
    return found


def _sample(data: "Any") -> "Tuple[float, int, int]":
    return seconds(data["seconds"]), whole(data["tracked_bytes"]), whole(data["resident_bytes"])


def _failure(data: "Any", sites: "List[Site]") -> FailedRequest:
    return FailedRequest(
        whole(data["number"]),
        or_none(whole, data["requested_bytes"]),
        of_type(data["mapping"], bool),
        whole(data["live_bytes"]),
        seconds(data["seconds"]),
        [sites[whole(number)] for number in data["stack"]],
    )


def _thread(data: "Any", sites: "List[Site]") -> ThreadAtPeak:
    return ThreadAtPeak(
        of_type(data["name"], str),
        [sites[whole(number)] for number in data["stack"]],
        of_type(data["last"], bool),
    )


def _hint(data: "Any", sites: "List[Site]") -> Hint:
    kind, numbers, sizes = of_type(data["kind"], str), data["sites"], data["sizes"]
    words = {of_type(name, str): of_type(word, str) for name, word in data["words"].items()}
    if KINDS.get(kind) != (len(sizes), tuple(sorted(words))) or len(numbers) != len(sizes):
        raise _UnfitError("is damaged: one of its hints is invalid")
    return Hint(kind, [sites[whole(number)] for number in numbers], [whole(size) for size in sizes], words)


def _program(data: "Any") -> Program:
    program = data["program"]
    program.setdefault("settings", [])  # absent in files of the first release
    program.setdefault("other_programs", [])
    values: "Dict[str, Any]" = {field: PROGRAM[field](program[field]) for field in PROGRAM_FIELDS}
    lines: "Dict[str, Dict[int, str]]" = {}
    for path, texts in data["source_lines"].items():
        path = name(path)
        lines[path] = {whole_in_words(number): of_type(text, str) for number, text in texts.items()}
        if not all(0 < number < _MOST_LINES for number in lines[path]):
            raise _UnfitError("is damaged: a line of '%s' has an impossible number", path)
    return Program(source_lines=lines, **values)


_IMPORTING = ("/importlib/_bootstrap.py", "/importlib/_bootstrap_external.py")


def _root(columns: "Any", sites: "List[Site]") -> Node:
    """The tree from columns of equal length: the root first, parents before their children."""
    parents, numbers, sizes = columns["parent"], columns["site"], columns["own_bytes"]
    if not len(parents) == len(numbers) == len(sizes) > 0:
        raise _UnfitError("is damaged: the columns of its nodes are not of equal length")
    nodes = [Node(sites[whole(numbers[0])], None, whole(sizes[0]))]
    for place in range(1, len(parents)):
        parent, number, size = parents[place], of_type(numbers[place], int), of_type(sizes[place], int)
        if not (0 <= of_type(parent, int) < place and 0 <= number < len(sites) and size >= 0):
            raise _UnfitError("is damaged: its node %d is invalid", place)
        nodes.append(Node(sites[number], nodes[parent], size))
    places = columns["thread"]
    words = columns.get("thread_words", [ANOTHER_THREAD] * len(places))
    if len(words) != len(places):
        raise _UnfitError("is damaged: the columns of its threads are not of equal length")
    for place, called in zip(places, words):
        nodes[whole(place)].thread = of_type(called, str)
    if "imported" in columns:
        for place in columns["imported"]:
            nodes[whole(place)].imported = True
    else:  # files of the first releases have the import machinery's frames instead
        for node in nodes:
            node.imported = node.site.path.startswith("<frozen importlib") or node.site.path.endswith(_IMPORTING)
    for node, size in zip(nodes, _big_bytes(columns.get("own_big_bytes"), nodes)):
        node.own_big_bytes = size
    sum_up(nodes)
    return nodes[0]


def _big_bytes(column: "Any", nodes: "List[Node]") -> "List[int]":
    """By node; empty for older files, which have no such column."""
    if column is None:
        return []
    if len(column) != len(nodes):
        raise _UnfitError("is damaged: the columns of its nodes are not of equal length")
    return [whole(size, node.own_bytes) for size, node in zip(column, nodes)]


USE_FIELDS = PARTS + ("resident_bytes", "sample_seconds", "sample_tracked_bytes")
_LEAST_REST = -(1 << 64)


def memory_of(data: "Any", sites: "List[Site]") -> "Optional[MemoryBreakdown]":
    """The value of "memory"; None if absent. Raises TypeError, KeyError, IndexError or ValueError."""
    if data is None:
        return None
    at_moment, at_end = _use(data["at_moment"]), _use(data["at_end"])
    if at_moment is None:
        raise TypeError("null where an object was expected")
    return MemoryBreakdown(
        at_moment,
        at_end,
        whole(data["allocations"]),
        whole(data["allocated_bytes"]),
        whole(data["mapped_files_bytes"]),
        [_file(file, sites) for file in data["mapped_files"]],
        [_large(mapping, sites) for mapping in data.get("large_mappings", ())],
    )


def _use(data: "Any") -> "Optional[MemoryUse]":
    if data is None:
        return None
    use = MemoryUse(whole(data["blocks_bytes"]), whole(data["mappings_bytes"]))
    for field in USE_FIELDS[2:]:
        value = _member(data, field)
        if value is not None:
            if field == "sample_seconds":
                use.sample_seconds = seconds(value)
            else:
                setattr(use, field, whole(value, least=_LEAST_REST if field == "rest_bytes" else 0))
    use.at_end = bool(data["at_end"])
    rest = use.rest_bytes
    use.settle()
    if rest != use.rest_bytes:
        raise ValueError("the parts of the resident memory do not add up")
    return use


def _file(data: "Any", sites: "List[Site]") -> MappedFile:
    mappings = [
        (whole(mapping["bytes"]), bool(mapping["private"]), [sites[whole(number)] for number in mapping["stack"]])
        for mapping in data["mappings"]
    ]
    if not mappings:
        raise ValueError("a mapped file has no mappings")
    sizes = [or_none(whole, data[field]) for field in ("resident_bytes", "written_bytes")]
    return MappedFile(name(data["path"]), sizes[0], sizes[1], mappings)


def _large(mapping: "Any", sites: "List[Site]") -> LargeMapping:
    return LargeMapping(
        name(mapping["name"]),
        whole(mapping["mapped_bytes"]),
        or_none(whole, mapping["touched_bytes"]),
        [sites[whole(number)] for number in mapping["stack"]],
    )
