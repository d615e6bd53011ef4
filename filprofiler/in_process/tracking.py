"""One stretch of tracking in this process, from its beginning to its profile."""

import _thread
import os
import sys
import time

from filprofiler import _abi, jit
from filprofiler.allocators import settings_that_matter
from filprofiler.environment import PACKAGE_FOLDER
from filprofiler.errors import CutShortError, LibraryError, TrackingError
from filprofiler.foreign import is_in_front
from filprofiler.in_process import stacks
from filprofiler.in_process.objects import follow_objects
from filprofiler.in_process.pools import LimitedPools
from filprofiler.in_process.sources import add_sources, take_sources
from filprofiler.library import Library
from filprofiler.profile.build import build_profile
from filprofiler.profile.program import Program, write_description
from filprofiler.recording.reader import read_recording
from filprofiler.result_folder import DESCRIPTION_NAME, OutputError, was_cut_short

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, Optional, Sequence

    from filprofiler.profile.model import Profile
    from filprofiler.result_folder import ResultFolder

# Our own files between the program and the code that it profiles.
ENTRY_FILES = tuple(
    os.path.join(PACKAGE_FOLDER, *name.split("/"))
    for name in ("api.py", "in_process/tracking.py", "library.py", "jupyter/magics.py", "pytest_plugin.py")
)

_HOW_TO_START = (
    "Memory can only be profiled in a program started with: fil-profile python script.py. "
    'In Jupyter, choose the kernel "Python 3 with Fil".'
)
_REFUSALS = {
    _abi.FIL_ERROR_NOT_PRELOADED: _HOW_TO_START,
    _abi.FIL_ERROR_CHILD: "This process is a child of the profiled process, and cannot be profiled. " + _HOW_TO_START,
    _abi.FIL_ERROR_STARTED: "The whole program is already being profiled, by fil-profile run.",
}

_ONCE = "In this Python, call stacks are found by following every call, which is possible only once per process."

_running: "Dict[str, Tracking]" = {}
_preparing = _thread.RLock()  # an interrupted `with` may leave it locked, but not for its own thread
_library: "Optional[Library]" = None
_follows_calls = False  # the profile function finds the call stacks: only once
_followed = False


class Tracking:
    """Tracks everything that the whole process allocates while it lasts, in all threads.

    folder: the folder of the recording. name: what is profiled, in words. first_files: where call stacks begin (see
    profile.program.Program).
    runs: whether it has begun and was not closed.
    """

    def __init__(self, folder: "ResultFolder", name: str, first_files: "Sequence[str]" = ()) -> None:
        self.folder = folder
        self.runs = False
        self._pid = os.getpid()
        self._pools = LimitedPools()
        self.program = Program(
            cwd=_working_directory(),
            own_files=ENTRY_FILES,
            name=name,
            entry_files=ENTRY_FILES,
            first_files=first_files,
        )

    def begin(self) -> None:
        """Begin. None of our own memory is counted. Raises TrackingError; then there is no folder."""
        global _followed
        try:
            library = check_ready()
            if _running.setdefault("now", self) is not self:  # a lock that names its owner
                raise TrackingError("Memory is already being profiled; only one profile can be made at a time.")
            if _followed:
                raise TrackingError(_ONCE)
            self.folder.create_recording()
            take_sources(self.program)
            description = self.folder.create(DESCRIPTION_NAME)
            try:
                write_description(self.program, description)
            finally:
                os.close(description)
            self._pools.limit()
            self._started = time.monotonic()
            if _follows_calls:
                _followed = True
                stacks.follow_threads(library)
            self.runs = True
            library.start(self.folder.recording_path, 0)
        except BaseException as error:
            self.close()
            self.folder.discard()
            if isinstance(error, (LibraryError, OutputError, OSError)):
                raise TrackingError("Memory cannot be profiled: %s", error) from None
            raise

    def stop(self) -> bool:
        """Stop counting. Returns False in a child of the tracked process, which has nothing to do."""
        assert _library is not None
        _library.stop()
        return os.getpid() == self._pid

    def end(self, outcome: str = "") -> "Profile":
        """After `stop`: build the profile. The recording stays. Raises RecordingError.

        outcome: how the profiled code ended, in words.
        """
        self._pools.restore()
        self.program.outcome = outcome
        self.program.settings = tuple(settings_that_matter(os.environ, sys.modules))
        self.program.elapsed_seconds = time.monotonic() - self._started
        if was_cut_short(self.folder.recording_path):
            raise CutShortError("The recording %s was cut short by something else.", self.folder.recording_path)
        profile = build_profile(read_recording(self.folder.recording_path), self.program)
        add_sources(self.program, profile)
        return profile

    def close(self) -> None:
        """Let another one begin, whatever the state of this one: an interrupt may come at any moment."""
        if _running.get("now") is not self:
            return
        try:
            if _library is not None:
                _library.stop()
            self._pools.restore()
            if _follows_calls:
                stacks.leave_threads()
        finally:
            self.runs = False
            _running.pop("now", None)


def check_ready() -> Library:
    """The library, if it can track in this process. Raises TrackingError, which says how to start the program."""
    global _library
    if not is_in_front():
        raise TrackingError(_HOW_TO_START)
    try:
        library = _library or Library()
        status = library.readiness()
        if status == _abi.FIL_ERROR_STARTED and _library is not None:
            return library  # by ourselves: `begin` reports it
        if status in _REFUSALS:
            raise TrackingError(_REFUSALS[status])
        with _preparing:  # the layout is chosen and verified once for the whole process
            if _library is None:
                _prepare(library)
                _library = library
    except LibraryError as error:
        raise TrackingError("Memory cannot be profiled: %s.", error) from None
    return library


def _prepare(library: Library) -> None:
    """Prepare what is needed once per process. Raises TrackingError or LibraryError."""
    global _follows_calls
    jit.restore_variable()
    _follows_calls = stacks.choose_stacks(library) == stacks.PROFILED
    follow_objects(library)


def _working_directory() -> str:
    try:
        return os.getcwd()
    except OSError:
        return ""


def caller_file(depth: int) -> str:
    """The name of the source `depth` calls above the caller's caller, if it is not a real file; else ""."""
    path = sys._getframe(depth + 1).f_code.co_filename
    return "" if os.path.exists(path) else path
