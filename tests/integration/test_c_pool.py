"""A C library's own threads: what they take is on the line that waits for them, and marked as inferred."""

from pathlib import Path

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
