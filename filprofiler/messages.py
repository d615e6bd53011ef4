"""Messages to the user: whole lines on stderr, each with our prefix. Stdout belongs to the program.

Only this file writes to a terminal, so that all text there has been made visible.
"""

import os
import sys

from filprofiler.wording import PREFIX, Styled, visible

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Iterable, Optional, TextIO

_CLEAR = "\r\x1b[K"  # clears a terminal's line


def say(*lines: str) -> None:
    """Write lines to stderr, in one piece. A closed stderr, or one without a reader, is not an error."""
    if sys.stderr is None:
        return  # Python was started without one, so descriptor 2 may be anything
    data = encoded("".join(["%s%s\n" % (PREFIX, _plain(line)) for line in lines]))
    try:
        sys.stderr.flush()
        while data:
            data = data[os.write(2, data) :]
    except OSError:
        pass


def say_through_python(line: str) -> None:
    """Write a line to sys.stderr where others redirect it: a notebook shows it, pytest captures it."""
    sys.stderr.write("%s%s\n" % (PREFIX, _plain(line)))


def rewrite(line: str) -> None:
    """On a terminal, replace the last line written; an empty line clears it."""
    try:
        os.write(2, encoded(_CLEAR + PREFIX + _plain(line) if line else _CLEAR))
    except OSError:
        pass


def show(lines: "Iterable[str]", stream: "Optional[TextIO]" = None) -> None:
    """Print the result of a command, to stdout by default. A missing reader is not an error."""
    stream = sys.stdout if stream is None else stream
    if stream is None:
        return  # closed
    try:
        stream.write("".join(["%s\n" % _plain(line) for line in lines]))
        stream.flush()
    except OSError:
        # Otherwise Python would try again at its end, and complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _plain(line: str) -> str:
    return line if isinstance(line, Styled) else visible(line)


def encoded(text: str) -> bytes:
    """Text for the terminal: file names as on disk; what cannot be encoded is escaped."""
    try:
        return os.fsencode(text)
    except UnicodeEncodeError:
        return text.encode("ascii", "backslashreplace")


def color_wanted() -> bool:
    """Whether stderr is a terminal on which colours are allowed."""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    try:
        return os.isatty(2)
    except OSError:
        return False
