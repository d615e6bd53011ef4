"""Pools of threads: work is attributed to the line that submitted it, not to the one that started the worker."""

import json
from typing import Any, Dict, List

import support

PROGRAM = support.PROGRAMS / "thread_pools.py"

# Marked line that submits work -> MiB that the work keeps.
EXPECTED: Dict[str, Dict[str, int]] = {
    "executor": {"executor first": 2, "executor second": 3, "executor map": 5, "together": 12, "again": 10},
    # Before, all of it stood at the first line, which had started the worker.
    "copied pool": {"copied first": 2, "copied second": 6},
    "nested": {"outer": 3, "between": 4, "after": 3, "start of chain": 1, "chain": 5},
    "failing": {"failing first": 1, "fails": 5, "then": 4},
    "event loop": {"loop first": 2, "loop second": 3, "loop third": 4, "to_thread": 5},
    "thread pool": {"apply": 2, "apply_async": 6, "map": 5, "imap": 9, "imap_unordered": 5, "starmap": 3},
    "many jobs": {"jobs first": 4, "jobs second": 8},
    "many tasks": {"tasks one": 10, "tasks two": 20},
    "threads from threads": {"first thread": 1, "second thread": 2, "third thread": 3},
    "creator has ended": {"started by one that ended": 2, "in a pool whose maker ended": 3},
    "named": {"named": 6, "alone": 1, "named executor": 2},
    "process pool": {"in this process": 2},
}

FEW = ["executor", "thread pool"]


def by_submitter(done: support.Profiled, kinds: List[str]) -> Dict[str, int]:
    """MiB by the marked line that stands innermost in the callstack; what has none is at most three quarters."""
    lines = {support.marker(PROGRAM, name): name for kind in kinds for name in EXPECTED[kind]}
    if "event loop" in kinds:
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
    # Imports, and the program's own compile(), for which CPython 3.9 needs half a MiB.
    assert rest < support.MIB * 3 // 4, f"{rest} bytes belong to no line"
    return {name: round(size / support.MIB) for name, size in found.items()}


def run(profiler: support.Profiler, kinds: List[str]) -> support.Profiled:
    done = profiler.run([PROGRAM, *kinds], options=["--format", "json"])
    assert done.status == 0 and done.stdout == "done\n", done.account()
    assert done.program_stderr() == "", done.account()
    return done


def saved(done: support.Profiled) -> Dict[str, Any]:
    """The JSON file of a run."""
    assert done.folder is not None
    (path,) = done.folder.glob("*.json")
    return dict(json.loads(path.read_text()))


def test_work_belongs_to_the_line_that_submitted_it(profiler: support.Profiler) -> None:
    kinds = sorted(EXPECTED)
    done = run(profiler, kinds)
    expected = {name: mib for kind in kinds for name, mib in EXPECTED[kind].items()}
    assert by_submitter(done, kinds) == expected
    # The pools' own frames are left out, but for those that do a part of the work.
    between = {
        frame.function
        for stack in done.stacks
        if stack.bytes > support.MIB // 2
        for frame in stack.frames
        if "/concurrent/futures/" in frame.file or "/distributed/" in frame.file or "/multiprocessing/" in frame.file
    }
    callbacks = {"set_exception", "_invoke_callbacks"}
    assert between <= {"mapstar", "starmapstar", "_guarded_task_generation"} | callbacks
    words = set(saved(done)["nodes"]["thread_words"])
    assert {"thread alone", "thread worker-0 and 2 others", "thread executor_0 and 1 other"} <= words, words


def test_a_measured_layout_knows_no_variables(one_profiler: support.Profiler) -> None:
    """Then a pool's work belongs to who started the worker: less exact, never lost."""
    one_profiler.stacks = "measured"
    done = run(one_profiler, FEW)
    expected = sum(mib for kind in FEW for mib in EXPECTED[kind].values())
    in_program = [
        stack.bytes for stack in done.stacks if stack.frames and support.same_file(stack.frames[-1].file, PROGRAM)
    ]
    assert round(sum(in_program) / support.MIB) == expected


def test_threads_at_the_peak(profiler: support.Profiler) -> None:
    done = run(profiler, ["at the peak"])
    profile = saved(done)
    sites, threads = profile["sites"], profile["threads"]
    places = {}
    for thread in threads:
        own = [sites[number]["function"] for number in thread["stack"] if sites[number]["path"] == str(PROGRAM)]
        places[thread["name"]] = own[-1]
    assert places["first"] == "first" and places["second"] == "second", places
    assert set(places) == {"MainThread", "first", "second"}, "the one that had ended is not there"
    assert [thread["name"] for thread in threads if thread["last"]] == ["second"]
    assert done.folder is not None
    page = (done.folder / "index.html").read_text(encoding="utf-8")
    assert "Threads at the peak" in page and "The last request before the peak came from second." in page
