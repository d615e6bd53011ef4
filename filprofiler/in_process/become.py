"""Turns the process that bootstrap.py began into the user's program, where the interpreter cannot run it by itself.

The program is run by the interpreter's own functions for `python SCRIPT` and `python -c`, and by runpy for `-m`, as
under Python itself. So tracebacks, exit statuses and the death by Ctrl-C are Python's own.
"""

import os
import sys

from filprofiler import exit_statuses
from filprofiler.errors import LibraryError
from filprofiler.in_process import stacks, start
from filprofiler.library import Library
from filprofiler.script_path import STANDARD_INPUT, STANDARD_INPUT_FILE, co_filename_of_script

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal
    from typing import Any, Callable, Dict, List, Set

    from filprofiler.foreign import Call, Interpreter
else:
    import _signal as signal  # the signal module imports much that not every program needs


class _FailedError(BaseException):
    """Ends the process with status 1 after the program's uncaught exception was shown."""


def prepare() -> "Call":
    """Start tracking. Returns the function that runs the program in a new `__main__`, and its arguments."""
    present = set(sys.modules)
    try:
        from filprofiler.foreign import Interpreter

        _bootstrap, recording, report_signal, mode, target = sys.argv[:5]
        library, interpreter = Library(), Interpreter()
        way = start.prepare(library)
        _replace_main()
        _forget(present, way)
        function, arguments = _PREPARE[mode](interpreter, target)
        base_frame = library.base_frame
        library.start(recording, int(report_signal))
        library.follow_forks()
        start.say(*start.announcement(way))
    except LibraryError as error:
        start.refuse(error)
    except Exception as error:
        start.refuse(LibraryError("%s: %s", type(error).__name__, error))
    return _run, (function, arguments, base_frame)


def _run(function: "Any", arguments: "Any", base_frame: "Any") -> None:
    own_code = id(_run.__code__)
    try:
        base_frame(own_code)
        try:
            _let_interrupts_raise()
            failed = function(*arguments) == -1
        finally:
            base_frame(0)
    except SystemExit:
        base_frame(0)  # again: until CPython 3.9 an interrupt can come just before the `finally`
        raise
    except BaseException as error:
        base_frame(0)
        # Only exceptions from runpy or exec get here. The interpreter reports them after leaving our frames, so those
        # are removed just before.
        _own_frames_off(error)
        raise
    if failed:
        _hide_next_exception()
        raise _FailedError


def _script(interpreter: "Interpreter", path: str) -> "Call":
    """`python SCRIPT`, where SCRIPT may also be "-", or a folder or a zip file with a `__main__.py`."""
    _set_arguments([path], [path])
    if path == STANDARD_INPUT:
        _set_first_path("")
        return interpreter.standard_input_call(STANDARD_INPUT_FILE)
    full_path = co_filename_of_script(path)
    if interpreter.importer(full_path) is not None:
        sys.path.insert(0, full_path)
        return _module_call("__main__", False)
    _set_first_path(os.path.dirname(os.path.realpath(path)))
    call = interpreter.file_call(full_path)
    if call is None:
        raise LibraryError("the script %s cannot be opened", path, exit_status=exit_statuses.USAGE)
    return call


def _module(interpreter: "Interpreter", name: str) -> "Call":
    """`python -m NAME`."""
    _set_arguments(["-m"], ["-m", name])
    try:
        _set_first_path(os.getcwd() if sys.version_info >= (3, 7) else "")
    except OSError:
        pass  # the folder is gone; Python adds nothing in that case
    return _module_call(name, True)


def _module_call(name: str, set_first_argument: bool) -> "Call":
    """The call that runs the module as `__main__`: runpy, as in the interpreter, including its frames in tracebacks."""
    import runpy

    return runpy._run_module_as_main, (name, set_first_argument)  # type: ignore[attr-defined]


def _command(interpreter: "Interpreter", source: str) -> "Call":
    """`python -c SOURCE`."""
    _set_arguments(["-c"], ["-c", source])
    _set_first_path("")
    if sys.version_info < (3, 13):
        return interpreter.command_call(source)
    return _run_shown_source, (source,)


def _run_shown_source(source: str) -> None:
    """`-c` from CPython 3.13 on, which keeps the source for tracebacks through a function that is not exported."""
    import linecache

    shown: "Any" = linecache
    if hasattr(shown, "_code_key") or hasattr(shown, "_make_key"):
        code = compile(source, "<string>", "exec", 0, True)
        shown._register_code(code, source, "<string>")
    else:
        shown._register_code("<string>", source, "<string>")
        code = compile(source, "<string>", "exec", 0, True)
    exec(code, sys.modules["__main__"].__dict__)


_PREPARE = {"script": _script, "module": _module, "command": _command}


def _set_arguments(first: "List[str]", original: "List[str]") -> None:
    """Set sys.argv, and sys.orig_argv if it exists, to what the program would see without us."""
    arguments = sys.argv[5:]
    if hasattr(sys, "orig_argv"):
        sys.orig_argv[len(sys.orig_argv) - len(sys.argv) :] = original + arguments
    sys.argv[:] = first + arguments


def _set_first_path(folder: str) -> None:
    """Let the program import from `folder` first, unless Python was told not to."""
    if not (sys.flags.isolated or getattr(sys.flags, "safe_path", False)):
        sys.path.insert(0, folder)


def _replace_main() -> None:
    """Replace bootstrap.py's `__main__` by one in the state in which Python begins a program.

    The old one stays alive: our frames refer to it, and the interpreter removes names from it when they end.
    """
    old = sys.modules["__main__"].__dict__
    module = type(sys)("__main__")
    names = module.__dict__
    names["__loader__"] = sys.__spec__.loader  # the importer of built-in modules, until the program is loaded
    if "__annotations__" in old:
        names["__annotations__"] = {}
    names["__builtins__"] = old["__builtins__"]
    sys.modules["__main__"] = module


def _forget(present: "Set[str]", way: str) -> None:
    """Remove modules imported for us from sys.modules; running functions keep alive what they need."""
    sys.path_importer_cache.pop(sys.argv[0], None)  # the interpreter has checked whether bootstrap.py is a folder
    if way == stacks.PROFILED:
        return  # threading and its imports were set up for the program's threads
    for name in set(sys.modules) - present:
        del sys.modules[name]


def _let_interrupts_raise() -> None:
    """Undo bootstrap.py's change: Ctrl-C raises KeyboardInterrupt again, if it did in this interpreter."""
    if signal.getsignal(signal.SIGINT) == signal.SIG_DFL:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _hide_next_exception() -> None:
    """Hide the exception that ends the process: the program's own was already shown."""
    _at_next_exception(lambda: None, _last_exception())


def _own_frames_off(error: BaseException) -> None:
    """Remove our frames from `error`, which is propagating, before it is shown and passed to the excepthook."""
    traceback: "Any" = error.__traceback__
    while traceback is not None and traceback.tb_frame.f_code.co_filename == __file__:
        traceback = traceback.tb_next
    hook = sys.excepthook

    def show() -> None:
        error.__traceback__ = traceback
        try:
            hook(type(error), error, traceback)
        except SystemExit:
            raise
        except BaseException as failure:
            failure.__traceback__ = failure.__traceback__ and failure.__traceback__.tb_next  # without this frame
            sys.stderr.write("Error in sys.excepthook:\n")
            sys.__excepthook__(type(failure), failure, failure.__traceback__)
            sys.stderr.write("\nOriginal exception was:\n")
            sys.__excepthook__(type(error), error, traceback)

    last = {"last_type": type(error), "last_value": error, "last_traceback": traceback}
    if sys.version_info >= (3, 12):
        last["last_exc"] = error
    _at_next_exception(show, last)


def _last_exception() -> "Dict[str, Any]":
    """The variables in sys about the exception shown last."""
    names = ("last_exc", "last_type", "last_value", "last_traceback")
    return {name: getattr(sys, name) for name in names if hasattr(sys, name)}


def _at_next_exception(show: "Callable[[], None]", last: "Dict[str, Any]") -> None:
    """Replace sys.excepthook for one call, which restores the hook and sys.last_* and then calls `show`."""
    hook = sys.excepthook

    def once(*_exception: object) -> None:
        sys.excepthook = hook
        for name in ("last_exc", "last_type", "last_value", "last_traceback"):
            if name in last:
                setattr(sys, name, last[name])
            elif hasattr(sys, name):
                delattr(sys, name)
        show()

    sys.excepthook = once
