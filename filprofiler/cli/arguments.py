"""The command line, as a user gives it. Short and without argparse: that alone would cost a tenth of the start-up."""

from filprofiler.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Optional, Sequence

SCRIPT, MODULE, COMMAND = "script", "module", "command"
DEFAULT_OUTPUT = "fil-result"

_PROGRAM_OPTIONS = {"-m": MODULE, "-c": COMMAND}
_SHOWN = {"-h": "help", "--help": "help", "--version": "version", "--license": "license"}


class Options:
    """What the options say.

    output: folder in which result folders are made.
    browser: open the report in a browser.
    keep_thread_pools: leave the thread pools of numeric libraries alone.
    keep_recording: leave the recording beside the report.
    """

    def __init__(self) -> None:
        self.output = DEFAULT_OUTPUT
        self.browser = True
        self.keep_thread_pools = False
        self.keep_recording = False


class Target:
    """The program to run.

    mode: SCRIPT, MODULE or COMMAND; name: the script's path, the module's name or the source text.
    arguments: the program's own.
    """

    def __init__(self, mode: str, name: str, arguments: "Sequence[str]") -> None:
        self.mode = mode
        self.name = name
        self.arguments = list(arguments)


class Command:
    """A command line that was understood.

    name: "run", "report", "help", "version", "license", or "incomplete" for a `run` without a program.
    """

    def __init__(self, name: str, options: Options) -> None:
        self.name = name
        self.options = options
        self.target = Target(SCRIPT, "", ())
        self.folder = ""


class _Reader:
    """Goes through the words of a command line."""

    def __init__(self, words: "Sequence[str]") -> None:
        self.words = list(words)
        self.options = Options()
        self.shown: "Optional[str]" = None  # what to print instead of anything else

    def read_options(self, own: "Sequence[str]" = ()) -> None:
        """Take our options off the front, up to the first other word, or to an option among `own`."""
        while self.words and self.shown is None:
            word = self.words[0]
            if not word.startswith("-") or word == "-" or word[:2] in own:
                return
            self.words.pop(0)
            if word == "--":
                return
            self._option(word)

    def _option(self, word: str) -> None:
        options = self.options
        if word.startswith("-o"):
            options.output = self.value("-o", "a folder", word)
        elif word == "--no-browser":
            options.browser = False
        elif word == "--keep-thread-pools":
            options.keep_thread_pools = True
        elif word == "--keep-recording":
            options.keep_recording = True
        elif word in _SHOWN:
            self.shown = _SHOWN[word]
        elif word != "--disable-oom-detection":
            raise UsageError("There is no option %s; fil-profile --help lists those there are." % word)

    def value(self, option: str, what: str, word: str) -> str:
        """The value of a short option: the rest of its word, or else the next word."""
        value = word[len(option) :] or (self.words.pop(0) if self.words else "")
        if not value:
            raise UsageError("%s needs %s after it." % (option, what))
        return value


def parse(words: "Sequence[str]") -> Command:
    """Understand a command line, without the name of the command itself. Raises UsageError."""
    reader = _Reader(words)
    reader.read_options()
    if reader.shown is not None or not reader.words:
        return Command(reader.shown or "help", reader.options)
    name = reader.words.pop(0)
    if name == "run":
        return _parse_run(reader)
    if name == "report":
        return _parse_report(reader)
    if name == "python":
        raise UsageError("fil-profile python is not available in this version; use fil-profile run.")
    raise UsageError("%s is not a command of fil-profile; did you mean: fil-profile run %s" % (name, name))


def _parse_run(reader: _Reader) -> Command:
    """`run`, with our options and the program."""
    command = Command("run", reader.options)
    reader.read_options(own=tuple(_PROGRAM_OPTIONS))
    if reader.shown is not None:
        command.name = reader.shown
        return command
    if not reader.words:
        command.name = "incomplete"
        return command
    word = reader.words.pop(0)
    mode = _PROGRAM_OPTIONS.get(word[:2], SCRIPT)
    if mode != SCRIPT:
        if word == "-m" and not reader.words:
            command.name = "incomplete"
            return command
        if word == "-c" and not reader.words:
            raise UsageError("-c needs source text after it.")
        word = word[2:] or reader.words.pop(0)
    command.target = Target(mode, word, reader.words)
    return command


def _parse_report(reader: _Reader) -> Command:
    """`report FOLDER`."""
    reader.read_options()
    if reader.shown is not None:
        return Command(reader.shown, reader.options)
    if not reader.words:
        raise UsageError("fil-profile report needs the folder that the recording lies in.")
    command = Command("report", reader.options)
    command.folder = reader.words.pop(0)
    reader.read_options()
    if reader.words:
        raise UsageError("fil-profile report takes one folder, and %s is one word too many." % reader.words[0])
    if reader.shown is not None:
        command.name = reader.shown
    return command
