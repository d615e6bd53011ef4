"""Threads, forks and functions of kinds that programs seldom have: nothing hangs, nothing is counted twice."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import support

UNUSUAL = support.PROGRAMS / "unusual.py"
LONG = support.PROGRAMS / "long_function.py"
MIB = 1 << 20


def run_unusual(profiler: support.Profiler, c_libraries: Path, which: str, **others: object) -> support.Profiled:
    """Run one of the program's cases; it prints what the C function answered."""
    return profiler.run_well([UNUSUAL, c_libraries / "libunusual.so", which], **others)


def test_the_child_of_a_fork_without_handlers_records_nothing(profiler: support.Profiler, c_libraries: Path) -> None:
    done = run_unusual(profiler, c_libraries, "bare-fork")
    assert done.stdout.strip() == "0"
    assert done.peak < 8 * MIB


def test_a_c11_thread_belongs_to_the_line_that_started_it(profiler: support.Profiler, c_libraries: Path) -> None:
    done = run_unusual(profiler, c_libraries, "c11-thread")
    assert done.stdout.strip() == "1"
    assert support.close_to(done.at_marker(UNUSUAL, "c11"), 9 * MIB)


def test_c11_threads_at_once(profiler: support.Profiler, c_libraries: Path) -> None:
    done = run_unusual(profiler, c_libraries, "c11-churn")
    assert done.peak < 8 * MIB


def test_malloc_is_no_cancellation_point(profiler: support.Profiler, c_libraries: Path) -> None:
    assert run_unusual(profiler, c_libraries, "cancellation").stdout.strip() == "0"


def test_fork_handlers_of_others_may_allocate(profiler: support.Profiler, c_libraries: Path) -> None:
    """Preloaded after ours, the library's handlers run between our own."""
    preload = {"LD_PRELOAD": str(c_libraries / "libunusual.so")}
    assert run_unusual(profiler, c_libraries, "fork-handler", env=preload).stdout.strip() == "0"


def test_blocks_that_are_taken_without_the_gil(profiler: support.Profiler, c_libraries: Path) -> None:
    """They belong to the thread that takes them, not to the one that holds the GIL meanwhile."""
    if profiler.version >= (3, 12):
        pytest.skip("this Python does not know the feature: its allocator crashes without the GIL")
    done = run_unusual(profiler, c_libraries, "without-gil")
    assert done.stdout.strip() == "40000"
    assert support.close_to(done.at_marker(UNUSUAL, "without-gil"), 40000 * 512)


def test_a_timer_that_arms_itself_again_does_not_grow_the_callstacks(
    profiler: support.Profiler, c_libraries: Path
) -> None:
    done = run_unusual(profiler, c_libraries, "timer")
    depths = [len(stack.frames) for stack in done.stacks if any(frame.function == "again" for frame in stack.frames)]
    assert depths and max(depths) < 40


def test_a_function_longer_than_a_mebibyte(profiler: support.Profiler) -> None:
    """The instructions of a function are told apart at any distance."""
    done = profiler.run_well([LONG, "270000"])
    bytecode, last_line = map(int, done.stdout.split())
    assert bytecode > MIB
    source = Path("long_function_source.py")
    assert support.close_to(done.at_line(source, 2), 1200 * MIB)
    assert support.close_to(done.at_line(source, last_line), 1800 * MIB)


ORPHAN = """
import os, signal, sys
print(os.getpid(), flush=True)
sys.stdin.readline()
os.kill(os.getpid(), signal.SIGUSR2)
print("alive", flush=True)
sys.stdin.readline()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="becomes the reaper of orphans through prctl")
def test_a_request_for_a_report_goes_to_no_stranger(one_profiler: support.Profiler) -> None:
    """When the supervisor is gone, the program's parent is a process that knows nothing of SIGUSR2."""
    command = one_profiler.command(["-c", ORPHAN], one_profiler.new_output())
    start = (
        "import subprocess, sys, os, signal\n"
        "import ctypes; ctypes.CDLL(None).prctl(36, 1)\n"
        "p = subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE, stdout=subprocess.PIPE)\n"
        "pid = int(p.stdout.readline())\n"
        "p.kill(); p.wait()\n"
        "p.stdin.write(b'go\\n'); p.stdin.flush()\n"
        "print(p.stdout.readline().decode().strip())\n"
        "p.stdin.write(b'end\\n'); p.stdin.close()\n"
        "os.waitpid(pid, 0)\n"
        "print('the reaper lives')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", start, *command],
        env=one_profiler.environment(),
        capture_output=True,
        timeout=60,
    )
    assert done.stdout.decode().splitlines() == ["alive", "the reaper lives"], done.stderr.decode()
    assert done.returncode == 0


@pytest.mark.skipif(not os.path.exists("/usr/bin/python3"), reason="the system has no Python of its own")
def test_the_systems_own_python(package: Path, tmp_path: Path) -> None:
    """Distributions build it otherwise: one executable, often at a fixed address."""
    asked = subprocess.run(
        ["/usr/bin/python3", "-c", "import sys; print(*sys.version_info[:2])"], stdout=subprocess.PIPE
    )
    version = tuple(int(part) for part in asked.stdout.split())
    profiler = support.Profiler("/usr/bin/python3", version, package, tmp_path)
    done = profiler.run_well(["-c", "kept = bytearray(7 << 20)"])
    assert 7 * MIB < done.peak < 8 * MIB
