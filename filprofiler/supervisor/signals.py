"""Receives signals synchronously, one by one, so that no handler runs in between.

Uses _signal, the C part of the signal module: the Python part costs several milliseconds for its enumerations.
"""

import os
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal
    from typing import Any, Dict, List, Optional, Sequence, Tuple

    from filprofiler.foreign import SignalDescriptor
else:
    import _signal as signal


# The kernel sends these for something that the process itself does: with a handler instead of a block, the handler
# would run again and again, or a closed pipe would be passed on as a signal.
_OF_OWN_DOING = ("SIGSEGV", "SIGBUS", "SIGFPE", "SIGILL", "SIGTRAP", "SIGSYS", "SIGEMT", "SIGPIPE", "SIGXFSZ")

_OF_TERMINAL = (signal.SIGINT, signal.SIGQUIT, signal.SIGTSTP, signal.SIGCONT, signal.SIGWINCH)

# SIGKILL and SIGSTOP cannot be caught.
_LEFT_ALONE = ("SIGKILL", "SIGSTOP", "SIGCHLD")

# The kernel sends these to a whole background job when one of its processes uses the terminal.
_OF_BACKGROUND = ("SIGTTIN", "SIGTTOU")

# Each stops a process that does not handle it. The terminal sends them to the whole group.
STOPPING = (signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU)


def forwarded_signals(but: "Sequence[int]") -> "Tuple[int, ...]":
    """The numbers of all signals that can be passed on to a program, except those in `but`."""
    names = _LEFT_ALONE if hasattr(signal, "sigtimedwait") else _LEFT_ALONE + _OF_OWN_DOING + _OF_BACKGROUND
    without = {getattr(signal, name, 0) for name in names} | set(but)
    first_real_time = getattr(signal, "SIGRTMIN", signal.NSIG)
    # Between the two kinds are signals reserved by the C library.
    ordinary = range(1, min(signal.NSIG, 32))
    return tuple(number for number in [*ordinary, *range(first_real_time, signal.NSIG)] if number not in without)


class WaitedSignals:
    """Blocks signals and receives them one by one, with who sent them.

    The first call of `take` uses sigtimedwait, the others a descriptor: that needs ctypes, which is not imported for a
    program that ends at once. If this process is stopped and continued during a call of sigtimedwait, and the time is
    over by then, CPython returns what lies on its stack: nothing, or an event that it had returned before.
    """

    def __init__(self, watched: "Sequence[int]") -> None:
        self._watched = watched
        self._last: "Any" = None
        self._descriptor: "Optional[SignalDescriptor]" = None
        self._opens = False  # the next call of `take`
        self._mask_before = signal.pthread_sigmask(signal.SIG_BLOCK, watched)

    def before_fork(self) -> "Any":
        """Enable SIGCHLD for the next child; if it is ignored, the kernel discards the exit status of children."""
        return signal.signal(signal.SIGCHLD, signal.SIG_DFL)

    def in_child(self, child_action: "Any") -> None:
        """Restore everything in a child that becomes a program. child_action: the result of before_fork."""
        signal.signal(signal.SIGCHLD, child_action)
        signal.pthread_sigmask(signal.SIG_SETMASK, self._mask_before)

    def take(self, seconds: float) -> "Optional[Tuple[int, bool]]":
        """The next signal, and whether the kernel sent it; None if there was none in that time.

        The kernel sends a key's signal to the whole foreground group, so the program gets it too. Its other signals,
        and those it sends in our own name (SIGPIPE), are for this process alone.
        """
        if self._opens and self._descriptor is None:
            self._open()
        self._opens = True
        event = self._wait(seconds) if self._descriptor is None else self._descriptor.take(seconds)
        if event is None:
            return None
        number, code, sender = event
        return number, code > 0 or sender == os.getpid()

    def _open(self) -> None:
        from filprofiler.foreign import SignalDescriptor

        try:
            self._descriptor = SignalDescriptor(self._watched)
        except OSError:
            pass

    def _wait(self, seconds: float) -> "Optional[Tuple[int, int, int]]":
        """The next signal, its code and sender, by sigtimedwait. One just like the last at the end is dropped."""
        until = time.monotonic() + seconds
        event = signal.sigtimedwait(self._watched, seconds)
        if event is None:
            return None
        if time.monotonic() >= until and (event.si_signo not in self._watched or tuple(event) == self._last):
            return None
        self._last = tuple(event)
        return event.si_signo, event.si_code, event.si_pid

    def wake_on(self, descriptor: int) -> None:
        """Let `take` return None as soon as something can be read from a descriptor, if that is possible."""
        if self._descriptor is not None:
            self._descriptor.wake_on(descriptor)

    def forget(self, descriptor: int) -> None:
        """No longer look at that descriptor."""
        if self._descriptor is not None:
            self._descriptor.forget(descriptor)

    def stop(self, number: int) -> None:
        """Stop this process by one of STOPPING, with the default action; returns when it is continued."""
        signal.pthread_sigmask(signal.SIG_UNBLOCK, (number,))
        os.kill(os.getpid(), number)
        signal.pthread_sigmask(signal.SIG_BLOCK, (number,))

    def leave(self, but: "Sequence[int]") -> None:
        """Discard pending signals and restore the previous state, but make the signals `but` do nothing."""
        if self._descriptor is not None:
            self._descriptor.close()
            self._descriptor = None
        while signal.sigtimedwait(self._watched, 0) is not None:
            pass
        signal.pthread_sigmask(signal.SIG_SETMASK, set(self._mask_before) | set(but))


class PipedSignals:
    """For systems without sigtimedwait: the interpreter's handler writes each signal into a pipe.

    The sender of a signal is not known: see `take`.
    """

    def __init__(self, watched: "Sequence[int]") -> None:
        self._reader, writer = os.pipe()
        os.set_blocking(self._reader, False)
        os.set_blocking(writer, False)
        self._writer = writer
        self._pipe_before = signal.set_wakeup_fd(writer)
        self._pending: "List[int]" = []
        self._actions: "Dict[int, Any]" = {}
        for number in watched:
            action = signal.signal(number, _do_nothing)
            self._actions[number] = signal.SIG_DFL if action is None else action

    def before_fork(self) -> "Any":
        """Like WaitedSignals.before_fork; here SIGCHLD always arrives."""
        return self._actions.get(signal.SIGCHLD)

    def in_child(self, child_action: "Any") -> None:
        """In a child that becomes a program: exec removes handlers; signals ignored before are ignored again."""
        for number, action in self._actions.items():
            ignored = (child_action if number == signal.SIGCHLD else action) == signal.SIG_IGN
            signal.signal(number, signal.SIG_IGN if ignored else signal.SIG_DFL)

    def take(self, seconds: float) -> "Optional[Tuple[int, bool]]":
        """The next signal, and whether it came from the terminal; None if there was none in that time.

        The terminal's signals go to its whole foreground group. So if we are in it, such a signal is assumed to be one.
        """
        import select

        if not self._pending:
            try:
                if select.select([self._reader], [], [], seconds)[0]:
                    self._pending += os.read(self._reader, 512)
            except OSError:
                pass  # there is nothing to read
        while self._pending:
            number = self._pending.pop(0)
            if number in self._actions:
                return number, number in _OF_TERMINAL and _in_foreground()
        return None

    def wake_on(self, descriptor: int) -> None:
        """Not supported: `take` may return None late."""

    def forget(self, descriptor: int) -> None:
        """Nothing to do."""

    def stop(self, number: int) -> None:
        """Stop this process by one of STOPPING, with the default action; returns when it is continued."""
        handler = signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
        signal.signal(number, handler)

    def leave(self, but: "Sequence[int]") -> None:
        """Discard pending signals and restore the previous state, but make the signals `but` do nothing."""
        for number, action in self._actions.items():
            signal.signal(number, signal.SIG_IGN if number in but else action)
        signal.set_wakeup_fd(self._pipe_before)
        os.close(self._reader)
        os.close(self._writer)


def _do_nothing(_number: int, _frame: object) -> None:
    """The handler that the interpreter requires."""


def _in_foreground() -> bool:
    """Whether a key pressed now would send us its signal."""
    try:
        terminal = os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    except OSError:
        return False
    finally:
        os.close(terminal)


def take_signals(watched: "Sequence[int]") -> "Any":
    """WaitedSignals, or PipedSignals if Python lacks its functions."""
    return (WaitedSignals if hasattr(signal, "sigtimedwait") else PipedSignals)(watched)
