"""Threads, forks and what is still running at the end: no crash, no deadlock, and the right totals.

How often each is repeated: FIL_TEST_REPEAT, 3 if it is not set; a deadlock shows as subprocess's own timeout.
"""

import json
import re
import signal
from pathlib import Path

import pytest
import support

PROGRAM = support.PROGRAMS / "threads_and_forks.py"
GROWING = support.PROGRAMS / "growing_mappings.py"
GROWING_SOURCE = support.C_SOURCES / "growing_mappings.c"

# Each with what must be live at the peak: marked line -> MiB.
OFTEN = {
    "six threads": {"one of six": 12},
    "daemon threads": {},
    "forks": {"freed by the children only": 3, "taken by a child": 0},
    "C threads": {},
}
SELDOM = {
    "freed by others": {},
    "many threads": {},
    "threads from threads": {},
    "destructors": {"destructors": 10},
    "fork that returns": {},
    "grandchildren": {"taken by a grandchild": 0},
    "subprocesses": {},
    "vforks": {},
    "multiprocessing fork": {"taken by a worker process": 0},
    "multiprocessing spawn": {"taken by a worker process": 0},
    "executors": {},
    "exec from a thread": {},
}
DEADLOCK = 60
"""After so many seconds a run that takes about one is taken for a deadlock."""


# A daemon thread that wakes between Python's end and the process's takes a GIL that is gone: so before 3.14 CPython
# dies by itself now and then (3.10 without us: 3 of 400 runs on a busy processor, inside its take_gil).
DIES_BY_ITSELF = "daemon threads"


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests here are about the numbers of one process."""
    monkeypatch.setattr(support.Profiler, "alone", True)


def run_once(profiler: support.Profiler, libraries: Path, kind: str) -> support.Profiled:
    done = profiler.run([PROGRAM, kind, libraries], timeout=DEADLOCK)
    may_die = kind == DIES_BY_ITSELF and profiler.version < (3, 14)
    assert done.status in ((0, -signal.SIGSEGV) if may_die else (0,)), done.account()
    assert done.stdout == "done\n", done.account()
    assert "Traceback" not in done.stderr and "Fatal" not in done.stderr, done.account()
    support.check_report(done)
    return done


def check_totals(done: support.Profiled, kind: str) -> None:
    expected = {"at the end": 15}
    expected.update(OFTEN.get(kind, SELDOM.get(kind, {})))
    wrong = []
    for name, mib in expected.items():
        got = done.at_marker(PROGRAM, name)
        if not support.close_to(got, mib * support.MIB):
            wrong.append(f"{name}: {support.in_mib(got)} instead of {mib} MiB")
    assert not wrong, "\n".join(wrong) + "\n" + done.account()
    # What threads have in hand at that moment is a few MiB at the most.
    total = sum(expected.values())
    assert total * support.MIB <= done.peak < (total + 9) * support.MIB, support.in_mib(done.peak)


@pytest.mark.parametrize("kind", sorted(OFTEN))
def test_often(profiler: support.Profiler, c_libraries: Path, kind: str) -> None:
    deaths = 0
    for _ in range(support.repeats()):
        done = run_once(profiler, c_libraries, kind)
        check_totals(done, kind)
        deaths += done.status != 0
    assert deaths <= 1 + support.repeats() // 25


@pytest.mark.parametrize("kind", sorted(SELDOM))
def test_seldom(profiler: support.Profiler, c_libraries: Path, kind: str) -> None:
    for _ in range(max(1, support.repeats() // 3)):
        check_totals(run_once(profiler, c_libraries, kind), kind)


def test_a_thread_is_where_it_took_memory_last_by_any_call(profiler: support.Profiler, c_libraries: Path) -> None:
    """Where each thread was at the peak, by mappings alone: a call that forgot to note it leaves the line before."""
    functions = re.findall(r"^int (more_\w+)", GROWING_SOURCE.read_text(), re.MULTILINE)
    assert len(functions) == 8
    arguments = [GROWING, c_libraries / "libgrowing_mappings.so", *functions]
    done = profiler.run(arguments, options=["--format", "json"])
    assert done.status == 0, done.account()
    assert done.folder is not None
    profile = json.loads((done.folder / "peak-memory.json").read_text())
    names = {support.marker(GROWING, name): name for name in ("before", "more")}
    found = {thread["name"]: profile["sites"][thread["stack"][-1]]["line"] for thread in profile["threads"]}
    del found["MainThread"]
    assert {name: names.get(line, line) for name, line in found.items()} == dict.fromkeys(functions, "more")
