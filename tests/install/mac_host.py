"""Say in C what a macOS library's file holds, for mac_host.c, which runs it here."""

import struct
from typing import Any, List

from check_macho import bindings, pairs, read_libraries

_WORD = 8


def image_header(content: bytes) -> str:
    """The text of mac_image.h for the library in this file ."""
    (library,) = read_libraries(content)
    base = min(segment.virtual_address for segment in library.segments)
    segments = [
        "{%d, %d, %d, %d}" % (part.virtual_address - base, part.virtual_size, part.file_offset, part.file_size)
        for part in library.segments
        if part.name != "__LINKEDIT"
    ]
    size = max(part.virtual_address - base + part.virtual_size for part in library.segments)
    bound = [(name, address - base) for address, name in sorted(bindings(library).items())]
    exported = [(symbol.name[1:], symbol.value - base) for symbol in library.exported_symbols]
    exported = [(name, at) for name, at in exported if name.startswith("fil_")]
    interpose = library.get_section("__interpose")
    hooks = _pointers(interpose)[::2]
    replaced = [theirs for _ours, theirs in pairs(library)]
    lines = [
        "#define image_bytes ((size_t)%d)" % size,
        _array("struct segment segments", segments),
        _array("uint64_t rebases", [str(rebase.address - base) for rebase in library.relocations]),
        _array("struct name_at pairs", ['{"%s", %d}' % (name, at - base) for name, at in zip(replaced, hooks)]),
        _array("struct name_at exports", ['{"%s", %d}' % one for one in exported]),
        _array("uint64_t initializers", [str(at - base) for at in _pointers(library.get_section("__mod_init_func"))]),
        "enum { %s };" % ", ".join("PAIR_%s" % name for name in replaced),
        "#define MAC_BINDS \\",
        *['MAC_BIND(%d, "%s", %d) \\' % (number, name, at) for number, (name, at) in enumerate(bound)],
        "",
        "#define MAC_EXPORTS \\",
    ]
    lines += ["MAC_JUMP(%s, %d) \\" % (name, _WORD * number) for number, (name, _at) in enumerate(exported)]
    return "\n".join(lines) + "\n\n"


def _pointers(section: "Any") -> "List[int]":
    return list(struct.unpack("<%dQ" % (section.size // _WORD), bytes(section.content)))


def _array(declaration: str, values: "List[str]") -> str:
    return "static const %s[] = {%s};" % (declaration, ", ".join(values))
