"""The description of a run."""

import os

from filprofiler.regular_files import read_regular
from filprofiler.result_folder import DESCRIPTION_NAME

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Optional, Sequence, Tuple

    SourceLines = Dict[str, Dict[int, str]]  # by path and line number: the line, with its indentation, without its end

STILL_RUNNING = "still running"  # the outcome in a report made while the program runs


class Program:
    """The description of a run, as the supervisor knows it.

    script: path of the script as the user gave it, or None (for `-m` and `-c`).
    script_absolute: the same path, absolute, or None.
    command: source text of `-c`, or None.
    cwd: absolute working directory when the run began; relative file names start there.
    own_files: absolute paths of our own files that appear at the root of call stacks and are left out.
    outcome: how the program ended, in words ("exited with status 0"); "" if not known.
    resident_peak_bytes: the largest resident memory of the process in bytes (ru_maxrss), or None.
    elapsed_seconds: wall-clock time of the run, or None.
    module: name given to `-m`, or None.
    arguments: the program's own arguments, for display.
    settings: environment variables set for libraries' allocators: "NAME=value".
    other_programs: programs that it started and that were not recorded: their names, how many processes, and the most
        resident bytes seen in one.
    limits: sentences about what limited its memory, if that matters.
    source_lines: the source lines in a saved profile; None: they are read from the files.
    name: what was profiled, if not the whole program.
    entry_files: our own files whose frames, and all frames above them, are left out everywhere.
    first_files: call stacks begin at their first frame in one of these files, if any.
    source_texts: by displayed path, the whole text of source that is in no file.
    shown_paths: by co_filename, the path displayed instead: a notebook's cell as "In [3]".
    """

    __slots__ = (
        "script",
        "script_absolute",
        "command",
        "cwd",
        "own_files",
        "outcome",
        "resident_peak_bytes",
        "elapsed_seconds",
        "module",
        "arguments",
        "limits",
        "other_programs",
        "settings",
        "source_lines",
        "name",
        "entry_files",
        "first_files",
        "source_texts",
        "shown_paths",
    )

    def __init__(
        self,
        script: "Optional[str]" = None,
        script_absolute: "Optional[str]" = None,
        command: "Optional[str]" = None,
        cwd: str = "",
        own_files: "Sequence[str]" = (),
        outcome: str = "",
        resident_peak_bytes: "Optional[int]" = None,
        elapsed_seconds: "Optional[float]" = None,
        module: "Optional[str]" = None,
        arguments: "Sequence[str]" = (),
        limits: "Sequence[str]" = (),
        settings: "Sequence[str]" = (),
        source_lines: "Optional[SourceLines]" = None,
        name: "Optional[str]" = None,
        entry_files: "Sequence[str]" = (),
        first_files: "Sequence[str]" = (),
        source_texts: "Optional[Dict[str, str]]" = None,
        shown_paths: "Optional[Dict[str, str]]" = None,
        other_programs: "Sequence[Tuple[str, int, int]]" = (),
    ) -> None:
        self.script = script
        self.script_absolute = script_absolute
        self.command = command
        self.cwd = cwd
        self.own_files = tuple(own_files)
        self.outcome = outcome
        self.resident_peak_bytes = resident_peak_bytes
        self.elapsed_seconds = elapsed_seconds
        self.module = module
        self.arguments = tuple(arguments)
        self.limits = tuple(limits)
        self.settings = tuple(settings)
        self.other_programs = tuple(other_programs)
        self.source_lines = source_lines
        self.name = name
        self.entry_files = tuple(entry_files)
        self.first_files = tuple(first_files)
        self.source_texts = dict(source_texts or {})
        self.shown_paths = dict(shown_paths or {})


_WHOLE = ("script", "script_absolute", "command", "module", "cwd", "own_files", "arguments", "settings")
_PART = ("name", "entry_files", "first_files", "source_texts", "shown_paths")  # if only part of a program was profiled
_END = ("outcome", "elapsed_seconds", "resident_peak_bytes", "other_programs")  # known only if the supervisor survived
_FIELDS = _WHOLE + _PART + _END


def write_description(program: Program, descriptor: int) -> None:
    """Write the description into an opened file, over the previous content. Raises OSError."""
    lines = ["%s %s\n" % (name, ascii(getattr(program, name))) for name in _FIELDS]
    content = "".join(lines).encode("ascii")
    written = 0
    while written < len(content):  # the file is never emptied first: the disk may be full by now
        written += os.pwrite(descriptor, content[written:], written)
    os.ftruncate(descriptor, written)


def read_description(folder: str) -> Program:
    """Read the description from a result folder.

    The file may be forged: lines that cannot be read or have invalid values are ignored.
    """
    from filprofiler.profile.literals import read_literal
    from filprofiler.profile.saved_values import PROGRAM

    values: "Dict[str, Any]" = {}
    try:
        content = read_regular(os.path.join(folder, DESCRIPTION_NAME)).decode("ascii", "replace")
        lines = content.split("\n")[:-1]  # text after the last line end is incomplete
    except OSError:
        lines = []
    for line in lines:
        name, _, text = line.partition(" ")
        if name in _FIELDS:
            try:
                values[name] = PROGRAM[name](read_literal(text))
            except (TypeError, ValueError):
                continue
    return Program(**values)
