"""What of a library's file is data and not code: a small part of most files, in which its texts are.

The layout is that of ELF for 64 bits, lowest byte first, as the System V ABI has it: the header says where the table of
sections is, and each section what it holds. Any other file counts as data from its beginning to its end.
"""

from struct import Struct

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import BinaryIO, List, Tuple

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
