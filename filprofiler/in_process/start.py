"""Prepares the profiled process before its program begins.

This file, and all that it loads, uses posix instead of os: an interpreter may start without os.
"""

import posix
import sys

from filprofiler import _abi
from filprofiler.errors import LibraryError
from filprofiler.in_process import stacks
from filprofiler.library import Library
from filprofiler.wording import PREFIX, sentence

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, NoReturn


class NativeFunctions:
    """The library's functions, which it passes to Python itself (csrc/start/native.c)."""

    def __init__(self, functions: "Dict[str, Any]") -> None:
        self.__dict__.update(functions)

    buffer = bytearray  # memory that the library may write into


def begin_natively(functions: "Dict[str, Any]", recording: str, report_signal: str, mode: str, target: str) -> None:
    """Begin tracking with the functions that the library passes. Ends the process on failure.

    The report_signal marks a child of the profiled program. It is profiled silently, and runs unprofiled on failure.
    """
    is_child = int(report_signal) == _abi.FIL_NO_SIGNAL
    try:
        library = Library(functions=NativeFunctions(functions))
        way = prepare(library)
        functions["keep_proof"]()
        if mode == "module" or (mode == "script" and _is_importable_from(target)):
            _import_runpy(mode, target)
        library.start(recording, int(report_signal))
        library.follow_forks()
        if not is_child:
            say(*announcement(way))
    except LibraryError as error:
        if not is_child:
            refuse(error)
    except Exception as error:
        if not is_child:
            refuse(LibraryError("%s: %s", type(error).__name__, error))


def _import_runpy(mode: str, target: str) -> None:
    """Import runpy, as the interpreter is about to do: it is not part of the program.

    What is found may be the program's own, and so may be what it imports. If that fails, it will fail again, where the
    program's user sees it. Before CPython 3.8 the interpreter puts the program's folder in front of its path only
    afterwards, but before it imports runpy itself.
    """
    place = target if mode == "script" else ""  # the working directory, which may be gone
    first = sys.version_info < (3, 8) and (mode == "script" or not (sys.flags.isolated or sys.path[:1] == [place]))
    known = set(sys.modules)
    if first:
        sys.path.insert(0, place)
    try:
        __import__("runpy")
    except BaseException:
        for name in set(sys.modules) - known:
            del sys.modules[name]
    finally:
        if first and sys.path[0] == place:
            del sys.path[0]


def _is_importable_from(path: str) -> bool:
    """Whether the script at `path` is a folder or an archive with a `__main__.py` to run."""
    finder: "Any" = sys.modules["_frozen_importlib_external"].PathFinder  # type: ignore[attr-defined,unused-ignore]
    return finder._path_hooks(path) is not None


def prepare(library: Library) -> str:
    """Do everything needed before tracking. Returns the method for call stacks. Raises LibraryError."""
    library.check_preloaded()
    if sys.version_info >= (3, 13):
        from filprofiler import jit

        jit.restore_variable()
    way = stacks.choose_stacks(library)
    if way == stacks.PROFILED:
        stacks.follow_threads(library)
    if sys.version_info >= (3, 13):
        from filprofiler.in_process.objects import follow_objects

        follow_objects(library)
    return way


def refuse(error: "LibraryError") -> "NoReturn":
    """Say in one sentence why the program cannot be profiled, and end the process."""
    say(sentence("Cannot profile: %s.", error))
    posix._exit(error.exit_status)


def announcement(way: str) -> "List[str]":
    """The lines for the user when tracking begins. This process prints them, because until then it may still fail."""
    return [stacks.PROFILED_SENTENCE] * (way == stacks.PROFILED) + [
        "Memory usage will be written at exit.",
        "To have it written now: kill -s SIGUSR2 %d" % posix.getppid(),
    ]


def say(*lines: str) -> None:
    """Best-effort write of lines to stderr. Quoted text in them must already be visible."""
    if sys.stderr is not None:
        try:
            posix.write(2, "".join(["%s%s\n" % (PREFIX, line) for line in lines]).encode("utf-8", "surrogateescape"))
        except OSError:
            pass
