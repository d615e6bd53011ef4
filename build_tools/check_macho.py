"""Is a macOS library what its wheel's tag says? From the file alone; used by check_wheel.py.

Checked: processor, oldest system, libraries that are needed, the library's own name, the signature (without one no
arm64 machine loads it), the exported functions, and the pairs by which the dynamic linker replaces functions. Needed:
lief.
"""

import os
import re
import struct
from typing import Any, Dict, Iterator, List, Tuple

from native_library import ROOT
from replaced import replaced_functions

SYSTEM_LIBRARY = "/usr/lib/libSystem.B.dylib"
OWN_NAME = "@rpath/libfil.dylib"

_PROCESSORS = {"x86_64": "X86_64", "arm64": "ARM64"}
_TAG = re.compile(r"macosx_(\d+)_(\d+)_(\w+)$")

# What a linker may export by itself.
_OF_THE_LINKER = {"__mh_dylib_header", "___dso_handle"}

# By which thread-local variables of the system's would be reached: see csrc/platform/macos_own.c.
_THREAD_SECTIONS = {"__thread_vars", "__thread_data", "__thread_bss"}


def exported_functions() -> List[str]:
    """The functions of csrc/fil_abi.h."""
    with open(os.path.join(ROOT, "csrc", "fil_abi.h"), encoding="utf-8") as file:
        return re.findall(r"^FIL_EXPORT .*?\b(fil_\w+)\(", file.read(), re.MULTILINE)


def read_libraries(content: bytes) -> "List[Any]":
    """The libraries in a Mach-O file, one for each processor, as lief has them."""
    import lief

    lief.logging.disable()
    found = lief.MachO.parse(list(content))
    return [] if found is None else [found.at(number) for number in range(found.size)]


def pairs(library: "Any") -> "List[Tuple[str, str]]":
    """The pairs in the library: the name of ours, and whose place it takes ("" for what cannot be told)."""
    section = library.get_section("__interpose")
    if section is None:
        return []
    names = {symbol.value: symbol.name for symbol in library.symbols if symbol.value}
    bound = bindings(library)
    words = struct.unpack("<%dQ" % (section.size // 8), bytes(section.content))
    start = section.virtual_address
    return [
        (_plain(names.get(words[at], "")), _plain(bound.get(start + 8 * (at + 1), "")))
        for at in range(0, len(words), 2)
    ]


def bindings(library: "Any") -> "Dict[int, str]":
    """What the dynamic linker writes where: the names of functions of others, by address."""
    return {binding.address: binding.symbol.name for binding in library.bindings if binding.symbol is not None}


def _plain(name: str) -> str:
    return name[1:] if name.startswith("_") else name


def macho_problems(content: bytes, tag: str) -> Iterator[str]:
    """What is wrong with a library of a wheel with this tag, a sentence each."""
    words = _TAG.match(tag)
    libraries = read_libraries(content)
    if words is None or len(libraries) != 1:
        yield "%s is no tag that is known here, or there is not one library in the file" % tag
        return
    major, minor, machine = int(words.group(1)), int(words.group(2)), words.group(3)
    (library,) = libraries
    processor = library.header.cpu_type.name
    if processor != _PROCESSORS.get(machine):
        yield "it is for the processor %s" % processor
    oldest = tuple(library.build_version.minos[:2]) if library.has_build_version else None
    if oldest != (major, minor):
        yield "it is for macOS %s or later" % (".".join(map(str, oldest)) if oldest else "?")
    yield from _link_problems(library)
    if machine == "arm64" and not library.has_code_signature:
        yield "it is not signed"
    yield from _pair_problems(library)


def _link_problems(library: "Any") -> Iterator[str]:
    own, *needed = [other.name for other in library.libraries]
    if own != OWN_NAME:
        yield "its own name is %s" % own
    for name in needed:
        if name != SYSTEM_LIBRARY:
            yield "it needs %s" % name
    exported = {symbol.name for symbol in library.exported_symbols} - _OF_THE_LINKER
    wanted = {"_" + name for name in exported_functions()}
    for name in sorted(exported - wanted):
        yield "it exports %s" % _plain(name)
    for name in sorted(wanted - exported):
        yield "it does not export %s" % _plain(name)
    for section in library.sections:
        if section.name in _THREAD_SECTIONS:
            yield "it has thread-local variables of the system's (%s)" % section.name


def _pair_problems(library: "Any") -> Iterator[str]:
    found = pairs(library)
    wanted = [("hook_" + name, name) for name in replaced_functions("macos")]
    for name in sorted({theirs for _ours, theirs in wanted} - {theirs for _ours, theirs in found}):
        yield "it does not replace %s" % name
    for pair in found:
        if pair not in wanted:
            yield "%s stands for %s" % pair
    if len(found) != len(wanted):
        yield "it has %d pairs instead of %d" % (len(found), len(wanted))
    places = {address for address, name in bindings(library).items() if _plain(name) in {name for _, name in wanted}}
    others = {str(b.library.name) for b in library.bindings if b.address in places and b.has_library}
    if others - {SYSTEM_LIBRARY}:
        yield "what it replaces is in %s" % ", ".join(sorted(others))
