"""Write filprofiler/_abi.py, Python's side of the two contract headers csrc/fil_format.h and csrc/fil_abi.h.

    python build_tools/generate_abi.py             write the file
    python build_tools/generate_abi.py --check     exit 1 if the file is stale
    python build_tools/generate_abi.py --markdown  print the recording's tables for docs/recording-format.md

The headers keep to a regular style, so a small parser is enough: `#define NAME value`, `enum`, `struct` with fixed-width
fields, `static_assert` on sizes and offsets, and `FIL_EXPORT` prototypes. What it does not know it refuses, and every
static_assert of the headers is compared with the layout computed here.
"""

import os
import re
import sys
from typing import Dict, List, NamedTuple, Tuple, Union

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
HEADERS = (os.path.join(ROOT, "csrc", "fil_format.h"), os.path.join(ROOT, "csrc", "fil_abi.h"))
TARGET = os.path.join(ROOT, "filprofiler", "_abi.py")
LINE_LENGTH = 120

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

Field = NamedTuple(
    "Field",
    [("c_type", str), ("name", str), ("count", int), ("is_array", bool), ("offset", int), ("size", int), ("comment", str)],
)
Struct = NamedTuple("Struct", [("name", str), ("fields", List[Field]), ("size", int), ("align", int), ("comment", str)])
Enum = NamedTuple("Enum", [("name", str), ("values", List[Tuple[str, int, str]]), ("comment", str)])
Function = NamedTuple("Function", [("name", str), ("returns", str), ("arguments", List[str])])


class HeaderError(Exception):
    """A header says something that this parser does not understand, or that contradicts itself."""


class Headers:
    """The contents of the headers, in the order in which they stand there."""

    def __init__(self) -> None:
        self.constants = {}  # type: Dict[str, Union[int, bytes]]
        self.enums = []  # type: List[Enum]
        self.structs = []  # type: List[Struct]
        self.functions = []  # type: List[Function]

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
    return " ".join(re.sub(r"^\s*(?:/\*+|\*/|\*(?!/))?|\*/\s*$", "", line).strip() for line in text.splitlines()).strip()


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
    for key, value, note in re.findall(r"(\w+)\s*=\s*([^,/\s]+)\s*,?\s*(/\*.*?\*/)?", strip_leading_comments(body), re.DOTALL):
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
    for c_type, field_name, count_text, note in re.findall(pattern, strip_leading_comments(body), re.DOTALL):
        if c_type.startswith("struct"):
            inner = headers.struct(c_type.split()[1])
            item_size, item_align = inner.size, inner.align
        elif c_type in INTEGER_TYPES:
            item_size = item_align = INTEGER_TYPES[c_type][1]
        else:
            raise HeaderError("struct %s: unknown type %r" % (name, c_type))
        count = headers.number(count_text) if count_text else 1
        offset = -(-offset // item_align) * item_align
        size = item_size * count
        fields.append(Field(c_type, field_name, count, bool(count_text), offset, size, plain_comment(note)))
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


def struct_format(struct: Struct) -> Tuple[str, List[str], int]:
    """(format for the struct module, one name per value, bytes) of a struct's leading plain fields.

    Arrays of bytes are one value; other arrays have values name_0, name_1 and so on. It ends before an array of structs.
    """
    form = "<"
    names = []  # type: List[str]
    end = 0
    for field in struct.fields:
        if field.c_type not in INTEGER_TYPES:
            return form, names, end
        form += "x" * (field.offset - end)
        letter = INTEGER_TYPES[field.c_type][0]
        if field.is_array and letter == "B":
            form += "%ds" % field.count
            names.append(field.name)
        elif field.is_array:
            form += "%d%s" % (field.count, letter)
            names.extend("%s_%d" % (field.name, index) for index in range(field.count))
        else:
            form += letter
            names.append(field.name)
        end = field.offset + field.size
    form += "x" * (struct.size - end)
    return form, names, struct.size


def tuple_text(name: str, items: List[str]) -> List[str]:
    """Lines that assign a tuple of source texts, in the style of the formatter."""
    inside = ", ".join(items) + ("," if len(items) == 1 else "")
    line = "%s = (%s)" % (name, inside)
    if len(line) <= LINE_LENGTH:
        return [line]
    return ["%s = (" % name] + ["    %s," % item for item in items] + [")"]


def python_text(headers: Headers) -> str:
    """The whole of filprofiler/_abi.py."""
    lines = [
        '"""The recording\'s layout and the library\'s exports: Python\'s side of csrc/fil_format.h and csrc/fil_abi.h.',
        "",
        "Generated by build_tools/generate_abi.py; do not edit. Constants keep their C names. For `struct fil_node` there",
        "are NODE_FORMAT (for the struct module), NODE_FIELDS (a name for each value), NODE_OFFSETS (bytes from the",
        "start) and NODE_SIZE (bytes); a format ends before an array of structs. FUNCTIONS maps each export to the C types",
        'of its result and its arguments."""',
        "",
    ]
    in_enums = {key for enum in headers.enums for key, _value, _comment in enum.values}
    lines += [
        "%s = %s" % (name, constant_text(value)) for name, value in headers.constants.items() if name not in in_enums
    ]
    for enum in headers.enums:
        lines += ["", "# enum %s" % enum.name] + ["%s = %d" % (key, value) for key, value, _comment in enum.values]
    for struct in headers.structs:
        form, names, size = struct_format(struct)
        prefix = struct.name.replace("fil_", "", 1).upper()
        lines += ["", "# struct %s" % struct.name, '%s_FORMAT = "%s"' % (prefix, form)]
        lines += tuple_text(prefix + "_FIELDS", ['"%s"' % name for name in names])
        lines += ["%s_OFFSETS = {" % prefix]
        lines += ['    "%s": %d,' % (field.name, field.offset) for field in struct.fields] + ["}"]
        lines += ["%s_SIZE = %d" % (prefix, struct.size)]
        if size != struct.size:
            lines += ["%s_FORMAT_SIZE = %d" % (prefix, size)]
    lines += ["", "FUNCTIONS = {"]
    for function in headers.functions:
        types = ", ".join('"%s"' % argument for argument in function.arguments)
        types += "," if len(function.arguments) == 1 else ""
        lines.append('    "%s": ("%s", (%s)),' % (function.name, function.returns, types))
    lines.append("}")
    return "\n".join(lines) + "\n"


def constant_text(value: Union[int, bytes]) -> str:
    """A constant as source text, with double quotes."""
    if isinstance(value, int):
        return str(value)
    return 'b"%s"' % repr(value)[2:-1].replace('"', '\\"')


def markdown_text(headers: Headers) -> str:
    """A table for each enum and each struct, with the meanings that stand in the headers' comments."""
    lines = []  # type: List[str]
    for struct in headers.structs:
        lines += ["### `struct %s` (%s bytes)" % (struct.name, format(struct.size, ",")), ""]
        lines += [struct.comment, ""] if struct.comment else []
        lines += ["| offset | type | field | meaning |", "|---:|---|---|---|"]
        for field in struct.fields:
            count = "[%d]" % field.count if field.is_array else ""
            row = (field.offset, field.c_type, count, field.name, field.comment.replace("|", "\\|"))
            lines.append("| %d | `%s%s` | `%s` | %s |" % row)
        lines.append("")
    for enum in headers.enums:
        lines += ["### `enum %s`" % enum.name, ""]
        lines += [enum.comment, ""] if enum.comment else []
        lines += ["| value | name | meaning |", "|---:|---|---|"]
        lines += ["| %d | `%s` | %s |" % (value, key, note.replace("|", "\\|")) for key, value, note in enum.values]
        lines.append("")
    return "\n".join(lines).rstrip("\n") + "\n"


def read(path: str) -> str:
    """The text of a file, "" if there is none."""
    if not os.path.exists(path):
        return ""
    with open(path, encoding="utf-8") as file:
        return file.read()


def main(arguments: List[str]) -> int:
    """The command; returns the exit status."""
    texts = [read(path) for path in HEADERS]
    if arguments == ["--markdown"]:
        sys.stdout.write(markdown_text(parse(texts[:1])))
        return 0
    if arguments not in ([], ["--check"]):
        sys.stderr.write("usage: generate_abi.py [--check | --markdown]\n")
        return 2
    text = python_text(parse(texts))
    if arguments == ["--check"]:
        if read(TARGET) == text:
            return 0
        sys.stderr.write("filprofiler/_abi.py is stale: run python build_tools/generate_abi.py\n")
        return 1
    with open(TARGET, "w", encoding="utf-8") as file:
        file.write(text)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
