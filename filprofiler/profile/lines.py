"""Maps bytecode offsets to source lines, in pure Python, for every CPython since 3.6.

CPython has had three encodings. Each is converted to ranges of bytecode with a line each:

* to 3.9, `co_lnotab`: pairs (bytes of bytecode, signed line step); the steps of one address add up;
* 3.10, `co_linetable`: pairs (length of a range in bytes, signed line step), step -128 for a range without a line;
* from 3.11, `co_linetable`: entries of one code byte and integers of variable length, which also hold columns.

Columns are skipped here.
"""

from bisect import bisect_right
from itertools import accumulate, compress

from filprofiler import _abi

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, List, Optional, Tuple, Union

    from filprofiler.recording.code import Code
    from filprofiler.recording.reader import Recording

    # Where each range ends (bytes, ascending), and its line, relative to the function's first (_NO_STEP if none); one
    # more line for what follows the last range.
    Ranges = Tuple[List[int], List[int]]

NO_LINE = -1
_NO_STEP = -(1 << 62)

MOST_LINE = (1 << 31) - 1
"""The largest line number, that of a C int. A table that leads beyond it is damaged."""

_VARINT_BITS = 36  # at most: six groups. A longer one is damaged, and could make huge numbers

# The versions, as PY_VERSION_HEX, that introduced a new encoding.
_VERSION_3_10 = 0x030A0000
_VERSION_3_11 = 0x030B0000

_NO_LINE_STEP = 0x80  # 3.10: the line step -128, as an unsigned byte

# 3.11: an entry's first byte, and only that, is 128 or more. Bits 3 to 6 are its code: 0 to 10 for the line before and
# 11 and 12 for a step of 1 and 2, 13 and 14 with a step as a signed varint behind, 15 for no line. Bits 0 to 2 are the
# code units of 2 bytes that it covers, less 1. The tables are for bytes.translate.
_NO_ENTRY = bytes(range(128))
_CODES = [0] * 128 + [byte >> 3 & 15 for byte in range(128)]
_IS_ENTRY = bytes(128) + bytes([1]) * 128
_COVERED = bytes([0] * 128 + [2 * (byte & 7) + 2 for byte in range(128)])
_STEPS = bytes([code - 10 if code in (11, 12) else 0 for code in _CODES])
_HAS_VARINT = bytes([code in (13, 14) for code in _CODES])
_VARINT_ENTRY = b"\xe8"  # one of those with a varint, to which the others are mapped
_VARINTS_ALIKE = bytes([_VARINT_ENTRY[0] if _HAS_VARINT[byte] else byte for byte in range(256)])
_HAS_NO_LINE = bytes([code == 15 for code in _CODES])


class LineTable:
    """The lines of one function.

    python_version: PY_VERSION_HEX of the interpreter that compiled it.
    first_line: co_firstlineno.
    table: co_lnotab to CPython 3.9, co_linetable from 3.10. A truncated table is read as far as it goes.
    known: cache of the ranges of tables: many functions may share a table.
    ends: where its ranges end.
    """

    __slots__ = ("_steps", "ends", "first_line", "table")

    def __init__(
        self, python_version: int, first_line: int, table: bytes, known: "Optional[Dict[bytes, Ranges]]" = None
    ) -> None:
        self.first_line = first_line
        self.table = table
        ranges = None if known is None else known.get(table)
        if ranges is None:
            ranges = _ranges(python_version, table)
            if known is not None:
                known[table] = ranges
        self.ends, self._steps = ranges

    def line(self, offset: int) -> int:
        """The line of the instruction `offset` bytes into the bytecode, or NO_LINE if the compiler gave it none.

        A negative offset means that the function has not begun; the result is its first line.
        """
        if offset < 0:
            return self.first_line
        step = self._steps[bisect_right(self.ends, offset)]
        return NO_LINE if step == _NO_STEP else self.first_line + step

    def line_of_range(self, number: int) -> int:
        """The line of a range, or NO_LINE."""
        step = self._steps[number]
        return NO_LINE if step == _NO_STEP else self.first_line + step


class OwnLines:
    """Replaces a line table for recordings whose offsets are line numbers."""

    @staticmethod
    def line(offset: int) -> int:
        """The offset itself."""
        return offset


def table_of(recording: "Recording", code: "Code") -> "Union[LineTable, OwnLines, None]":
    """The line table of a recording's function; None if it was not kept."""
    if recording.stacks == _abi.FIL_STACKS_PROFILED:
        return OwnLines()
    if code.line_table is None:
        return None
    return LineTable(recording.python_version, code.first_line, code.line_table, recording.line_ranges)


def _ranges(python_version: int, table: bytes) -> "Ranges":
    if python_version >= _VERSION_3_11:
        return _ranges_of_locations(table)
    return _ranges_of_linetable(table) if python_version >= _VERSION_3_10 else _ranges_of_lnotab(table)


def _ranges_of_lnotab(table: bytes) -> "Ranges":
    ends: "List[int]" = []
    lines: "List[int]" = [0]
    address = line = 0
    for position in range(0, len(table) - 1, 2):
        address += table[position]
        step = table[position + 1]
        line += step - 256 if step >= 128 else step
        if address == (ends[-1] if ends else 0):
            lines[-1] = line
        else:
            ends.append(address)
            lines.append(line)
    return ends, lines


def _ranges_of_linetable(table: bytes) -> "Ranges":
    ends, lines = [], []
    address = line = 0
    for position in range(0, len(table) - 1, 2):
        length, step = table[position], table[position + 1]
        if step != _NO_LINE_STEP:
            line += step - 256 if step >= 128 else step
        if length:
            address += length
            ends.append(address)
            lines.append(_NO_STEP if step == _NO_LINE_STEP else line)
    lines.append(_NO_STEP)
    return ends, lines


def _ranges_of_locations(table: bytes) -> "Ranges":
    """The ranges of a co_linetable of CPython 3.11 or later, one per entry.

    Works on all entries at once where it can: large modules have thousands, of which few are ever needed.
    """
    entries = table.translate(None, _NO_ENTRY)
    steps = list(entries.translate(_STEPS))
    behind = iter(table.translate(_VARINTS_ALIKE).split(_VARINT_ENTRY))  # the bytes after each entry with a varint
    next(behind)
    for number, content in zip(compress(range(len(entries)), entries.translate(_HAS_VARINT)), behind):
        value = content[0] if content else 0
        if value >= 64:
            value, _behind = read_varint(content, 0)
        steps[number] = -(value >> 1) if value & 1 else value >> 1
    lines = list(accumulate(steps))
    for number in compress(range(len(entries)), entries.translate(_HAS_NO_LINE)):
        lines[number] = _NO_STEP
    lines.append(_NO_STEP)
    return list(accumulate(entries.translate(_COVERED))), lines


def entry_places(table: bytes) -> "List[int]":
    """Where the entries begin in a co_linetable of CPython 3.11 or later, ascending."""
    return list(compress(range(len(table)), table.translate(_IS_ENTRY)))


def read_varint(table: bytes, position: int) -> "Tuple[int, int]":
    """An integer of 6 bits per byte, lowest first, with bit 6 set if more follow; and the position after it."""
    value = shift = 0
    while position < len(table) and shift < _VARINT_BITS:
        byte = table[position]
        position += 1
        value |= (byte & 63) << shift
        shift += 6
        if not byte & 64:
            break
    return value, position
