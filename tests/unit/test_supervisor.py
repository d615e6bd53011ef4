"""The supervisor with real children: signals, ends, job control. Children say when they are ready; no test sleeps."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import List

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent

# What Python has not on every system.
LESS = """
import _signal, os, resource
del _signal.sigtimedwait, os.waitid, resource.prlimit
"""

# Runs a program under a supervisor, says what it learns, and ends as the program did.
HARNESS = """
import sys
from filprofiler.supervisor.supervisor import Supervisor, end_like
supervisor = Supervisor()
command = sys.argv[1:]
try:
    supervisor.start(command[0], command, {"PATH": "/usr/bin:/bin"})
except OSError as error:
    sys.exit("start: %s" % error.strerror)
outcome = supervisor.wait(lambda: print("report", flush=True), lambda: 0.5)
supervisor.leave_signals_to_python()
print("outcome", outcome.text, outcome.resident_peak_bytes > 1000000, outcome.elapsed_seconds > 0, flush=True)
sys.exit(end_like(outcome))
"""

# Says the name of each signal that it gets, until SIGTERM.
LISTENER = """
import os, signal, sys
reader, writer = os.pipe()
os.set_blocking(writer, False)
signal.set_wakeup_fd(writer)
for name in sys.argv[1:] + ["SIGTERM"]:
    signal.signal(getattr(signal, name), lambda number, frame: None)
os.write(1, b"ready\\n")
number = 0
while number != signal.SIGTERM:
    number = os.read(reader, 1)[0]
    os.write(1, signal.Signals(number).name.encode() + b"\\n")
"""


@pytest.fixture(autouse=True, params=["", LESS], ids=["all", "less"])
def harness(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test with all that Python has on Linux, and with what it has elsewhere."""
    monkeypatch.setattr(sys.modules[__name__], "HARNESS", request.param + HARNESS)


# What batch systems and other tools send, some of it to warn, some of it to end. SIGXCPU and SIGIO, for two, ended the
# supervisor alone, and left the program without it.
FORWARDED = [
    "SIGINT",
    "SIGQUIT",
    "SIGHUP",
    "SIGUSR1",
    "SIGALRM",
    "SIGVTALRM",
    "SIGPROF",
    "SIGXCPU",
    "SIGIO",
    "SIGPWR",
    "SIGSTKFLT",
    "SIGABRT",
    "SIGURG",
    "SIGWINCH",
    "SIGRTMIN",
    "SIGRTMAX",
]
# Where signals are blocked, also those that the kernel sends for a fault of the process itself.
FORWARDED_WHERE_BLOCKED = ["SIGSEGV", "SIGBUS", "SIGFPE", "SIGILL", "SIGTRAP", "SIGSYS", "SIGPIPE", "SIGXFSZ"]


def forwarded() -> List[str]:
    """The signals that the harness passes on."""
    return FORWARDED + (FORWARDED_WHERE_BLOCKED if not HARNESS.startswith(LESS) else [])


def supervise(*command: str) -> "subprocess.Popen[str]":
    """Start a program under a supervisor of its own, in a process group of their own.

    The kernel stops no process by SIGTSTP whose group is orphaned, as that of tests can be that nobody waits for.
    """
    return subprocess.Popen(
        [sys.executable, "-c", HARNESS, *command],
        cwd=str(ROOT),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        bufsize=1,
        preexec_fn=os.setpgrp,
    )


def read_line(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def finish(process: "subprocess.Popen[str]") -> List[str]:
    """The rest of what it says."""
    output, _ = process.communicate(timeout=60)
    return output.splitlines()


def test_signals_from_elsewhere_are_forwarded_once() -> None:
    process = supervise(sys.executable, "-c", LISTENER, *forwarded())
    assert read_line(process) == "ready"
    for name in forwarded():
        os.kill(process.pid, getattr(signal, name))
        assert read_line(process) == name
    os.kill(process.pid, signal.SIGTERM)
    assert finish(process) == ["SIGTERM", "outcome exited with status 0 True True"]
    assert process.returncode == 0


def test_the_report_signal_is_not_the_programs() -> None:
    process = supervise(sys.executable, "-c", LISTENER)
    assert read_line(process) == "ready"
    for _ in range(2):
        os.kill(process.pid, signal.SIGUSR2)
        assert read_line(process) == "report"
    os.kill(process.pid, signal.SIGTERM)
    assert finish(process)[0] == "SIGTERM"


@pytest.mark.parametrize("status", [0, 1, 7, 53, 255])
def test_exit_status(status: int) -> None:
    process = supervise("/bin/sh", "-c", "exit %d" % status)
    assert finish(process) == ["outcome exited with status %d True True" % status]
    assert process.returncode == status


@pytest.mark.parametrize(
    "name", ["SIGKILL", "SIGSEGV", "SIGABRT", "SIGTERM", "SIGINT", "SIGPIPE", "SIGUSR2", "SIGXFSZ"]
)
def test_death_by_signal(name: str, tmp_path: Path) -> None:
    process = supervise("/bin/sh", "-c", "kill -%s $$" % name[3:])
    assert finish(process) == ["outcome killed by %s True True" % name]
    assert process.returncode == -getattr(signal, name)


def test_a_program_that_cannot_be_started() -> None:
    process = supervise("/no/such/program")
    assert finish(process) == ["start: No such file or directory"]


def test_the_child_begins_with_the_signals_that_a_shell_would_give_it() -> None:
    show = "import re; print(re.findall('Sig(?:Blk|Ign):.*', open('/proc/self/status').read()))"
    without_python = 'exec %s -c "%s"' % (sys.executable, show)
    bare = subprocess.run(["/bin/sh", "-c", without_python], stdout=subprocess.PIPE, check=True).stdout.decode()
    process = supervise(sys.executable, "-c", show)
    assert finish(process)[0] == bare.strip()


def test_ignored_signals_stay_ignored() -> None:
    show = "import signal; print(*(int(signal.getsignal(s)) for s in (signal.SIGHUP, signal.SIGCHLD)))"
    arguments = [sys.executable, "-c", HARNESS, sys.executable, "-c", show]

    def ignore() -> None:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)

    done = subprocess.run(arguments, cwd=str(ROOT), stdout=subprocess.PIPE, preexec_fn=ignore, check=True)
    lines = done.stdout.decode().splitlines()
    assert lines == ["%d %d" % (signal.SIG_IGN, signal.SIG_IGN), "outcome exited with status 0 True True"]


def test_a_stopped_program_has_not_ended() -> None:
    process = supervise("/bin/sh", "-c", "echo $$; kill -STOP $$; echo on")
    child = int(read_line(process))
    while _state(child) != "T":
        os.sched_yield()
    os.kill(process.pid, signal.SIGUSR2)  # shows that the supervisor has seen the stop, and goes on waiting
    assert read_line(process) == "report"
    os.kill(child, signal.SIGCONT)
    assert finish(process) == ["on", "outcome exited with status 0 True True"]


# A small shell: makes the terminal its own, runs the harness, and says what becomes of it. A job that stops is
# continued in the foreground.
SHELL = """
import fcntl, os, signal, sys, termios
terminal = int(sys.argv[1])
os.setsid()
fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)
signal.signal(signal.SIGTTOU, signal.SIG_IGN)
job = os.fork()
if job == 0:
    os.setpgid(0, 0)
    if "in the background" not in sys.argv:
        os.tcsetpgrp(terminal, os.getpid())
    signal.signal(signal.SIGTTOU, signal.SIG_DFL)
    os.execv(sys.executable, [sys.executable, "-c"] + sys.argv[2:])
while True:
    _, status = os.waitpid(job, os.WUNTRACED)
    if not os.WIFSTOPPED(status):
        break
    print("stopped by", signal.Signals(os.WSTOPSIG(status)).name, flush=True)
    os.tcsetpgrp(terminal, job)
    os.killpg(job, signal.SIGCONT)
print("ended", status, flush=True)
"""


def under_a_terminal(*command: str) -> "tuple[subprocess.Popen[str], int]":
    """Start a program under a supervisor that is the foreground job of a terminal; the terminal's keyboard."""
    keyboard, terminal = os.openpty()
    words = [sys.executable, "-c", SHELL, str(terminal), HARNESS]
    words += [word.format(terminal=terminal) if word == "{terminal}" else word for word in command]
    process = subprocess.Popen(
        words, cwd=str(ROOT), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, pass_fds=(terminal,)
    )
    os.close(terminal)
    return process, keyboard


def test_a_key_reaches_the_program_once() -> None:
    process, keyboard = under_a_terminal(sys.executable, "-c", LISTENER, "SIGINT", "SIGQUIT")
    assert read_line(process) == "ready"
    for key, name in ((b"\x03", "SIGINT"), (b"\x1c", "SIGQUIT"), (b"\x03", "SIGINT")):
        os.write(keyboard, key)
        assert read_line(process) == name
    (supervisor,) = _children(process.pid)
    os.kill(supervisor, signal.SIGTERM)
    assert finish(process) == ["SIGTERM", "outcome exited with status 0 True True", "ended 0"]
    os.close(keyboard)


def test_ctrl_z_stops_both_and_a_shell_continues_them() -> None:
    process, keyboard = under_a_terminal(sys.executable, "-c", LISTENER, "SIGCONT")
    assert read_line(process) == "ready"
    for _ in range(2):
        os.write(keyboard, b"\x1a")
        assert {read_line(process), read_line(process)} == {"stopped by SIGTSTP", "SIGCONT"}
    (supervisor,) = _children(process.pid)
    os.kill(supervisor, signal.SIGTERM)
    assert finish(process) == ["SIGTERM", "outcome exited with status 0 True True", "ended 0"]
    os.close(keyboard)


def test_a_background_job_that_reads_the_terminal_stops_whole() -> None:
    """The program stopped, and the supervisor by a default action that a SIGTTIN for itself would also have had."""
    program = "import os, sys; os.write(1, os.read(int(sys.argv[1]), 100))"
    process, keyboard = under_a_terminal(sys.executable, "-c", program, "{terminal}", "in the background")
    os.write(keyboard, b"typed\n")
    expected = ["stopped by SIGTTIN", "typed", "outcome exited with status 0 True True", "ended 0"]
    assert finish(process) == expected
    os.close(keyboard)


def _state(pid: int) -> str:
    return Path("/proc/%d/stat" % pid).read_text().rpartition(")")[2].split()[0]


def test_a_batch_system_suspends_both_and_resumes_them() -> None:
    """SIGTSTP and SIGCONT to the supervisor alone stopped and continued only that."""
    process = supervise(sys.executable, "-c", LISTENER, "SIGCONT")
    assert read_line(process) == "ready"
    (child,) = _children(process.pid)
    for _ in range(2):
        os.kill(process.pid, signal.SIGTSTP)
        while not (_state(child) == _state(process.pid) == "T"):
            os.sched_yield()
        os.kill(process.pid, signal.SIGCONT)
        assert read_line(process) == "SIGCONT"
    os.kill(process.pid, signal.SIGTERM)
    assert finish(process) == ["SIGTERM", "outcome exited with status 0 True True"]


def stopping_signals() -> List[str]:
    """The signals that stop a program and can be passed on. Without sigtimedwait the kernel's own would be, too."""
    return ["SIGTSTP"] if HARNESS.startswith(LESS) else ["SIGTSTP", "SIGTTIN", "SIGTTOU"]


def test_every_stopping_signal_stops_both() -> None:
    """SIGTTIN and SIGTTOU from elsewhere stopped the supervisor alone."""
    process = supervise(sys.executable, "-c", LISTENER, "SIGCONT")
    assert read_line(process) == "ready"
    (child,) = _children(process.pid)
    for name in stopping_signals():
        os.kill(process.pid, getattr(signal, name))
        while not (_state(child) == _state(process.pid) == "T"):
            os.sched_yield()
        os.kill(process.pid, signal.SIGCONT)
        assert read_line(process) == "SIGCONT"
    os.kill(process.pid, signal.SIGTERM)
    assert finish(process) == ["SIGTERM", "outcome exited with status 0 True True"]


def test_a_program_that_handles_them_does_not_stop() -> None:
    """It got no SIGCONT as long as it ran, and SIGTSTP stopped the supervisor, though not the program."""
    handled = [] if HARNESS.startswith(LESS) else stopping_signals()  # without waitid it is not known
    process = supervise(sys.executable, "-c", LISTENER, "SIGCONT", *handled)
    assert read_line(process) == "ready"
    for name in [*handled, "SIGCONT", "SIGCONT"]:
        os.kill(process.pid, getattr(signal, name))
        assert read_line(process) == name
    assert _state(process.pid) != "T"
    os.kill(process.pid, signal.SIGTERM)
    assert finish(process) == ["SIGTERM", "outcome exited with status 0 True True"]


def _children(pid: int) -> List[int]:
    return [int(child) for child in Path("/proc/%d/task/%d/children" % (pid, pid)).read_text().split()]
