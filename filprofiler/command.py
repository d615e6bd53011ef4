"""Where the command `fil-profile` begins: small, so that Ctrl-C has its meaning before anything else is imported."""

import posix
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn


def command() -> "NoReturn":
    """Carry out this process's command line, and end the process."""
    if _interpreter_tells():
        _restart_quietly()
    from filprofiler.interrupts import end_at_once

    end_at_once()
    from filprofiler.cli import command as carry_out

    carry_out()


def _interpreter_tells() -> bool:
    """Whether this interpreter was asked to tell what it does: what we do is of no interest (supervisor/quiet.py)."""
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
        return  # then it is told, or there is no stderr
    sys.stderr = open("/dev/null", "w")  # noqa: SIM115  until this process is another
    from filprofiler.supervisor.quiet import restart

    restart(kept)
    posix.dup2(kept, 2)
    sys.stderr = stderr
