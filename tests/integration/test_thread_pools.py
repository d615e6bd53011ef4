"""Pools of threads: work is charged to the line that handed it over, not to the one that started the worker."""

from typing import Dict

import pytest
import support

PROGRAM = support.PROGRAMS / "thread_pools.py"

# Marked line that hands work over -> MiB that the work keeps.
EXPECTED: Dict[str, Dict[str, int]] = {
    "executor": {"first": 2, "second": 3, "map": 5, "together": 12, "again": 10},
    "nested": {"outer": 3, "between": 4, "after": 3, "start of chain": 1, "chain": 5},
    "failing": {"first": 1, "fails": 5, "then": 4},
    "event loop": {"first": 2, "second": 3, "third": 4, "to_thread": 5},
    "thread pool": {
        "apply": 2,
        "apply_async": 6,
        "map": 5,
        "imap": 9,
        "imap_unordered": 5,
        "starmap": 3,
    },
    "many jobs": {"first": 4, "second": 8},
    "process pool": {"in this process": 2},
}


def handed_over(done: support.Profiled, kind: str) -> Dict[str, int]:
    """MiB by the innermost line of the program, outside what runs in the worker, that is marked; "" for none."""
    names = set(EXPECTED[kind])
    lines = {(support.marker(PROGRAM, name, kind)): name for name in names}
    found: Dict[str, int] = {}
    for stack in done.stacks:
        if stack.bytes < support.MIB // 2:
            continue
        own = [frame.line for frame in stack.frames if support.same_file(frame.file, PROGRAM)]
        marked = [lines[line] for line in own if line in lines]
        name = marked[-1] if marked else ""
        found[name] = found.get(name, 0) + stack.bytes
    return {name: round(size / support.MIB) for name, size in found.items()}


@pytest.mark.parametrize("kind", sorted(EXPECTED))
def test_pool(profiler: support.Profiler, kind: str) -> None:
    done = profiler.run_well([PROGRAM, kind])
    assert done.stdout == "done\n", done.account()
    print(handed_over(done, kind))
