"""Hints from the source of one line: a file read at once, growth in a loop, conversion to larger numbers."""

from filprofiler.profile.hint import FLOAT64, GROWN_IN_LOOP, WHOLE_FILE
from filprofiler.profile.statements import assigned_name, called_name, called_on, children, names_in, nodes, walk

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, Iterator, List, Sequence, Tuple

    from filprofiler.profile.columns import Part
    from filprofiler.profile.statements import Statement
    from filprofiler.profile.tree import Site

    Expression = Tuple[int, str]  # bytes; the expression's source text

_READ_ALL = frozenset(["read", "readlines", "read_text", "read_bytes"])
_READ_TABLE = frozenset(["read_csv", "read_table", "read_fwf"])
_IN_PIECES = frozenset(["chunksize", "iterator", "nrows"])
_CSV_READERS = frozenset(["reader", "DictReader"])
_PANDAS = frozenset(["pd", "pandas", ""])
_NUMPY = frozenset(["np", "numpy", ""])
_JSON = frozenset(["json", "simplejson", "ujson"])

_SAME_THINGS = frozenset(
    ["split", "splitlines", "strip", "rstrip", "decode", "encode", "reset_index", "set_index", "rename", "sort_values"]
)
_CONTAINERS = frozenset(["list", "tuple", "set", "sorted"])

_JOIN_NUMPY = frozenset(["append", "concatenate", "hstack", "vstack", "dstack", "column_stack", "insert"])

_FLOAT64_NAMES = frozenset(["float", "float64", "double", "f8", "<f8", "=f8", "d"])


def about(statement: "Statement") -> "Iterator[Tuple[str, Dict[str, str]]]":
    """The hints that a statement's source gives: kinds, each once, and their words."""
    for kind, rule in ((WHOLE_FILE, _whole_file), (GROWN_IN_LOOP, _grown_in_loop), (FLOAT64, _float64)):
        for words in rule(statement):
            yield kind, words
            break


def _calls(statement: "Statement") -> "Iterator[nodes.Call]":
    """The calls that a statement's value comes from, the last one first: for `f(...).g()[0]`, `g` and `f`.

    Calls whose results are arguments of other calls are left out, because it is not known which call made the memory.
    Only functions and methods that return the same data in another form are looked through.
    """
    value = statement.node.iter if isinstance(statement.node, nodes.For) else getattr(statement.node, "value", None)
    while value is not None:
        if isinstance(value, nodes.Call):
            yield value
            if isinstance(value.func, nodes.Attribute) and value.func.attr in _SAME_THINGS:
                value = value.func.value
            elif isinstance(value.func, nodes.Name) and value.func.id in _CONTAINERS and len(value.args) == 1:
                value = value.args[0]
            else:
                return
        elif isinstance(value, (nodes.Subscript, nodes.Await)):
            value = value.value
        else:
            return


def _whole_file(statement: "Statement") -> "Iterator[Dict[str, str]]":
    """Calls that read a file to its end and keep all of it."""
    for call in _calls(statement):
        name, on = called_name(call), called_on(call)
        keywords = {keyword.arg for keyword in call.keywords}
        if name in _READ_ALL and isinstance(call.func, nodes.Attribute) and not call.args:
            if name.startswith("read_") or not keywords:
                yield {"call": name}
        elif name in _READ_TABLE and on in _PANDAS and None not in keywords and not keywords & _IN_PIECES:
            yield {"call": name}
        elif name == "load" and on in _JSON:
            yield {"call": "%s.load" % on}
        elif name == "list" and not on and len(call.args) == 1 and isinstance(call.args[0], nodes.Call):
            inner = call.args[0]
            if called_name(inner) in _CSV_READERS and called_on(inner) in ("csv", ""):
                yield {"call": "list(csv.%s)" % called_name(inner)}


def _grown_in_loop(statement: "Statement") -> "Iterator[Dict[str, str]]":
    """`x = concat([x, ...])` and the like in a loop: each iteration makes a new object while the old one exists."""
    name = assigned_name(statement.node)
    if not (statement.loops and name):
        return
    if isinstance(statement.node, nodes.AugAssign):
        if isinstance(statement.node.op, nodes.Add) and _begins_unchangeable(statement, name):
            yield {"call": "+=", "name": name}
        return
    for call in _calls(statement):
        called, on = called_name(call), called_on(call)
        joins = (called == "concat" and on in _PANDAS) or (called in _JOIN_NUMPY and on in ("np", "numpy"))
        if joins and any(name in names_in(given) for given in call.args):
            yield {"call": called, "name": name}


def _begins_unchangeable(statement: "Statement", name: str) -> bool:
    """Whether all other assignments to the name are bytes or tuple literals: adding to those makes copies.

    Strings are left out: CPython extends them in place if it can.
    """
    values = [
        node.value
        for node in walk(statement.scope)
        if isinstance(node, (nodes.Assign, nodes.AnnAssign)) and assigned_name(node) == name
    ]
    return bool(values) and all(isinstance(value, nodes.Tuple) or _is_bytes(value) for value in values)


def _is_bytes(value: "nodes.AST | None") -> bool:
    return type(value).__name__ == "Bytes" or isinstance(getattr(value, "value", None), bytes)


def _float64(statement: "Statement") -> "Iterator[Dict[str, str]]":
    """Explicit conversions to float64."""
    for call in _calls(statement):
        name = called_name(call)
        given = [keyword.value for keyword in call.keywords if keyword.arg == "dtype"]
        if name == "astype":
            given += call.args[:1]
        elif not (name == "to_numpy" or (name == "asarray" and called_on(call) in _NUMPY)):
            return
        if isinstance(call.func, nodes.Attribute) and any(map(_means_float64, given)):
            yield {"call": name}
        return  # results of earlier calls are dropped, or smaller, when the line has ended


def _means_float64(node: nodes.AST) -> bool:
    if isinstance(node, nodes.Attribute):
        return node.attr in ("float64", "double") and isinstance(node.value, nodes.Name) and node.value.id in _NUMPY
    if isinstance(node, nodes.Name):
        return node.id == "float"
    text = node.s if type(node).__name__ == "Str" else getattr(node, "value", None)  # type: ignore[attr-defined]
    return isinstance(text, str) and text in _FLOAT64_NAMES


_ARITHMETIC = (nodes.BinOp, nodes.UnaryOp, nodes.Compare)
_MOST_CHARACTERS = 60  # of an expression that is shown


def has_temporaries(statement: "Statement") -> bool:
    """Whether a statement has nested arithmetic."""
    return any(True for _operand in _operands(statement))


def live_parts(statement: "Statement", site: "Site", line: str, parts: "Sequence[Part]") -> "List[Expression]":
    """The expressions whose memory is live, largest first; at least one is an operand of another.

    line: the site's source line. parts: the parts of it that allocated memory. Returns [] if fewer than two of them are
    arithmetic expressions or their operands.
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
    """The operands of arithmetic that make new objects: their results are dropped when the line has ended."""
    found: "List[nodes.expr]" = []
    for node in statement.parts():
        if isinstance(node, _ARITHMETIC):
            found += [part for part in children(node) if isinstance(part, _ARITHMETIC + (nodes.Call,))]
    return found


def _on_line(node: nodes.expr, line: int) -> bool:
    return node.lineno == line and getattr(node, "end_lineno", None) == line


def _columns(node: nodes.expr) -> "Tuple[int, int]":
    return node.col_offset, getattr(node, "end_col_offset", None) or 0
