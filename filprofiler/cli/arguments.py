"""Parses the command line: `run` and `python`, and the options before every command.

Short and without argparse: that alone would cost a tenth of the start-up. subcommands.py reads the other commands.
"""

import os

from filprofiler.errors import UsageError
from filprofiler.result_folder import DEFAULT_OUTPUT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import List, Optional, Sequence

    from filprofiler.profile.threshold import Threshold

SCRIPT, MODULE, COMMAND = "script", "module", "command"

_PROGRAM_OPTIONS = {"-m": MODULE, "-c": COMMAND}
SUBCOMMANDS = ("report", "diff", "install-kernel")
_MOST_CHOSEN_BYTES = 16384  # PATTERNS_BYTES in csrc/children/chosen.c
_SHOWN = {"-h": "help", "--help": "help", "--version": "version", "--license": "license"}


class Options:
    """The values of the options.

    output: folder for result folders, or for the files of `report` and `diff`. output_given: whether the user named it.
    browser: open the report in a browser.
    keep_thread_pools: leave the thread pools of numeric libraries alone.
    keep_allocators: leave libraries' own allocators alone.
    release_memory: make libraries' own allocators return freed memory at once.
    keep_recording: leave the recording beside the report.
    children: also record the processes that the program starts.
    chosen: which of them, as csrc/children/chosen.h reads it; empty for all.
    formats: formats of the report requested by name (see report/formats.py), each once.
    complete: keep every call stack in every format of the report.
    fail_over: how much the peak may grow in a comparison; None for no limit.
    """

    def __init__(self) -> None:
        self.output = DEFAULT_OUTPUT
        self.output_given = False
        self.browser = True
        self.keep_thread_pools = False
        self.keep_allocators = False
        self.release_memory = False
        self.keep_recording = False
        self.children = True
        self.chosen = b""
        self.formats: "List[str]" = []
        self.complete = False
        self.fail_over: "Optional[Threshold]" = None

    def add_formats(self, names: "Sequence[str]") -> None:
        """Add formats of the report, each once. Raises UsageError for an unknown name."""
        from filprofiler.report.formats import ALL

        for name in names:
            if name not in ALL:
                raise UsageError("Unknown format '%s'; the formats are: %s.", name, ", ".join(ALL))
            if name not in self.formats:
                self.formats.append(name)


class Target:
    """The program to run.

    mode: SCRIPT, MODULE or COMMAND. name: the script's path, the module's name or the source text.
    arguments: the program's own.
    """

    def __init__(self, mode: str, name: str, arguments: "Sequence[str]") -> None:
        self.mode = mode
        self.name = name
        self.arguments = list(arguments)


class Command:
    """A parsed command line.

    name: "run", "report", "diff", "python", "install-kernel", "help", "version", "license", or "incomplete" for a
        `run` without a program.
    target: what `run` runs; for `python`, only its arguments. paths: what `report` and `diff` read.
    kernel_prefix: the location for `install-kernel`: a folder, "--user", "--sys-prefix" or "".
    words: for one of SUBCOMMANDS, the words after its name.
    text: the help of one command; "" for the general help.
    """

    def __init__(self, name: str, options: Options) -> None:
        self.name = name
        self.options = options
        self.target = Target(SCRIPT, "", ())
        self.paths: "List[str]" = []
        self.kernel_prefix = ""
        self.words: "List[str]" = []
        self.text = ""


class _Reader:
    """Reads the words of a command line in order."""

    def __init__(self, words: "Sequence[str]") -> None:
        self.words = list(words)
        self.options = Options()
        self.shown: "Optional[str]" = None  # what to print instead of executing a command

    def read_options(self, own: "Sequence[str]" = ()) -> None:
        """Consume our options up to the first other word, or to an option in `own`."""
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
            options.output_given = True
        elif word == "--no-browser":
            options.browser = False
        elif word == "--keep-thread-pools":
            options.keep_thread_pools = True
        elif word == "--keep-allocators":
            options.keep_allocators = True
        elif word == "--release-memory":
            options.release_memory = True
        elif word == "--keep-recording":
            options.keep_recording = True
        elif word == "--children":
            options.children = True
        elif word == "--no-children":
            options.children = False
        elif word.partition("=")[0] in ("--only", "--skip"):
            self._choose(word, word.partition("=")[0])
        elif word.partition("=")[0] == "--format":
            options.add_formats(self.value("--format", "a format of the report", word).split(","))
        elif word == "--complete":
            options.complete = True
        elif word.partition("=")[0] == "--fail-over":
            from filprofiler.profile.threshold import parse_threshold

            options.fail_over = parse_threshold(self.value("--fail-over", "an amount, such as 5% or 200MB,", word))
        elif word in _SHOWN:
            self.shown = _SHOWN[word]
        elif word != "--disable-oom-detection":
            raise UsageError("Unknown option %s; fil-profile --help lists the options.", word)

    def _choose(self, word: str, option: str) -> None:
        """Record only the processes whose command has a pattern in it, or skip them."""
        pattern = os.fsencode(self.value(option, "a pattern for commands", word))
        self.options.chosen += (b"+" if option == "--only" else b"-") + pattern + b"\0"
        if len(self.options.chosen) >= _MOST_CHOSEN_BYTES:
            raise UsageError("The patterns after --only and --skip are too long.")

    def value(self, option: str, what: str, word: str) -> str:
        """The value of an option: the rest of its word (for a long option, after "="), or else the next word."""
        rest = word[len(option) :]
        if rest.startswith("=") and option.startswith("--"):
            rest = rest[1:]
            if not rest:
                raise UsageError("%s needs %s after it.", option, what)
        value = rest or (self.words.pop(0) if self.words else "")
        if not value:
            raise UsageError("%s needs %s after it.", option, what)
        return value


def parse(words: "Sequence[str]") -> Command:
    """Parse a command line, without the name of the command itself, up to a subcommand. Raises UsageError."""
    command = _parse(_Reader(words))
    if command.options.fail_over is not None and command.name in ("run", "report"):
        raise UsageError("--fail-over belongs to fil-profile diff.")
    if command.options.formats and command.name == "diff":
        raise UsageError("--format belongs to fil-profile run and report.")
    if command.options.complete and command.name == "diff":
        raise UsageError("--complete belongs to fil-profile run and report.")
    return command


def _parse(reader: _Reader) -> Command:
    """Parse the command, after the options."""
    reader.read_options()
    if reader.shown is not None or not reader.words:
        return Command(reader.shown or "help", reader.options)
    name = reader.words.pop(0)
    if name == "run":
        return _parse_run(reader)
    if name == "python":
        command = Command("python", reader.options)
        command.target = Target(SCRIPT, "", reader.words)
        return command
    if name in SUBCOMMANDS:
        command = Command(name, reader.options)
        command.words = reader.words
        return command
    raise UsageError("%s is not a command of fil-profile; did you mean: fil-profile run %s", name, name)


def _parse_run(reader: _Reader) -> Command:
    """Parse `run`, with our options and the program."""
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
