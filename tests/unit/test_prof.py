"""The .prof file: exact, one callstack a line, complete but for the deepest of very large files."""

import re
import tracemalloc
import zlib
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from recording_builder import profile_of

from filprofiler.profile.model import Profile
from filprofiler.profile.program import Program
from filprofiler.profile.tree import Node, Site, sum_up
from filprofiler.report import pprof, prof_writer
from filprofiler.report.deep_recursions import DEEP
from filprofiler.report.pprof import pprof_pieces
from filprofiler.report.prof_reader import read_prof
from filprofiler.report.prof_writer import prof_pieces


def lines_of(profile):
    """The lines of the file that tells every callstack, each with its end."""
    profile.folds = False
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


def recursion(levels):
    """A profile of a function that calls itself, and keeps bytes and calls another one that does, at each level.

    Also the callstacks as the file has them, with their bytes, in its order: the largest child first.
    """
    down, keep = Site("/j.py", "down", 2), Site("/j.py", "keep", 3)
    nodes = [Node(Site("", "all", 0), None)]
    outer, inner = [], []
    place, stack = nodes[0], ""
    for level in range(levels):
        place = Node(down, place, level + 1)
        nodes += [place, Node(keep, place, 10000 + level)]
        stack += ";/j.py:2 (down)" if stack else "/j.py:2 (down)"
        outer.append((stack, level + 1))
        inner.append((stack + ";/j.py:3 (keep)", 10000 + level))
    sum_up(nodes)
    return Profile(Program(), nodes[0]), outer + inner[::-1]


def test_a_deep_recursion_is_complete():
    profile, expected = recursion(DEEP + 500)
    assert lines_of(profile) == ["%s %d\n" % told for told in expected]


def test_a_deep_recursion_takes_no_memory():
    profile, _expected = recursion(4000)
    profile.folds = False
    assert len(profile.flat.nodes) == 8000
    tracemalloc.start()
    size = sum(map(len, prof_pieces(profile)))
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert size > 200 << 20
    assert peak < 2 << 20


LEFT_OUT = ";<frames left out>:0 (of a deep recursion);"


def test_frames_are_left_out_where_the_file_would_be_too_large(monkeypatch, tmp_path):
    monkeypatch.setattr(prof_writer, "_MOST_BYTES", 16 << 20)
    profile, expected = recursion(2000)
    lines = lines_of(profile)
    assert 8 << 20 < sum(map(len, lines)) < 17 << 20
    shortened = 0
    for line, (stack, held) in zip(lines, expected):
        told, _, number = line.rpartition(" ")
        assert int(number) == held
        outer, found, inner = told.partition(LEFT_OUT)
        if found:
            shortened += 1
            assert stack.startswith(outer + ";")
            assert stack.endswith(";" + inner)
            assert outer.count(";") + 1 == inner.count(";")
            assert stack.count(";") > 999
        else:
            assert told == stack
    assert shortened == 2 * 1000 + 1  # those of more than 1,000 frames
    assert len(lines) == len(expected)
    path = tmp_path / "peak-memory.prof"
    path.write_text("".join(lines))
    read = read_prof(str(path))
    assert read.peak_bytes == profile.peak_bytes
    assert len(read.flat.nodes) < 6000  # as few as without the gaps, and not those of each depth
    assert by_line(read) == by_line(profile)


def by_line(profile):
    """The bytes of each line."""
    held = Counter()
    for node in profile.flat.nodes:
        if node.own_bytes:
            held[node.site.path, node.site.line] += node.own_bytes
    return held


def test_of_the_largest_files_a_few_frames_stay(monkeypatch):
    monkeypatch.setattr(prof_writer, "_MOST_BYTES", 1)
    profile, expected = recursion(1010)
    lines = lines_of(profile)
    assert len(lines) == len(expected)
    assert sum(int(line.rpartition(" ")[2]) for line in lines) == profile.peak_bytes
    deep = [line for line in lines if LEFT_OUT in line]
    assert len(deep) == 2 * 10 + 1
    assert {line.count(";") for line in deep} == {64 + 1}


def test_a_stack_of_a_thousand_frames_stays_whole(monkeypatch):
    monkeypatch.setattr(prof_writer, "_MOST_BYTES", 1)
    profile, expected = recursion(999)
    assert lines_of(profile) == ["%s %d\n" % told for told in expected]
    frames = [("/j.py", number, "f") for number in range(1, 1300)]
    shallow, deep = lines_of(profile_of([(frames, 5), (frames[:500], 4)]))
    assert deep.count(";") == 64 + 1
    assert shallow.count(";") == 499


def test_pprof_of_a_deep_recursion_takes_no_memory():
    profile, _expected = recursion(4000)
    profile.folds = False
    assert len(profile.flat.nodes) == 8000
    tracemalloc.start()
    assert sum(map(len, pprof_pieces(profile))) > 1000
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2 << 20


def varints(content):
    """The numbers of packed bytes."""
    numbers, number, shift = [], 0, 0
    for byte in content:
        number |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            numbers.append(number)
            number, shift = 0, 0
    return numbers


def fields(message):
    """The fields of a message: their numbers, and their values."""
    found, place = [], 0
    while place < len(message):
        numbers = []
        for _number in range(2):
            end = place + 1
            while message[end - 1] > 127:
                end += 1
            numbers += varints(message[place:end])
            place = end
        field, value = numbers[0] >> 3, numbers[1]
        if numbers[0] & 7 == 2:
            value = message[place : place + value]
            place += len(value)
        found.append((field, value))
    return found


def pprof_stacks(profile):
    """The callstacks of pprof's file as in the .prof file, with their bytes, in its order; and its size, unpacked."""
    message = zlib.decompress(b"".join(pprof_pieces(profile)), 31)
    told = fields(message)
    texts = [value.decode("utf-8") for field, value in told if field == 6]
    functions = {
        of[1]: (texts[of[2]], texts[of[4]]) for of in (dict(fields(value)) for field, value in told if field == 5)
    }
    frames = {}
    for location in (dict(fields(value)) for field, value in told if field == 4):
        line = dict(fields(location[4]))
        name, path = functions[line[1]]
        frames[location[1]] = "%s:%d (%s)" % (path, line[2], name)
    stacks = []
    for sample in (dict(fields(value)) for field, value in told if field == 2):
        ((size,), numbers) = varints(sample[2]), varints(sample[1])
        stacks.append((";".join(frames[number] for number in reversed(numbers)), size))
    return stacks, len(message)


def many_lines_recursion(levels):
    """A recursion through so many lines that a number of a frame takes one, two or three bytes."""
    frames = [("/j.py", 1 + level * level % 17000, "f") for level in range(levels)]
    return profile_of([(frames[:end], end) for end in range(levels - 1000, levels)])


@pytest.mark.parametrize("make", [recursion, lambda levels: (many_lines_recursion(levels), None)])
def test_pprof_has_the_callstacks_of_the_prof_file(make, monkeypatch):
    profile = make(1300)[0]
    profile.folds = False
    told, _size = pprof_stacks(profile)
    expected = [(stack, int(size)) for stack, _, size in (line.rpartition(" ") for line in lines_of(profile))]
    assert told == expected
    assert sum(size for _stack, size in told) == profile.peak_bytes
    monkeypatch.setattr(prof_writer, "_MOST_BYTES", 1)
    monkeypatch.setattr(pprof, "_MOST_BYTES", 1)
    shortened = [(stack, int(size)) for stack, _, size in (line.rpartition(" ") for line in lines_of(profile))]
    assert any(LEFT_OUT in stack for stack, _size in shortened)
    assert pprof_stacks(profile)[0] == shortened


def test_pprof_of_a_deep_recursion_has_a_limit(monkeypatch):
    """The sum of all lengths is 16 million."""
    monkeypatch.setattr(pprof, "_MOST_BYTES", 6 << 20)
    profile, expected = recursion(4000)
    profile.folds = False
    stacks, size = pprof_stacks(profile)
    assert 3 << 20 < size < 7 << 20
    assert [held for _stack, held in stacks] == [held for _stack, held in expected]
    assert sum(LEFT_OUT in stack for stack, _held in stacks) > 4000


def test_long_names_in_a_deep_call_stack_take_no_memory():
    """All beginnings of a line would take 2 GB."""
    profile = profile_of([([("/" + "x" * 4000, 1, "f" * 4000)] * 700, 5)])
    profile.folds = False
    assert len(profile.flat.nodes) == 700
    tracemalloc.start()
    size = sum(map(len, prof_pieces(profile)))
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert 5 << 20 < size < 6 << 20
    assert peak < 2 * size


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
