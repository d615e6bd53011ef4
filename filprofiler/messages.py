"""What we tell the user: whole lines on stderr, each with our prefix. Stdout is the program's.

This is the one place that writes to a terminal, so that nothing gets there that has not been made visible.
"""

import os
import sys

from filprofiler.wording import PREFIX, Styled, visible

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Iterable, Optional, TextIO

_CLEAR = "\r\x1b[K"  # takes a terminal's line away


def say(*lines: str) -> None:
    """Write lines to stderr, in one piece. A stderr that is closed, or whose reader has gone, is no error."""
    if sys.stderr is None:
        return  # Python was started without one: the descriptor 2 may be anything now
    data = encoded("".join(["%s%s\n" % (PREFIX, _plain(line)) for line in lines]))
    try:
        sys.stderr.flush()
        while data:
            data = data[os.write(2, data) :]
    except OSError:
        pass


def say_through_python(line: str) -> None:
    """Write a line to sys.stderr, where that is not ours alone: a notebook shows it, pytest captures it."""
    sys.stderr.write("%s%s\n" % (PREFIX, _plain(line)))


def rewrite(line: str) -> None:
    """On a terminal, put a line in place of the one that was written last; an empty one takes it away."""
    try:
        os.write(2, encoded(_CLEAR + PREFIX + _plain(line) if line else _CLEAR))
    except OSError:
        pass


def show(lines: "Iterable[str]", stream: "Optional[TextIO]" = None) -> None:
    """Print what was asked for instead of a run, to stdout unless told otherwise. A reader who has gone is no error."""
    stream = sys.stdout if stream is None else stream
    if stream is None:
        return  # closed
    try:
        stream.write("".join(["%s\n" % _plain(line) for line in lines]))
        stream.flush()
    except OSError:
        # Else Python would try again at its end, and complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _plain(line: str) -> str:
    return line if isinstance(line, Styled) else visible(line)


def encoded(text: str) -> bytes:
    """Text as the terminal takes it: names of files come out as they are on disk, the impossible is escaped."""
    try:
        return os.fsencode(text)
    except UnicodeEncodeError:
        return text.encode("ascii", "backslashreplace")


def color_wanted() -> bool:
    """Whether stderr is a terminal that may be coloured."""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    try:
        return os.isatty(2)
    except OSError:
        return False
