"""Whatever ends the program: the report is there, its numbers are right, and the exit status is the program's own."""

import fcntl
import os
import re
import signal
import subprocess
import sys
import termios
from pathlib import Path
from typing import Any, Sequence

import pytest
import support

PROGRAM = support.PROGRAMS / "ends.py"

# How it ends -> the exit status as subprocess gives it; None where Python versions differ and the bare run decides.
ENDS = {
    "normal": 0,
    "signal SIGKILL": -signal.SIGKILL,
    "signal SIGTERM": -signal.SIGTERM,
    "signal SIGINT": None,
    "segfault": -signal.SIGSEGV,
    "abort": -signal.SIGABRT,
    "os._exit": 7,
    "C _exit": 8,
    "C exit": 11,
    "sys.exit": 9,
    "sys.exit text": 1,
    "sys.exit in thread": 0,
    "exception": 1,
    "exception while ending": None,
    "finalizer": 0,
    "daemon threads": 0,
    "exec": 6,
}


def without_addresses(text: str) -> str:
    return re.sub(r"0x[0-9a-f]+", "0x", text)


def check_memory(done: support.Profiled) -> None:
    support.check_report(done)
    live = done.at_marker(PROGRAM, "live", "take")
    assert support.close_to(live, 20 * support.MIB), support.in_mib(live) + "\n" + done.account()
    back = done.at_marker(PROGRAM, "given back", "take")
    assert support.close_to(back, 7 * support.MIB), support.in_mib(back) + "\n" + done.account()
    assert 27 * support.MIB <= done.peak < 32 * support.MIB, support.in_mib(done.peak)


@pytest.mark.parametrize("kind", sorted(ENDS))
def test_end(profiler: support.Profiler, kind: str) -> None:
    done = profiler.run([PROGRAM, kind])
    bare = support.run_bare(profiler.python, [PROGRAM, kind])
    expected = ENDS[kind]
    assert done.status == bare.returncode, done.account()
    assert expected is None or done.status == expected, done.account()
    assert done.stdout.encode() == bare.stdout, done.account()
    # A segfault says nothing, a traceback is the same as ever: no frame and no line of ours among the program's.
    assert without_addresses(done.program_stderr()) == without_addresses(support.text_of(bare.stderr)), done.account()
    check_memory(done)


TAKES_MEMORY_AFTER_PYTHON = """
import ctypes, sys
def end(levels):
    if levels:
        end(levels - 1)
    sys.exit(6)
assert ctypes.CDLL(sys.argv[1]).take_memory_at_exit() == 0
end(30)
"""


@pytest.mark.parametrize("way", support.UNWIND_METHODS)
def test_memory_is_taken_after_python_has_ended(profiler: support.Profiler, c_libraries: Path, way: str) -> None:
    """What a C library does at the end of the process: by then the interpreter's frames are gone."""
    profiler.stacks = way
    done = profiler.run(["-c", TAKES_MEMORY_AFTER_PYTHON, c_libraries / "libendings.so"])
    assert (done.status, done.stdout, done.program_stderr()) == (6, "", ""), done.account()
    support.check_report(done)


class Running:
    """A profiled program that runs until something ends it; its terminal is this test's to type at."""

    def __init__(self, profiler: support.Profiler, args: Sequence[Any]) -> None:
        self.output = profiler.new_output()
        self.terminal, inside = os.openpty()

        def take_terminal() -> None:
            fcntl.ioctl(inside, termios.TIOCSCTTY, 0)

        self.process = subprocess.Popen(
            profiler.command(args, self.output),
            env=profiler.environment(),
            cwd=str(profiler.scratch),
            stdin=inside,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            preexec_fn=take_terminal,
        )
        os.close(inside)

    def expect(self, line: bytes) -> None:
        """Wait for the program's next line on stdout."""
        assert self.process.stdout is not None
        got = self.process.stdout.readline()
        if got != line:
            raise AssertionError(f"{got!r} instead of {line!r}: {self.finish().account()}")

    def press_ctrl_c(self) -> None:
        os.write(self.terminal, b"\x03")

    def child(self) -> int:
        """The process number of the program."""
        path = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        (child,) = path.read_text().split()
        return int(child)

    def finish(self) -> support.Profiled:
        stdout, stderr = self.process.communicate(timeout=60)
        os.close(self.terminal)
        return support.Profiled(self.process.returncode, support.text_of(stdout), support.text_of(stderr), self.output)


def start_waiting(profiler: support.Profiler) -> Running:
    """A profiled program that has said that it waits for a signal."""
    running = Running(profiler, [PROGRAM, "wait"])
    running.expect(b"before the end\n")
    running.expect(b"ready\n")
    return running


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP", "SIGUSR1"])
def test_signal_to_the_supervisor_ends_the_program(one_profiler: support.Profiler, name: str) -> None:
    running = start_waiting(one_profiler)
    running.process.send_signal(getattr(signal, name))
    done = running.finish()
    assert done.status == -getattr(signal, name), done.account()
    check_memory(done)


def test_ctrl_c_reaches_the_program_once(profiler: support.Profiler) -> None:
    running = start_waiting(profiler)
    running.press_ctrl_c()
    done = running.finish()
    by_signal = profiler.version >= (3, 8)
    assert done.status == (-signal.SIGINT if by_signal else 1), done.account()
    assert done.stderr.count("KeyboardInterrupt") == 1, done.account()
    assert done.stderr.count("Traceback") == 1, done.account()
    assert str(profiler.package) not in done.program_stderr(), done.account()
    check_memory(done)


CATCHES_INTERRUPTS = """
import signal, sys
kept = bytearray(20 << 20)
caught = 0
while not caught:
    try:
        print("ready", flush=True)
        signal.pause()
    except KeyboardInterrupt:
        caught += 1
signal.alarm(20)
interrupted = signal.sigtimedwait([signal.SIGINT], 0.3)
print("caught", caught, interrupted, flush=True)
sys.exit(4)
"""


def test_a_program_may_catch_ctrl_c(one_profiler: support.Profiler) -> None:
    running = Running(one_profiler, ["-c", CATCHES_INTERRUPTS])
    running.expect(b"ready\n")
    running.press_ctrl_c()
    done = running.finish()
    assert done.stdout == "caught 1 None\n", done.account()
    assert done.status == 4, done.account()
    support.check_report(done)


@pytest.mark.skipif(sys.platform != "linux", reason="finds the program's process through /proc")
def test_the_program_is_killed_from_outside(one_profiler: support.Profiler) -> None:
    """What the kernel's out-of-memory killer does: the program dies at once, the supervisor writes the report."""
    running = start_waiting(one_profiler)
    os.kill(running.child(), signal.SIGKILL)
    done = running.finish()
    assert done.status == -signal.SIGKILL, done.account()
    check_memory(done)


@pytest.mark.skipif(sys.platform != "linux", reason="finds the program's process through /proc")
def test_the_supervisor_is_killed(one_profiler: support.Profiler) -> None:
    """The recording outlives the supervisor: nothing that was measured is lost."""
    running = start_waiting(one_profiler)
    child = running.child()
    running.process.kill()
    running.process.wait()
    try:
        os.kill(child, signal.SIGTERM)
    except ProcessLookupError:
        pass
    running.process.communicate(timeout=60)
    (folder,) = running.output.iterdir()
    assert any(path.stat().st_size > 100000 for path in folder.iterdir()), "the recording is gone"


def test_an_interactive_session_after_the_program_is_the_programs_alone(profiler: support.Profiler) -> None:
    """`python -i -m filprofiler`: one session, in which the program's names are known, and a report after it."""
    output = profiler.new_output()
    command = ["-i", *profiler.command(["-c", "kept = bytearray(9 << 20)"], output)[1:]]
    done = profiler.call(command, stdin=b"print('in it:', len(kept))\n")
    said = support.text_of(done.stderr)
    assert support.text_of(done.stdout).split() == ["in", "it:", str(9 << 20)] and done.returncode == 0, said
    assert said.count(">>>") == 2 and "Report: " in said, said
