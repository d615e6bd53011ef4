"""Makes pytest run in processes that can profile."""

import os
import sys

from filprofiler import api
from filprofiler.environment import RESTARTED_VARIABLE
from filprofiler.wording import sentence

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, List

_OLDEST = (3, 10)


def get_ready(config: "Any") -> None:
    """Ensure that the processes that run the tests can profile. May replace this process."""
    _check_version()
    restarted = os.environ.pop(RESTARTED_VARIABLE, None)
    if getattr(config.option, "numprocesses", None) or getattr(config.option, "tx", None):
        api.let_children_be_profiled(os.environ)  # the workers of pytest-xdist, which run the tests
        return
    try:
        api.check_ready()
    except api.TrackingError as error:
        arguments = _arguments(config)
        if restarted or hasattr(config, "workerinput") or [str(one) for one in arguments] != sys.argv[1:]:
            from pytest import UsageError

            raise UsageError(str(error)) from None
        _restart(config)


def _check_version() -> None:
    import pytest

    version = tuple(int(part) for part in pytest.__version__.split(".")[:2] if part.isdigit())
    if version < _OLDEST:
        needed = "filprofiler needs pytest %d.%d or later, not %s."
        raise pytest.UsageError(sentence(needed, *_OLDEST, pytest.__version__))


def _arguments(config: "Any") -> "List[Any]":
    """pytest's arguments, from its command line or the program that called it."""
    given = getattr(config, "invocation_params", None)  # from pytest 4.6 on, or 5.1
    return list(given.args) if given is not None else list(config._origargs)


def _restart(config: "Any") -> None:
    """Become the same command under `fil-profile python`."""
    capture = config.pluginmanager.getplugin("capturemanager")
    if capture is not None:
        capture.stop_global_capturing()
    program = sys.argv[0]
    first = ["-m", "pytest"] if os.path.basename(program) == "__main__.py" else [program]
    os.environ[RESTARTED_VARIABLE] = "1"
    sys.stdout.flush()
    sys.stderr.flush()
    flags = _flags()
    os.execv(sys.executable, [sys.executable] + flags + ["-m", "filprofiler", "python"] + first + sys.argv[1:])


def _flags() -> "List[str]":
    """The interpreter's own flags. Before 3.10 it does not keep all of them, but subprocess knows most."""
    import subprocess

    return list(subprocess._args_from_interpreter_flags())  # type: ignore[attr-defined]
