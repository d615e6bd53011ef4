"""The entry point of `fil-profile`: small, so that Ctrl-C works before anything else is imported."""

import posix
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal
    from typing import NoReturn
else:
    import _signal as signal

# Until here, Ctrl-C is the interpreter's. From here on it ends this process at once, unless the parent set it to be
# ignored. No module of ours is imported for this: -v would report it.
if signal.getsignal(signal.SIGINT) == signal.default_int_handler:
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def command() -> "NoReturn":
    """Execute this process's command line, and end the process."""
    if _interpreter_tells():
        _restart_quietly()
    from filprofiler.cli import command as carry_out

    carry_out()


def _interpreter_tells() -> bool:
    """Whether this interpreter reports what it does; our own work must not appear there (supervisor/quiet.py)."""
    if sys.flags.verbose or "importtime" in sys._xoptions:
        return True
    telling = (b"PYTHONVERBOSE", b"PYTHONPROFILEIMPORTTIME", b"PYTHONMALLOCSTATS")
    return not sys.flags.ignore_environment and any(posix.environ.get(name) for name in telling)


def _restart_quietly() -> None:
    stderr = sys.stderr
    try:
        kept = posix.dup(2)
        posix.dup2(posix.open("/dev/null", posix.O_WRONLY), 2)
    except OSError:
        return  # then it is reported, or there is no stderr
    sys.stderr = open("/dev/null", "w")  # noqa: SIM115  until the restart
    from filprofiler.supervisor.quiet import restart

    restart(kept)
    posix.dup2(kept, 2)
    sys.stderr = stderr
