"""The options of the magics."""

import io
import shlex

from filprofiler.errors import FilError
from filprofiler.result_folder import DEFAULT_OUTPUT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import List

NAME = "filprofile"
_WITH_VALUE = ("--output", "--top")


class OptionsError(FilError):
    """The magic was used incorrectly; the text says how to use it."""


class MagicOptions:
    """output: folder for the report's folder. top: how many lines to print. statement: the code after the options."""

    def __init__(self) -> None:
        self.output = DEFAULT_OUTPUT
        self.top = 0
        self.statement = ""


def read_options(line: str, takes_statement: bool) -> MagicOptions:
    """Parse a magic's line: options, then the statement. Raises OptionsError."""
    options, rest = MagicOptions(), line.strip()
    while rest.startswith("--"):
        word, _, rest = rest.partition(" ")
        name, equals, value = word.partition("=")
        if name not in _WITH_VALUE:
            raise OptionsError("%%%s has no option %s; its options are --output DIR and --top N.", NAME, name)
        if not equals:
            value, rest = _first_word(rest.strip(), name)
        _set(options, name, value)
        rest = rest.strip()
    if takes_statement and not rest:
        raise OptionsError("%%%s needs a statement; %%%%%s is for a whole cell.", NAME, NAME)
    if rest and not takes_statement:
        raise OptionsError(
            "%%%%%s takes options only, not %s; the code starts on the next line.", NAME, rest.split()[0]
        )
    options.statement = rest
    return options


def _set(options: MagicOptions, name: str, value: str) -> None:
    if name == "--output":
        options.output = value
    elif value.isdigit():
        options.top = int(value)
    else:
        raise OptionsError("--top takes a number, not %s.", value)


def _first_word(text: str, option: str) -> "List[str]":
    """The first word of a text, which may be quoted, and the rest."""
    stream = io.StringIO(text)
    lexer = shlex.shlex(stream, posix=True)
    lexer.whitespace_split = True
    lexer.commenters = ""
    try:
        word = lexer.get_token()
    except ValueError:
        word = None
    if not word:
        raise OptionsError("%s needs a value after it.", option)
    return [word, stream.read()]
