"""A C library's own threads: what they take is on the line that waits for them, and marked as inferred."""

from pathlib import Path

import pytest
import support

PROGRAM = support.PROGRAMS / "c_pool.py"
WORKER = ("<C thread>", 0, "line inferred")


def below(done: support.Profiled, name: str, *inner: support.Frame) -> int:
    """Bytes of the callstacks that end with the marked line and then these frames."""
    line = support.marker(PROGRAM, name)
    wanted = len(inner)
    return sum(
        stack.bytes
        for stack in done.stacks
        if len(stack.frames) > wanted
        and stack.frames[len(stack.frames) - wanted :] == inner
        and stack.frames[-1 - wanted].line == line
    )


def test_a_pool_works_for_who_waits(profiler: support.Profiler, c_libraries: Path) -> None:
    done = profiler.run_well([PROGRAM, c_libraries / "libpool.so"])
    worker = support.Frame(*WORKER)
    taken = {name: below(done, name, worker) for name in ("first", "second", "start")}
    assert taken == {"first": 3 << 20, "second": 5 << 20, "start": 0}, done.account()


def test_a_pool_whose_starter_is_gone(profiler: support.Profiler, c_libraries: Path) -> None:
    """Then nothing better is known than the line that had started it."""
    done = profiler.run_well([PROGRAM, c_libraries / "libpool.so", "in a thread"])
    assert below(done, "thread start") >= 8 << 20, done.account()
    assert WORKER not in [stack.frames[-1] for stack in done.stacks if stack.frames], done.account()


@pytest.mark.parametrize("started", ["before", "earlier"])
def test_a_pool_that_was_there_before_the_profile(
    profiler: support.Profiler, c_libraries: Path, tmp_path: Path, started: str
) -> None:
    """Its work is on the line that waits for it all the same."""
    program = support.PROGRAMS / "c_pool_rounds.py"
    done = profiler.call(["-m", "filprofiler", "python", program, c_libraries / "libpool.so", tmp_path, started])
    assert done.returncode == 0, support.text_of(done.stderr)
    for name in ("by function", "again", "same line"):
        stacks = support.parse_prof((tmp_path / name / "peak-memory.prof").read_text())
        largest = max(stacks, key=lambda stack: stack.bytes)
        assert largest.bytes == 3 << 20 and largest.frames[-1] == WORKER, (name, largest)
        assert support.marker(program, "line") in [frame.line for frame in largest.frames], (name, largest)
