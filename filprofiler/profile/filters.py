"""Decides which frames are hidden: those of the interpreter and of thread pools."""

from filprofiler import _abi

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, FrozenSet, List, Optional, Tuple

    from filprofiler.recording.reader import Recording

PACKAGE_FOLDERS = ("site-packages", "dist-packages")  # where packages are installed

_IMPORT_MACHINERY = ("<frozen importlib._bootstrap>", "<frozen importlib._bootstrap_external>")

# Frames between the line that starts a thread, or submits work to it, and the function that runs in it: by the end of
# the file's name, functions on the line's side (None: all) and on the thread's side.
THREADING: "Tuple[Tuple[str, Optional[FrozenSet[str]], FrozenSet[str]], ...]" = (
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
)


# The other files of asyncio that make tasks, for themselves or for their callers.
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
    """Whether a frame is the one that CPython, from 3.12 on, puts around an inlined call of `__init__`."""
    return first_line == 0 and filename == name == "__init__"


def is_thread_starter(filename: str, name: str) -> bool:
    """Whether a frame is threading's own or a pool's, above the start of a thread or submitted work."""
    if any(filename.endswith(end) and (names is None or name in names) for end, names, _bodies in THREADING):
        return True
    return "/asyncio/" in filename and filename[filename.rindex("/asyncio/") :] in _ASYNCIO


def is_thread_body(filename: str, name: str) -> bool:
    """Whether a frame is threading's own or a pool's, below the start of a thread or submitted work."""
    return any(name in names and filename.endswith(end) for end, _starters, names in THREADING)


class ThreadStarters:
    """Finds in a recording where the frames of threading and of pools above a thread's start begin."""

    def __init__(self, recording: "Recording") -> None:
        self._recording = recording
        self._above: "Dict[int, int]" = {}

    def above(self, number: int) -> int:
        """The nearest node, from this one towards the root, that is not a frame of threading's start.

        No frame is visited twice, however many threads it has started.
        """
        recording: "Recording" = self._recording
        passed: "List[int]" = []
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
