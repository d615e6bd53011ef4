"""Small callstacks are told together: no byte is lost, and what matters stays.

The oracle looks at one callstack of the whole tree after the other.
"""

import random
import re

import pytest

from filprofiler.profile.comparison import Comparison
from filprofiler.profile.folding import HEAVY_SHARE, LEAST_SHARE, FoldedTree
from filprofiler.profile.model import Profile
from filprofiler.profile.own_code import OwnCode
from filprofiler.profile.program import Program
from filprofiler.profile.source import SourceReader
from filprofiler.profile.tree import Node, Site, sum_up
from filprofiler.report.comparison_text import comparison_lines
from filprofiler.report.page_data import page_json
from filprofiler.report.pprof import pprof_pieces
from filprofiler.report.prof_reader import read_prof
from filprofiler.report.prof_writer import prof_pieces
from filprofiler.report.speedscope import speedscope_pieces


def profile_from(add):
    """A profile whose tree is made by `add(root, nodes)`."""
    root = Node(Site("", "all", 0), None)
    nodes = [root]
    add(root, nodes)
    sum_up(nodes)
    return Profile(Program(), root)


def random_profile(seed, lines=3000, callstacks=4000):
    """Callstacks with sizes of all magnitudes, in recursions too; some lines ask often and little."""
    chance = random.Random(seed)
    sites = [Site("/lib/m%d.py" % (line % 7), "f%d" % (line % 11), line + 1) for line in range(lines)]
    frequent = sites[:3]
    children = {}

    def add(root, nodes):
        for _callstack in range(callstacks):
            node = root
            for _frame in range(chance.randrange(1, 9)):
                site = chance.choice(sites)
                child = children.get((node, site))
                if child is None:
                    child = children[node, site] = Node(site, node)
                    nodes.append(child)
                node = child
            leaf_site = chance.choice(frequent)
            if chance.random() < 0.3 and (node, leaf_site) not in children:
                leaf = children[node, leaf_site] = Node(leaf_site, node)
                nodes.append(leaf)
                leaf.own_bytes = chance.randrange(1, 3000)
            node.own_bytes += int(10 ** chance.uniform(0, 5)) + (5 << 20 if chance.random() < 0.002 else 0)

    return profile_from(add)


def rows(profile):
    """The lines of the .prof file: frames, and bytes."""
    lines = b"".join(prof_pieces(profile)).decode().splitlines()
    return {tuple(stack.split(";")): int(size) for stack, _blank, size in [line.rpartition(" ") for line in lines]}


def label(site):
    return "%s:%d (%s)" % (site.path, site.line, site.name)


def expected_rows(profile):
    """What docs/command-line.md promises, worked out one callstack at a time."""
    peak = profile.peak_bytes
    totals, own_of_line = {}, {}
    for stack, size in profile.callstacks():
        frames = tuple(map(label, stack))
        own_of_line[frames[-1]] = own_of_line.get(frames[-1], 0) + size
        for depth in range(len(frames) + 1):
            totals[frames[:depth]] = totals.get(frames[:depth], 0) + size
    told, folds = {}, {}
    for stack, size in profile.callstacks():
        frames = tuple(map(label, stack))
        if size * LEAST_SHARE >= peak or own_of_line[frames[-1]] * HEAVY_SHARE >= peak:
            told[frames] = size
            continue
        into = frames
        while totals[into] * LEAST_SHARE < peak:
            into = into[:-1]
        folds.setdefault(into, []).append((frames, size))
    for into, folded in folds.items():
        if [frames for frames, _size in folded] == [into]:
            told[into] = folded[0][1]  # it would stand there alone
        else:
            ending = "" if len(folded) == 1 else "s"
            told[(*into, "[%d smaller callstack%s]" % (len(folded), ending))] = sum(size for _frames, size in folded)
    return told


@pytest.mark.parametrize("seed", range(6))
def test_what_folds(seed):
    profile = random_profile(seed)
    found = rows(profile)
    assert found == expected_rows(profile)
    assert sum(found.values()) == profile.peak_bytes
    assert any("smaller" in frames[-1] for frames in found) and len(found) < profile.root.callstacks
    profile = random_profile(seed)
    profile.folds = False
    assert rows(profile) == {tuple(map(label, stack)): size for stack, size in profile.callstacks()}


def test_the_number_of_callstacks_is_the_full_one():
    profile = random_profile(1)
    tree = profile.shown
    assert isinstance(tree, FoldedTree)
    own = [place for place, size in enumerate(tree.own_bytes) if size and place not in tree.folded]
    assert len(own) + sum(tree.folded.values()) == profile.root.callstacks


def test_the_tables_of_the_page_are_of_all_callstacks():
    profile = random_profile(2)
    import json

    data = json.loads(page_json(profile, OwnCode(profile), SourceReader(profile.program)))
    path, name, line = data["sites"]["path"], data["sites"]["name"], data["sites"]["line"]
    strings = data["strings"]
    held = data["lines_held"]
    found = {
        (strings[path[site]], line[site], strings[name[site]]): (own, total)
        for site, own, total in zip(held[::3], held[1::3], held[2::3])
    }
    assert found == {
        (total.site.path, total.site.line, total.site.name): (total.own_bytes, total.total_bytes)
        for total in profile.totals.lines()
        if total.total_bytes * LEAST_SHARE >= profile.peak_bytes
    }
    functions = data["functions_held"]
    assert list(zip(functions[1::3], functions[2::3])) == [
        (total.own_bytes, total.total_bytes) for total in profile.totals.functions()
    ]
    folded = data["nodes"]["folded"]
    assert sum(folded[1::2]) == sum(profile.shown.folded.values()) and len(folded) == 2 * len(profile.shown.folded)


def test_other_forms_have_every_byte():
    profile = random_profile(3)
    import json

    speedscope = json.loads(b"".join(speedscope_pieces(profile)))
    events = speedscope["profiles"][0]["events"]
    assert events[-1]["at"] == profile.peak_bytes and len(events) == 2 * len(profile.shown.numbers)
    assert [frame["name"] for frame in speedscope["shared"]["frames"]].count("[smaller callstacks]") == 1
    folded = len(b"".join(pprof_pieces(profile)))
    profile = random_profile(3)
    profile.folds = False
    assert folded < len(b"".join(pprof_pieces(profile)))


def many_callers(root, nodes):
    """2 ** 17 callstacks that end at one line, none of which is large; each 90 frames deep."""
    sites = [Site("/a/rather/long/path/to/a/module%d.py" % which, "function", which) for which in range(2)]
    level = [root]
    for _depth in range(73):
        level = [Node(sites[0], level[0])]
        nodes.extend(level)
    for _depth in range(17):
        level = [Node(site, node) for node in level for site in sites]
        nodes.extend(level)
    for node in level:
        leaf = Node(Site("/leaf.py", "leaf", 1) if node is level[0] else nodes[-1].site, node, 1000)
        nodes.append(leaf)


def deep_recursion(root, nodes):
    """A recursion that keeps something at each of 30,000 levels."""
    site = Site("/a/rather/long/path/to/a/module.py", "recursive_function", 12)
    node = root
    for _depth in range(30000):
        node = Node(site, node, 500)
        nodes.append(node)


@pytest.mark.parametrize("add", [many_callers, deep_recursion])
def test_the_file_is_never_large(add, tmp_path):
    """At 67b2bf6 the file of the first had 474 MB, that of the second was as large as a disk would let it be: 1 GiB."""
    profile = profile_from(add)
    size = total = callstacks = 0
    path = tmp_path / "peak-memory.prof"
    with path.open("wb") as file:
        for piece in prof_pieces(profile):
            file.write(piece)
            size += len(piece)
    for line in path.read_text().splitlines():
        fold = re.search(r"\[(\d+) smaller callstacks?\] \d+$", line)
        callstacks += int(fold.group(1)) if fold else 1
        total += int(line.rpartition(" ")[2])
    assert size < 20000000
    assert (total, callstacks) == (profile.peak_bytes, profile.root.callstacks)


def test_it_is_read_back(tmp_path):
    profile = random_profile(4)
    path = tmp_path / "peak-memory.prof"
    path.write_bytes(b"".join(prof_pieces(profile)))
    back = read_prof(str(path))
    assert (back.peak_bytes, back.root.callstacks) == (profile.peak_bytes, profile.root.callstacks)


def compared(tmp_path, before, after):
    files = []
    for name, text in (("a", before), ("b", after)):
        files.append(tmp_path / name)
        files[-1].write_text(text)
    comparison = Comparison(*[read_prof(str(file)) for file in files])
    readers = [SourceReader(profile.program) for profile in (comparison.before, comparison.after)]
    return comparison, "\n".join(comparison_lines(comparison, *readers))


def test_a_fold_is_no_line_that_grew(tmp_path):
    """A callstack of about the least size is in the fold of one run, and stands for itself in the other."""
    line = "job.py:1 (<module>)"
    comparison, text = compared(
        tmp_path,
        "%s 1000000\n%s;job.py:2 (f) 101\n%s;[3 smaller callstacks] 50\n" % (line, line, line),
        "%s 1000000\n%s;[4 smaller callstacks] 149\n" % (line, line),
    )
    assert [(change.site.line, change.growth_bytes) for change in comparison.changes] == [(2, -101)]
    assert comparison.smaller_growth_bytes == 99 and comparison.growth_bytes == -2
    assert "smaller" not in text and "Grown" not in text
    assert "Not in the lines: +99 bytes in call stacks that a .prof file combines." in text
    comparison, text = compared(tmp_path, "[3 smaller callstacks] 50\n", "[1 smaller callstack] 500\n")
    assert not comparison.changes and comparison.smaller_growth_bytes == 450
