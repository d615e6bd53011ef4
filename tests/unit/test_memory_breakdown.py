"""The memory breakdown: what the recording tells becomes parts that add up, in the page and in JSON."""

import itertools
import json
import re
from pathlib import Path
from typing import Any, Dict, List, Optional

import pytest
from recording_builder import MEBIBYTE, RecordingBuilder, profile_of

from filprofiler import _abi
from filprofiler.profile.build import build_profile
from filprofiler.profile.memory_breakdown import PARTS, import_bytes
from filprofiler.profile.model import Profile
from filprofiler.profile.own_code import OwnCode
from filprofiler.profile.program import Program
from filprofiler.profile.top import TopLines
from filprofiler.recording.reader import Recording
from filprofiler.report.json_reader import read_saved
from filprofiler.report.memory_breakdown import memory_breakdown_section
from filprofiler.report.summary import summary_lines
from filprofiler.report.writer import write_report

SECOND = 10**9
STARTED = 5 * SECOND  # of RecordingBuilder; its peak is 3.1 s later
UNKNOWN = _abi.FIL_NOT_KNOWN


def reading(seconds: float, tracked: int, **others: int) -> List[int]:
    """A row of RSS_SAMPLE_FIELDS; sizes in MiB."""
    values = {"anonymous": 40, "file": 12, "shared": 3, "mapped": 2, "mapped_files": 5, "written": 1, "free": 0}
    values.update(others)
    names = ("anonymous", "file", "shared", "mapped_files", "written", "free")
    sizes = [UNKNOWN if values[name] == UNKNOWN else values[name] * MEBIBYTE for name in names]
    return [STARTED + int(seconds * SECOND), tracked * MEBIBYTE, values["mapped"] * MEBIBYTE, *sizes]


def told(readings: Dict[int, List[int]], files: Optional[List[Any]] = None) -> Profile:
    """The profile of 30 MiB at the peak, 4 of them in mappings; now 20, and 1 in mappings."""
    builder = RecordingBuilder()
    builder.stack([("/job.py", "<module>", 3)], 0)
    builder.node(_abi.FIL_NODE_ROOT, builder.code("/job.py", "f", 5), 0, 20 * MEBIBYTE, 30 * MEBIBYTE)
    builder.counters = {
        _abi.FIL_COUNTER_MAPPINGS: (1 * MEBIBYTE, 4 * MEBIBYTE, builder.epoch, 0),
        _abi.FIL_COUNTER_FILES: (100 * MEBIBYTE, 7 * MEBIBYTE, builder.epoch - 1, 0),
    }
    builder.readings = readings
    builder.files = files or []
    builder.header.update(allocations=1234, allocated_bytes=99 * MEBIBYTE)
    return build_profile(Recording(builder.build()), Program(elapsed_seconds=9.0))


START = reading(-0.1, 0, anonymous=6, file=7, shared=0, mapped=0, mapped_files=0, written=0, free=1)


def test_the_parts_of_the_peak() -> None:
    profile = told({_abi.FIL_RSS_SAMPLE_START: START, _abi.FIL_RSS_SAMPLE_PEAK: reading(3.2, 29, free=UNKNOWN)})
    use = profile.memory.at_moment
    sizes = {name: getattr(use, name) and getattr(use, name) // MEBIBYTE for name in PARTS}
    assert sizes == {
        "blocks_bytes": 26,  # exact, whatever the reading says
        "mappings_bytes": 4,
        "mapped_files_bytes": 5,
        "before_bytes": 13,
        "libraries_bytes": 1,  # 12 of files, less 7 before, less 4 of the program's own that were not copied
        "allocator_free_bytes": None,
        "rest_bytes": 6,
    }
    assert use.resident_bytes == 55 * MEBIBYTE and abs(use.sample_seconds - 3.2) < 1e-6
    assert (profile.memory.files_bytes, profile.memory.allocations) == (100 * MEBIBYTE, 1234)
    assert profile.memory.at_end is None


def test_which_reading_tells_of_the_peak() -> None:
    near, last, end = _abi.FIL_RSS_SAMPLE_PEAK, _abi.FIL_RSS_SAMPLE_LAST, _abi.FIL_RSS_SAMPLE_END
    cases = [
        ({}, None),
        ({near: reading(3.0, 26)}, None),  # too little was live
        ({near: reading(3.0, 28)}, 3.0),
        ({near: reading(3.0, 28), last: reading(3.1, 30)}, 3.1),
        ({near: reading(3.0, 30), last: reading(8.0, 30)}, 3.0),
        ({near: reading(1.0, 30), end: reading(3.1, 30)}, 3.1),
        ({near: reading(1.0, 30), end: reading(3.1, 30, mapped_files=UNKNOWN, written=UNKNOWN)}, 1.0),
    ]
    for readings, expected in cases:
        use = told(readings).memory.at_moment
        assert use.sample_seconds == (None if expected is None else pytest.approx(expected)), readings
        assert (use.resident_bytes is None) == (expected is None)
        assert use.rest_bytes is None or expected is not None


@pytest.mark.parametrize("unknown", [(), ("mapped_files", "written"), ("free",)])
def test_any_parts_add_up(unknown: Any) -> None:
    for anonymous, files, own in itertools.product((0, 1, 400), (0, 7, 90), (0, 5, 80)):
        values = {"anonymous": anonymous, "file": files, "mapped_files": own, "written": min(own, 1), "free": 3}
        values.update(dict.fromkeys(unknown, UNKNOWN))
        for start in ({}, {_abi.FIL_RSS_SAMPLE_START: START}):
            profile = told({**start, _abi.FIL_RSS_SAMPLE_PEAK: reading(3, 30, **values)})
            use = profile.memory.at_moment
            assert sum(getattr(use, name) or 0 for name in PARTS) == use.resident_bytes


def cells(html: str, table: str) -> List[List[str]]:
    """The rows of a table in the page: the label, then exact sizes or what else stands there."""
    body = html.partition('<table id="%s">' % table)[2].partition("</table>")[0].partition("<tbody>")[2]
    rows = []
    for row in re.findall(r"<tr[^>]*>(.*?)</tr>", body, re.DOTALL):
        inside = re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row)
        rows.append([(re.findall(r'title="([^"]*)"', cell) or [cell])[0] for cell in inside])
    return rows


def as_number(cell: str) -> int:
    return int(cell.replace("\u2212", "-").replace(" bytes", "").replace(" byte", "").replace(",", ""))


def test_the_tables_of_the_page_add_up() -> None:
    end = reading(8.9, 20, anonymous=9, free=4, mapped_files=0, written=0)
    profile = told(
        {_abi.FIL_RSS_SAMPLE_START: START, _abi.FIL_RSS_SAMPLE_PEAK: reading(3.0, 30), _abi.FIL_RSS_SAMPLE_END: end}
    )
    html = memory_breakdown_section(profile, OwnCode(profile))
    rows = cells(html, "memory-table")
    assert len(rows[0]) == 3
    for column, use in ((1, profile.memory.at_moment), (2, profile.memory.at_end)):
        numbers = [0 if "unknown" in row[column] else as_number(row[column]) for row in rows]
        assert sum(numbers[:-1]) == numbers[-1] == use.resident_bytes
        assert sum(numbers[:2]) == use.tracked_bytes
    assert profile.memory.at_end.rest_bytes < 0 < profile.memory.at_moment.rest_bytes
    assert "0.10 s before that moment, when 30.0 MiB were tracked" in html
    assert "1,234 allocations, 99.0 MiB in total" in html


def test_what_is_not_known_is_said() -> None:
    html = memory_breakdown_section(told({}), OwnCode(told({})))
    rows = cells(html, "memory-table")
    assert [row[0][:10] for row in rows] == ["Tracked bl", "Tracked ma", "Resident, "]
    assert "not known" in rows[-1][1] and "is not known" in html


FILES = [
    [0, 0, "", UNKNOWN, UNKNOWN, 7, 0, 0, 0],  # of the others
    [1 << 20, 2 << 20, "/data/<b>.bin", 5 << 20, 1 << 20, 7, 4, 0, 0],
    [9 << 20, 8 << 20, "/data/<b>.bin", 5 << 20, 1 << 20, 6, 4, 1, 0],
    [3 << 20, 0, "/data/gone later", 0, 0, 7, 4, 0, 0],
    [5 << 20, 5 << 20, "", UNKNOWN, UNKNOWN, 7, 99, 0, 0],
]


def test_mapped_files() -> None:
    readings = {_abi.FIL_RSS_SAMPLE_START: START, _abi.FIL_RSS_SAMPLE_PEAK: reading(3.0, 30)}
    profile = told(readings, FILES)
    files = profile.memory.files
    assert [(file.path, file.mapped_bytes >> 20) for file in files] == [("/data/<b>.bin", 11), ("", 5)]
    assert (files[0].resident_bytes, files[0].written_bytes) == (5 << 20, 1 << 20)
    assert [(size >> 20, private) for size, private, _stack in files[0].mappings] == [(9, True), (2, False)]
    assert [site.name for site in files[0].mappings[0][2]] == ["f"]
    assert files[1].resident_bytes is None
    assert [site.name for site in files[1].mappings[0][2]] == ["[Callstack not recorded]"]
    rows = cells(memory_breakdown_section(profile, OwnCode(profile)), "file-table")
    assert rows[0][0] == "/data/&lt;b&gt;.bin" and as_number(rows[0][1]) == 11 << 20
    assert profile.peak_bytes == 30 * MEBIBYTE  # files are no part of it
    lines = summary_lines(profile, TopLines(profile), "/x/index.html", False)
    assert "Also resident: 5.0 MiB of mapped files (100.0 MiB mapped)" in lines
    assert told({}, FILES).memory.files[0].resident_bytes is None


def test_it_comes_back_from_json(tmp_path: Path) -> None:
    profile = told({_abi.FIL_RSS_SAMPLE_START: START, _abi.FIL_RSS_SAMPLE_PEAK: reading(3.0, 30)}, FILES)
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        write_report(profile, TopLines(profile), str(tmp_path / name), ["html", "json"])
        profile = read_saved(str(tmp_path / name / "peak-memory.json"))
    for file in ("index.html", "peak-memory.json"):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()
    data = json.loads((tmp_path / "one" / "peak-memory.json").read_text())
    use = data["memory"]["at_moment"]
    assert sum(use[name] or 0 for name in PARTS) == use["resident_bytes"]


def test_imports_are_told_apart(tmp_path: Path) -> None:
    """Also in files of the first releases, which have the import machinery's frames."""
    job, frozen = ("/job.py", 1, "<module>"), ("<frozen importlib._bootstrap>", 9, "_find_and_load")
    module, library = ("/x/site-packages/m.py", 3, "<module>"), ("/lib/importlib/_bootstrap_external.py", 4, "exec")
    stacks = [
        ([job, frozen, module, frozen, library], 1000),
        ([job, frozen], 200),
        ([library], 30),
        ([job, ("/x/site-packages/m.py", 4, "<module>")], 4),
    ]
    profile = profile_of(stacks)
    write_report(profile, TopLines(profile), str(tmp_path), ["json"])
    path = tmp_path / "peak-memory.json"
    data = json.loads(path.read_text())
    del data["nodes"]["imported"]
    for site in data["sites"]:
        if site["function"] == "[module code]" or site["line"] == 3:
            site.update(path=frozen[0], function=frozen[2], line=frozen[1])
    path.write_text(json.dumps(data))
    assert import_bytes(read_saved(str(path)).flat) == 1230
    assert import_bytes(profile.flat) == 1200
    assert import_bytes(profile_of([([job], 5)]).flat) == 0
