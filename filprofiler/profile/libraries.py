"""Libraries that map memory for an allocator of their own: what a box in the graph says of them."""

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

# What the allocators' own messages begin with. A library that holds one of these texts holds that allocator.
_SIGNS = ((b"<jemalloc>: ", "jemalloc"), (b"mimalloc: error: ", "mimalloc"))
_LONGEST_SIGN = max(len(sign) for sign, _name in _SIGNS)
_PIECE_BYTES = 1 << 22
_MOST_BYTES = 1 << 30  # that are searched, of all libraries: the data of the largest there are have some 200 MB

# By the beginning of the file's name: where the file itself is not there, because the report is made elsewhere.
_KNOWN = (
    ("_polars_runtime.", "jemalloc"),
    ("polars.", "jemalloc"),
    ("libarrow.so", "jemalloc or mimalloc"),
    ("_duckdb.", "jemalloc"),
    ("duckdb.", "jemalloc"),
)


class Libraries:
    """Tells what maps memory inside a library, each library once."""

    def __init__(self) -> None:
        self._roles: "Dict[str, Optional[str]]" = {}
        self._room = _MOST_BYTES

    def role(self, path: str) -> "Optional[str]":
        """What to say of memory that the library at `path` has mapped; None if there is nothing to say.

        A library of an installed package is told, any other only if an allocator is in it. The interpreter and what
        comes with the system map memory for whoever calls them.
        """
        if path not in self._roles:
            installed = not set(path.split("/")).isdisjoint(PACKAGE_FOLDERS)
            allocator = self.allocator_in(path) if installed else ""
            self._roles[path] = "held by " + allocator if allocator else _MAPPED if installed else None
        return self._roles[path]

    def allocator_in(self, path: str) -> str:
        """The allocators that are linked into the library at `path`, "" if none is known to be.

        Of one that cannot be read, or is too large, the name tells it.
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
_HEADER = Struct("<40xQ10xHH2x")  # where the table of sections is, how long an entry is, how many there are
_SECTION = Struct("<4xIQ8xQQ24x")  # kind, flags, place, bytes
_HOLDS_CONTENT = 1  # SHT_PROGBITS
_LOADED, _CODE = 2, 4  # SHF_ALLOC, SHF_EXECINSTR


def data_parts(file: "BinaryIO") -> "List[Tuple[int, int]]":
    """Where the data of a file lies: places and lengths, bytes. Raises OSError.

    The loader does not look at the table of sections, so it may make no sense: then it is the whole file.
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
