"""The summary on the terminal, and the words and numbers that all reports share."""

import pytest
from recording_builder import profile_of

from filprofiler import _abi
from filprofiler.profile.memory_breakdown import MemoryBreakdown, MemoryUse
from filprofiler.profile.top import TopLines
from filprofiler.recording.processes import OtherProcesses
from filprofiler.report import text
from filprofiler.report.sentences import completeness
from filprofiler.report.summary import COLUMNS, summary_lines

MEBIBYTE = 1024 * 1024


def test_lines(tmp_path):
    (tmp_path / "log_parser.py").write_text(
        "index[r.host].append((r.time, r.path, r.status, r.size, r.agent))\n\tload()\n"
    )
    path = str(tmp_path / "log_parser.py")
    profile = profile_of(
        [
            ([(path, 1, "f")], 60 * MEBIBYTE),
            ([(path, 2, "g")], 27 * MEBIBYTE),
            ([("/a.py", 1, "h")], 300 * 1024),
            ([], 9),
        ],
        resident_peak_bytes=95 * MEBIBYTE,
    )
    assert summary_lines(profile, TopLines(profile), "fil-result/x/index.html", False) == [
        "Peak 87.3 MiB at 3.1 s (resident at most 95.0 MiB)",
        "  60.0 MiB  69% log_parser.py:1 index[r.host].append((r.time, r...",
        "  27.0 MiB  31% log_parser.py:2 load()",
        " 300.0 KiB  <1% a.py:1",
        "Report: fil-result/x/index.html",
    ]


def test_what_was_resident_then_is_told_before_the_most_that_ever_was():
    profile = profile_of([([("/a.py", 1, "f")], 60 * MEBIBYTE)], resident_peak_bytes=95 * MEBIBYTE)
    use = MemoryUse(60 * MEBIBYTE, 0)
    use.resident_bytes = 70 * MEBIBYTE
    profile.memory = MemoryBreakdown(use, None, 1, 60 * MEBIBYTE, 0, ())
    assert summary_lines(profile, TopLines(profile), "i.html", False)[0] == "Peak 60.0 MiB at 3.1 s (resident 70.0 MiB)"


def test_what_is_missing_is_told_before_the_smaller_lines():
    """Never more than eight lines, whatever there is to say."""
    profile = profile_of([([("/a.py", line, "f")], line << 20) for line in range(1, 9)], missed={0: 2})
    profile.processes = OtherProcesses(2, 80 * MEBIBYTE, "/opt/a folder whose name is long/" + "b" * 90 + "/python3")
    profile.failed_requests = 4
    lines = summary_lines(profile, TopLines(profile), "i.html", False)
    assert lines[1:] == [
        "   8.0 MiB  22% a.py:8",
        "4 requests for memory failed; the program went on.",
        "2 processes started by this program are not in these numbers",
        "(the largest had at least 80.0 MiB resident).",
        "Until it became ...%s/python3 by exec." % ("b" * 29),
        "Incomplete: 2 events could not be recorded; the report says why.",
        "Report: i.html",
    ]
    assert max(map(len, lines)) <= COLUMNS


def test_one_process_that_nobody_saw():
    profile = profile_of([([("/a.py", 1, "f")], 60 * MEBIBYTE)])
    profile.processes = OtherProcesses(1)
    started = "1 process started by this program is not in these numbers"
    lines = summary_lines(profile, TopLines(profile), "i.html", False)
    assert lines[-3:-1] == [started, "(its size is not known)."]
    profile.processes = OtherProcesses(1, 80 * MEBIBYTE)
    lines = summary_lines(profile, TopLines(profile), "i.html", False)
    assert lines[-3:-1] == [started, "(it had at least 80.0 MiB resident)."]


def test_incomplete_and_hostile(tmp_path):
    (tmp_path / "a.py").write_text("\x1b[31m" + "\u4e2d" * 100)
    profile = profile_of(
        [([(str(tmp_path / "a.py"), 1, "f")], 5)],
        missed={_abi.FIL_MISSED_CALLSTACK: 2},
        resident_peak_bytes=3 * MEBIBYTE,
    )
    lines = summary_lines(profile, TopLines(profile), "x/" * 60, True)
    assert lines[0] == "Peak \x1b[1m5 bytes\x1b[0m at 3.1 s (resident at most 3.0 MiB)"
    assert "\x1b" not in lines[1]
    assert lines[2] == "Incomplete: 2 events could not be recorded; the report says why."
    assert lines[3] == "Report: " + "x/" * 60
    assert all(text.columns(line) <= COLUMNS for line in lines[1:3])


@pytest.mark.parametrize("events", [0, 3])
def test_calls_that_nobody_counted(events):
    missed = {_abi.FIL_MISSED_MALLOC: 1, _abi.FIL_MISSED_BLOCK: events}
    profile = profile_of([([("/a.py", 1, "f")], 5)], missed=missed)
    line = summary_lines(profile, TopLines(profile), "i.html", False)[-2]
    assert line == completeness(profile)
    assert "Incomplete: " in line and "Exact" not in line
    assert "malloc calls went to another library and bypassed the profiler" in line
    assert ("3 events could not be recorded, and others were not seen" in line) == bool(events)
    assert ("3: the bytes were not counted" in line) == bool(events)


def test_functions_that_only_another_malloc_has():
    profile = profile_of([([("/a.py", 1, "f")], 5)], missed={_abi.FIL_MISSED_OWN_FUNCTION: 1})
    line = summary_lines(profile, TopLines(profile), "i.html", False)[-2]
    assert line == completeness(profile)
    assert "Incomplete: " in line and "Exact" not in line
    assert "a function that only the allocator in use has (its name was not kept) bypassed the profiler" in line


def test_nothing_held():
    profile = profile_of([])
    assert summary_lines(profile, TopLines(profile), "i.html", False) == ["Peak 0 bytes at 3.1 s", "Report: i.html"]


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        (0, "0 bytes"),
        (1, "1 byte"),
        (1023, "1023 bytes"),
        (1024, "1.0 KiB"),
        (1048524, "1023.9 KiB"),
        (1048575, "1.0 MiB"),
        (87 * MEBIBYTE, "87.0 MiB"),
        (2**40 - 1, "1.0 TiB"),
        (2**63, "8.0 EiB"),
        (2**80, "1048576.0 EiB"),
    ],
)
def test_human_bytes(size, expected):
    assert text.human_bytes(size) == expected


def test_other_numbers():
    assert [text.seconds(value) for value in (0, 3.14, 59.96, 125, 3780)] == [
        "0.0 s",
        "3.1 s",
        "1 min 0 s",
        "2 min 5 s",
        "1 h 3 min",
    ]
    assert text.percent(1, 3) == "33.33%"
    assert text.percent(0, 0) == "100.00%"
    assert [text.rough_percent(part, 1000) for part in (0, 4, 6, 1000)] == ["0%", "<1%", "1%", "100%"]
    assert text.exact_bytes(1) == "1 byte"
    assert text.counted(1, "box", "es") == "1 box"


def test_cut():
    assert text.cut("abcdef", 6) == "abcdef"
    assert text.cut("abcdefg", 6) == "abcde\u2026"
    assert text.cut("\u4e2d\u4e2d\u4e2d", 5) == "\u4e2d\u4e2d\u2026"
    assert text.cut("abc", 0) == ""
    assert text.cut("e\u0301" * 4, 4) == "e\u0301" * 4


def test_visible():
    assert text.visible("a\tb\n\x7f\x9b\u2028\u00a0\u200d\ufeff") == "a    b\u240a\\u007f\\u009b\\u2028 \u200d\\ufeff"
