"""Profile a part of a program from inside it: docs/api.md.

The program has to be started for that, by `fil-profile python` or as the Jupyter kernel "Python 3 with Fil". This
module can be imported anywhere; what cannot work raises TrackingError, a RuntimeError, when it is called.
"""

import functools
import os
import shutil
import sys
import tempfile
from typing import Any, Callable, List, MutableMapping, NamedTuple, Optional, Sequence, TypeVar, Union, overload

from filprofiler.errors import FilError, TrackingError, UsageError

__all__ = ["FilError", "Line", "Peak", "TrackingError", "UsageError", "peak", "profile", "ready"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType
    from typing import Type

    from filprofiler.inside.tracking import Tracking
    from filprofiler.launch.result_folder import ResultFolder
    from filprofiler.profile.model import Profile

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])
Folder = Union[str, "os.PathLike[str]"]

_COROUTINE, _GENERATORS = 0x80, 0x20 | 0x200  # of co_flags


class Line(NamedTuple):
    """A line of code that held memory at the peak.

    path: its file, as the code object names it; "" where there is no Python callstack.
    line: its number, from 1; function: the function's name.
    bytes: what was live of all that it asked for, and that code of libraries asked for on its behalf.
    source: the line itself, without indentation; "" if it is not at hand.
    """

    path: str
    line: int
    function: str
    bytes: int
    source: str


class Peak:
    """How much memory a piece of code had at its highest moment, and which lines held it.

    value: what the code has returned; None for a `with` block.
    """

    def __init__(self) -> None:
        self.value: Any = None
        self._profile: "Optional[Profile]" = None

    def _known(self) -> "Profile":
        if self._profile is None:
            raise TrackingError("The peak is known when the code has ended.")
        return self._profile

    @property
    def peak_bytes(self) -> int:
        """The largest number of bytes that were live at once, of what was asked for while the code ran."""
        return self._known().peak_bytes

    def top(self, count: int = 3) -> List[Line]:
        """The `count` lines of the user's own code that held most at that moment, the largest first."""
        from filprofiler.profile.source import SourceReader
        from filprofiler.profile.top import TopLines

        known = self._known()
        sources = SourceReader(known.program)
        lines = TopLines(known).lines[:count]
        return [
            Line(
                one.site.path,
                one.site.line,
                one.site.name,
                one.held_bytes,
                sources.line(one.site.path, one.site.line),
            )
            for one in lines
        ]

    def page(self) -> str:
        """The report's page as HTML: it loads nothing, and shows what `report` writes as index.html."""
        from filprofiler.profile.source import SourceReader
        from filprofiler.profile.top import TopLines
        from filprofiler.report.html import html_page

        known = self._known()
        return html_page(known, TopLines(known), SourceReader(known.program))

    def report(self, path: Folder) -> None:
        """Write the report's files into the folder `path`, which is made if need be. Raises FilError."""
        from filprofiler.profile.top import TopLines
        from filprofiler.report.writer import write_report

        known, folder = self._known(), os.fspath(path)
        try:
            os.makedirs(folder, exist_ok=True)
        except OSError as error:
            raise FilError("Cannot create the folder %s: %s." % (folder, error.strerror)) from None
        write_report(known, TopLines(known), folder)


class Running:
    """Tracking that was begun by hand; for what runs code of others, like the notebook's magic."""

    def __init__(self, tracking: "Tracking", made: bool) -> None:
        self._tracking = tracking
        self._made = made

    @property
    def folder(self) -> str:
        """Where the recording lies, and the report is written."""
        return self._tracking.folder.path

    def end(self, peak: Peak, error: Optional[BaseException] = None, report: bool = False) -> None:
        """End it; `peak` knows what was found out. `error`: what the code has raised; `report`: write the report.

        Raises FilError.
        """
        from filprofiler.inside.folder import remove_recording

        outcome = "" if error is None else "raised %s" % type(error).__name__
        try:
            peak._profile = self._tracking.end(outcome)
            if report:
                peak.report(self.folder)
            remove_recording(self._tracking.folder)
        finally:
            if self._made:
                shutil.rmtree(self.folder, ignore_errors=True)


def ready() -> None:
    """Return if memory can be profiled in this process, else raise TrackingError, which says how to start."""
    from filprofiler.inside.tracking import check_ready

    check_ready()


def let_children_be_profiled(environment: "MutableMapping[str, str]") -> None:
    """Change an environment so that memory can be profiled in each program started with it, and not in its children."""
    from filprofiler.environment import LIBRARY_PATH
    from filprofiler.launch.preload import Preload

    Preload(LIBRARY_PATH).put_first(environment)


def begin(
    name: str, path: Optional[Folder] = None, output: Optional[Folder] = None, first_files: Sequence[str] = ()
) -> Running:
    """Begin tracking by hand; Running.end ends it. Raises TrackingError.

    name: what is profiled, in words. path: the folder for recording and report; or output: the folder in which a new
    one is made, named after the time; else a temporary one that goes at the end. first_files: callstacks begin at their
    first frame of one of these.
    """
    ready()
    from filprofiler.inside.folder import GivenFolder
    from filprofiler.inside.tracking import Tracking
    from filprofiler.launch.result_folder import OutputError, ResultFolder

    temporary = path is None and output is None
    try:
        folder: "ResultFolder"
        if output is not None:
            folder = ResultFolder(os.fspath(output))
        else:
            folder = GivenFolder(tempfile.mkdtemp(prefix="fil-") if path is None else os.fspath(path))
    except OutputError as error:
        raise TrackingError("Memory cannot be profiled: %s" % error) from None
    running = Running(Tracking(folder, name, first_files), temporary)
    try:
        running._tracking.begin()
    except BaseException:
        if temporary:
            shutil.rmtree(folder.path, ignore_errors=True)
        raise
    return running


class Block:
    """What `profile(path)` and `peak()` give: for `with`, and, of `profile`, as a decorator."""

    def __init__(self, path: Optional[Folder]) -> None:
        self._path = path
        self._peak = Peak()

    def __enter__(self) -> Peak:
        from filprofiler.inside.tracking import caller_file

        frame = sys._getframe(1)
        place = "%s:%d" % (os.path.basename(frame.f_code.co_filename), frame.f_lineno)
        cell = caller_file(1)
        self._running = begin("the block at " + place, self._path, first_files=[cell] if cell else [])
        return self._peak

    def __exit__(
        self, kind: "Optional[Type[BaseException]]", error: Optional[BaseException], trace: "Optional[TracebackType]"
    ) -> None:
        self._running.end(self._peak, error, report=self._path is not None)

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
                running, found = begin(_name_of(function), path), Peak()
                error: Optional[BaseException] = None
                try:
                    return await function(*arguments, **named)
                except BaseException as raised:
                    error = raised
                    raise
                finally:
                    running.end(found, error, report=True)

            return profiled_coroutine  # type: ignore[return-value]

        @functools.wraps(function)
        def profiled(*arguments: Any, **named: Any) -> Any:
            return _call(functools.partial(function, *arguments, **named), _name_of(function), Peak(), path)

        return profiled  # type: ignore[return-value]


def _call(function: Callable[[], T], name: str, found: Peak, path: Optional[Folder] = None) -> T:
    running = begin(name, path)
    error: Optional[BaseException] = None
    try:
        return function()
    except BaseException as raised:
        error = raised
        raise
    finally:
        running.end(found, error, report=path is not None)


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
