"""What of a library's file is constant data, where its texts are: a small part of most files.

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
_WRITABLE, _LOADED, _CODE = 1, 2, 4  # SHF_WRITE, SHF_ALLOC, SHF_EXECINSTR


def constant_parts(file: "BinaryIO") -> "List[Tuple[int, int]]":
    """Where the constant data of a file lies: places and lengths, bytes. Raises OSError."""
    whole = [(0, file.seek(0, 2))]
    file.seek(0)
    header = file.read(_HEADER.size)
    if len(header) < _HEADER.size or not header.startswith(_MAGIC):
        return whole
    place, size, count = _HEADER.unpack(header)
    if size != _SECTION.size or not count or place > whole[0][1]:
        return whole
    file.seek(place)
    table = file.read(size * count)
    if len(table) != size * count:
        return whole
    sections = _SECTION.iter_unpack(table)
    return [
        (start, length)
        for kind, flags, start, length in sections
        if kind == _HOLDS_CONTENT and flags & (_WRITABLE | _LOADED | _CODE) == _LOADED
    ]
