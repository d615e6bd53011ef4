"""Callstacks that are left and entered again: asyncio's tasks, generators, and real greenlets."""

import re
from pathlib import Path
from typing import Dict, List

import pytest
import support
from environments import environment_with
from interpreters import find_interpreters

PROGRAM = support.PROGRAMS / "switching.py"
SOME = ("3.8", "3.11", "3.13")  # for which packages are looked for
MARK = re.compile(r"# MARK (.* (\d+))$")


def expected_lines(kinds: List[str]) -> Dict[int, int]:
    """Line number -> MiB, of the functions for these kinds."""
    found, kind = {}, ""
    for number, line in enumerate(PROGRAM.read_text().splitlines(), 1):
        if line.startswith("def "):
            kind = line[4 : line.index("(")].replace("_", " ")
        mark = MARK.search(line)
        if mark and kind in kinds:
            found[number] = int(mark.group(2))
    return found


def lines_of(done: support.Profiled, wanted: Dict[int, int]) -> Dict[int, int]:
    """MiB of the callstacks that go through each of these lines."""
    found = dict.fromkeys(wanted, 0)
    for stack in done.stacks:
        own = {frame.line for frame in stack.frames if support.same_file(frame.file, PROGRAM)}
        for line in own & set(wanted):
            found[line] += stack.bytes
    return {line: round(size / support.MIB) for line, size in found.items()}


def check(profiler: support.Profiler, kinds: List[str]) -> None:
    done = profiler.run([PROGRAM, *kinds])
    assert done.status == 0 and done.stdout == "done\n", done.account()
    wanted = expected_lines(kinds)
    assert len(wanted) > len(kinds)
    assert lines_of(done, wanted) == wanted


def test_tasks_and_generators(profiler: support.Profiler) -> None:
    check(profiler, ["tasks", "generators"])


@pytest.fixture(params=[each for each in find_interpreters() if each.name in SOME], ids=lambda each: str(each.name))
def with_packages(request: pytest.FixtureRequest, package: Path, tmp_path: Path) -> support.Profiler:
    """The profiler under interpreters that have gevent and joblib."""
    environment = environment_with(request.param, ["gevent", "joblib"])
    return support.Profiler(environment.python, request.param.version, package, tmp_path)


def test_greenlets(with_packages: support.Profiler) -> None:
    check(with_packages, ["greenlets", "gevent pool"])


def test_joblibs_threads(with_packages: support.Profiler) -> None:
    program = support.PROGRAMS / "thread_pools.py"
    done = with_packages.run([program, "joblib"])
    assert done.status == 0 and done.stdout == "done\n", done.account()
    for name, mib in (("joblib", 6), ("joblib again", 9)):
        line = support.marker(program, name)
        held = [stack.bytes for stack in done.stacks if line in [frame.line for frame in own_frames(stack, program)]]
        assert round(sum(held) / support.MIB) == mib, name


def own_frames(stack: support.Stack, program: Path) -> List[support.Frame]:
    """The frames of a callstack that ends in the program, which are in the program; else none."""
    own = [frame for frame in stack.frames if support.same_file(frame.file, program)]
    return own if own and own[-1] == stack.frames[-1] else []
