"""Our C library as Python functions.

This file is loaded at the start of every program and must leave nothing behind: it only imports modules that are loaded
anyway.
"""

import posix
import sys

from filprofiler import _abi, exit_statuses
from filprofiler.errors import LibraryError
from filprofiler.systems import HERE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, List, Mapping, NamedTuple, Optional, Tuple

    class ObservedFrame(NamedTuple):
        """One frame as the library sees it."""

        code: int  # id of the code object
        offset: int  # f_lasti
        first_line: int
        filename: str
        name: str
        qualname: str  # "" before CPython 3.11
        line_table: bytes  # co_lnotab to 3.9, then co_linetable
        first_local: int  # id of the object in the first variable; 0 if there is none, or if not known
        first_traceable: int  # the code object's _co_firsttraceable: units of bytecode; 0 before CPython 3.11


_STATUS_TEXTS = {
    _abi.FIL_ERROR_NOT_PRELOADED: "the memory hooks were not loaded before the program (%s)" % HERE.not_preloaded,
    _abi.FIL_ERROR_NO_PYTHON: "this process lacks functions of CPython that are needed",
    _abi.FIL_ERROR_UNKNOWN_LAYOUT: "this version of Python is unknown",
    _abi.FIL_ERROR_UNREADABLE_STACK: "this build of Python stores its call stacks in an unknown way",
    _abi.FIL_ERROR_NOT_PROVED: "how this Python stores its call stacks was not verified",
    _abi.FIL_ERROR_MEMORY: "there is not enough memory for the tables",
    _abi.FIL_ERROR_STARTED: "tracking has already begun",
    _abi.FIL_ERROR_CHILD: "this process is a child of the one that the library was loaded for",
}

_TEXT_BYTES = 65536


class Library:
    """The loaded library. Methods raise LibraryError when the library reports a failure."""

    def __init__(self, path: str = "", functions: "Any" = None) -> None:
        """Use `functions`, or else load the library at `path`, by default ours, with ctypes. Raises LibraryError."""
        if functions is None:
            from filprofiler.foreign import ForeignFunctions

            functions = ForeignFunctions(path)
        self._functions = functions

    @property
    def base_frame(self) -> "Any":
        """The C function that the program's runner calls before the program with id(__code__), and after it with 0."""
        return self._functions.fil_base_frame

    def readiness(self) -> int:
        """FIL_OK if tracking can begin, else the _abi.FIL_ERROR_* with the reason."""
        return int(self._functions.fil_preloaded())

    def check_preloaded(self) -> None:
        """Check that this process calls the library's memory hooks. Raises LibraryError."""
        self._check(self._functions.fil_preloaded())

    def select_layout(self, python_version: int, free_threaded: bool) -> None:
        """Choose the frame layout for `python_version`, a sys.hexversion."""
        self._check(self._functions.fil_select_layout(python_version, int(free_threaded)))

    def use_layout(self, python_version: int, fields: "Mapping[str, int]") -> None:
        """Choose a measured layout. fields: those of struct fil_layout by name."""
        layout = b"".join(fields[name].to_bytes(2, sys.byteorder) for name in _abi.LAYOUT_FIELDS)
        self._check(self._functions.fil_use_layout(python_version, layout))

    def use_profile_function(self, python_version: int, pin_code: bool) -> None:
        """Find call stacks without a layout, with a profile function that `start` sets for the calling thread.

        pin_code: whether code objects do not begin at their block of memory; then none that was seen is freed.
        """
        self._check(self._functions.fil_use_profile_function(python_version, int(pin_code)))

    def thread_starter(self) -> "Callable[..., None]":
        """After use_profile_function: the profile function for new threads, so that their call stacks are found too."""
        starter = self._functions.thread_starter()
        if starter is None:
            raise LibraryError("there is not enough memory")
        return starter  # type: ignore[no-any-return]

    def read_memory(self, address: int, size: int) -> "Optional[bytes]":
        """`size` bytes of this process's memory from `address`, which may be any number; None on failure."""
        content = self._functions.buffer(size)
        failed = self._functions.fil_read_memory(address & (1 << 64) - 1, content, size)
        return None if failed else bytes(content)

    def thread_state(self) -> int:
        """The address of the calling thread's state in the interpreter."""
        return self._functions.thread_state()  # type: ignore[no-any-return]

    def observe_stack(self, capacity: int = 64) -> "List[ObservedFrame]":
        """The calling thread's frames as the library sees them, innermost first, beginning with this method's own.

        At most `capacity` frames, as tuples in the order of ObservedFrame.
        """
        frames = self._functions.buffer(capacity * _abi.OBSERVED_FRAME_SIZE)
        text = self._functions.buffer(_TEXT_BYTES)
        count = self._check(self._functions.fil_observe_stack(frames, capacity, text, _TEXT_BYTES))
        observed = []
        texts = memoryview(text)
        for code, offset, first_line, places, first_local, first_traceable in _records(frames, count):
            spans = [bytes(texts[at : at + size]) for at, size in zip(places[::2], places[1::2])]
            try:
                words = tuple(span.decode("utf-8", "surrogatepass") for span in spans[:3])
            except UnicodeDecodeError:
                self._check(_abi.FIL_ERROR_UNREADABLE_STACK)
            observed.append((code, offset, first_line) + words + (spans[3], first_local, first_traceable))
        return observed  # type: ignore[return-value]

    def accept_layout(self) -> None:
        """Declare that the chosen layout was verified against the interpreter's own view."""
        self._functions.fil_accept_layout()

    def follow_objects(self, layout: "Tuple[int, int, int, int]") -> None:
        """Make the interpreter report every object that it makes while tracking runs.

        layout: the fields of struct fil_objects.
        """
        self._check(self._functions.fil_follow_objects(b"".join(at.to_bytes(2, sys.byteorder) for at in layout)))

    def start(self, recording_path: str, report_signal: int) -> None:
        """Begin tracking into the existing file at `recording_path`.

        report_signal: the signal that requests a report while the program runs; 0 for none.
        """
        path = recording_path.encode(sys.getfilesystemencoding(), "surrogateescape")
        status = self._functions.fil_start(path, report_signal)
        if status == _abi.FIL_ERROR_RECORDING:
            reason = posix.strerror(self._functions.fil_last_errno())
            raise LibraryError("cannot write %s: %s", recording_path, reason, exit_status=exit_statuses.CANNOT_WRITE)
        self._check(status)

    def follow_forks(self) -> None:
        """Let forked children go on in recordings of their own, if children are recorded. Not before CPython 3.7."""
        if self._functions.fil_records_children() and hasattr(posix, "register_at_fork"):
            posix.register_at_fork(after_in_child=self._functions.fil_fork_child)

    def stop(self) -> None:
        """Stop tracking: the recording is complete. The program continues, and `start` may be called again."""
        self._functions.fil_stop()

    def current_callstack(self, capacity: int = 256) -> "List[Tuple[int, int]]":
        """The call stack that an allocation now would get, innermost first: (id of the code object, offset)."""
        frames = self._functions.buffer(capacity * _abi.OBSERVED_FRAME_SIZE)
        count = self._check(self._functions.fil_current_callstack(frames, capacity))
        return [record[:2] for record in _records(frames, count)]

    @staticmethod
    def _check(status: int) -> int:
        """Return a status unless it is a failure. Raises LibraryError."""
        if status < 0:
            if status not in _STATUS_TEXTS:
                raise LibraryError("the library answered with status %d", status)
            raise LibraryError(_STATUS_TEXTS[status])
        return status


def _records(frames: "Any", count: int) -> "List[Tuple[int, int, int, List[int], int, int]]":
    """The first `count` records of struct fil_observed_frame as tuples, with the offsets of texts in one list."""
    words = memoryview(bytes(frames)).cast("I").tolist()
    size = _abi.OBSERVED_FRAME_SIZE // 4
    records = []
    for at in range(0, count * size, size):
        code, code_high, offset, first_line = words[at : at + 4]
        local, local_high, traceable = words[at + 12 : at + 15]
        code |= code_high << 32
        signed = [number - (number >> 31 << 32) for number in (offset, traceable)]
        records.append((code, signed[0], first_line, words[at + 4 : at + 12], local | local_high << 32, signed[1]))
    return records
