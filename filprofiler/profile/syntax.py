"""Syntax trees by the interpreter's own parser, without the package `ast`, whose import takes 6 ms of every report.

What the package adds to the parser and its nodes and we need is here: `parse`, `children` and `walk`, as `ast.parse`,
`ast.iter_child_nodes` and `ast.walk` are documented.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ast as nodes
    from typing import Iterator, List
else:
    import _ast as nodes

__all__ = ["children", "nodes", "parse", "walk"]


def parse(text: str) -> "nodes.Module":
    """The tree of a module. Raises SyntaxError, ValueError, RecursionError or MemoryError, as `compile` does."""
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the program was told when it was compiled
        tree = compile(text, "<unknown>", "exec", nodes.PyCF_ONLY_AST, True)
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
    pending = [node]  # type: List[nodes.AST]
    while pending:
        node = pending.pop()
        yield node
        pending.extend(children(node))
