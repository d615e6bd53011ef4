"""The profile seen leaf first, line by line, and by the user's own lines; source text."""

import os
import subprocess
import sys
import tracemalloc
import zipfile
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from recording_builder import profile_of

from filprofiler.profile.model import Profile
from filprofiler.profile.own_code import OwnCode
from filprofiler.profile.program import Program
from filprofiler.profile.reversed_tree import ReversedRoot
from filprofiler.profile.source import SourceReader, decode_source
from filprofiler.profile.top import TopLines
from filprofiler.profile.tree import Node, Site, sum_up

NUMERIC = "/venv/lib/python3.9/site-packages/numpy/_core/numeric.py"
JOB = "/jobs/job.py"


EXAMPLE = (
    ([(JOB, 1, "<module>"), (JOB, 5, "main"), (NUMERIC, 191, "ones")], 700),
    ([(JOB, 1, "<module>"), (JOB, 5, "main")], 30),
    ([(JOB, 1, "<module>"), (JOB, 6, "main"), (NUMERIC, 191, "ones")], 200),
    ([("/usr/lib/python3.9/json/decoder.py", 355, "raw_decode")], 4),
)


STACKS = st.lists(st.tuples(st.lists(st.integers(0, 5), max_size=8), st.integers(1, 1000)), max_size=30)


def names(nodes):
    return [(node.site.line, node.total_bytes, node.own_bytes, node.callstacks) for node in nodes]


def test_reversed_tree():
    profile = profile_of(EXAMPLE)
    root = ReversedRoot(profile)
    assert (root.total_bytes, root.own_bytes, root.callstacks) == (934, 0, 4)
    assert names(root.children) == [(191, 900, 0, 2), (5, 30, 0, 1), (355, 4, 4, 1)]
    ones = root.children[0]
    assert names(ones.children) == [(5, 700, 0, 1), (6, 200, 0, 1)]
    assert names(ones.children[0].children) == [(1, 700, 700, 1)]
    assert root.children[2].children == []


def test_reversed_tree_of_a_recursion():
    profile = profile_of([([(JOB, 1, "f")] * 3, 10), ([(JOB, 1, "f")], 1)])
    (node,) = ReversedRoot(profile).children
    assert (node.total_bytes, node.own_bytes, node.callstacks) == (11, 1, 2)


def test_reversed_tree_of_a_recursion_that_keeps_takes_no_memory():
    """Each row of the picture has nearly all callstacks; they were kept for each, 120 bytes a callstack."""
    nodes = [Node(Site("", "all", 0), None)]
    for _level in range(5000):
        nodes.append(Node(nodes[1].site if nodes[1:] else Site("/j.py", "f", 1), nodes[-1], 10))
    sum_up(nodes)
    profile = Profile(Program(), nodes[0])
    assert len(profile.flat.nodes) == 5000 and profile.totals.own_bytes
    tracemalloc.start()
    node = ReversedRoot(profile)
    for _row in range(100):
        (node,) = node.children
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (node.total_bytes, node.own_bytes, node.callstacks) == (49010, 10, 4901)
    assert peak < 100 * 5000


@settings(max_examples=60, deadline=None)
@given(STACKS)
def test_reversed_tree_against_the_callstacks(stacks):
    profile = profile_of([([(JOB, 1 + n, "f") for n in numbers], size) for numbers, size in stacks])
    expected = Counter()
    for stack, size in profile.callstacks():
        for length in range(1, len(stack) + 1):
            expected[tuple(site.line for site in stack[::-1][:length])] += size
    found = {}
    pending = [((), node) for node in ReversedRoot(profile).children]
    while pending:
        above, node = pending.pop()
        found[(*above, node.site.line)] = node.total_bytes
        assert node.total_bytes == node.own_bytes + sum(child.total_bytes for child in node.children)
        pending += [((*above, node.site.line), child) for child in node.children]
    assert found == expected


def test_recursion_counts_once_in_a_lines_total():
    recursive = [(JOB, 1, "f"), (JOB, 1, "f"), (JOB, 2, "g"), (JOB, 1, "f")]
    profile = profile_of([(recursive, 10), ([(JOB, 1, "f")], 1), ([(JOB, 2, "g")], 5)])
    lines = [(line.site.name, line.own_bytes, line.total_bytes) for line in profile.totals.lines()]
    assert lines == [("g", 5, 15), ("f", 11, 11)]


@settings(max_examples=60, deadline=None)
@given(STACKS)
def test_totals_of_lines_and_functions_against_a_sum_over_callstacks(stacks):
    profile = profile_of([([(JOB, 1 + n, "f%d" % (n % 3)) for n in numbers], size) for numbers, size in stacks])
    both = profile.totals
    for totals, key in (
        (both.lines(), lambda site: (site.line, site.name)),
        (both.functions(), lambda site: site.name),
    ):
        own, total = Counter(), Counter()
        for stack, size in profile.callstacks():
            own[key(stack[-1])] += size
            for one in {key(site) for site in stack}:
                total[one] += size
        assert {key(line.site): line.total_bytes for line in totals} == dict(total)
        assert {key(line.site): line.own_bytes for line in totals} == {one: own[one] for one in total}
        assert [line.total_bytes for line in totals] == sorted(total.values(), reverse=True)
    for all_of_them, some in ((both.lines(), both.lines), (both.functions(), both.functions)):
        told = [(line.site, line.own_bytes, line.total_bytes) for line in all_of_them]
        for most in range(len(told) + 2):
            assert [(line.site, line.own_bytes, line.total_bytes) for line in some(most)] == told[:most]


def test_top_lines_are_the_users_own_and_add_up():
    profile = profile_of(EXAMPLE)
    lines = TopLines(profile).lines
    assert [(line.site.line, line.held_bytes, line.owned) for line in lines] == [
        (5, 730, True),
        (6, 200, True),
        (355, 4, False),
    ]
    assert [line.via and line.via.line for line in lines] == [191, 191, None]
    assert sum(line.held_bytes for line in lines) == profile.peak_bytes


@pytest.mark.parametrize(
    ("path", "owned"),
    [
        ("/jobs/job.py", True),
        ("job.py", True),
        ("/home/x/lib/tools.py", True),
        (NUMERIC, False),
        ("/usr/lib/python3/dist-packages/six.py", False),
        ("/usr/lib/python3.9/json/decoder.py", False),
        (os.path.join(os.path.dirname(os.__file__), "json", "decoder.py"), False),
        ("<frozen importlib._bootstrap>", False),
        ("<__array_function__ internals>", False),
        ("<string>", False),
        ("<ipython-input-3-abc>", True),
        ("", False),
    ],
)
def test_own_code(path, owned):
    profile = profile_of(EXAMPLE)
    assert OwnCode(profile).owns(Site(path, "f", 1)) is owned


def test_what_the_program_began_with_is_the_users_own():
    module = "/usr/lib/python3.9/json/tool.py"
    profile = profile_of([([("/b.py", 1, "become"), (module, 80, "<module>")], 5)], own_files=["/b.py"])
    assert OwnCode(profile).owns(profile.root.children[0].site)
    profile = profile_of([([("<string>", 1, "<module>")], 5)], command="x = 1")
    assert OwnCode(profile).owns(profile.root.children[0].site)


def test_library_path():
    own_code = OwnCode(profile_of(EXAMPLE))
    assert own_code.library_path(NUMERIC) == "numpy/_core/numeric.py"
    assert own_code.library_path("/usr/lib/python3.9/json/decoder.py") == "json/decoder.py"
    assert own_code.library_path("/jobs/job.py") == "/jobs/job.py"


def test_source_lines(tmp_path):
    (tmp_path / "a.py").write_bytes(b"x = 1\r\n\tif  x:\x0c\r    y\n")
    sources = SourceReader(Program(cwd=str(tmp_path), command="first\n  second"))
    assert [sources.line("a.py", number) for number in (0, 1, 2, 3, 4, 5)] == ["", "x = 1", "if  x:", "y", "", ""]
    assert sources.line(str(tmp_path / "a.py"), 1) == "x = 1"
    assert sources.line("<string>", 2) == "second"


def test_source_that_is_not_there(tmp_path):
    os.mkfifo(str(tmp_path / "pipe"))
    sources = SourceReader(Program(cwd=str(tmp_path)))
    for path in ("absent.py", "pipe", str(tmp_path), "/dev/zero", "<string>", "<frozen os>", "", "a\0b", "\udcff.py"):
        assert sources.line(path, 1) == ""


@pytest.mark.parametrize("path", ["/dev/null/x.py", "/dev/null/", "/dev/null//x/y.py", "//dev/null/x"])
def test_a_path_below_what_is_no_file_ends(path):
    """A program can call its code what it likes; here the way up to the root meets no file at all."""
    command = (
        "import sys; from filprofiler.profile.model import Program;"
        "from filprofiler.profile.source import SourceReader;"
        "print(repr(SourceReader(Program(cwd='/')).line(sys.argv[1], 1)))"
    )
    found = subprocess.run([sys.executable, "-c", command, path], stdout=subprocess.PIPE, timeout=60, check=True)
    assert found.stdout == b"''\n"


def test_source_inside_a_damaged_zip(tmp_path):
    path = tmp_path / "app.zip"
    with zipfile.ZipFile(str(path), "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.py", "import this\n" * 100)
    content = bytearray(path.read_bytes())
    content[34] ^= 0xFF  # the first byte of what is packed
    path.write_bytes(bytes(content))
    assert SourceReader(Program(cwd=str(tmp_path))).line("app.zip/a.py", 1) == ""


def test_source_inside_a_zip(tmp_path):
    with zipfile.ZipFile(str(tmp_path / "app.zip"), "w") as archive:
        archive.writestr("pkg/__main__.py", "import this\n")
    (tmp_path / "no.zip").write_text("not a zip")
    sources = SourceReader(Program(cwd=str(tmp_path)))
    assert sources.line("app.zip/pkg/__main__.py", 1) == "import this"
    assert sources.line("app.zip/absent.py", 1) == ""
    assert sources.line("no.zip/absent.py", 1) == ""


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("x = '\u00e9'".encode(), "x = '\u00e9'"),
        (b"\xef\xbb\xbfx = 1", "x = 1"),
        (b"# -*- coding: latin-1 -*-\nx = '\xe9'", "# -*- coding: latin-1 -*-\nx = '\u00e9'"),
        (b"#!/usr/bin/python\n# vim: set fileencoding=cp1252 :\n\x80", None),
        (b"x = 1\n# coding: latin-1\n\xe9", "x = 1\n# coding: latin-1\n\ufffd"),
        (b"# coding: no-such-thing\n\xe9", "# coding: no-such-thing\n\ufffd"),
        (b"# coding: rot13\nx", "# coding: rot13\nx"),
        (b"", ""),
    ],
)
def test_source_encodings(content, text):
    decoded = decode_source(content)
    if text is None:
        assert decoded.endswith("\u20ac")
    else:
        assert decoded == text


@pytest.mark.parametrize("path", ["/dev/null/x.py", "/dev/null/a/b.py", "..", "/", "", "a.txt/inside.py", "gone/x.py"])
def test_a_path_that_no_file_can_have_has_no_source(tmp_path, path):
    (tmp_path / "a.txt").write_text("no zip")
    assert SourceReader(Program(cwd=str(tmp_path))).line(path, 1) == ""
