"""Columns of line tables, compared with what real interpreters answer; and what of them is underlined."""

import subprocess
import sys

import pytest
from recording_builder import RecordingBuilder

from filprofiler.profile.build import build_profile
from filprofiler.profile.columns import Locations
from filprofiler.profile.lines import LineTable
from filprofiler.profile.program import Program
from filprofiler.profile.source import SourceReader
from filprofiler.recording.reader import Recording
from filprofiler.report.page_data import underlined

# Run by each interpreter: for functions of its own standard library, their first line, their table, and co_positions.
DUMP = r"""
import binascii, glob, os, types
def functions(code):
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from functions(constant)
for path in sorted(glob.glob(os.path.join(os.path.dirname(os.__file__), "*.py")))[::17]:
    for code in functions(compile(open(path, "rb").read(), "x", "exec")):
        positions = ";".join(",".join(map(str, position)) for position in code.co_positions())
        print("%d|%s|%s" % (code.co_firstlineno, binascii.hexlify(code.co_linetable).decode(), positions))
"""
NOWHERE = ("None", "None", "None", "None")
VERSION = 0x030B07F0


def test_every_instruction_of_many_modules(interpreter):
    if interpreter.version < (3, 11):
        pytest.skip("this Python does not know the feature")
    output = subprocess.run([interpreter.path, "-W", "ignore", "-c", DUMP], stdout=subprocess.PIPE, check=True).stdout
    rows = output.decode().splitlines()
    assert len(rows) > 200
    for row in rows:
        first_line, table, positions = row.split("|")
        expected = [tuple(position.split(",")) for position in positions.split(";")]
        locations = Locations(LineTable(VERSION, int(first_line), bytes.fromhex(table)))
        found = [locations.at(offset) for offset in range(0, 2 * len(expected), 2)]
        told = [NOWHERE if location is None else tuple(map(str, location)) for location in found]
        located = [(mine, theirs) for mine, theirs in zip(told, expected) if mine != NOWHERE or theirs[2] != "None"]
        assert locations.at(2 * len(expected)) is None
        assert located and all(mine == theirs for mine, theirs in located)


def test_tables_that_are_cut_short_end():
    for table in (b"\xf0", b"\xf0\x7f", b"\x80", b"\xd7\x01", bytes(range(256))):
        locations = Locations(LineTable(VERSION, 1, table))
        assert [locations.at(offset) for offset in range(16 * len(table), 32 * len(table))] == [None] * 16 * len(table)


def locations(*places):
    """A co_linetable of one entry a place: (line step, columns) or None for one without columns; 2 bytes each."""
    table = b""
    for step, first, last in places:
        table += bytes([0x80 | 14 << 3, step << 1, 0, first + 1, last + 1])
    return table


@pytest.fixture
def site_of(tmp_path):
    """Makes the columns that are underlined in a line, of a function whose instructions have a given table."""

    def make(source, table, offsets, version=VERSION):
        (tmp_path / "job.py").write_text(source, encoding="utf-8")
        builder = RecordingBuilder(python_version=version)
        code = builder.code(str(tmp_path / "job.py"), "f", first_line=1, table=table)
        for offset in offsets:
            builder.hold(builder.node(1, code, offset), 100)
        profile = build_profile(Recording(builder.build()), Program())
        (node,) = profile.root.children
        return underlined(profile, node.site, SourceReader(profile.program))

    return make


def test_columns_are_characters_of_the_line_as_it_is_shown(site_of):
    assert site_of("x = f(1)\n", locations((0, 4, 8)), [0]) == (4, 8)
    assert site_of("\t\u4e2d = f(1)\n", locations((0, 7, 11)), [0]) == (8, 12)  # a tab is 4 columns, \u4e2d 3 bytes


def test_what_a_line_did_at_several_places_is_underlined_as_one(site_of):
    assert site_of("x = f(1) + g(2)\n", locations((0, 4, 8), (0, 11, 15)), [0, 1]) == (4, 15)
    assert site_of("x = f(1) + g(2)\n", locations((0, 4, 8), (0, 11, 15)), [1]) == (11, 15)


def test_nothing_is_underlined_where_it_is_not_known(site_of):
    assert site_of("x = f(\n1)\n", bytes([0x80 | 14 << 3, 0, 1, 5, 3]), [0]) is None  # spans two lines
    assert site_of("x = f(1)\n", bytes([0x80 | 13 << 3, 0]), [0]) is None  # no columns
    assert site_of("x\n", locations((0, 4, 8)), [0]) is None  # the file has been changed
    assert site_of("x = f(1)\n", b"", [0], version=0x030912F0) is None
    assert site_of("x = f(1)\n", locations((0, 4, 8)), [-1]) is None  # the function has not begun


@pytest.mark.skipif(sys.version_info < (3, 11), reason="this Python does not know the feature")
def test_a_real_expression(site_of):
    source = "x = 1 and  [0] * 5  \n"
    code = compile(source, "job.py", "exec")
    offset = next(place for place, p in enumerate(code.co_positions()) if p[2:] == (11, 18))
    assert site_of(source, code.co_linetable, [offset], version=sys.hexversion) == (11, 18)
