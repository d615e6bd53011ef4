"""Which parts of one arithmetic expression are live together, told apart by their columns."""

from filprofiler.profile.syntax import children, nodes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import List, Sequence, Tuple

    from filprofiler.profile.columns import Part
    from filprofiler.profile.statements import Statement
    from filprofiler.profile.tree import Site

    Expression = Tuple[int, str]  # bytes; the expression as it stands in the source

_ARITHMETIC = (nodes.BinOp, nodes.UnaryOp, nodes.Compare)
_MOST_CHARACTERS = 60  # of an expression that is shown


def has_temporaries(statement: "Statement") -> bool:
    """Whether a statement has arithmetic inside of arithmetic at all."""
    return any(True for _operand in _operands(statement))


def live_parts(statement: "Statement", site: "Site", line: str, parts: "Sequence[Part]") -> "List[Expression]":
    """The expressions whose memory is live, the largest first; one at least is an operand of another.

    line: the site's source line. parts: what asked for memory on it. [] if fewer than two of them are expressions of
    arithmetic, or what they work on.
    """
    operands = {_columns(node) for node in _operands(statement) if _on_line(node, site.line)}
    whole = {
        _columns(node) for node in statement.parts() if isinstance(node, _ARITHMETIC) and _on_line(node, site.line)
    }
    encoded = line.encode("utf-8", "surrogatepass")
    found: "List[Expression]" = []
    for first, last, size in parts:
        if (first, last) in operands or (first, last) in whole:
            shown = encoded[first:last].decode("utf-8", "replace")
            found.append((size, shown if len(shown) <= _MOST_CHARACTERS else shown[: _MOST_CHARACTERS - 3] + "..."))
    if len(found) < 2 or not any((first, last) in operands for first, last, _size in parts):
        return []
    return sorted(found, reverse=True)


def _operands(statement: "Statement") -> "List[nodes.expr]":
    """The operands of arithmetic that make something new themselves: their results are gone when the line has ended."""
    found: "List[nodes.expr]" = []
    for node in statement.parts():
        if isinstance(node, _ARITHMETIC):
            found += [part for part in children(node) if isinstance(part, _ARITHMETIC + (nodes.Call,))]
    return found


def _on_line(node: nodes.expr, line: int) -> bool:
    return node.lineno == line and getattr(node, "end_lineno", None) == line


def _columns(node: nodes.expr) -> "Tuple[int, int]":
    return node.col_offset, getattr(node, "end_col_offset", None) or 0
