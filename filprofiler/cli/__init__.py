"""The command `fil-profile`: reads the command line and calls the subcommand."""

import gc
import os
import sys

from filprofiler import exit_statuses
from filprofiler.errors import UsageError
from filprofiler.messages import say, show

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn, Optional, Sequence

    from filprofiler.cli.arguments import Command


def command() -> "NoReturn":
    """Execute this process's command line, and end the process.

    The interpreter is not finalized: nothing is left to be done, and after a large report that would take a tenth of
    the report's time. It also avoids the interactive session of `python -i`: the program has had its own.
    """
    gc.disable()  # nothing is dropped, except by `run` while it waits
    status = main()
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except (OSError, ValueError):  # the reader is gone, or it is closed
            pass
    os._exit(status)


def main(arguments: "Optional[Sequence[str]]" = None) -> int:
    """Execute a command line (without the program's name; by default this process's). Returns the exit status."""
    try:
        return _carry_out(understand(sys.argv[1:] if arguments is None else arguments))
    except UsageError as error:
        say(str(error))
        return exit_statuses.USAGE
    except KeyboardInterrupt:
        from filprofiler.supervisor.outcome import Outcome
        from filprofiler.supervisor.supervisor import SIGINT, end_like

        return end_like(Outcome(None, SIGINT, 0.0, None))


def understand(words: "Sequence[str]") -> "Command":
    """Parse a command line, without the name of the command itself. Raises UsageError."""
    from filprofiler.cli.arguments import SUBCOMMANDS, parse

    command = parse(words)
    if command.name in SUBCOMMANDS:
        from filprofiler.cli.subcommands import parse_subcommand

        parse_subcommand(command)
    return command


def _carry_out(command: "Command") -> int:
    """Execute a parsed command. Only its own module is imported, for a quick start."""
    if command.name == "run":
        from filprofiler.cli.run import run

        return run(command.target, command.options)
    if command.name == "python":
        from filprofiler.cli.python import python

        return python(command.target.arguments, command.options)
    if command.name == "install-kernel":
        from filprofiler.cli.install_kernel import install_kernel

        return install_kernel(command.kernel_prefix)
    if command.name == "report":
        from filprofiler.cli.report import report

        return report(command.paths[0], command.options)
    if command.name == "diff":
        from filprofiler.cli.diff import diff

        return diff(command.paths[0], command.paths[1], command.options)
    if command.name == "version":
        from filprofiler import __version__

        show([__version__])
        return exit_statuses.OK
    if command.name == "license":
        from filprofiler.cli.help import license_text

        show(license_text().split("\n"))
        return exit_statuses.OK
    from filprofiler.cli.help import HELP

    if command.name == "help":
        show((command.text or HELP).split("\n"))
        return exit_statuses.OK
    show(HELP.split("\n"), sys.stderr)
    return exit_statuses.USAGE
