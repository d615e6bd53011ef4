"""The data of the page: what is written can be read back, to the byte."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from recording_builder import profile_of

from filprofiler.profile.columns import SavedColumns
from filprofiler.profile.own_code import OwnCode
from filprofiler.profile.source import SourceReader
from filprofiler.report import page_data
from filprofiler.report.page_data import DIGITS, page_json, underlined
from filprofiler.report.text import visible

NUMERIC = "/venv/lib/python3.9/site-packages/numpy/_core/numeric.py"


def data_of(profile):
    """The data of the page that tells every callstack, as the browser parses it."""
    profile.folds = False
    text = page_json(profile, OwnCode(profile), SourceReader(profile.program))
    assert not set("<>&") & set(text)
    assert text.isascii()
    return json.loads(text)


def number(digits):
    """A number from its digits, lowest first."""
    return sum(DIGITS.index(digit) << 6 * place for place, digit in enumerate(digits))


def callstacks(data):
    """Each callstack with bytes: its frames as (path, line, name), and the bytes."""
    nodes, sites, strings = data["nodes"], data["sites"], data["strings"]
    ups, sizes, width = iter(nodes["ups"]), nodes["bytes"].split(" "), nodes["width"]
    found, path = [], []
    for node in range(nodes["count"]):
        up = number(next(ups))
        if up == 63:
            up = number([next(ups) for _digit in range(4)])
        del path[len(path) + 1 - up - 1 :]
        site = number(nodes["sites"][node * width : (node + 1) * width])
        path.append((strings[sites["path"][site]], sites["line"][site], strings[sites["name"][site]]))
        if sizes[node]:
            found.append((list(path), int(sizes[node], 16)))
    return found


FRAMES = st.tuples(st.sampled_from(["/a.py", "</script>\0\udc80", "<x>"]), st.integers(1, 90), st.text(max_size=3))


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.lists(FRAMES, max_size=9), st.integers(1, 10**15)), max_size=40))
def test_every_callstack_is_there(stacks):
    profile = profile_of(stacks)
    data = data_of(profile)
    wanted = [
        ([(visible(site.path), site.line, visible(site.name)) for site in stack], size)
        for stack, size in profile.callstacks()
    ]
    assert callstacks(data) == wanted
    assert sum(size for _stack, size in callstacks(data)) == data["peak"] == profile.peak_bytes


def test_deep_and_many():
    deep = [("/a.py", line, "f") for line in range(1, 301)]
    profile = profile_of([(deep, 5), ([("/b.py", 1, "g")], 4)] + [([("/c.py", n, "h")], 3) for n in range(1, 5000)])
    data = data_of(profile)
    assert data["nodes"]["width"] == 3
    assert [len(stack) for stack, _size in callstacks(data)][:3] == [300, 1, 1]


def test_threads_are_told():
    from recording_builder import RecordingBuilder

    from filprofiler.profile.build import build_profile
    from filprofiler.profile.program import Program
    from filprofiler.recording.reader import Recording

    builder = RecordingBuilder()
    mark = builder.thread(builder.stack([("/a.py", "main", 5)], 0))
    builder.stack([("/a.py", "work", 9)], 70, parent=mark)
    nodes = data_of(build_profile(Recording(builder.build()), Program()))["nodes"]
    assert nodes["threads"] == [2, 0]
    assert nodes["threadWords"] == ["another thread"]


def test_own_code_folders_and_lines(tmp_path):
    (tmp_path / "job.py").write_text("import a\n\ndef f():\n\tx  = 1 \n    return x\n" + "z" * 500)
    job = str(tmp_path / "job.py")
    profile = profile_of([([(job, 4, "f"), (NUMERIC, 191, "ones")], 10), ([(job, 6, "g")], 1)])
    data = data_of(profile)
    sites = data["sites"]
    names = [data["strings"][name] for name in sites["name"]]
    mine = dict(zip(names, sites["mine"]))
    assert mine == {"all": "0", "f": "1", "ones": "0", "g": "1"}
    assert data["folders"] == {
        str(data["strings"].index(NUMERIC)): len("/venv/lib/python3.9/site-packages/"),
    }
    ((lines, numbers),) = data["lines"].values()
    lines = lines.split("\n")
    assert numbers == [3, 4, 5, 6]  # the second is blank
    assert lines[:3] == ["def f():", "    x  = 1", "    return x"]
    assert len(lines) == 4 and len(lines[3]) == 240 and lines[3].endswith("z\u2026")


def test_the_largest_sites_have_the_lines_around_them(tmp_path, monkeypatch):
    job = tmp_path / "job.py"
    job.write_text("".join("line %d\n" % number for number in range(1, 101)))
    monkeypatch.setattr(page_data, "_WITH_AROUND", 1)
    monkeypatch.setattr(page_data, "_WITH_LINE", 3)
    sizes = {10: 500, 20: 400, 30: 300, 40: 200, 50: 100}
    profile = profile_of([([(str(job), line, "f")], size) for line, size in sizes.items()])
    ((text, numbers),) = data_of(profile)["lines"].values()
    assert numbers == [8, 9, 10, 11, 12, 20, 30]
    assert text.split("\n") == ["line %d" % number for number in numbers]
    for room, left in ((23, [10, 20, 30]), (15, [10]), (6, [])):
        monkeypatch.setattr(page_data, "_CHARACTERS", room)
        assert [lines[1] for lines in data_of(profile)["lines"].values()] == ([left] if left else [])


def test_library_code_has_source_where_its_boxes_can_be_seen(tmp_path, monkeypatch):
    library = tmp_path / "site-packages" / "numeric" / "core.py"
    library.parent.mkdir(parents=True)
    job = tmp_path / "job.py"
    for path in (library, job):
        path.write_text("".join("line %d\n" % number for number in range(1, 101)))
    monkeypatch.setattr(page_data, "_REACH", 0)
    frames = {10: 10**6, 20: 100, 30: 99}
    callstacks = [([(str(job), line, "f"), (str(library), line, "g")], size) for line, size in frames.items()]
    profile = profile_of(callstacks + [([(str(job), 40, "f")], 1)])
    assert profile.peak_bytes == 1000200

    def lines_shown():
        data = data_of(profile)
        return {data["strings"][int(path)]: numbers for path, (_text, numbers) in data["lines"].items()}

    assert lines_shown() == {str(job): [10, 20, 30, 40], str(library): [10]}
    monkeypatch.setattr(page_data, "_WITH_SOURCE_SHARE", 10003)
    assert lines_shown() == {str(job): [10, 20, 30, 40], str(library): [10, 20]}
    monkeypatch.setattr(page_data, "_WITH_SOURCE", 3)  # the third is the job's line 20
    assert lines_shown() == {str(job): [10, 20, 30, 40], str(library): [10]}


def test_blank_lines_are_left_out(tmp_path):
    job = tmp_path / "job.py"
    job.write_text("\n  \t\u3000\n\x0c\nx = 1\n", encoding="utf-8")
    ((text, numbers),) = data_of(profile_of([([(str(job), 4, "f")], 1)]))["lines"].values()
    assert (text, numbers) == ("\u240c\nx = 1", [3, 4])


@pytest.mark.parametrize("columns", [(8, 6), (3, 99), (0, 2)])
def test_columns_are_inside_the_line_and_in_order(tmp_path, columns):
    job = tmp_path / "job.py"
    for line in ("cb  ac", "cb\t\u00e9 ac"):
        job.write_text(line, encoding="utf-8")
        profile = profile_of([([(str(job), 1, "f")], 1)])
        site = next(iter(profile.callstacks()))[0][0]
        profile.columns = SavedColumns({site: columns})
        found = underlined(profile, site, SourceReader(profile.program))
        assert found is None or 0 <= found[0] <= found[1] <= len(visible(line))
