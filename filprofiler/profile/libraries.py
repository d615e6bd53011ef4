"""Libraries that map memory for an allocator of their own: what a box in the graph says of them."""

import os

from filprofiler.profile.elf import data_parts
from filprofiler.profile.filters import PACKAGE_FOLDERS
from filprofiler.regular_files import open_to_read

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, List, Optional

WORKER_PATH = "<C thread>"
WORKER_NAME = "line inferred"

_MAPPED = "mapped by the library"

# What the allocators' own messages begin with. A library that holds one of these texts holds that allocator.
_SIGNS = ((b"<jemalloc>: ", "jemalloc"), (b"mimalloc: error: ", "mimalloc"))
_LONGEST_SIGN = max(len(sign) for sign, _name in _SIGNS)
_PIECE_BYTES = 1 << 22

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
        self._roles = {}  # type: Dict[str, Optional[str]]

    def role(self, path: str) -> "Optional[str]":
        """What to say of memory that the library at `path` has mapped; None if there is nothing to say.

        A library of an installed package is told, any other only if an allocator is in it. The interpreter and what
        comes with the system map memory for whoever calls them.
        """
        if path not in self._roles:
            installed = not set(path.split("/")).isdisjoint(PACKAGE_FOLDERS)
            allocator = allocator_in(path) if installed else ""
            self._roles[path] = "held by " + allocator if allocator else _MAPPED if installed else None
        return self._roles[path]


def allocator_in(path: str) -> str:
    """The allocators that are linked into the library at `path`, "" if none is known to be."""
    try:
        found = _search(path)
    except OSError:
        name = os.path.basename(path)
        return next((allocator for beginning, allocator in _KNOWN if name.startswith(beginning)), "")
    return " or ".join(sorted(found))


def _search(path: str) -> "List[str]":
    """The allocators whose signs are in a file. Raises OSError."""
    found = []  # type: List[str]
    with open_to_read(path) as file:
        for start, length in data_parts(file):
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
