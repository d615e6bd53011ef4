"""Which part of a line asked for memory: the columns that CPython keeps from 3.11 on.

Worked out for the few lines that are shown, one at a time, when they are asked for.
"""

from bisect import bisect_right

from filprofiler.profile.lines import LineTable, entry_places, read_varint

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, Iterable, List, Optional, Sequence, Tuple

    from filprofiler.profile.sites import SiteTable
    from filprofiler.profile.tree import Site
    from filprofiler.recording.reader import Recording

    # First column and the one behind the last, in bytes of the line's UTF-8; bytes that this part asked for.
    Part = Tuple[int, int, int]

    # By a line table, where its entries begin, and itself with zeros behind it.
    Entries = Dict[bytes, Tuple[List[int], bytes]]

    # Line, last line, first column, column behind the last.
    Location = Tuple[int, int, int, int]

_FIRST_VERSION = 0x030B0000

# Forms of an entry, in bits 3 to 6 of its first byte.
_ONE_LINE_FORMS = (10, 11, 12)
_LONG_FORM = 14


class SavedColumns:
    """The columns that came with a saved profile."""

    def __init__(self, known: "Dict[Site, Tuple[int, int]]") -> None:
        self._known = known

    def of(self, site: "Site") -> "Optional[Tuple[int, int]]":
        """As Columns.of."""
        return self._known.get(site)

    def parts(self, site: "Site") -> "List[Part]":
        """As Columns.parts: a saved profile has brought what was made of them."""
        del site
        return []


class Columns:
    """Finds the columns of sites.

    table: has the sites, and the functions' line tables.
    recording: the one that it is of.
    big: bytes of each of the recording's nodes, at the moment that is told, in mappings and in blocks of 512 or more.
    """

    def __init__(self, table: "SiteTable", recording: "Recording", big: "Sequence[int]") -> None:
        self._table = table
        self._recording = recording
        self._big = big
        self._totals: "Optional[List[int]]" = None
        self._by_number: "Optional[Dict[int, List[int]]]" = None
        self._number_of: "Dict[Site, int]" = {}
        self._locations: "Dict[int, Optional[Locations]]" = {}
        self._entries: "Entries" = {}

    def of(self, site: "Site") -> "Optional[Tuple[int, int]]":
        """First column and the one behind the last, in bytes of the line's UTF-8, of all that the site did.

        None where it is not known: before CPython 3.11, without columns, or where an expression spans other lines.
        """
        first = last = None
        for place in self._places_of(site):
            located = self._located(place)
            if located is None or located[0] != site.line or located[1] != site.line:
                return None
            first = located[2] if first is None else min(first, located[2])
            last = located[3] if last is None else max(last, located[3])
        return None if first is None or last is None or first >= last else (first, last)

    def parts(self, site: "Site") -> "List[Part]":
        """The parts of the line that asked for mappings and for blocks of 512 bytes or more, themselves or through what
        they called, in no order.

        Only parts that begin and end on the line. What a part asked for in a recursion may be in it more than once.
        """
        ranges: "Dict[int, Tuple[int, int]]" = {}
        for place in self._places_of(site):
            located = self._located(place)
            if located is not None and located[0] == site.line and located[1] == site.line:
                ranges[place] = located[2:]
        sizes: "Dict[Tuple[int, int], int]" = {}
        recording = self._recording
        for code, offset, size in zip(recording.codes, recording.offsets, self._all_totals() if ranges else ()):
            if size:
                columns = ranges.get(code << 32 ^ offset)
                if columns is not None:
                    sizes[columns] = sizes.get(columns, 0) + size
        return [(first, last, size) for (first, last), size in sizes.items()]

    def _all_totals(self) -> "List[int]":
        """Of each of the recording's nodes, those bytes of it and of all below it. Parents stand before children."""
        if self._totals is None:
            self._totals = totals = list(self._big)
            parents = self._recording.parents
            for number in range(len(totals) - 1, 0, -1):
                size = totals[number]
                if size:
                    totals[parents[number]] += size
        return self._totals

    def _places_of(self, site: "Site") -> "Iterable[int]":
        if self._by_number is None:
            self._number_of = {known: number for number, known in enumerate(self._table.sites)}
            by_number: "Dict[int, List[int]]" = {}
            for place, number in self._table.known.items():
                by_number.setdefault(number, []).append(place)
            self._by_number = by_number
        return self._by_number.get(self._number_of.get(site, 0), ())

    def _located(self, place: int) -> "Optional[Location]":
        if place < 0:  # a negative offset: the function has not begun
            return None
        number = place >> 32
        if number not in self._locations:
            lines = self._table.lines(number)
            known = self._recording.python_version >= _FIRST_VERSION
            if known and isinstance(lines, LineTable):
                self._locations[number] = Locations(lines, self._entries)
            else:
                self._locations[number] = None
        locations = self._locations[number]
        return None if locations is None else locations.at(place & 0xFFFFFFFF)


class Locations:
    """The columns of a function of CPython 3.11 or later; a table that is cut short is read as far as it goes."""

    def __init__(self, lines: LineTable, known: "Optional[Entries]" = None) -> None:
        """known: where the entries of tables begin that were read before: many functions may have the same one."""
        self._lines = lines
        entries = None if known is None else known.get(lines.table)
        if entries is None:
            entries = entry_places(lines.table), lines.table + bytes(40)
            if known is not None:
                known[lines.table] = entries
        self._places, self._table = entries

    def at(self, offset: int) -> "Optional[Location]":
        """The part of the source of the instruction `offset` bytes into the bytecode; None if that is not known."""
        number = bisect_right(self._lines.ends, offset)
        if number == len(self._lines.ends):
            return None
        table, position, line = self._table, self._places[number], self._lines.line_of_range(number)
        form = table[position] >> 3 & 15
        position += 1
        if form < _ONE_LINE_FORMS[0]:
            start = form << 3 | table[position] >> 4
            return line, line, start, start + (table[position] & 15)
        if form in _ONE_LINE_FORMS:
            return line, line, table[position], table[position + 1]
        if form != _LONG_FORM:
            return None
        _step, position = read_varint(table, position)
        lines, position = read_varint(table, position)
        start, position = read_varint(table, position)
        end, position = read_varint(table, position)
        return (line, line + lines, start - 1, end - 1) if start and end else None
