"""Shows the progress of a report that takes long."""

import os
import time

from filprofiler.messages import rewrite, say

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Optional

_QUIET_SECONDS = 1.0

# The part of the work before the first file: reading the recording and building the profile.
_READING_PERCENT = 30


class Progress:
    """Silent for the first second. Then one rewritten line on a terminal, else one line per stage."""

    def __init__(self, terminal: "Optional[bool]" = None, quiet_seconds: float = _QUIET_SECONDS) -> None:
        self._began = time.monotonic()
        self._quiet_seconds = quiet_seconds
        self._terminal = _stderr_is_terminal() if terminal is None else terminal
        self._shown = False
        self.callstacks: "Optional[int]" = None

    def reading(self, what: str, done: int, count: int) -> None:
        """One of `count` stages before the first file begins, after `done` others."""
        self._say(what, _READING_PERCENT * done // count)

    def writing(self, name: str, done: int, count: int) -> None:
        """One of `count` files begins, after `done` others."""
        self._say("writing %s" % name, _READING_PERCENT + (100 - _READING_PERCENT) * done // count)

    def _say(self, what: str, percent: int) -> None:
        if time.monotonic() - self._began < self._quiet_seconds:
            return
        line = "Report %d%%: %s" % (percent, what)
        if self.callstacks is not None:
            line += ", %s call stack%s" % (format(self.callstacks, ","), "" if self.callstacks == 1 else "s")
        if not self._terminal:
            say(line)
            return
        self._shown = True
        rewrite(line)

    def close(self) -> None:
        """Clear the line, if any, before other messages."""
        if self._shown:
            self._shown = False
            rewrite("")


def _stderr_is_terminal() -> bool:
    try:
        return os.isatty(2) and os.environ.get("TERM") != "dumb"
    except OSError:
        return False
