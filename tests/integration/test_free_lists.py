"""Objects whose memory CPython keeps for the next of their kind: on which line they stand, by tracemalloc's account."""

import json
import subprocess
from collections import defaultdict
from pathlib import Path
from typing import Dict, Tuple

import pytest
import support

PROGRAM = support.PROGRAMS / "free_lists.py"
LISTENERS = support.PROGRAMS / "listeners.py"
DROPPED, KEPT = 2, 5  # lines of each kind's file
SMALL = 6000  # bytes: what lay in free lists before, or is the functions' own
TELLS_OF_OBJECTS = (3, 13)
NOT_FOLLOWED = {"<float>"}  # on any version: each byte is on one of the two lines, as documented

Lines = Dict[Tuple[str, int], int]


def tracemallocs(profiler: support.Profiler, folder: Path) -> Lines:
    account = folder / "account.json"
    subprocess.run([profiler.python, str(PROGRAM), str(account)], check=True, env=support.clean_environment(None))
    return {(file, line): size for file, line, size in json.loads(account.read_text()) if file.startswith("<")}


def ours(done: support.Profiled) -> Lines:
    lines: "Lines" = defaultdict(int)
    for stack in done.stacks:
        if stack.frames and stack.frames[-1].file.startswith("<"):
            lines[stack.frames[-1].file, stack.frames[-1].line] += stack.bytes
    return lines


def differences(expected: Lines, found: Lines) -> Dict[Tuple[str, int], Tuple[int, int]]:
    return {
        place: (expected.get(place, 0), found.get(place, 0))
        for place in sorted(set(expected) | set(found))
        if place[1] in (DROPPED, KEPT)
        and min(abs(expected.get(place, 0) + maps * support.ARENA_MAP - found.get(place, 0)) for maps in (-1, 0, 1))
        > SMALL + expected.get(place, 0) // 100
    }


@pytest.mark.parametrize("mode", ["", "thread", "stopped"])
def test_each_line_has_what_tracemalloc_says(profiler: support.Profiler, tmp_path: Path, mode: str) -> None:
    """Kept on one line, after others of the kind were dropped on another; also after tracemalloc has come and gone.

    Before CPython 3.13 the interpreter does not tell: then each byte is on one of the two lines, as documented.
    """
    expected = tracemallocs(profiler, tmp_path)
    found = ours(profiler.run_well([PROGRAM, *([mode] if mode else [])]))
    files = {file for file, _line in expected}
    followed = files - NOT_FOLLOWED if profiler.version >= TELLS_OF_OBJECTS else set()
    assert files > NOT_FOLLOWED
    assert {place: sizes for place, sizes in differences(expected, found).items() if place[0] in followed} == {}
    if followed:
        assert sum(found[place] for place in found if place[1] == KEPT) > 10 * 6000 * 50
    for file in files - followed:
        both = [sum(lines.get((file, line), 0) for line in (DROPPED, KEPT)) for lines in (expected, found)]
        assert abs(both[0] - both[1]) <= SMALL + both[0] // 100, (file, both)


def test_another_listener_has_the_place_as_long_as_it_wants_it(profiler: support.Profiler) -> None:
    """Nobody's place is taken, nobody is asked through us, and ours is left as it was found."""
    if profiler.version < TELLS_OF_OBJECTS:
        pytest.skip("this Python does not know the feature: it tells of no objects")
    done = profiler.call(["-m", "filprofiler", "python", LISTENERS])
    assert done.returncode == 0, support.text_of(done.stdout + done.stderr)
    told = json.loads(done.stdout.decode())
    assert told["who"] == [
        ["nobody_else", ["nobody", "somebody", "nobody"]],
        ["another_before", ["another", "another", "another", "another"]],
        ["another_within", ["another", "nobody", "somebody", "nobody"]],
        ["another_stays", ["another"]],
        ["nobody_else", ["nobody", "somebody", "nobody"]],
    ]
    alone, within = told["tracemalloc"]
    assert alone > 1000 * 50
    assert abs(within - alone) <= alone // 100
