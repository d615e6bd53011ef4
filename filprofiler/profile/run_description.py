"""A small text file beside the recording: what was run. `fil-profile report` reads it if the run was cut short.

Each line is a name, a blank, and a value as Python writes it; all in ASCII. So no parser is imported for writing it.
"""

import os

from filprofiler.profile.program import Program
from filprofiler.regular_files import read_regular

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict

DESCRIPTION_NAME = "recording.txt"

_WHOLE = ("script", "script_absolute", "command", "module", "cwd", "own_files", "arguments", "settings")
_PART = ("name", "entry_files", "first_files", "source_texts", "shown_paths")  # where not all of a program was profiled
_END = ("outcome", "elapsed_seconds", "resident_peak_bytes")  # known only if the supervisor lived to see it
_FIELDS = _WHOLE + _PART + _END
DESCRIPTION_BEGINS = b"script "


def write_description(program: Program, descriptor: int) -> None:
    """Write what was run into an opened file, over what was written before. Raises OSError."""
    lines = ["%s %s\n" % (name, ascii(getattr(program, name))) for name in _FIELDS]
    content = "".join(lines).encode("ascii")
    written = 0
    while written < len(content):  # it is never emptied: the disk may be full by now
        written += os.pwrite(descriptor, content[written:], written)
    os.ftruncate(descriptor, written)


def read_description(folder: str) -> Program:
    """What was run, as far as the file in a result folder tells it.

    Anybody may have written it: a line that cannot be read, or whose value makes no sense, is left out.
    """
    from filprofiler.profile.literals import read_literal
    from filprofiler.profile.saved_values import PROGRAM

    values: "Dict[str, Any]" = {}
    try:
        content = read_regular(os.path.join(folder, DESCRIPTION_NAME)).decode("ascii", "replace")
        lines = content.split("\n")[:-1]  # behind the last end of a line stands what was cut off
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
