"""Which frames are shown, and which code is the user's own."""

import os

from filprofiler import _abi
from filprofiler.profile.model import Profile, Site

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, FrozenSet, Iterable, List, Optional, Sequence, Tuple

    from filprofiler.recording.reader import Recording

PACKAGE_FOLDERS = ("site-packages", "dist-packages")

_IMPORT_MACHINERY = ("<frozen importlib._bootstrap>", "<frozen importlib._bootstrap_external>")

# Frames between the line that starts a thread, or hands it work, and the function that runs in it: by the end of the
# file's name, functions on the line's side (None: all) and on the thread's.
THREADING = (
    ("/threading.py", frozenset(["start"]), frozenset(["_bootstrap", "_bootstrap_inner", "run"])),
    ("/concurrent/futures/thread.py", None, frozenset(["_worker", "run"])),
    ("/concurrent/futures/_base.py", None, frozenset()),
    ("/concurrent/futures/interpreter.py", None, frozenset(["do_call"])),
    ("/concurrent/interpreters/__init__.py", None, frozenset()),
    ("/distributed/_concurrent_futures_thread.py", None, frozenset(["_worker", "run"])),
    ("/distributed/threadpoolexecutor.py", None, frozenset(["_worker"])),
    ("/multiprocessing/dummy/__init__.py", frozenset(["start"]), frozenset()),
    ("/multiprocessing/pool.py", None, frozenset(["worker"])),
    ("/asyncio/events.py", None, frozenset(["_run"])),
    ("/asyncio/tasks.py", None, frozenset(["_step", "__step", "__step_run_and_handle_result", "_wakeup", "__wakeup"])),
    ("/uvloop/__init__.py", None, frozenset()),
    ("/rloop/__init__.py", None, frozenset()),
)  # type: Tuple[Tuple[str, Optional[FrozenSet[str]], FrozenSet[str]], ...]


# The other files of asyncio that make tasks, for themselves or for whoever calls them.
_ASYNCIO = {
    "/asyncio/base_events.py",
    "/asyncio/base_futures.py",
    "/asyncio/base_subprocess.py",
    "/asyncio/futures.py",
    "/asyncio/locks.py",
    "/asyncio/mixins.py",
    "/asyncio/proactor_events.py",
    "/asyncio/queues.py",
    "/asyncio/runners.py",
    "/asyncio/selector_events.py",
    "/asyncio/sslproto.py",
    "/asyncio/staggered.py",
    "/asyncio/streams.py",
    "/asyncio/subprocess.py",
    "/asyncio/taskgroups.py",
    "/asyncio/threads.py",
    "/asyncio/timeouts.py",
    "/asyncio/transports.py",
    "/asyncio/unix_events.py",
}


def is_runpy(filename: str) -> bool:
    """Whether a frame belongs to the module that runs `-m` and folders with a `__main__.py`."""
    return filename == "<frozen runpy>" or filename.endswith("/runpy.py")


def is_import_machinery(filename: str) -> bool:
    """Whether a frame belongs to the interpreter's import machinery, which Python leaves out of tracebacks too."""
    return filename in _IMPORT_MACHINERY


def is_interpreter_shim(filename: str, name: str, first_line: int) -> bool:
    """Whether a frame is the one that CPython, from 3.12 on, puts round an inlined call of `__init__`."""
    return first_line == 0 and filename == name == "__init__"


def is_thread_starter(filename: str, name: str) -> bool:
    """Whether a frame is threading's own or a pool's, above the start of a thread or work that was handed over."""
    if any(filename.endswith(end) and (names is None or name in names) for end, names, _bodies in THREADING):
        return True
    return "/asyncio/" in filename and filename[filename.rindex("/asyncio/") :] in _ASYNCIO


def is_thread_body(filename: str, name: str) -> bool:
    """Whether a frame is threading's own or a pool's, below the start of a thread or work that was handed over."""
    return any(name in names and filename.endswith(end) for end, _starters, names in THREADING)


class ThreadStarters:
    """Finds, in a recording, where the frames of threading and of pools above a thread's start begin."""

    def __init__(self, recording: "Recording") -> None:
        self._recording = recording
        self._above = {}  # type: Dict[int, int]

    def above(self, number: int) -> int:
        """The nearest node, from that one on towards the root, that is no frame of threading's start.

        No frame is passed twice, however many threads it has started.
        """
        recording, passed = self._recording, []  # type: Recording, List[int]
        while number not in self._above and number >= _abi.FIL_NODE_FIRST and recording.codes[number]:
            code = recording.code(recording.codes[number])
            shim = is_interpreter_shim(code.filename, code.name, code.first_line)
            if not (shim or is_thread_starter(code.filename, code.name)):
                break
            passed.append(number)
            number = recording.parents[number]
        found = self._above.get(number, number)
        self._above.update(dict.fromkeys(passed, found))
        return found


def standard_library_folders(python_version: int) -> "Iterable[str]":
    """Pieces of a path that mark the standard library: this interpreter's, and any other of the profiled version."""
    yield os.path.dirname(os.__file__) + "/"
    yield "/lib/python%d.%d/" % (python_version >> 24, python_version >> 16 & 255)


class OwnCode:
    """Tells the user's own code from the standard library's and from installed packages'.

    What the program began with is the user's own wherever it lies.
    """

    def __init__(self, profile: Profile) -> None:
        program = profile.program
        self._library = tuple(standard_library_folders(profile.python_version))
        self._begins_with = set(profile.main_paths)
        if program.script is not None:
            self._begins_with.add(program.script)
        # What the program began with, though it is in no file: its text, or what it read from standard input.
        self._without_file = "<string>" if program.command is not None else program.script
        self._known = {}  # type: Dict[str, bool]

    def owns(self, site: Site) -> bool:
        """Whether the site is in the user's own code. A special site is not."""
        return self.owns_path(site.path)

    def owned(self, sites: "Sequence[Site]") -> "List[bool]":
        """Whether each of the sites is in the user's own code: most of them are in few files."""
        known = {path: self.owns_path(path) for path in {site.path for site in sites}}
        return [known[site.path] for site in sites]

    def owns_path(self, path: str) -> bool:
        """Whether a file is the user's own code."""
        known = self._known.get(path)
        if known is None:
            known = self._known[path] = self._owns_path(path)
        return known

    def _owns_path(self, path: str) -> bool:
        if not path:
            return False
        if path.startswith("<"):  # generated code has no source to show, so the line that called it is the better one
            return path.startswith("<ipython-input") or path == self._without_file
        if path in self._begins_with:
            return True
        if not set(path.split("/")).isdisjoint(PACKAGE_FOLDERS):
            return False
        return not any(folder in path for folder in self._library)

    def library_path(self, path: str) -> str:
        """A path without the folder in which libraries are installed: "numpy/_core/numeric.py"."""
        for folder in ["/%s/" % name for name in PACKAGE_FOLDERS] + list(self._library):
            _before, found, after = path.rpartition(folder)
            if found:
                return after
        return path
