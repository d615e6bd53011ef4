"""Parses the command lines of `report`, `diff` and `install-kernel` with argparse; each has its own --help.

`run` and `python` are parsed in arguments.py: everything after the script belongs to the program, and argparse would
make their start-up a tenth slower.
"""

import argparse

from filprofiler.errors import UsageError
from filprofiler.profile.threshold import parse_threshold
from filprofiler.report.formats import ALL

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn

    from filprofiler.cli.arguments import Command


class _HelpWantedError(Exception):
    """--help was given: print its text."""


class _Parser(argparse.ArgumentParser):
    """A subcommand's parser. Errors are one sentence, and it never ends the process."""

    def error(self, message: str) -> "NoReturn":
        raise UsageError("%s: %s.", self.prog, message)


class _Help(argparse.Action):
    def __call__(self, parser: argparse.ArgumentParser, *_rest: "Any") -> None:
        raise _HelpWantedError(parser.format_help().rstrip("\n"))


def _format(prog: str) -> argparse.HelpFormatter:
    return argparse.HelpFormatter(prog, max_help_position=26, width=88)


def _parser(name: str, description: str) -> _Parser:
    parser = _Parser(
        prog="fil-profile " + name,
        description=description,
        formatter_class=_format,
        add_help=False,
        allow_abbrev=False,
    )
    parser.add_argument("-h", "--help", action=_Help, nargs=0, help="print this text and exit")
    if hasattr(parser, "color"):  # from 3.14 on; the text must not depend on the terminal
        parser.color = False
    return parser


def _add_output(parser: _Parser, default: str) -> None:
    parser.add_argument("-o", dest="output", metavar="DIR", type=_folder, help="write to DIR (default: %s)" % default)
    parser.add_argument(
        "--no-browser", dest="browser", action="store_false", default=None, help="do not open the page in a browser"
    )


def _folder(name: str) -> str:
    if not name:
        raise UsageError("-o needs a folder after it.")
    return name


def _report_parser() -> _Parser:
    parser = _parser(
        "report",
        "Write the report from a recording, if the run was cut short or the recording was kept, or from a "
        "peak-memory.json.",
    )
    parser.add_argument("paths", metavar="RESULT", nargs=1, help="a result folder, or one of its files")
    _add_output(parser, "beside RESULT")
    parser.add_argument(
        "--format",
        dest="formats",
        metavar="NAMES",
        action="append",
        help="a comma-separated list of the formats to write instead of the default ones: " + ", ".join(ALL),
    )
    parser.add_argument(
        "--complete",
        action="store_true",
        default=None,
        help="keep every call stack in every format; otherwise those under 1/10,000 of the peak are combined "
        "(except in json)",
    )
    parser.add_argument(
        "--keep-recording", action="store_true", default=None, help="keep the recording beside the report"
    )
    return parser


def _diff_parser() -> _Parser:
    parser = _parser(
        "diff",
        "Show what has grown and shrunk from the first result to the second, and write a comparison page.",
    )
    parser.add_argument("paths", metavar="RESULT", nargs=2, help="a result folder, or one of its files; older first")
    _add_output(parser, "beside the second RESULT")
    parser.add_argument(
        "--fail-over",
        metavar="AMOUNT",
        type=parse_threshold,
        help="exit with status 6 if the peak has grown by more than this, such as 5%% or 200MB",
    )
    return parser


def _install_kernel_parser() -> _Parser:
    parser = _parser(
        "install-kernel",
        'Make the kernel "Python 3 with Fil" available in Jupyter; by default for this virtual environment, or else '
        "for this user.",
    )
    where = parser.add_mutually_exclusive_group()
    for option, meaning in (("--user", "for this user"), ("--sys-prefix", "for this Python or virtual environment")):
        where.add_argument(option, dest="kernel_prefix", action="store_const", const=option, help=meaning)
    where.add_argument("--prefix", dest="kernel_prefix", metavar="DIR", help="in DIR, such as /usr/local")
    return parser


_PARSERS = {"report": _report_parser, "diff": _diff_parser, "install-kernel": _install_kernel_parser}


def parse_subcommand(command: "Command") -> None:
    """Parse `words`, the words after the name of one of these commands. Raises UsageError."""
    options = command.options
    try:
        found = vars(_PARSERS[command.name]().parse_args(command.words))
    except _HelpWantedError as wanted:
        command.name, command.text = "help", str(wanted)
        return
    command.paths = found.pop("paths", [])
    command.kernel_prefix = found.pop("kernel_prefix", None) or ""
    for names in found.pop("formats", None) or ():
        options.add_formats(names.split(","))
    if found.get("output") is not None:
        options.output_given = True
    for option, value in found.items():
        if value is not None:
            setattr(options, option, value)
