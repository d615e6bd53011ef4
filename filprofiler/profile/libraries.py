"""Labels for libraries that map memory for an allocator of their own."""

import errno
import os
from struct import Struct

from filprofiler.profile.filters import PACKAGE_FOLDERS
from filprofiler.regular_files import open_to_read

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import BinaryIO, Dict, List, Optional, Tuple

WORKER_PATH = "<C thread>"
WORKER_NAME = "line inferred"

_MAPPED = "mapped by the library"

# Beginnings of the allocators' own messages. A library that contains one of these texts contains that allocator.
_SIGNS = ((b"<jemalloc>: ", "jemalloc"), (b"mimalloc: error: ", "mimalloc"))
_LONGEST_SIGN = max(len(sign) for sign, _name in _SIGNS)
_PIECE_BYTES = 1 << 22
_MOST_BYTES = 1 << 30  # searched in all libraries together: the largest known ones have some 200 MB of data

# By the beginning of the file's name, for reports made on a machine without the file.
_KNOWN = (
    ("_polars_runtime.", "jemalloc"),
    ("polars.", "jemalloc"),
    ("libarrow.so", "jemalloc or mimalloc"),
    ("_duckdb.", "jemalloc"),
    ("duckdb.", "jemalloc"),
)


class Libraries:
    """Finds out what maps memory inside a library, once per library."""

    def __init__(self) -> None:
        self._roles: "Dict[str, Optional[str]]" = {}
        self._room = _MOST_BYTES

    def role(self, path: str) -> "Optional[str]":
        """The label for memory that the library at `path` has mapped; None if it needs none.

        Only libraries of installed packages get one. The interpreter and the system's libraries map memory for their
        callers.
        """
        if path not in self._roles:
            installed = not set(path.split("/")).isdisjoint(PACKAGE_FOLDERS)
            allocator = self.allocator_in(path) if installed else ""
            self._roles[path] = "held by " + allocator if allocator else _MAPPED if installed else None
        return self._roles[path]

    def allocator_in(self, path: str) -> str:
        """The allocators linked into the library at `path`; "" if none is known.

        If the file cannot be read or is too large, its name decides.
        """
        try:
            found = self._search(path)
        except (OSError, ValueError):  # ValueError: a null character in the name
            name = os.path.basename(path)
            return next((allocator for beginning, allocator in _KNOWN if name.startswith(beginning)), "")
        return " or ".join(sorted(found))

    def _search(self, path: str) -> "List[str]":
        """The allocators whose signs are in a file. Raises OSError."""
        found: "List[str]" = []
        with open_to_read(path) as file:
            parts = data_parts(file)
            size = sum(length for _start, length in parts)
            if size > self._room:
                raise OSError(errno.EFBIG, os.strerror(errno.EFBIG))
            self._room -= size
            for start, length in parts:
                file.seek(start)
                before = b""  # the end of the last piece, in which a sign may have begun
                while length > 0 and len(found) < len(_SIGNS):
                    piece = file.read(min(length, _PIECE_BYTES))
                    if not piece:
                        break
                    length -= len(piece)
                    found += [name for sign, name in _SIGNS if name not in found and sign in before + piece]
                    before = piece[1 - _LONGEST_SIGN :]
        return found


_MAGIC = b"\x7fELF\x02\x01"  # 64 bits, lowest byte first
_HEADER = Struct("<40xQ10xHH2x")  # offset of the section table, size of an entry, number of entries
_SECTION = Struct("<4xIQ8xQQ24x")  # kind, flags, offset, bytes
_HOLDS_CONTENT = 1  # SHT_PROGBITS
_LOADED, _CODE = 2, 4  # SHF_ALLOC, SHF_EXECINSTR


def data_parts(file: "BinaryIO") -> "List[Tuple[int, int]]":
    """Where the data of a file is: offsets and lengths, in bytes. Raises OSError.

    The loader ignores the section table, so it may be invalid: then the whole file counts as data.
    """
    size = file.seek(0, 2)
    file.seek(0)
    header = file.read(_HEADER.size)
    if len(header) == _HEADER.size and header.startswith(_MAGIC):
        place, entry_size, count = _HEADER.unpack(header)
        if entry_size == _SECTION.size and place + entry_size * count <= size:
            file.seek(place)
            parts = [
                (start, length)
                for kind, flags, start, length in _SECTION.iter_unpack(file.read(entry_size * count))
                if kind == _HOLDS_CONTENT and flags & (_LOADED | _CODE) == _LOADED
            ]
            inside = all(start + length <= size for start, length in parts)
            if parts and inside and sum(length for _start, length in parts) <= size:
                return parts
    return [(0, size)]
