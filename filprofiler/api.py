"""Profile part of a program from inside it: docs/api.md.

The program must be started with `fil-profile python`, or run in the Jupyter kernel "Python 3 with Fil". This module can
be imported anywhere; in other processes its functions raise TrackingError, a RuntimeError.
"""

import functools
import os
import sys
from typing import Any, Callable, List, MutableMapping, NamedTuple, Optional, Sequence, TypeVar, Union, overload

from filprofiler.errors import FilError, TrackingError, UsageError
from filprofiler.measurement import Measurement
from filprofiler.peak import Folder, Line, Peak

__all__ = ["FilError", "Line", "Peak", "TrackingError", "UsageError", "check_ready", "peak", "profile", "ready"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType
    from typing import Type


T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])

_COROUTINE, _GENERATORS = 0x80, 0x20 | 0x200  # of co_flags


def check_ready() -> None:
    """Check that memory can be profiled in this process. Raises TrackingError, which says how to start the program."""
    from filprofiler.in_process import tracking

    tracking.check_ready()


ready = check_ready  # the older name


def let_children_be_profiled(environment: "MutableMapping[str, str]") -> None:
    """Change `environment` so that programs started with it can be profiled, but not their own children."""
    from filprofiler.environment import LIBRARY_PATH
    from filprofiler.supervisor.child_environment import Preload

    Preload(LIBRARY_PATH).put_first(environment)


class _Block:
    """Returned by `profile(path)` and `peak()`: a context manager and, for `profile`, a decorator."""

    def __init__(self, path: Optional[Folder]) -> None:
        self._path = path
        self._peak = Peak()

    def __enter__(self) -> Peak:
        from filprofiler.in_process.tracking import caller_file

        frame = sys._getframe(1)
        place = "%s:%d" % (os.path.basename(frame.f_code.co_filename), frame.f_lineno)
        cell = caller_file(1)
        measurement = self._measurement = Measurement(
            "the block at " + place, self._path, first_files=[cell] if cell else []
        )
        try:
            measurement.begin()
        except BaseException:
            measurement.close()
            raise
        return self._peak

    def __exit__(
        self, kind: "Optional[Type[BaseException]]", error: Optional[BaseException], trace: "Optional[TracebackType]"
    ) -> None:
        try:
            self._measurement.end(self._peak, error, report=self._path is not None)
        finally:
            self._measurement.close()

    def __call__(self, function: F) -> F:
        """Profile each call of `function`; the report of the last call stays. Raises UsageError."""
        if self._path is None:
            raise UsageError("Decorate a function with profile(path), not with peak().")
        path, flags = self._path, getattr(getattr(function, "__code__", None), "co_flags", 0)
        if flags & _GENERATORS:
            raise UsageError("A generator function cannot be profiled: it returns before its code runs.")
        if flags & _COROUTINE:

            @functools.wraps(function)
            async def profiled_coroutine(*arguments: Any, **named: Any) -> Any:
                found = Peak()
                error: Optional[BaseException] = None
                measurement = Measurement(_name_of(function), path)
                try:
                    try:
                        measurement.begin()
                        return await function(*arguments, **named)
                    except BaseException as raised:
                        error = raised
                        raise
                    finally:
                        measurement.end(found, error, report=True)
                finally:
                    measurement.close()

            return profiled_coroutine  # type: ignore[return-value]

        @functools.wraps(function)
        def profiled(*arguments: Any, **named: Any) -> Any:
            return _call(functools.partial(function, *arguments, **named), _name_of(function), Peak(), path)

        return profiled  # type: ignore[return-value]


def _call(function: Callable[[], T], name: str, found: Peak, path: Optional[Folder] = None) -> T:
    error: Optional[BaseException] = None
    measurement = Measurement(name, path)
    try:
        try:
            measurement.begin()
            return function()
        except BaseException as raised:
            error = raised
            raise
        finally:
            measurement.end(found, error, report=path is not None)
    finally:
        measurement.close()


def _name_of(function: Callable[..., Any]) -> str:
    return str(getattr(function, "__qualname__", None) or repr(function))


@overload
def profile(code_to_profile: Callable[[], T], path: Folder) -> T: ...
@overload
def profile(code_to_profile: Folder) -> _Block: ...
@overload
def profile(*, path: Folder) -> _Block: ...
def profile(code_to_profile: Any = None, path: Optional[Folder] = None) -> Any:
    """Profile code and write the report into the folder `path` (str or os.PathLike).

    profile(function, path) calls function(), and returns its result or raises its exception.
    profile(path) is a context manager, whose value is the block's Peak, and a decorator for functions and coroutine
    functions.

    A process can make one profile at a time. Raises TrackingError (a RuntimeError) if another one is being made or this
    process cannot be profiled, UsageError for wrong arguments, and FilError if the report cannot be written.
    """
    if callable(code_to_profile):
        if path is None:
            raise UsageError("profile takes the function and the folder for the report: profile(function, path).")
        return _call(code_to_profile, _name_of(code_to_profile), Peak(), path)
    if code_to_profile is not None and path is not None:
        raise UsageError("The first of two arguments of profile must be a function without parameters.")
    folder = path if code_to_profile is None else code_to_profile
    if folder is None:
        raise UsageError("profile needs the folder for the report.")
    return _Block(os.fspath(folder))


@overload
def peak(code_to_measure: Callable[[], Any]) -> Peak: ...
@overload
def peak() -> _Block: ...
def peak(code_to_measure: Optional[Callable[[], Any]] = None) -> Any:
    """Measure the peak memory of code, without a report.

    peak(function) calls function() and returns a Peak whose `value` is the function's result; raises what it raises.
    peak() is for `with peak() as found:`; `found.peak_bytes` is available after the block.

    Raises TrackingError, as `profile` does.
    """
    if code_to_measure is None:
        return _Block(None)
    found = Peak()
    found.value = _call(code_to_measure, _name_of(code_to_measure), found)
    return found
