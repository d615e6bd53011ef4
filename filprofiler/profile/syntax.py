"""Syntax trees by the interpreter's own parser, without the package `ast`, whose import takes 6 ms of every report.

What the package adds to the parser and its nodes and we need is here: `parse`, `children` and `walk`, as `ast.parse`,
`ast.iter_child_nodes` and `ast.walk` are documented.
"""

import _warnings
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ast as nodes
    from typing import Any, Iterator, List
else:
    import _ast as nodes

__all__ = ["children", "nodes", "parse", "walk"]


class _OurFile:
    """Stands in a warnings filter where a pattern for the module's name does: it matches what `parse` compiles."""

    NAME = "<read by filprofiler>"

    @classmethod
    def match(cls, name: str) -> bool:
        """As a pattern's."""
        return name == cls.NAME


# The program was warned when it was compiled. No catch_warnings: in the user's process, where reports are made too, it
# would hide the warnings of all threads, and bring back warnings that are shown once.
_NO_WARNING = ("ignore", None, Warning, _OurFile, 0)


def parse(text: str) -> "nodes.Module":
    """The tree of a module. Raises SyntaxError, ValueError, RecursionError or MemoryError, as `compile` does."""
    # Its part in C has the list where nobody has needed the module yet.
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
