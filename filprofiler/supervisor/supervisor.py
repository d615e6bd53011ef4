"""Starts the program as a child process, passes signals on, waits for its end, and ends as it did.

All signals that concern us are received one by one (signals.py), so that no handler runs in between. Uses _signal, the
C part of the signal module: the Python part costs several milliseconds for its enumerations.
"""

import gc
import os
import time

from filprofiler.supervisor.outcome import Outcome
from filprofiler.supervisor.signals import STOPPING, forwarded_signals, take_signals
from filprofiler.systems import HERE

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal
    from typing import Any, Callable, Dict, Mapping, Optional, Sequence
else:
    import _signal as signal

SIGINT = signal.SIGINT
REPORT_SIGNAL = signal.SIGUSR2  # asks for a report now; sent to us, or to the program, which passes it on

_WATCHED = forwarded_signals(but=(REPORT_SIGNAL,)) + (REPORT_SIGNAL, signal.SIGCHLD)

# Python ignores these for itself; a program must not inherit that.
_IGNORED_BY_PYTHON = (signal.SIGPIPE, signal.SIGXFSZ)

_EXEC_FAILED = 127

FIRST_LOOK_SECONDS = 0.03  # a program that ends before is not watched, which saves imports


class Supervisor:
    """Runs one program. From its creation until `leave_signals_to_python`, no signal interrupts us."""

    def __init__(self) -> None:
        self._signals = take_signals(_WATCHED)
        self._pid = 0
        self._aside = 0
        self._started = 0.0

    def start(self, executable: str, arguments: "Sequence[str]", environment: "Mapping[str, str]") -> None:
        """Start `executable` with `arguments` (its own name first). Raises OSError."""
        child_action = self._signals.before_fork()
        reader, writer = os.pipe()  # closed by a successful exec; else it carries the errno
        self._started = time.monotonic()
        self._pid = os.fork()
        if self._pid == 0:
            try:
                for number in _IGNORED_BY_PYTHON:
                    signal.signal(number, signal.SIG_DFL)
                self._signals.in_child(child_action)
                os.execve(executable, list(arguments), environment)
            except OSError as error:
                os.write(writer, b"%d" % (error.errno or 0))
            finally:
                os._exit(_EXEC_FAILED)
        os.close(writer)
        failure = os.read(reader, 16)
        os.close(reader)
        if failure:
            os.waitpid(self._pid, 0)
            raise OSError(int(failure), os.strerror(int(failure)))

    def wait(self, report_now: "Callable[[], None]", look: "Callable[[], float]") -> Outcome:
        """Pass signals on until the program has ended.

        report_now: called when a report is requested. look: called after FIRST_LOOK_SECONDS, and then repeatedly, after
        the seconds that it returns. Waiting can take days, so the garbage collector runs meanwhile.
        """
        collects = gc.isenabled()
        if hasattr(gc, "freeze"):
            gc.freeze()  # existing objects stay alive, so the collector can skip them
        gc.enable()
        try:
            return self._wait(report_now, look)
        finally:
            if not collects:
                gc.disable()
            if hasattr(gc, "unfreeze"):
                gc.unfreeze()

    def _wait(self, report_now: "Callable[[], None]", look: "Callable[[], float]") -> Outcome:
        pause = FIRST_LOOK_SECONDS
        stop_by = 0  # the signal by which we stop as soon as the program has stopped
        was_stopped = False  # and the SIGCONT that continued us was not taken yet
        while True:
            event = self._signals.take(pause)
            if event is None:
                pause = look()
                continue
            number, from_kernel = event
            if number == signal.SIGCHLD:
                limits = self._limits_at_end()
                pid, status, usage = os.wait4(self._pid, os.WNOHANG)
                if pid:
                    outcome = self._outcome(status, usage, limits)
                    self._end_aside()
                    return outcome
            elif number == REPORT_SIGNAL:
                report_now()
            elif number == signal.SIGCONT:
                # A shell that continues us after a stop has continued the program too.
                if not from_kernel and (not was_stopped or self._is_stopped()):
                    os.kill(self._pid, number)
                was_stopped, stop_by = False, 0
            else:
                if not from_kernel:
                    os.kill(self._pid, number)
                if number in STOPPING:
                    stop_by = number
            if stop_by and self._is_stopped() and signal.SIGCONT not in signal.sigpending():
                number, stop_by = stop_by, 0
                self._signals.stop(number)
                was_stopped = True

    def _is_stopped(self) -> bool:
        """Whether the program is stopped, as far as known: one that handles a signal does not stop by it."""
        if not hasattr(os, "waitid"):
            return True
        return os.waitid(os.P_PID, self._pid, os.WSTOPPED | os.WNOHANG | os.WNOWAIT) is not None

    def aside(self, task: "Callable[[], object]") -> bool:
        """Run `task` in a forked helper; meanwhile signals are passed on to the program.

        If memory runs out, the kernel kills the helper first. Only one at a time: returns False if one still runs.
        Raises OSError if no process can be created.
        """
        if self._aside and not os.waitpid(self._aside, os.WNOHANG)[0]:
            return False
        self._aside = 0  # in case fork fails
        self._aside = os.fork()
        if self._aside == 0:
            try:
                with open("/proc/self/oom_score_adj", "w") as file:
                    file.write("1000")
            except OSError:
                pass
            try:
                task()
            finally:
                os._exit(0)
        return True

    def _end_aside(self) -> None:
        """Wait for the helper."""
        if self._aside:
            os.waitpid(self._aside, 0)
            self._aside = 0

    @property
    def pid(self) -> int:
        """The program's process number."""
        return self._pid

    def wake_on(self, descriptor: int) -> None:
        """While waiting, look as soon as something can be read from a descriptor, if that is possible."""
        self._signals.wake_on(descriptor)

    def forget(self, descriptor: int) -> None:
        """No longer look at that descriptor."""
        self._signals.forget(descriptor)

    def elapsed_seconds(self) -> float:
        """Wall-clock seconds since the program was started."""
        return time.monotonic() - self._started

    def leave_signals_to_python(self) -> None:
        """After the program's end: discard signals that came too late for it, and let Ctrl-C interrupt us again."""
        self._signals.leave((REPORT_SIGNAL,))

    def _limits_at_end(self) -> "Dict[str, int]":
        """The limits of a program that has just failed: it may have set them itself. Empty where not known."""
        if not hasattr(os, "waitid"):
            return {}
        ended = os.waitid(os.P_PID, self._pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        if ended is None or (ended.si_code == os.CLD_EXITED and ended.si_status == 0):
            return {}
        try:
            import resource
        except (ImportError, OSError):
            return {}
        limits = {}
        for name in ("RLIMIT_AS", "RLIMIT_DATA") if hasattr(resource, "prlimit") else ():
            try:
                limit = resource.prlimit(self._pid, getattr(resource, name))[0]
            except OSError:
                continue
            if limit != resource.RLIM_INFINITY:
                limits[name] = limit
        return limits

    def _outcome(self, status: int, usage: "Any", limits: "Dict[str, int]") -> Outcome:
        exit_status: "Optional[int]" = None
        killed_by: "Optional[int]" = None
        if os.WIFSIGNALED(status):
            killed_by = os.WTERMSIG(status)
        else:
            exit_status = os.WEXITSTATUS(status)
        ended_ns = int(time.monotonic() * 1e9)
        return Outcome(
            exit_status, killed_by, self.elapsed_seconds(), usage.ru_maxrss * HERE.resident_unit, limits, ended_ns
        )


def end_like(outcome: Outcome) -> int:
    """The program's exit status, for us to exit with; if a signal killed it, kill ourselves by it, without a core."""
    if outcome.exit_status is not None:
        return outcome.exit_status
    assert outcome.signal is not None
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
    try:
        signal.signal(outcome.signal, signal.SIG_DFL)
    except (OSError, ValueError):
        pass  # SIGKILL has nothing to reset
    signal.pthread_sigmask(signal.SIG_UNBLOCK, (outcome.signal,))
    os.kill(os.getpid(), outcome.signal)
    return 128 + outcome.signal  # the signal does not kill us: use a shell's exit status
