"""Profile a part of a program from inside it: docs/api.md.

The program has to be started for that, by `fil-profile python` or as the Jupyter kernel "Python 3 with Fil". This
module can be imported anywhere; what cannot work raises TrackingError, a RuntimeError, when it is called.
"""

import functools
import os
import sys
import tempfile
from typing import Any, Callable, List, MutableMapping, NamedTuple, Optional, Sequence, TypeVar, Union, overload

from filprofiler.errors import FilError, TrackingError, UsageError
from filprofiler.peak import Folder, Line, Peak

__all__ = ["FilError", "Line", "Peak", "TrackingError", "UsageError", "peak", "profile", "ready"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType
    from typing import Type

    from filprofiler.in_process.tracking import Tracking
    from filprofiler.result_folder import ResultFolder

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])

_COROUTINE, _GENERATORS = 0x80, 0x20 | 0x200  # of co_flags


class Running:
    """Tracking that is begun and ended by hand; for what runs code of others, like the notebook's magic.

    An interrupt may come at any moment: so `begin` stands inside of a `try`, `end` in its `finally`, and `close` in
    that of another one round it.
    """

    _tracking: "Optional[Tracking]" = None

    def __init__(
        self,
        name: str,
        path: Optional[Folder] = None,
        output: Optional[Folder] = None,
        first_files: Sequence[str] = (),
    ) -> None:
        """Nothing is begun.

        name: what is profiled, in words. path: the folder for recording and report; or output: the folder in which a
        new one is made, named after the time; else a temporary one that goes at the end. first_files: callstacks begin
        at their first frame of one of these.
        """
        self._name = name
        self._path = path
        self._output = output
        self._first_files = first_files
        self._temporary = path is None and output is None

    def begin(self) -> None:
        """Begin. Raises TrackingError."""
        ready()
        from filprofiler.in_process.tracking import Tracking
        from filprofiler.result_folder import GivenFolder, OutputError, ResultFolder

        try:
            folder: "ResultFolder"
            if self._output is not None:
                folder = ResultFolder(os.fspath(self._output))
            else:
                given = tempfile.mkdtemp(prefix="fil-") if self._path is None else os.fspath(self._path)
                folder = GivenFolder(given, made=self._temporary)
        except OutputError as error:
            raise TrackingError("Memory cannot be profiled: %s", error) from None
        self._tracking = Tracking(folder, self._name, self._first_files)
        self._tracking.begin()

    @property
    def folder(self) -> str:
        """Where the recording lies, and the report is written; "" if there is none."""
        return self._tracking.folder.path if self._tracking is not None else ""

    def end(self, peak: Peak, error: Optional[BaseException] = None, report: bool = False) -> bool:
        """End it; `peak` knows what was found out. `error`: what the code has raised; `report`: write the report.

        Returns False, and does nothing, if it has not begun, and in a child that was forked meanwhile: recording and
        report are its parent's. Raises FilError.
        """
        tracking, own = self._tracking, False
        if tracking is None or not tracking.runs:
            return False
        try:
            own = tracking.stop()  # before anything else: nothing of ours is to count
            if own:
                peak._profile = tracking.end("" if error is None else "raised %s" % type(error).__name__)
                if report:
                    peak._write(self.folder, tracking.folder.opened)
                tracking.folder.remove_made()
        finally:
            self.close()
            if self._temporary and own:
                tracking.folder.discard()
        return own

    def close(self) -> None:
        """Whatever has become of it, let another one begin."""
        if self._tracking is not None:
            self._tracking.close()

    def __del__(self) -> None:
        """For a `with` block whose end was interrupted before its first line."""
        self.close()


def ready() -> None:
    """Return if memory can be profiled in this process, else raise TrackingError, which says how to start."""
    from filprofiler.in_process.tracking import check_ready

    check_ready()


def let_children_be_profiled(environment: "MutableMapping[str, str]") -> None:
    """Change an environment so that memory can be profiled in each program started with it, and not in its children."""
    from filprofiler.environment import LIBRARY_PATH
    from filprofiler.supervisor.child_environment import Preload

    Preload(LIBRARY_PATH).put_first(environment)


class Block:
    """What `profile(path)` and `peak()` give: for `with`, and, of `profile`, as a decorator."""

    def __init__(self, path: Optional[Folder]) -> None:
        self._path = path
        self._peak = Peak()

    def __enter__(self) -> Peak:
        from filprofiler.in_process.tracking import caller_file

        frame = sys._getframe(1)
        place = "%s:%d" % (os.path.basename(frame.f_code.co_filename), frame.f_lineno)
        cell = caller_file(1)
        running = self._running = Running("the block at " + place, self._path, first_files=[cell] if cell else [])
        try:
            running.begin()
        except BaseException:
            running.close()
            raise
        return self._peak

    def __exit__(
        self, kind: "Optional[Type[BaseException]]", error: Optional[BaseException], trace: "Optional[TracebackType]"
    ) -> None:
        try:
            self._running.end(self._peak, error, report=self._path is not None)
        finally:
            self._running.close()

    def __call__(self, function: F) -> F:
        """Profile each call of `function`; the report of the last one stays."""
        if self._path is None:
            raise UsageError("A function is decorated with profile(path), not with peak().")
        path, flags = self._path, getattr(getattr(function, "__code__", None), "co_flags", 0)
        if flags & _GENERATORS:
            raise UsageError("A generator function cannot be profiled: it returns before its code runs.")
        if flags & _COROUTINE:

            @functools.wraps(function)
            async def profiled_coroutine(*arguments: Any, **named: Any) -> Any:
                found = Peak()
                error: Optional[BaseException] = None
                running = Running(_name_of(function), path)
                try:
                    try:
                        running.begin()
                        return await function(*arguments, **named)
                    except BaseException as raised:
                        error = raised
                        raise
                    finally:
                        running.end(found, error, report=True)
                finally:
                    running.close()

            return profiled_coroutine  # type: ignore[return-value]

        @functools.wraps(function)
        def profiled(*arguments: Any, **named: Any) -> Any:
            return _call(functools.partial(function, *arguments, **named), _name_of(function), Peak(), path)

        return profiled  # type: ignore[return-value]


def _call(function: Callable[[], T], name: str, found: Peak, path: Optional[Folder] = None) -> T:
    error: Optional[BaseException] = None
    running = Running(name, path)
    try:
        try:
            running.begin()
            return function()
        except BaseException as raised:
            error = raised
            raise
        finally:
            running.end(found, error, report=path is not None)
    finally:
        running.close()


def _name_of(function: Callable[..., Any]) -> str:
    return str(getattr(function, "__qualname__", None) or repr(function))


@overload
def profile(code_to_profile: Callable[[], T], path: Folder) -> T: ...
@overload
def profile(code_to_profile: Folder) -> Block: ...
@overload
def profile(*, path: Folder) -> Block: ...
def profile(code_to_profile: Any = None, path: Optional[Folder] = None) -> Any:
    """Profile code, and write the report straight into the folder `path`.

    profile(function, path) calls function() and returns or raises what it does.
    profile(path) is for `with profile(path):`, whose value is the block's Peak, and for the decorator `@profile(path)`,
    of functions and coroutine functions.

    Only one profile can be made at a time in a process. Raises TrackingError (a RuntimeError) if another one is being
    made or this process cannot be profiled, UsageError if it is called wrongly; FilError if there can be no report.
    """
    if callable(code_to_profile):
        if path is None:
            raise UsageError("profile takes the function and the folder for the report: profile(function, path).")
        return _call(code_to_profile, _name_of(code_to_profile), Peak(), path)
    if code_to_profile is not None and path is not None:
        raise UsageError("The first of two arguments of profile is a function without parameters.")
    folder = path if code_to_profile is None else code_to_profile
    if folder is None:
        raise UsageError("profile needs the folder for the report.")
    return Block(os.fspath(folder))


@overload
def peak(code_to_measure: Callable[[], Any]) -> Peak: ...
@overload
def peak() -> Block: ...
def peak(code_to_measure: Optional[Callable[[], Any]] = None) -> Any:
    """Find out the peak of code, without a report.

    peak(function) calls function() and gives a Peak, whose `value` is what was returned; raises what function raises.
    peak() is for `with peak() as found:`; `found` tells the peak when the block has ended.

    Raises TrackingError, as `profile` does.
    """
    if code_to_measure is None:
        return Block(None)
    found = Peak()
    found.value = _call(code_to_measure, _name_of(code_to_measure), found)
    return found
