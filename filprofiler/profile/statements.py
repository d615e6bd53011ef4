"""Finds the statement that a source line belongs to, and its context, as a syntax tree."""

import _warnings
import sys

from filprofiler.profile.tree import Site

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ast as nodes
    from typing import Any, Dict, Iterator, List, Optional, Union

    from filprofiler.profile.source import SourceReader

    Function = Union[nodes.FunctionDef, nodes.AsyncFunctionDef]
else:
    import _ast as nodes  # importing `ast` would cost every report 6 ms; what we need of it is below

__all__ = ["Statement", "Statements", "assigned_name", "called_name", "called_on", "children", "last_line", "names_in"]
__all__ += ["nodes", "parse", "walk"]

_LOOPS = (nodes.For, nodes.AsyncFor, nodes.While)
_FUNCTIONS = (nodes.FunctionDef, nodes.AsyncFunctionDef)
_BLOCKS = ("body", "handlers", "cases", "orelse", "finalbody")  # fields with statements, or with parts that have some
_MOST_CHARACTERS = 2000000  # of all files; parsing more would take seconds, and a hundred times that memory


class Statement:
    """A simple statement, or the head of a compound one.

    node: the syntax tree of the statement.
    loops: whether it is inside a loop of its own function (or module).
    scope: the function or module that contains it.
    """

    __slots__ = ("_last", "loops", "node", "scope")

    def __init__(self, node: nodes.stmt, scope: nodes.AST, loops: bool) -> None:
        self.node = node
        self.scope = scope
        self.loops = loops
        self._last = 0

    def covers(self, line: int) -> bool:
        """Whether the line belongs to the statement; see last_line."""
        if line < self.node.lineno:
            return False
        if not self._last:
            self._last = last_line(self.node)
        return line <= self._last

    def parts(self) -> "Iterator[nodes.AST]":
        """The nodes of the statement itself, without the statements in its body and without inner functions' bodies."""
        pending: "List[nodes.AST]" = [self.node]
        while pending:
            node = pending.pop()
            yield node
            for child in children(node):
                if not isinstance(child, (nodes.stmt, nodes.Lambda)):
                    pending.append(child)


class Statements:
    """Finds statements by site; each file is parsed once. A file that cannot be parsed has none."""

    def __init__(self, sources: "SourceReader") -> None:
        self._sources = sources
        self._files: "Dict[str, List[Statement]]" = {}
        self._room = _MOST_CHARACTERS

    def at(self, site: Site) -> "Optional[Statement]":
        """The innermost statement that covers the site's line."""
        if site.special:
            return None
        found = self._files.get(site.path)
        if found is None:
            found = self._files[site.path] = self._parsed(site.path)
        return next((item for item in found if item.covers(site.line)), None)

    def _parsed(self, path: str) -> "List[Statement]":
        text = "\n".join(self._sources.lines(path))
        if not text or len(text) > self._room:
            return []
        self._room -= len(text)
        try:
            module = parse(text)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return []  # another Python's grammar, or not Python at all
        found: "List[Statement]" = []
        pending: "List[tuple[nodes.AST, nodes.AST, bool]]" = [(module, module, False)]
        while pending:
            node, scope, loops = pending.pop()
            for child in [part for block in _BLOCKS for part in getattr(node, block, ())]:
                if isinstance(child, nodes.stmt):
                    found.append(Statement(child, scope, loops))
                if isinstance(child, _FUNCTIONS + (nodes.ClassDef,)):
                    pending.append((child, child, False))
                else:
                    pending.append((child, scope, loops or isinstance(child, _LOOPS)))
        found.sort(key=lambda item: item.node.lineno, reverse=True)  # so that inner statements precede outer ones
        return found


def last_line(statement: nodes.stmt) -> int:
    """The last line of a statement without its body, so that an inner statement is never mistaken for its outer one."""
    last = statement.lineno
    pending: "List[nodes.AST]" = [statement]
    while pending:
        node = pending.pop()
        last = max(last, getattr(node, "end_lineno", None) or 0 if node is not statement else 0)
        last = max(last, getattr(node, "lineno", 0))
        pending += [child for child in children(node) if not isinstance(child, nodes.stmt)]
    if not hasattr(statement, "body") and getattr(statement, "end_lineno", None):
        last = max(last, statement.end_lineno or 0)
    return last


def called_name(call: nodes.Call) -> str:
    """The last name of the called function: "read_csv" for `pd.read_csv(...)`; "" for anything but names."""
    if isinstance(call.func, nodes.Attribute):
        return call.func.attr
    return call.func.id if isinstance(call.func, nodes.Name) else ""


def called_on(call: nodes.Call) -> "Optional[str]":
    """The name whose method is called: "pd" for `pd.read_csv(...)`; "" for a plain function; else None."""
    if isinstance(call.func, nodes.Attribute):
        return call.func.value.id if isinstance(call.func.value, nodes.Name) else None
    return "" if isinstance(call.func, nodes.Name) else None


def names_in(node: nodes.AST) -> "List[str]":
    """The plain names that an expression reads."""
    return [part.id for part in walk(node) if isinstance(part, nodes.Name)]


def assigned_name(statement: nodes.stmt) -> str:
    """The one plain name that a statement assigns to; "" if it is not such an assignment."""
    if isinstance(statement, nodes.Assign) and len(statement.targets) == 1:
        target: "nodes.expr" = statement.targets[0]
    elif isinstance(statement, (nodes.AnnAssign, nodes.AugAssign)):
        target = statement.target
    else:
        return ""
    return target.id if isinstance(target, nodes.Name) else ""


class _OurFile:
    """Replaces the module pattern in a warnings filter: it matches what `parse` compiles."""

    NAME = "<read by filprofiler>"

    @classmethod
    def match(cls, name: str) -> bool:
        """Like the method of a pattern."""
        return name == cls.NAME


# The user saw these warnings when the program was compiled. catch_warnings is no option: reports are also made in the
# user's process, where it would hide all threads' warnings and repeat warnings that are shown once.
_NO_WARNING = ("ignore", None, Warning, _OurFile, 0)


def parse(text: str) -> "nodes.Module":
    """The tree of a module. Raises SyntaxError, ValueError, RecursionError or MemoryError, as `compile` does."""
    # If the module was not imported yet, its C part has the list.
    filters: "Any" = sys.modules.get("warnings", _warnings).filters
    filters.insert(0, _NO_WARNING)
    try:
        tree = compile(text, _OurFile.NAME, "exec", nodes.PyCF_ONLY_AST, True)
    finally:
        if _NO_WARNING in filters:
            filters.remove(_NO_WARNING)
    assert isinstance(tree, nodes.Module)
    return tree


def children(node: "nodes.AST") -> "Iterator[nodes.AST]":
    """The nodes directly below a node."""
    for field in node._fields:
        value = getattr(node, field, None)
        if isinstance(value, nodes.AST):
            yield value
        elif isinstance(value, list):
            for part in value:
                if isinstance(part, nodes.AST):
                    yield part


def walk(node: "nodes.AST") -> "Iterator[nodes.AST]":
    """A node and all below it, in no order."""
    pending: "List[nodes.AST]" = [node]
    while pending:
        node = pending.pop()
        yield node
        pending.extend(children(node))
