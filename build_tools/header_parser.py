"""A small parser of the contract headers: csrc/fil_format.h, fil_processes.h and fil_abi.h.

They keep to a regular style: `#define NAME value`, `enum`, `struct` with fixed-width fields, `static_assert` on sizes
and offsets, and `FIL_EXPORT` prototypes. What it does not know it refuses, and every static_assert of the headers is
compared with the layout computed here.
"""

import re
from typing import Dict, List, NamedTuple, Tuple, Union

# C type: (letter of the struct module, size and alignment in bytes)
INTEGER_TYPES = {
    "uint8_t": ("B", 1),
    "int8_t": ("b", 1),
    "uint16_t": ("H", 2),
    "int16_t": ("h", 2),
    "uint32_t": ("I", 4),
    "int32_t": ("i", 4),
    "uint64_t": ("Q", 8),
    "int64_t": ("q", 8),
}


class Field(NamedTuple):
    """A field of a struct: `length` items of `c_type`, `offset` bytes from the start, `size` bytes together."""

    c_type: str
    name: str
    length: int
    is_array: bool
    offset: int
    size: int
    comment: str


class Struct(NamedTuple):
    """A struct; size and alignment in bytes."""

    name: str
    fields: List[Field]
    size: int
    align: int
    comment: str


class Enum(NamedTuple):
    """An enum; its values are (name, number, comment)."""

    name: str
    values: List[Tuple[str, int, str]]
    comment: str


class Function(NamedTuple):
    """An export: the C types of its result and of its arguments."""

    name: str
    returns: str
    arguments: List[str]


class HeaderError(Exception):
    """A header says something that this parser does not understand, or that contradicts itself."""


class Headers:
    """The contents of the headers, in the order in which they stand there."""

    def __init__(self) -> None:
        self.constants: "Dict[str, Union[int, bytes]]" = {}
        self.enums: "List[Enum]" = []
        self.structs: "List[Struct]" = []
        self.functions: "List[Function]" = []

    def number(self, text: str) -> int:
        """The value of an integer literal or of a constant's name."""
        text = text.strip()
        if text in self.constants:
            value = self.constants[text]
            if isinstance(value, int):
                return value
        match = re.match(r"^(-?(?:0[xX][0-9a-fA-F]+|\d+))[uUlL]*$", text)
        if match is None:
            raise HeaderError("not a number: %r" % text)
        return int(match.group(1), 0)

    def struct(self, name: str) -> Struct:
        """The struct of that C name."""
        for struct in self.structs:
            if struct.name == name:
                return struct
        raise HeaderError("unknown struct: %r" % name)


def plain_comment(text: str) -> str:
    """A C comment's text on one line, without its stars."""
    lines = [re.sub(r"^\s*(?:/\*+|\*/|\*(?!/))?|\*/\s*$", "", line).strip() for line in text.splitlines()]
    return " ".join(lines).strip()


def add_constants(headers: Headers, text: str) -> None:
    """`#define NAME value` for numbers and strings; a guard has no value and a function attribute is no constant."""
    for name, value in re.findall(r"^#define[ ]+(\w+)[ ]+(.*?)[ ]*(?:/\*.*)?$", text, re.MULTILINE):
        if value.startswith("__attribute__"):
            continue
        if value.startswith('"'):
            headers.constants[name] = value[1:-1].encode("ascii").decode("unicode_escape").encode("latin-1")
        else:
            headers.constants[name] = headers.number(value)


def add_enum(headers: Headers, name: str, body: str, comment: str) -> None:
    """One enum: every value must be written out."""
    values = []
    pattern = r"(\w+)\s*=\s*([^,/\s]+)\s*,?\s*(/\*.*?\*/)?"
    for key, value, note in re.findall(pattern, strip_leading_comments(body), re.DOTALL):
        number = headers.number(value)
        headers.constants[key] = number
        values.append((key, number, plain_comment(note)))
    headers.enums.append(Enum(name, values, comment))


def strip_leading_comments(body: str) -> str:
    """The body of a struct or enum without comments that stand on lines of their own."""
    return re.sub(r"^\s*/\*(?:(?!\*/).)*\*/\s*$", "", body, flags=re.DOTALL | re.MULTILINE)


def add_struct(headers: Headers, name: str, body: str, comment: str) -> None:
    """One struct of fixed-width integers, arrays of them, and arrays of other structs, naturally aligned."""
    fields = []
    offset = 0
    alignment = 1
    pattern = r"((?:struct\s+)?\w+)\s+(\w+)(?:\[(\w+)\])?;[ \t]*(/\*.*?\*/)?"
    for c_type, field_name, length_text, note in re.findall(pattern, strip_leading_comments(body), re.DOTALL):
        if c_type.startswith("struct"):
            inner = headers.struct(c_type.split()[1])
            item_size, item_align = inner.size, inner.align
        elif c_type in INTEGER_TYPES:
            item_size = item_align = INTEGER_TYPES[c_type][1]
        else:
            raise HeaderError("struct %s: unknown type %r" % (name, c_type))
        length = headers.number(length_text) if length_text else 1
        offset = -(-offset // item_align) * item_align
        size = item_size * length
        fields.append(Field(c_type, field_name, length, bool(length_text), offset, size, plain_comment(note)))
        offset += size
        alignment = max(alignment, item_align)
    size = -(-offset // alignment) * alignment
    headers.structs.append(Struct(name, fields, size, alignment, comment))


def add_functions(headers: Headers, text: str) -> None:
    """`FIL_EXPORT type name(arguments);`"""
    for returns, name, arguments in re.findall(r"^FIL_EXPORT\s+([\w ]+?)\s*(fil_\w+)\(([^)]*)\);", text, re.MULTILINE):
        types = []
        for argument in arguments.split(","):
            argument = " ".join(argument.split())
            if argument != "void":
                types.append(re.sub(r"\s*\w+$", "", argument))
        headers.functions.append(Function(name, returns, types))


def check_asserts(headers: Headers, text: str) -> None:
    """Compare the headers' own static_asserts on structs with the layout computed here."""
    for name, relation, value in re.findall(r"static_assert\(sizeof\(struct (\w+)\) (==|<=) (\w+)", text):
        size, expected = headers.struct(name).size, headers.number(value)
        if size > expected or (relation == "==" and size != expected):
            raise HeaderError("struct %s has %d bytes here, the header says %s %d" % (name, size, relation, expected))
    for name, field_name, value in re.findall(r"static_assert\(offsetof\(struct (\w+), (\w+)\) == (\w+)", text):
        offsets = {field.name: field.offset for field in headers.struct(name).fields}
        if offsets[field_name] != headers.number(value):
            raise HeaderError("%s.%s lies at %d here" % (name, field_name, offsets[field_name]))


def parse(texts: List[str]) -> Headers:
    """Parse headers, in order. Raises HeaderError."""
    headers = Headers()
    declaration = re.compile(r"(/\*(?:(?!\*/).)*\*/)?\s*^(struct|enum) (\w+) \{\n(.*?)^\};", re.DOTALL | re.MULTILINE)
    for text in texts:
        add_constants(headers, text)
        for comment, kind, name, body in declaration.findall(text):
            add = add_struct if kind == "struct" else add_enum
            add(headers, name, body, plain_comment(comment))
        add_functions(headers, text)
        check_asserts(headers, text)
    return headers
