"""The .prof file: complete, exact, one callstack a line."""

import re

from hypothesis import given, settings
from hypothesis import strategies as st
from recording_builder import profile_of

from filprofiler.report.prof import prof_pieces


def lines_of(profile):
    """The file's lines, each with its end."""
    return re.findall(".*\n", b"".join(prof_pieces(profile)).decode("utf-8"))


def test_format():
    profile = profile_of(
        [
            (
                [("/jobs/a.py", 24, "<module>"), ("/jobs/a.py", 21, "main"), ("/x/numpy/numeric.py", 191, "ones")],
                52428800,
            ),
            ([("/jobs/a.py", 24, "<module>")], 1024),
            ([], 1234),
        ],
        script="a.py",
        script_absolute="/jobs/a.py",
    )
    assert lines_of(profile) == [
        "a.py:24 (<module>) 1024\n",
        "a.py:24 (<module>);a.py:21 (main);/x/numpy/numeric.py:191 (ones) 52428800\n",
        "[No Python stack] 1234\n",
    ]


def test_what_the_format_uses_is_escaped():
    hostile = "/a;b\n\r\x0b\x1c\x85\u2028\udcff\x00 \\n.py"
    (line,) = lines_of(profile_of([([(hostile, 1, "f;g\n")], 10)]))
    assert line == "/a\\x3bb\\n\\r\\x0b\\x1c\\x85\\u2028\\udcff\\x00 \\n.py:1 (f\\x3bg\\n) 10\n"
    line.encode("utf-8")


def test_other_text_stands_as_it_is():
    (line,) = lines_of(profile_of([([("/caf\u00e9 \u4e2d\u00a0\u202e.py", 1, "<lambda>")], 10)]))
    assert line == "/caf\u00e9 \u4e2d\u00a0\u202e.py:1 (<lambda>) 10\n"


def test_thousand_deep():
    profile = profile_of([([("/j.py", number, "f") for number in range(1, 1001)], 5)])
    (line,) = lines_of(profile)
    assert line.count(";") == 999


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.lists(st.tuples(st.text(min_size=1), st.text()), max_size=5), st.integers(1, 2**40))))
def test_sum_is_the_peak_for_any_text(stacks):
    profile = profile_of(
        [([("/" + path, 1, name) for path, name in frames], size) for frames, size in stacks if frames]
    )
    lines = lines_of(profile)
    text = "".join(lines)
    assert len(text.splitlines()) == len(lines) == profile.root.callstacks
    assert sum(int(line.rpartition(" ")[2]) for line in lines) == profile.peak_bytes
    for line in lines:
        assert all(":1 (" in frame for frame in line.rpartition(" ")[0].split(";"))
