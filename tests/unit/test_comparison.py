"""Two results side by side: what counts as the same line, sums, the table and the page."""

import random
import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any, Dict, List, Optional, Tuple

import pytest
from recording_builder import MEBIBYTE, profile_of

from filprofiler.errors import SavedProfileError, UsageError
from filprofiler.profile.comparison import Comparison
from filprofiler.profile.model import Profile
from filprofiler.profile.source import SourceReader
from filprofiler.profile.threshold import parse_threshold
from filprofiler.profile.top import TopLines
from filprofiler.report import template
from filprofiler.report.comparison_page import comparison_page
from filprofiler.report.comparison_text import COLUMNS, comparison_lines
from filprofiler.report.json_reader import read_saved
from filprofiler.report.prof_reader import read_prof
from filprofiler.report.writer import write_report

Stacks = List[Tuple[List[Tuple[str, int, str]], int]]


def saved(stacks: Stacks, folder: Path, sources: Optional[Dict[str, str]] = None) -> Profile:
    """A profile that has brought its source lines: files in `sources` are written into `folder`, its cwd."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in (sources or {}).items():
        (folder / name).write_text(text)
    profile = profile_of(stacks, cwd=str(folder))
    write_report(profile, TopLines(profile), str(folder), ["json"])
    return read_saved(str(folder / "peak-memory.json"))


def in_prof(profile: Profile, folder: Path) -> Profile:
    """The same as it is read from a .prof file."""
    folder.mkdir(exist_ok=True)
    profile.folds = False
    write_report(profile, TopLines(profile), str(folder), ["prof"])
    return read_prof(str(folder / "peak-memory.prof"))


def growth_by_line(comparison: Comparison) -> Dict[int, int]:
    return {change.site.line: change.growth_bytes for change in comparison.changes}


def test_a_line_that_moved_is_the_same_line(tmp_path: Path) -> None:
    old = "import x\na = x.load(1)\nb = [0]\nc = 1\n"
    new = "import x\n# a comment\n\na = x.load(1)\nb = [0, 1]\nd = f()\n"
    before = saved(
        [([("m.py", 2, "f")], 100), ([("m.py", 3, "f")], 10), ([("m.py", 4, "f")], 7)], tmp_path / "a", {"m.py": old}
    )
    after = saved(
        [([("m.py", 4, "f")], 150), ([("m.py", 5, "f")], 11), ([("m.py", 6, "f")], 9)], tmp_path / "b", {"m.py": new}
    )
    comparison = Comparison(before, after)
    assert comparison.by_text
    told = [(c.site.line, c.in_newer, c.before_bytes, c.after_bytes) for c in comparison.changes]
    assert told == [(4, True, 100, 150), (6, True, 0, 9), (5, True, 10, 11), (4, False, 7, 0)]


def test_without_source_a_line_is_its_number(tmp_path: Path) -> None:
    before = in_prof(profile_of([([("m.py", 2, "f")], 100), ([("m.py", 3, "f")], 10)]), tmp_path / "a")
    after = in_prof(profile_of([([("m.py", 2, "f")], 150), ([("m.py", 4, "f")], 10)]), tmp_path / "b")
    comparison = Comparison(before, after)
    assert not comparison.by_text
    assert growth_by_line(comparison) == {2: 50, 4: 10, 3: -10}


def test_other_checkouts_and_environments_are_the_same(tmp_path: Path) -> None:
    before = saved(
        [([(str(tmp_path / "a" / "m.py"), 1, "f"), ("/v1/lib/site-packages/p/q.py", 9, "g")], 5)], tmp_path / "a"
    )
    after = saved(
        [([(str(tmp_path / "b" / "m.py"), 1, "f"), ("/v2/lib/site-packages/p/q.py", 9, "g")], 5)], tmp_path / "b"
    )
    assert Comparison(before, after).changes == []
    assert Comparison(before, after).root.total_bytes == 0


def random_stacks(choose: random.Random) -> Stacks:
    stacks: Stacks = []
    for _stack in range(choose.randrange(12)):
        depth = choose.randrange(1, 5)
        frames = [("m%d.py" % choose.randrange(2), choose.randrange(1, 4), choose.choice("fg")) for _ in range(depth)]
        stacks.append((frames, choose.randrange(1, 1000) * 1000))
    return stacks


@pytest.mark.parametrize("seed", range(40))
def test_all_sums_agree_with_the_stacks(tmp_path: Path, seed: int) -> None:
    """The oracle: bytes by callstack, subtracted."""
    choose = random.Random(seed)
    old, new = random_stacks(choose), random_stacks(choose)
    comparison = Comparison(in_prof(profile_of(old), tmp_path / "a"), in_prof(profile_of(new), tmp_path / "b"))
    growth: Dict[Any, int] = {}
    for sign, stacks in ((-1, old), (1, new)):
        for frames, size in stacks:
            growth[tuple(frames)] = growth.get(tuple(frames), 0) + sign * size
    root = comparison.root
    assert root.grown_bytes == sum(size for size in growth.values() if size > 0)
    assert root.shrunk_bytes == -sum(size for size in growth.values() if size < 0)
    assert root.callstacks == sum(1 for size in growth.values() if size)
    assert root.growth_bytes == comparison.growth_bytes == sum(growth.values())
    assert sum(change.growth_bytes for change in comparison.changes) == comparison.growth_bytes
    found: Dict[Any, int] = {}
    pending: List[Any] = [(root, ())]
    while pending:
        node, stack = pending.pop()
        assert node.total_bytes == node.own_bytes + sum(child.total_bytes for child in node.children)
        if node.own_growth_bytes:
            found[stack] = node.own_growth_bytes
        for child in node.children:
            site = child.site
            pending.append((child, stack + ((site.path, site.line, site.name),)))
    assert found == {stack: size for stack, size in growth.items() if size}


def page_and_lines(before: Profile, after: Profile) -> Tuple[str, List[str]]:
    comparison = Comparison(before, after)
    older, newer = SourceReader(before.program), SourceReader(after.program)
    page = comparison_page(comparison, older, newer, "old <result>", "new & result")
    return page, comparison_lines(comparison, older, newer)


def test_the_table(tmp_path: Path) -> None:
    source = "\n".join("value_%02d = load()" % number for number in range(1, 40))
    old: Stacks = [([("m.py", n, "f")], MEBIBYTE * n) for n in range(1, 16)]
    new: Stacks = [([("m.py", n, "f")], MEBIBYTE * 10) for n in range(1, 16)]
    page, lines = page_and_lines(
        saved(old, tmp_path / "a", {"m.py": source}), saved(new, tmp_path / "b", {"m.py": source})
    )
    assert lines[0] == "Peak 120.0 MiB -> 150.0 MiB: +30.0 MiB (+25.0%)"
    assert "Grown: +45.0 MiB" in lines and "Shrunk: -15.0 MiB" in lines
    assert "   +9.0 MiB     1.0 MiB    10.0 MiB  m.py:1 value_01 = load()" in lines
    assert "   -5.0 MiB    15.0 MiB    10.0 MiB  m.py:15 value_15 = load()" in lines
    assert max(map(len, lines)) <= COLUMNS
    assert "+9.0 MiB" in page and "\u22125.0 MiB" in page


def test_nothing_changed(tmp_path: Path) -> None:
    profile = saved([([("m.py", 1, "f")], 10)], tmp_path / "a")
    page, lines = page_and_lines(profile, profile)
    assert lines == ["Peak 10 bytes -> 10 bytes: 0 bytes (0.0%)", "No line holds more or less than before."]
    assert "<svg" not in page


HOSTILE = "</script><b>&\"']]>\x00\t\u202e\udc80"


def test_the_page_is_well_formed_and_loads_nothing(tmp_path: Path) -> None:
    before = profile_of(
        [([("/x/%s.py" % HOSTILE, 1, HOSTILE)], MEBIBYTE), ([("/a.py", n, "f") for n in range(1, 400)], 99)]
    )
    after = profile_of([([("/x/%s.py" % HOSTILE, 1, HOSTILE)], 3 * MEBIBYTE), ([], 5)], missed={1: 2})
    page, _lines = page_and_lines(before, after)
    assert "Incomplete: 2 events" in page
    assert not re.search(r"<script|<b>&|https?:(?!//www\.w3\.org)|@import|url\(", page)
    body = page.partition("<body>")[2].partition("</body>")[0]
    root = ElementTree.fromstring("<body>%s</body>" % body)  # XML is stricter than HTML
    boxes = root.findall(".//svg/g")
    assert 3 <= len(boxes) <= 1500
    widths = {float(box.find("rect").get("width")) for box in boxes if box.find("rect").get("y") == "0"}  # type: ignore
    assert widths == {1200.0}
    for box in boxes:  # never by colour alone
        title = box.find("title")
        assert box.get("class") == "fold" or (title is not None and re.search(r"[+-]\d", title.text or ""))


def luminance(color: str) -> float:
    parts = [int(color[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    bright, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_contrast(theme: int) -> None:
    blocks = re.findall(r":root \{([^}]*)\}", template.read_template("comparison.css"))
    assert len(blocks) == 2
    colors = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", blocks[theme]))
    boxes = ["fold"] + ["%s-%d" % (way, shade) for way in ("grown", "shrunk") for shade in (1, 2, 3, 4)]
    for box in boxes:
        assert contrast(colors["box-ink"], colors[box]) >= 4.5, box
    for text in ("ink", "soft", "grown-text", "shrunk-text"):
        assert contrast(colors[text], colors["paper"]) >= 4.5, text


@pytest.mark.parametrize(
    ("text", "before", "grown", "exceeded"),
    [
        ("5%", 1000, 50, False),
        ("5%", 1000, 51, True),
        ("0%", 1000, 1, True),
        ("0", 1000, 0, False),
        ("0", 1000, -5, False),
        ("200MB", 1, 200000000, False),
        ("200MB", 1, 200000001, True),
        ("1.5 GiB", 1, 3 << 29, False),
        ("1.5GiB", 1, (3 << 29) + 1, True),
        ("10kb", 1, 10001, True),
        ("5%", 0, 1, True),
    ],
)
def test_thresholds(text: str, before: int, grown: int, exceeded: bool) -> None:
    assert parse_threshold(text).exceeded(before, before + grown) is exceeded


@pytest.mark.parametrize(
    "text", ["", "%", "5", "-5%", "5%%", "five%", "5 percent", "1e3MB", "MB", "1.2.3MB", "\u0665%"]
)
def test_no_thresholds(text: str) -> None:
    if text == "5":  # bytes
        assert parse_threshold(text).size_bytes == 5
        return
    with pytest.raises(UsageError) as raised:
        parse_threshold(text)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    "content",
    [
        b"x\n",
        b"a.py:1 (f)\n",
        b"a.py:1 (f) x\n",
        b"a.py (f) 1\n",
        b"\xff 1\n",
        b"a.py:1 (f) 1;2 x\n",
        b"a.py:1 (f) %d\n" % 10**400,
    ],
)
def test_what_is_no_prof_file(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.prof"
    path.write_bytes(content)
    with pytest.raises(SavedProfileError) as raised:
        read_prof(str(path))
    assert str(path) in str(raised.value) and "\n" not in str(raised.value)


def test_a_prof_file_comes_back_as_it_is(tmp_path: Path) -> None:
    stacks: Stacks = [
        ([("/a;b\n.py", 3, "f (x)"), ("/\udc80\u4e2d.py", 1, "<lambda>"), ("/a (b):1.py", 7, "g")], 10),
        ([], 5),
        ([("/a;b\n.py", 3, "f (x)")], 1 << 60),
    ]
    profile = profile_of(stacks)
    back = in_prof(profile, tmp_path / "a")
    again = in_prof(back, tmp_path / "b")
    assert (tmp_path / "a" / "peak-memory.prof").read_bytes() == (tmp_path / "b" / "peak-memory.prof").read_bytes()
    told = lambda p: sorted(([repr(site) for site in sites], size) for sites, size in p.callstacks())  # noqa: E731
    assert told(back) == told(profile) == told(again)
