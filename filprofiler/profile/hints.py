"""Finds hints: what to look at first, from a profile's data and the source lines.

A hint needs evidence from both: a line holds much, and its source explains why. No hint is better than a wrong one, so
each rule requires more than it strictly needs.

A dict, a list or another small object may be attributed to the line of an earlier, dropped object whose memory it
reuses. So hints that two things are live together do not count small blocks.
"""

from filprofiler.profile import hint_evidence as evidence
from filprofiler.profile.hint import COPY, LARGEST_LINE, NESTED_CALLS, TEMPORARIES, Hint
from filprofiler.profile.hint_evidence import has_temporaries, live_parts
from filprofiler.profile.statements import Statements, assigned_name, called_name, last_line, names_in, nodes, walk
from filprofiler.profile.tree import LEAST_HINTED_BYTES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Iterator, List, Optional, Set, Tuple

    from filprofiler.profile.model import Profile
    from filprofiler.profile.source import SourceReader
    from filprofiler.profile.statements import Statement
    from filprofiler.profile.top import TopLine, TopLines
    from filprofiler.profile.tree import Node, Site

    Told = Tuple[TopLine, Optional[Statement]]

LEAST_SHARE = 10  # 1/n of the peak
_LARGEST_SHARE = 4  # for the first line
_MOST_HINTS = 6
_COPY_DISTANCE = 10  # lines
_COPY_EQUAL = 100  # sizes that differ by less than 1/n count as equal


def hints_of(profile: "Profile", top: "TopLines", sources: "SourceReader") -> "Tuple[Hint, ...]":
    """The hints, the most important first; none without evidence. A saved profile contains its own."""
    if profile.saved_hints is not None:
        return profile.saved_hints
    statements = Statements(sources)
    lines = [line for line in top.lines if line.owned and _much(_used_bytes(line, top), profile)]
    told = [(line, statements.at(line.site)) for line in lines]
    found = list(_largest_line(profile, top, told))
    found += _nested_calls(profile, top, statements)
    found += _temporaries(profile, told, sources)
    found += _copies(profile, top, told)
    for line, statement in told:
        if statement is not None:
            found += [Hint(kind, [line.site], [line.held_bytes], words) for kind, words in evidence.about(statement)]
    return tuple(found[:_MOST_HINTS])


def _much(size: int, profile: "Profile") -> bool:
    return size >= LEAST_HINTED_BYTES and size * LEAST_SHARE >= profile.peak_bytes


def _used_bytes(line: "TopLine", top: "TopLines") -> int:
    """What a line holds, without what is only reserved: nothing would be gained there."""
    return line.held_bytes - top.reserved_bytes(line.site)


def _is_import(statement: "Optional[Statement]") -> bool:
    return statement is not None and isinstance(statement.node, (nodes.Import, nodes.ImportFrom))


def _largest_line(profile: "Profile", top: "TopLines", told: "List[Told]") -> "Iterator[Hint]":
    """How far the peak could fall without the line that holds most. Imports are skipped: few can be avoided."""
    lines = [line for line, statement in told if not _is_import(statement)]
    if lines and _used_bytes(lines[0], top) * _LARGEST_SHARE >= profile.peak_bytes:
        yield Hint(LARGEST_LINE, [lines[0].site], [lines[0].held_bytes])


def _temporaries(profile: "Profile", told: "List[Told]", sources: "SourceReader") -> "Iterator[Hint]":
    """Arithmetic of which one part is still live while another is computed. From CPython 3.11 on."""
    for line, statement in told:
        if statement is None or profile.columns is None or not has_temporaries(statement):
            continue
        parts = [part for part in profile.columns.parts(line.site) if _much(part[2], profile)]
        text = sources.indented_line(line.site.path, line.site.line)
        live = live_parts(statement, line.site, text, parts)
        if live and sum(size for size, _expression in live) <= line.held_bytes:
            (size, one), (other_size, other) = live[:2]
            yield Hint(TEMPORARIES, [line.site, line.site], [size, other_size], {"one": one, "other": other})


def _copies(profile: "Profile", top: "TopLines", told: "List[Told]") -> "Iterator[Hint]":
    """A line makes an equally large object from what a line shortly before it made, which is not used afterwards."""
    told_of: "Set[Site]" = set()
    for first, made in told:
        name = assigned_name(made.node) if made is not None else ""
        if made is None or not name:
            continue
        for second, copied in told:
            if copied is None or copied.scope is not made.scope or first.site.name != second.site.name:
                continue
            if second.site in told_of:
                continue
            if not 0 < second.site.line - first.site.line <= _COPY_DISTANCE:
                continue
            size, copy_size = top.big_bytes(first.site), top.big_bytes(second.site)
            if not (_much(min(size, copy_size), profile) and abs(size - copy_size) * _COPY_EQUAL <= size):
                continue
            if _reads(copied, name) and not _used_after(copied, name):
                told_of.add(second.site)
                yield Hint(COPY, [second.site, first.site], [copy_size, size], {"name": name})


def _reads(statement: "Statement", name: str) -> bool:
    """Whether a statement makes something from the value of a name."""
    value = getattr(statement.node, "value", None)
    return isinstance(value, nodes.expr) and not isinstance(value, nodes.Name) and name in names_in(value)


def _used_after(statement: "Statement", name: str) -> bool:
    """Whether a name may still be used after a statement."""
    if statement.loops:
        return True  # in the next iteration
    end = last_line(statement.node)
    for node in walk(statement.scope):
        if isinstance(node, (nodes.FunctionDef, nodes.AsyncFunctionDef, nodes.Lambda)) and node is not statement.scope:
            if name in names_in(node):
                return True
        elif (
            isinstance(node, nodes.Name) and node.id == name and node.lineno > end and isinstance(node.ctx, nodes.Load)
        ) or (isinstance(node, (nodes.Global, nodes.Nonlocal)) and name in node.names):
            return True
    return False


def _nested_calls(profile: "Profile", top: "TopLines", statements: Statements) -> "Iterator[Hint]":
    """`f(g(...))` on a line of the user's own, with memory live from both `g` and `f`."""
    pending = [profile.root]
    while pending:
        node = pending.pop()
        large = [child for child in node.children if _much(child.total_bytes, profile)]
        pending += reversed(large)
        if len(large) < 2 or not top.own_code.owns(node.site):
            continue
        statement = statements.at(node.site)
        if statement is not None:
            for outer, inner in _calls_in_calls(statement):
                sizes = _sizes_of(large, inner), _sizes_of(large, outer)
                if _much(min(sizes), profile):
                    yield Hint(NESTED_CALLS, [node.site, node.site], sizes, {"outer": outer, "inner": inner})


def _calls_in_calls(statement: "Statement") -> "Iterator[Tuple[str, str]]":
    """The names of pairs of functions, of which one gets the other's result as an argument."""
    for part in statement.parts():
        if isinstance(part, nodes.Call):
            for given in list(part.args) + [keyword.value for keyword in part.keywords]:
                if isinstance(given, nodes.Call) and called_name(part) and called_name(given):
                    yield called_name(part), called_name(given)


def _sizes_of(called: "List[Node]", name: str) -> int:
    """The big bytes of all functions of that name together."""
    return sum(node.big_bytes() for node in called if node.site.name == name and top_level(node))


def top_level(node: "Node") -> bool:
    """Whether a node runs in the thread of the node above it."""
    return not node.thread
