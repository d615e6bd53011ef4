"""Pools of threads: work is charged to the line that handed it over, not to the one that started the worker."""

import json
from typing import Dict, List

import pytest
import support

PROGRAM = support.PROGRAMS / "thread_pools.py"

# Marked line that hands work over -> MiB that the work keeps.
EXPECTED: Dict[str, Dict[str, int]] = {
    "executor": {"executor first": 2, "executor second": 3, "executor map": 5, "together": 12, "again": 10},
    "nested": {"outer": 3, "between": 4, "after": 3, "start of chain": 1, "chain": 5},
    "failing": {"failing first": 1, "fails": 5, "then": 4},
    "event loop": {"loop first": 2, "loop second": 3, "loop third": 4, "to_thread": 5},
    "thread pool": {"apply": 2, "apply_async": 6, "map": 5, "imap": 9, "imap_unordered": 5, "starmap": 3},
    "many jobs": {"jobs first": 4, "jobs second": 8},
    "many tasks": {"tasks one": 10, "tasks two": 20},
    "process pool": {"in this process": 2},
    "threads from threads": {"first thread": 1, "second thread": 2, "third thread": 3},
}


def handed_over(done: support.Profiled, kind: str) -> Dict[str, int]:
    """MiB by the marked line that stands innermost in the callstack; "" for none."""
    lines = {support.marker(PROGRAM, name): name for name in EXPECTED[kind]}
    if kind == "event loop":
        lines[support.marker(PROGRAM, "instead of to_thread")] = "to_thread"
    found: Dict[str, int] = {}
    for stack in done.stacks:
        if not stack.frames or not support.same_file(stack.frames[-1].file, PROGRAM):
            continue  # what libraries took for themselves
        own = [frame.line for frame in stack.frames if support.same_file(frame.file, PROGRAM)]
        marked = [lines[line] for line in own if line in lines]
        name = marked[-1] if marked else ""
        found[name] = found.get(name, 0) + stack.bytes
    rest = found.pop("", 0)
    assert rest < support.MIB // 2, f"{rest} bytes belong to no line"
    return {name: round(size / support.MIB) for name, size in found.items()}


@pytest.mark.parametrize("kind", sorted(EXPECTED))
def test_pool(profiler: support.Profiler, kind: str) -> None:
    done = profiler.run_well([PROGRAM, kind])
    assert done.stdout == "done\n", done.account()
    assert handed_over(done, kind) == EXPECTED[kind]


def frames_between(done: support.Profiled) -> List[str]:
    """Functions between the program's lines: what of the pool itself is shown."""
    return sorted(
        {
            frame.function
            for stack in done.stacks
            if stack.bytes > support.MIB // 2
            for frame in stack.frames
            if not support.same_file(frame.file, PROGRAM)
        }
    )


def test_the_pools_own_frames_are_left_out(profiler: support.Profiler) -> None:
    done = profiler.run_well([PROGRAM, "executor"])
    assert frames_between(done) == []


def saved(profiler: support.Profiler, kind: str) -> Dict[str, object]:
    """The JSON file of a run."""
    done = profiler.run([PROGRAM, kind], options=["--format", "json"])
    assert done.status == 0 and done.folder is not None, done.account()
    (path,) = done.folder.glob("*.json")
    return dict(json.loads(path.read_text()))


def test_threads_have_names(profiler: support.Profiler) -> None:
    profile = saved(profiler, "named")
    nodes = profile["nodes"]
    assert isinstance(nodes, dict)
    words = set(nodes["thread_words"])
    assert "thread alone" in words, words
    assert "thread worker-0 and 2 others" in words, words
    assert "thread executor_0 and 1 other" in words, words


def test_threads_at_the_peak(profiler: support.Profiler) -> None:
    profile = saved(profiler, "at the peak")
    sites, threads = profile["sites"], profile["threads"]
    assert isinstance(sites, list) and isinstance(threads, list)
    places = {}
    for thread in threads:
        own = [sites[number]["function"] for number in thread["stack"] if sites[number]["path"] == str(PROGRAM)]
        places[thread["name"]] = own[-1]
    assert places["first"] == "first" and places["second"] == "second", places
    assert set(places) == {"MainThread", "first", "second"}, "the one that had ended is not there"
    assert [thread["name"] for thread in threads if thread["last"]] == ["second"]
