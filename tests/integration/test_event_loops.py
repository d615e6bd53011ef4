"""Event loops: work is attributed to the line that submitted it or created the task, not to the one that runs them."""

import json
import os
import sys
from collections import defaultdict
from pathlib import Path
from typing import Dict, List, Tuple

import pytest
import support
from environments import environment_with
from interpreters import Interpreter, find_interpreters

PROGRAM = support.PROGRAMS / "event_loops.py"
RANDOM_PROGRAM = support.PROGRAMS / "random_tasks.py"

# Marked line that submits work or creates a task -> MiB that it keeps. Before, all of it stood at the lines that run
# or start the loop, which bear no mark: "rest" below.
EXPECTED: Dict[str, Dict[str, float]] = {
    "threadsafe": {"sync first": 2, "sync second": 8, "from a thread": 6},
    "callbacks": {
        "call_soon_threadsafe": 1,
        "call_soon_threadsafe again": 2,
        "call_soon": 3,
        "call_later": 4,
        "call_at": 5,
        "cancels itself": 3,
        "cancelled inside": 3,
    },
    "tasks": {"ensure_future": 2, "create_task": 4, "gather": 14, "wait_for": 10, "shield": 2, "awaited": 6},
    "python tasks": {"python first": 2, "python second": 4},
    "cancelled": {"cancelled first": 1, "cancelled second": 2},
    "executors": {"run_in_executor": 2, "through an executor": 2},
    "several threads": {"in several threads": 12, "loop inside": 8},
    "groups": {"group first": 2, "group second": 4, "in a timeout": 6},
    "eager": {"eager first": 2, "eager second": 4},
    "chain": {"first link": 0.1, "link": 19.9, "first tick": 0.1, "tick": 19.9},
    "many": {"many one": 10, "many two": 20},
}
SINCE = {"groups": (3, 11), "eager": (3, 12)}
ALL_COROUTINES = ["threadsafe", "tasks", "cancelled", "executors", "several threads", "many"]

# With FIL_TEST_LIBRARIES=all (`make test-libraries`) under each Python for which there are wheels.
ALL = os.environ.get("FIL_TEST_LIBRARIES") == "all"
UVLOOP = find_interpreters() if ALL else [Interpreter(sys.version_info[:3], sys.executable)]


def by_submitter(done: support.Profiled, kinds: List[str]) -> Dict[str, float]:
    """MiB by the marked line that stands innermost in the callstack; what has none is at most half a MiB."""
    lines = {support.marker(PROGRAM, name): name for kind in kinds for name in EXPECTED[kind]}
    found: Dict[str, int] = defaultdict(int)
    for stack in done.stacks:
        own = [frame.line for frame in stack.frames if support.same_file(frame.file, PROGRAM)]
        if own and support.same_file(stack.frames[-1].file, PROGRAM):
            marked = [lines[line] for line in own if line in lines]
            found[marked[-1] if marked else "rest"] += stack.bytes
    assert found.pop("rest", 0) < support.MIB // 2, done.account()
    return {name: round(size / support.MIB, 1) for name, size in found.items()}


def run(profiler: support.Profiler, loop: str, kinds: List[str]) -> support.Profiled:
    done = profiler.run([PROGRAM, loop, *kinds])
    assert done.status == 0 and done.stdout == "done\n", done.account()
    assert done.program_stderr() == "", done.account()
    return done


def expected_of(kinds: List[str]) -> Dict[str, float]:
    return {name: mib for kind in kinds for name, mib in EXPECTED[kind].items()}


def test_work_belongs_to_the_line_that_submitted_it(profiler: support.Profiler) -> None:
    kinds = [kind for kind in EXPECTED if profiler.version >= SINCE.get(kind, (3,))]
    done = run(profiler, "asyncio", kinds)
    assert by_submitter(done, kinds) == pytest.approx(expected_of(kinds), abs=0.2)
    # Of the loop itself only what makes a task is there, where it calls the program. Callstacks do not grow with what
    # goes on by itself.
    large = [stack for stack in done.stacks if stack.bytes > support.MIB]
    between = {frame.file for stack in large for frame in stack.frames if "/asyncio/" in frame.file}
    assert {Path(name).name for name in between} <= {"tasks.py", "base_events.py"}, between
    assert max(len(stack.frames) for stack in large) < 20


def test_a_loop_in_a_thread_is_told_by_its_name(one_profiler: support.Profiler) -> None:
    done = one_profiler.run([PROGRAM, "asyncio", "threadsafe"], options=["--format", "json"])
    assert done.folder is not None
    (path,) = done.folder.glob("*.json")
    assert "thread loop" in json.loads(path.read_text())["nodes"]["thread_words"]


def test_a_measured_layout_knows_no_variables(one_profiler: support.Profiler) -> None:
    """Then what a loop does belongs to who runs it: less exact, never lost."""
    one_profiler.stacks = "measured"
    kinds = ["threadsafe", "tasks"]
    done = run(one_profiler, "asyncio", kinds)
    in_program = sum(
        stack.bytes for stack in done.stacks if stack.frames and support.same_file(stack.frames[-1].file, PROGRAM)
    )
    assert round(in_program / support.MIB) == sum(expected_of(kinds).values())


def by_lines(done: support.Profiled) -> "Tuple[Dict[Tuple[int, ...], int], Dict[Tuple[int, ...], int]]":
    """What the program has noted of each callstack, and what the profile has: lines of the program -> bytes."""
    noted: Dict[Tuple[int, ...], int] = defaultdict(int)
    for lines, size in json.loads(done.stdout):
        noted[tuple(lines[:-1])] += size
    found: Dict[Tuple[int, ...], int] = defaultdict(int)
    for stack in done.stacks:
        if stack.frames and stack.frames[-1].function == "take":
            own = [frame.line for frame in stack.frames if support.same_file(frame.file, RANDOM_PROGRAM)]
            found[tuple(own[:-1])] += stack.bytes
    return noted, found


def check_random(profiler: support.Profiler, seed: int, loop: str) -> None:
    done = profiler.run([RANDOM_PROGRAM, seed, loop])
    assert done.status == 0, done.account()
    noted, found = by_lines(done)
    assert len(noted) > 100
    wrong = {
        lines: (noted.get(lines, 0), found.get(lines, 0))
        for lines in {*noted, *found}
        if not 0 <= found.get(lines, 0) - noted.get(lines, 0) < 2000 + noted.get(lines, 0) // 50
    }
    assert not wrong, f"seed {seed}: {len(wrong)} of {len(noted)} callstacks, such as {list(wrong.items())[:3]}"


def test_tasks_at_random(profiler: support.Profiler) -> None:
    check_random(profiler, sum(profiler.version[:2]), "asyncio")


@pytest.fixture(params=UVLOOP, ids=[interpreter.name for interpreter in UVLOOP])
def with_uvloop(request: pytest.FixtureRequest, package: Path, tmp_path: Path) -> support.Profiler:
    interpreter: Interpreter = request.param
    environment = environment_with(interpreter, ["uvloop"])
    return support.Profiler(environment.python, interpreter.version, package, tmp_path)


def test_uvloop(with_uvloop: support.Profiler) -> None:
    """Its own functions have no frames: the coroutine tells who made it."""
    done = run(with_uvloop, "uvloop", ALL_COROUTINES)
    assert by_submitter(done, ALL_COROUTINES) == pytest.approx(expected_of(ALL_COROUTINES), abs=0.1)


def test_tasks_at_random_in_uvloop(with_uvloop: support.Profiler) -> None:
    check_random(with_uvloop, sum(with_uvloop.version[:2]), "uvloop")
