"""How the program ended."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, Optional


class Outcome:
    """The end of a program.

    exit_status: its exit status, or None if it was killed by a signal.
    signal: the number of that signal, or None.
    elapsed_seconds: wall-clock time from its start.
    resident_peak_bytes: its largest resident memory.
    limits: the program's limits in bytes at its end, by name ("RLIMIT_AS", "RLIMIT_DATA"); empty after an ordinary end.
    ended_clock_ns: monotonic clock at its end, nanoseconds.
    killed_for_memory: whether the kernel's out-of-memory killer ended it.
    """

    def __init__(
        self,
        exit_status: "Optional[int]",
        signal: "Optional[int]",
        elapsed_seconds: float,
        resident_peak_bytes: "Optional[int]",
        limits: "Optional[Dict[str, int]]" = None,
        ended_clock_ns: int = 0,
    ) -> None:
        self.exit_status = exit_status
        self.signal = signal
        self.elapsed_seconds = elapsed_seconds
        self.resident_peak_bytes = resident_peak_bytes
        self.limits = limits or {}
        self.ended_clock_ns = ended_clock_ns
        self.killed_for_memory = False

    @property
    def text(self) -> str:
        """In words, such as "exited with status 0" or "killed by SIGKILL"."""
        if self.signal is None:
            return "exited with status %d" % self.exit_status if self.exit_status is not None else ""
        if self.killed_for_memory:
            return "killed by the kernel (out of memory)"
        return "killed by %s" % signal_name(self.signal)


def signal_name(number: int) -> str:
    """The name of a signal, such as "SIGTERM"."""
    import signal

    try:
        return signal.Signals(number).name
    except ValueError:
        return "signal %d" % number
