"""Thousands of random callstacks under each interpreter, compared with what sys._getframe says."""

import json
import os
from collections import defaultdict
from pathlib import Path
from typing import Any, Dict, List, Tuple

import pytest
import support

STACKS_PROGRAM = support.PROGRAMS / "random_stacks.py"
DROPPED_PROGRAM = support.PROGRAMS / "dropped_code.py"

# Blocks are multiples of this; the interpreter's own tables, which grow at some callstack, are far smaller than half.
GRANULE = 32768
SEEDS = [int(seed) for seed in os.environ.get("FIL_TEST_SEEDS", "1,2").split(",")]

# Every seed in the best way, and one in each of the others.
SEEDS_AND_WAYS = [(seed, "") for seed in SEEDS] + [(SEEDS[0], way) for way in support.UNWIND_METHODS[1:]]

Chain = Tuple[Tuple[str, int, str], ...]


# A block of that size on a wrong call stack would be missing on the right one.
MOST_ARENA_MAPS = 2


def chain_of(prefix: List[Any], own: List[Any], program: Path) -> Chain:
    """The callstack that the report must show for a stack that the program saw."""
    frames = [tuple(frame) for frame in prefix + own]
    first = [frame[0] for frame in frames].index(str(program))
    return tuple(
        frame
        for frame in frames[first:]
        if Path(frame[0]).name != "threading.py" and frame[0] not in support.IMPORT_MACHINERY
    )


def expected_bytes(account: Path, program: Path) -> Dict[Chain, int]:
    totals: "Dict[Chain, int]" = defaultdict(int)
    for prefix, own, size in json.loads(account.read_text()):
        totals[chain_of(prefix, own, program)] += size
    return dict(totals)


def mismatches(done: support.Profiled, expected: Dict[Chain, int]) -> List[str]:
    """Each callstack whose bytes are off by more than the small things that its line also keeps alive."""
    found: "Dict[Chain, int]" = {}
    for stack in done.stacks:
        found[tuple((frame.file, frame.line, frame.function) for frame in stack.frames)] = stack.bytes
    wrong = []
    maps = 0
    for chain, size in expected.items():
        got = found.get(chain, 0)
        if maps < MOST_ARENA_MAPS and abs(got - size - support.ARENA_MAP) < GRANULE // 2:
            maps += 1
        elif abs(got - size) >= GRANULE // 2:
            wrong.append(f"{got} instead of {size} bytes at {chain}")
    leaves = {chain[-1] for chain in expected}
    for chain, got in found.items():
        if chain and chain[-1] in leaves and chain not in expected and got >= GRANULE // 2:
            wrong.append(f"{got} bytes at a callstack that never was: {chain}")
    return wrong


def check(done: support.Profiled, account: Path, program: Path, least: int) -> None:
    expected = expected_bytes(account, program)
    assert len(expected) >= least, f"the program made only {len(expected)} callstacks"
    wrong = mismatches(done, expected)
    assert not wrong, "{} of {} callstacks are wrong; the first: {}\n{}".format(
        len(wrong), len(expected), "\n".join(wrong[:4]), done.account()
    )


@pytest.mark.parametrize(("seed", "way"), SEEDS_AND_WAYS)
def test_random_stacks(profiler: support.Profiler, tmp_path: Path, seed: int, way: str) -> None:
    profiler.stacks = way
    account = tmp_path / "account.json"
    done = profiler.run_well([STACKS_PROGRAM, "bytes", account, seed, 2000, 0])
    check(done, account, STACKS_PROGRAM, 1000)


@pytest.mark.slow
@pytest.mark.parametrize(("seed", "way"), SEEDS_AND_WAYS)
def test_random_stacks_in_six_threads(profiler: support.Profiler, tmp_path: Path, seed: int, way: str) -> None:
    profiler.stacks = way
    account = tmp_path / "account.json"
    # From CPython 3.12 on a collection can begin just before the profile function is told of a call: what runs in it
    # hangs below the caller then. With several threads that happens now and then.
    without = ["no-collections"] if way == "profiled" else []
    done = profiler.run_well([STACKS_PROGRAM, "bytes", account, seed, 400, 6, *without])
    check(done, account, STACKS_PROGRAM, 1500)


@pytest.mark.slow
@pytest.mark.parametrize(("seed", "way"), SEEDS_AND_WAYS)
def test_code_objects_that_die(profiler: support.Profiler, tmp_path: Path, seed: int, way: str) -> None:
    profiler.stacks = way
    account = tmp_path / "account.json"
    done = profiler.run_well([DROPPED_PROGRAM, account, seed, 2500])
    check(done, account, DROPPED_PROGRAM, 1500)


@pytest.mark.parametrize("way", ["known", "measured"])
@pytest.mark.parametrize("threads", [0, 4])
def test_the_walk_itself(profiler: support.Profiler, tmp_path: Path, threads: int, way: str) -> None:
    profiler.stacks = way
    account = tmp_path / "account.json"
    leaves = 1000 if threads else 4000
    done = profiler.run_well([STACKS_PROGRAM, "walk", account, 7, leaves, threads])
    results = json.loads(account.read_text())
    assert len(results) >= 4000
    assert max(count for _, _, count in results) > 60, "no deep callstack was compared"
    wrong = [difference for _, difference, _ in results if difference]
    assert not wrong, f"{len(wrong)} of {len(results)} walks are wrong; the first: {wrong[:4]}\n{done.account()}"


def test_walks_while_code_objects_die(profiler: support.Profiler) -> None:
    done = profiler.run_well([support.PROGRAMS / "walks_while_code_dies.py"])
    assert done.stdout.split() == ["0"], done.account()
