"""Whatever the system refuses to our library, the program does not notice: its own calls and results are as ever. The
report comes, or a sentence that says why there is none.

The library is built once more, with its system calls and allocations made to fail one after the other: tests/faults. By
default a part of the calls is tried, under one interpreter; `make test-faults` (FIL_TEST_FAULTS=each) tries each call
under five, with another error from call to call; FIL_TEST_FAULTS=all each call with every error.
"""

import errno
import os
from pathlib import Path
from typing import Any, List, Tuple

import faulty_library
import pytest
import support
from faulty_library import NEVER, READS, REST, Faults
from interpreters import find_interpreters

pytestmark = pytest.mark.slow

PROGRAM = support.PROGRAMS / "under_faults.py"

ALL = os.environ.get("FIL_TEST_FAULTS") == "all"
EACH = ALL or os.environ.get("FIL_TEST_FAULTS") == "each"
ERRORS = [errno.ENOSPC, errno.ENOMEM, errno.EINTR, errno.EACCES, errno.EMFILE, errno.EOPNOTSUPP, 0]
REFUSALS = (3, 4)
REFERENCE_TOLERANCE = 2 * support.MIB  # threads overlap, or take turns, and a profile function takes its share
VERSIONS = {(3, 8), (3, 11), (3, 13), (3, 14)}

CHOSEN = [found for found in find_interpreters() if not EACH or found.version[:2] in VERSIONS] or find_interpreters()
INTERPRETERS = CHOSEN if EACH else [one for one in CHOSEN if one.version[:2] == (3, 11)] or CHOSEN[:1]


@pytest.fixture(scope="session")
def faulty_package(package: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return faulty_library.build(package, tmp_path_factory.mktemp("faulty"))


@pytest.fixture(params=INTERPRETERS, ids=[interpreter.name for interpreter in INTERPRETERS])
def faulty(request: pytest.FixtureRequest, faulty_package: Path, tmp_path: Path) -> support.Profiler:
    """A profiler with the library that fails on demand."""
    return support.Profiler(request.param.path, request.param.version, faulty_package, tmp_path)


class Expected:
    """A program's account without faults: bare, and profiled."""

    def __init__(self, profiler: support.Profiler, args: List[Any], group: str) -> None:
        self.profiler = profiler
        self.args = args
        self.bare = support.run_bare(profiler.python, args)
        self.start = faulty_library.run(profiler, ["-c", "pass"], Faults(group)).calls
        self.whole = faulty_library.run(profiler, args, Faults(group))
        assert self.whole.failed == 0
        self.check_harmless(self.whole)
        support.check_report(self.whole.done)
        assert "Incomplete: " not in self.whole.done.stderr, self.whole.done.account()

    def check_harmless(self, run: faulty_library.Run) -> None:
        done = run.done
        assert "Traceback" not in done.stderr, done.account()
        assert (done.status, done.stdout) == (self.bare.returncode, support.text_of(self.bare.stdout)), done.account()
        assert done.program_stderr() == support.text_of(self.bare.stderr), done.account()

    def check(self, faults: Faults) -> bool:
        """Run it under these faults; whether any of them came to pass."""
        run = faulty_library.run(self.profiler, self.args, faults)
        done = run.done
        if done.status in REFUSALS:  # before the program began
            assert faults.first <= self.start and done.stdout == done.program_stderr() == "", (faults, done.account())
            assert len(done.own_lines()) == 1 and done.folder is None, (faults, done.account())
            return True
        self.check_harmless(run)
        support.check_report(done)
        if "Incomplete: " not in done.stderr:
            kept = done.at_marker(PROGRAM, "kept")
            assert support.close_to(kept, 20 * support.MIB), (faults, done.account())
            assert support.close_to(done.peak, self.whole.done.peak, REFERENCE_TOLERANCE), (faults, done.account())
        return run.failed != 0


def numbers(calls: int) -> List[int]:
    """All calls one after the other, or those of the beginning and every seventh after."""
    return [number for number in range(1, calls + 1) if EACH or number <= 40 or number % 7 == 0]


def test_each_call_fails_once(faulty: support.Profiler) -> None:
    expected = Expected(faulty, [PROGRAM], REST)
    for number in numbers(expected.whole.calls):
        for error in ERRORS if ALL else [ERRORS[number % len(ERRORS)]]:
            expected.check(Faults(REST, number, number, error))


def test_all_calls_fail_from_one_on(faulty: support.Profiler) -> None:
    """A disk that is full, a limit that is reached, and stays so."""
    expected = Expected(faulty, [PROGRAM], REST)
    for number in range(1, expected.whole.calls + 1, 1 if EACH else 9):
        for error in ERRORS if ALL else [ERRORS[number % len(ERRORS)]]:
            expected.check(Faults(REST, number, NEVER, error))


def test_memory_that_cannot_be_looked_at(faulty: support.Profiler) -> None:
    """The proof of the layout at the start reads through system calls, which containers may forbid."""
    expected = Expected(faulty, [PROGRAM, "small", "threads"], READS)
    cases: List[Tuple[int, int]] = [(1, NEVER)]
    cases += [(at, at) for at in range(1, expected.whole.calls + 1, 7 if ALL else 29 if EACH else 97)]
    came_to_pass = []  # how often it reads differs from run to run by a third
    for first, last in cases:
        for error in (errno.EPERM, errno.EFAULT) if ALL or last == NEVER else (errno.EPERM,):
            came_to_pass.append(expected.check(Faults(READS, first, last, error)))
    assert came_to_pass[0] and sum(came_to_pass) > len(came_to_pass) // 2


@pytest.mark.parametrize("way", support.UNWIND_METHODS[1:] if EACH else support.UNWIND_METHODS[-1:])
def test_other_ways_to_find_callstacks(faulty: support.Profiler, way: str) -> None:
    faulty.stacks = way
    expected = Expected(faulty, [PROGRAM], REST)
    for number in range(1, expected.whole.calls + 1, 1 if EACH else 13):
        expected.check(Faults(REST, number, number, ERRORS[number % len(ERRORS)]))
        if number % 5 == 0:
            expected.check(Faults(REST, number, NEVER, errno.ENOMEM))


def test_all_kinds_of_calls_are_made_to_fail(faulty: support.Profiler) -> None:
    """What the library calls, and what can be made to fail here, are the same: no kind is forgotten."""
    made = faulty_library.run(faulty, [PROGRAM], Faults(REST)).by_kind
    some = {name for name, count in made.items() if count}
    assert some >= {
        "openat",
        "close",
        "fcntl",
        "fstat",
        "fallocate",
        "pwrite64",
        "mmap",
        "munmap",
        "madvise",
        "getrlimit",
        "malloc",
    }, made
