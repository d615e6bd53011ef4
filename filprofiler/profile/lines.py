"""From a place in the bytecode to a line of the source, in pure Python, for every CPython since 3.6.

CPython has had three encodings. Each is turned into the same thing, ranges of bytecode with a line each:

* to 3.9, `co_lnotab`: pairs (bytes of bytecode, signed line step); the steps of one address add up;
* 3.10, `co_linetable`: pairs (length of a range in bytes, signed line step), step -128 for a range without a line;
* from 3.11, `co_linetable`: entries of one code byte and variable-length integers, which also hold columns.

Columns are skipped here. A reader that wants them finds where they stand in `_ranges_of_locations`.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import List, Optional, Tuple

    # Where each range begins (bytes, ascending), and its line (NO_LINE if it has none).
    Ranges = Tuple[List[int], List[int]]

NO_LINE = -1

# The interpreters, by PY_VERSION_HEX, that brought a new encoding.
_VERSION_3_10 = 0x030A0000
_VERSION_3_11 = 0x030B0000

_NO_LINE_STEP = 0x80  # 3.10: the line step -128, as an unsigned byte

# 3.11: the code of an entry, bits 3 to 6 of its first byte.
_CODE_ONE_LINE = 10  # 10, 11, 12: the line step is the code less 10
_CODE_NO_COLUMNS = 13
_CODE_LONG = 14
_CODE_NONE = 15


class LineTable:
    """The lines of one function.

    python_version: PY_VERSION_HEX of the interpreter that compiled it.
    first_line: co_firstlineno.
    table: co_lnotab to CPython 3.9, co_linetable from 3.10. A table that is cut short is read as far as it goes.
    """

    __slots__ = ("_lines", "_starts", "first_line")

    def __init__(self, python_version: int, first_line: int, table: bytes) -> None:
        self.first_line = first_line
        if python_version >= _VERSION_3_11:
            self._starts, self._lines = _ranges_of_locations(first_line, table)
        elif python_version >= _VERSION_3_10:
            self._starts, self._lines = _ranges_of_linetable(first_line, table)
        else:
            self._starts, self._lines = _ranges_of_lnotab(first_line, table)

    def line(self, offset: int) -> int:
        """The line of the instruction `offset` bytes into the bytecode, or NO_LINE if the compiler gave it none.

        A negative offset means that the function has not begun: its first line.
        """
        if offset < 0:
            return self.first_line
        from bisect import bisect_right

        return self._lines[bisect_right(self._starts, offset) - 1]


def _ranges_of_lnotab(first_line: int, table: bytes) -> "Ranges":
    starts, lines = [0], [first_line]
    address, line = 0, first_line
    for position in range(0, len(table) - 1, 2):
        address += table[position]
        step = table[position + 1]
        line += step - 256 if step >= 128 else step
        if starts[-1] == address:
            lines[-1] = line
        else:
            starts.append(address)
            lines.append(line)
    return starts, lines


def _ranges_of_linetable(first_line: int, table: bytes) -> "Ranges":
    starts, lines = [], []
    address, line = 0, first_line
    for position in range(0, len(table) - 1, 2):
        length, step = table[position], table[position + 1]
        if step != _NO_LINE_STEP:
            line += step - 256 if step >= 128 else step
        if length:
            starts.append(address)
            lines.append(NO_LINE if step == _NO_LINE_STEP else line)
            address += length
    return _ended(starts, lines, address)


def _ranges_of_locations(first_line: int, table: bytes) -> "Ranges":
    starts, lines = [], []
    address, line = 0, first_line
    last = None  # type: Optional[int]
    position, end = 0, len(table)
    while position < end:
        first = table[position]
        position += 1
        code = (first >> 3) & 15
        if code < _CODE_ONE_LINE:  # same line; one byte of columns
            position += 1
        elif code < _CODE_NO_COLUMNS:  # line step 0, 1 or 2; two bytes of columns
            line += code - _CODE_ONE_LINE
            position += 2
        elif code != _CODE_NONE:
            value, position = _varint(table, position)
            line += -(value >> 1) if value & 1 else value >> 1
            if code == _CODE_LONG:  # end line and columns follow: the next entry begins with a byte of 128 or more
                while position < end and table[position] < 128:
                    position += 1
        found = NO_LINE if code == _CODE_NONE else line
        if found != last:
            starts.append(address)
            lines.append(found)
            last = found
        address += ((first & 7) + 1) * 2
    return _ended(starts, lines, address)


def _varint(table: bytes, position: int) -> "Tuple[int, int]":
    """An integer of 6 bits a byte, lowest first, bit 6 saying that more follows; and the position behind it."""
    value = shift = 0
    while position < len(table):
        byte = table[position]
        position += 1
        value |= (byte & 63) << shift
        if not byte & 64:
            break
        shift += 6
    return value, position


def _ended(starts: "List[int]", lines: "List[int]", end: int) -> "Ranges":
    """The ranges with one more, without a line, for what lies behind the bytecode."""
    starts.append(end)
    lines.append(NO_LINE)
    return starts, lines
