"""`fil-profile python ARGS...`: becomes Python with the library loaded, which waits for the API to start it."""

import os
import sys

from filprofiler import exit_statuses, jit
from filprofiler.allocators import set_allocators
from filprofiler.errors import CannotProfileError
from filprofiler.messages import say
from filprofiler.supervisor.child_environment import library_to_preload
from filprofiler.supervisor.interpreter import executable_to_start
from filprofiler.supervisor.quiet import environment_of_program, interpreter_command
from filprofiler.wording import sentence

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Sequence

    from filprofiler.cli.arguments import Options


def python(arguments: "Sequence[str]", options: "Options") -> int:
    """Replace this process by the interpreter that runs us, with these arguments. Returns only on failure."""
    try:
        preload = library_to_preload()
    except CannotProfileError as error:
        say(str(error))
        return error.exit_status
    environment = environment_of_program(os.environ)
    preload.put_first(environment)
    preload.outlive_exec()
    settings = set_allocators(environment, options.keep_allocators, options.release_memory)
    if settings.overridden:
        say(settings.sentence)
    jit.turn_off(environment)
    name, flags = interpreter_command()
    try:
        os.execve(executable_to_start(environment), [name] + flags + list(arguments), environment)
    except OSError as error:
        say(sentence("The program cannot be started with %s: %s.", sys.executable, error.strerror))
        return exit_statuses.CANNOT_PROFILE
