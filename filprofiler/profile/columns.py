"""Which part of a line allocated memory: the columns that CPython keeps from 3.11 on.

Computed on demand, one line at a time, for the few lines that are shown.
"""

from bisect import bisect_right

from filprofiler.profile.lines import LineTable, entry_places, read_varint

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, Iterable, List, Optional, Sequence, Tuple

    from filprofiler.profile.sites import SiteTable
    from filprofiler.profile.tree import Site
    from filprofiler.recording.reader import Recording

    # First column and end column, in bytes of the line's UTF-8; bytes that this part allocated.
    Part = Tuple[int, int, int]

    # By line table: where its entries begin, and the table itself padded with zeros.
    Entries = Dict[bytes, Tuple[List[int], bytes]]

    # Line, last line, first column, end column.
    Location = Tuple[int, int, int, int]

_FIRST_VERSION = 0x030B0000

# Forms of an entry, in bits 3 to 6 of its first byte.
_ONE_LINE_FORMS = (10, 11, 12)
_LONG_FORM = 14


class SavedColumns:
    """The columns in a saved profile."""

    def __init__(self, known: "Dict[Site, Tuple[int, int]]") -> None:
        self._known = known

    def of(self, site: "Site") -> "Optional[Tuple[int, int]]":
        """As Columns.of."""
        return self._known.get(site)

    def parts(self, site: "Site") -> "List[Part]":
        """Empty: a saved profile contains the hints themselves."""
        del site
        return []


class Columns:
    """Finds the columns of sites.

    table: the sites, and the functions' line tables.
    recording: the recording they belong to.
    big: by node of the recording, bytes at the reported moment in mappings and in blocks of 512 bytes or more.
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
        """First column and end column, in bytes of the line's UTF-8, of everything that the site executed.

        None if not known: before CPython 3.11, without columns, or if an expression spans other lines.
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
        """The parts of the line that allocated mappings and blocks of 512 bytes or more, themselves or through their
        callees, unordered.

        Only parts that begin and end on the line. Bytes allocated in a recursion may count more than once.
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
        """By node of the recording: its big bytes and those of all nodes below it. Parents precede children."""
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
    """The columns of a function of CPython 3.11 or later; a truncated table is read as far as it goes."""

    def __init__(self, lines: LineTable, known: "Optional[Entries]" = None) -> None:
        """known: cache of where the entries of tables begin: many functions may share a table."""
        self._lines = lines
        entries = None if known is None else known.get(lines.table)
        if entries is None:
            entries = entry_places(lines.table), lines.table + bytes(40)
            if known is not None:
                known[lines.table] = entries
        self._places, self._table = entries

    def at(self, offset: int) -> "Optional[Location]":
        """The source range of the instruction `offset` bytes into the bytecode; None if not known."""
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
