"""Checks and describes the program to run, before it is started and before anything is created."""

import os

from filprofiler.cli.arguments import COMMAND, MODULE, SCRIPT
from filprofiler.environment import OWN_FILES
from filprofiler.errors import UsageError
from filprofiler.profile.program import Program
from filprofiler.script_path import STANDARD_INPUT, STANDARD_INPUT_FILE, co_filename_of_script

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Optional

    from filprofiler.cli.arguments import Target


def check_target(target: "Target") -> None:
    """Check that a script can be run. Raises UsageError. Modules are left to Python, which knows where they are."""
    if target.mode != SCRIPT:
        return
    path = target.name
    if path == STANDARD_INPUT:
        return
    if not os.path.exists(path):
        raise UsageError("There is no script %s.", path)
    if os.path.isdir(path):
        if not any(os.path.exists(os.path.join(path, name)) for name in ("__main__.py", "__main__.pyc")):
            raise UsageError("%s is a folder without a __main__.py.", path)
    elif not os.access(path, os.R_OK):
        raise UsageError("The script %s cannot be read: permission denied.", path)


def describe(target: "Target") -> Program:
    """The description of the run that is about to begin, for the report."""
    try:
        cwd = os.getcwd()
    except OSError:
        cwd = ""  # it no longer exists, which a program may not need
    script: "Optional[str]" = target.name if target.mode == SCRIPT else None
    script_absolute = None if script is None else co_filename_of_script(script)
    return Program(
        script=STANDARD_INPUT_FILE if script == STANDARD_INPUT else script,
        script_absolute=script_absolute,
        command=target.name if target.mode == COMMAND else None,
        module=target.name if target.mode == MODULE else None,
        cwd=cwd,
        own_files=OWN_FILES,
        arguments=target.arguments,
    )


def output_folder(program: Program, wanted: str) -> str:
    """The absolute path of the folder for results; relative ones start at the working directory. Raises UsageError."""
    if not program.cwd and not os.path.isabs(wanted):
        raise UsageError("The working directory no longer exists; name a folder for the results with -o.")
    return os.path.join(program.cwd, wanted)
