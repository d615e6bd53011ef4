"""Where the command `fil-profile` begins: small, so that Ctrl-C has its meaning before anything else is imported."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn


def command() -> "NoReturn":
    """Carry out this process's command line, and end the process."""
    from filprofiler.interrupts import end_at_once

    end_at_once()
    from filprofiler.cli import command as carry_out

    carry_out()
