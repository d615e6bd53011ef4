"""What we tell the user: whole lines on stderr, each with our prefix. Stdout is the program's."""

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Optional, TextIO

PREFIX = "=fil-profile= "


def say(*lines: str) -> None:
    """Write lines to stderr, in one piece. A stderr that is closed, or whose reader has gone, is no error."""
    if sys.stderr is None:
        return  # Python was started without one: the descriptor 2 may be anything now
    data = encoded("".join("%s%s\n" % (PREFIX, line) for line in lines))
    try:
        sys.stderr.flush()
        while data:
            data = data[os.write(2, data) :]
    except OSError:
        pass


def show(text: str, stream: "Optional[TextIO]" = None) -> None:
    """Print what was asked for instead of a run, to stdout unless told otherwise. A reader who has gone is no error."""
    stream = sys.stdout if stream is None else stream
    if stream is None:
        return  # closed
    try:
        stream.write(text + "\n")
        stream.flush()
    except OSError:
        # Else Python would try again at its end, and complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


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
