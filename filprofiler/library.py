"""Our C library, as Python functions. The only file that imports ctypes.

Every call is made with the GIL held: the library looks at interpreter state that must not move meanwhile.
"""

import ctypes
import os
import struct
import sys

from filprofiler import _abi
from filprofiler.environment import LIBRARY_PATH
from filprofiler.errors import FilError
from filprofiler.launch import statuses
from filprofiler.systems import HERE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, List, Mapping, NamedTuple, Optional, Tuple

    Call = Tuple[Callable[..., Any], Tuple[Any, ...]]

    class ObservedFrame(NamedTuple):
        """One frame as the library sees it."""

        code: int  # id of the code object
        offset: int  # f_lasti
        first_line: int
        filename: str
        name: str
        qualname: str  # "" before CPython 3.11
        line_table: bytes  # co_lnotab to 3.9, then co_linetable
        first_local: int  # id of the object in the first variable; 0 if there is none, or that is not known
        first_traceable: int  # the code object's _co_firsttraceable: units of bytecode; 0 before CPython 3.11


_C_TYPES = {
    "void": None,
    "int32_t": ctypes.c_int32,
    "uint32_t": ctypes.c_uint32,
    "const char *": ctypes.c_char_p,
    "uint8_t *": ctypes.c_void_p,
    "uint64_t": ctypes.c_uint64,
    "struct fil_observed_frame *": ctypes.c_void_p,
    "const struct fil_layout *": ctypes.c_void_p,
    "const struct fil_objects *": ctypes.c_void_p,
}

_STATUS_TEXTS = {
    _abi.FIL_ERROR_NOT_PRELOADED: "the memory hooks were not loaded before the program (%s)" % HERE.not_preloaded,
    _abi.FIL_ERROR_NO_PYTHON: "this process has not the functions of CPython that are needed",
    _abi.FIL_ERROR_UNKNOWN_LAYOUT: "this version of Python is not known",
    _abi.FIL_ERROR_UNREADABLE_STACK: "this build of Python keeps its callstacks in another way than is known",
    _abi.FIL_ERROR_NOT_PROVED: "the way this Python keeps its callstacks was not checked",
    _abi.FIL_ERROR_MEMORY: "there is no memory for the tables",
    _abi.FIL_ERROR_STARTED: "tracking has begun already",
    _abi.FIL_ERROR_CHILD: "this process is a child of the one that the library was loaded for",
}

_TEXT_BYTES = 65536

# struct rusage_info_v0 of macOS; csrc/platform/macos_resident.c holds these numbers against its header.
_USAGE_FLAVOR, _USAGE_BYTES, _USAGE_RESIDENT_AT = 0, 96, 64

# PyCF_IGNORE_COOKIE: from CPython 3.10 on, the text of `-c` is UTF-8 whatever its coding line says.
_COMMAND_FLAGS = 0x0800 if sys.version_info >= (3, 10) else 0


class LibraryError(FilError):
    """The library cannot do its work here. `exit_status` is what a launcher that gives up exits with."""

    def __init__(self, form: str, *values: object, exit_status: int = statuses.CANNOT_PROFILE) -> None:
        super().__init__(form, *values)
        self.exit_status = exit_status


class Library:
    """The loaded library. Methods raise LibraryError when the library answers with a failure."""

    def __init__(self, path: str = LIBRARY_PATH) -> None:
        """Load the library at `path`, or take hold of it if it is preloaded. Raises LibraryError."""
        try:
            self._functions = ctypes.PyDLL(path)
        except OSError as error:
            raise LibraryError("the library cannot be loaded: %s", error) from None
        for name, (result, arguments) in _abi.FUNCTIONS.items():
            try:
                function = getattr(self._functions, name)
            except AttributeError:
                raise LibraryError("%s has no %s; install filprofiler again", path, name) from None
            function.restype = _C_TYPES[result]
            function.argtypes = [_C_TYPES[argument] for argument in arguments]
        version = self._functions.fil_abi_version()
        if version != _abi.FIL_ABI_VERSION:
            raise LibraryError(
                "%s has interface %d where %d is needed; install filprofiler again",
                path,
                version,
                _abi.FIL_ABI_VERSION,
            )

    @property
    def finalizing(self) -> "Any":
        """The C function to call, without arguments, when the interpreter begins to finalize."""
        return self._functions.fil_finalizing

    @property
    def base_frame(self) -> "Any":
        """The C function that the function which runs the program calls before and after, with id(__code__) and 0."""
        return self._functions.fil_base_frame

    @property
    def uncaught_memory_error(self) -> "Any":
        """The C function to call, without arguments, when the program ends by a MemoryError that nobody caught."""
        return self._functions.fil_uncaught_memory_error

    @staticmethod
    def is_in_front() -> bool:
        """Whether some library of ours was loaded before the program, without loading one."""
        return hasattr(ctypes.PyDLL(None), "fil_preloaded")

    def readiness(self) -> int:
        """FIL_OK if tracking can begin, else the _abi.FIL_ERROR_* that says why not."""
        return int(self._functions.fil_preloaded())

    def check_preloaded(self) -> None:
        """Make sure that the library's memory hooks are the ones this process calls."""
        self._check(self._functions.fil_preloaded())

    def select_layout(self, python_version: int, free_threaded: bool) -> None:
        """Choose the frame layout for `python_version`, a sys.hexversion."""
        self._check(self._functions.fil_select_layout(python_version, int(free_threaded)))

    def use_layout(self, python_version: int, fields: "Mapping[str, int]") -> None:
        """Choose a layout that was measured: the fields of struct fil_layout by name."""
        values = [fields[name] for name in _abi.LAYOUT_FIELDS]
        layout = ctypes.create_string_buffer(struct.pack(_abi.LAYOUT_FORMAT, *values), _abi.LAYOUT_SIZE)
        self._check(self._functions.fil_use_layout(python_version, layout))

    def use_profile_function(self, python_version: int, pin_code: bool) -> None:
        """Find callstacks without a layout: by a profile function, which `start` sets for the calling thread.

        pin_code: whether a code object begins elsewhere than its block of memory; then none that was met is freed.
        """
        self._check(self._functions.fil_use_profile_function(python_version, int(pin_code)))

    def thread_starter(self) -> "Callable[..., None]":
        """After use_profile_function: the profile function with which a new thread's callstacks are found too."""
        address = self._functions.fil_thread_starter()
        if not address:
            raise LibraryError("there is no memory")
        return ctypes.cast(address, ctypes.py_object).value  # type: ignore[no-any-return]

    def read_memory(self, address: int, size: int) -> "Optional[bytes]":
        """`size` bytes of this process's memory from `address` on, which may be any number; None if that fails."""
        content = ctypes.create_string_buffer(size)
        failed = self._functions.fil_read_memory(address & (1 << 64) - 1, content, size)
        return None if failed else content.raw

    def thread_state(self) -> int:
        """The address of the calling thread's state in the interpreter."""
        function = ctypes.pythonapi.PyGILState_GetThisThreadState
        function.restype = ctypes.c_void_p
        return function() or 0

    def observe_stack(self, capacity: int = 64) -> "List[ObservedFrame]":
        """The calling thread's frames as the library sees them, innermost first: this method's own frame is the first.

        At most `capacity` frames, as tuples in the order of ObservedFrame.
        """
        frames = ctypes.create_string_buffer(capacity * _abi.OBSERVED_FRAME_SIZE)
        text = ctypes.create_string_buffer(_TEXT_BYTES)
        count = self._check(self._functions.fil_observe_stack(frames, capacity, text, _TEXT_BYTES))
        observed = []
        records = memoryview(frames)[: count * _abi.OBSERVED_FRAME_SIZE]
        texts = memoryview(text)
        for record in struct.Struct(_abi.OBSERVED_FRAME_FORMAT).iter_unpack(records):
            code, offset, first_line = record[:3]
            spans = [bytes(texts[at : at + size]) for at, size in zip(record[3:11:2], record[4:11:2])]
            try:
                words = tuple(span.decode("utf-8", "surrogatepass") for span in spans[:3])
            except UnicodeDecodeError:
                self._check(_abi.FIL_ERROR_UNREADABLE_STACK)
            observed.append((code, offset, first_line) + words + (spans[3],) + record[11:13])
        return observed  # type: ignore[return-value]

    def accept_layout(self) -> None:
        """Declare that the chosen layout was compared with the interpreter's own account and is right."""
        self._functions.fil_accept_layout()

    def follow_objects(self, layout: "Tuple[int, int, int, int]") -> None:
        """Let the interpreter tell of every object that it makes while tracking runs.

        layout: the fields of struct fil_objects.
        """
        self._check(self._functions.fil_follow_objects(struct.pack(_abi.OBJECTS_FORMAT, *layout)))

    def start(self, recording_path: str, report_signal: int) -> None:
        """Track from now on, into the existing file at `recording_path`.

        report_signal: the signal that asks for a report while the program runs; 0 for none.
        """
        status = self._functions.fil_start(os.fsencode(recording_path), report_signal)
        if status == _abi.FIL_ERROR_RECORDING:
            reason = os.strerror(self._functions.fil_last_errno())
            raise LibraryError("cannot write %s: %s", recording_path, reason, exit_status=statuses.CANNOT_WRITE)
        self._check(status)

    def stop(self) -> None:
        """Stop tracking: the recording is whole. The program goes on, and `start` may begin anew."""
        self._functions.fil_stop()

    def current_callstack(self, capacity: int = 256) -> "List[Tuple[int, int]]":
        """The callstack that an allocation made now would get, innermost first: (id of the code object, offset)."""
        frames = ctypes.create_string_buffer(capacity * _abi.OBSERVED_FRAME_SIZE)
        count = self._check(self._functions.fil_current_callstack(frames, capacity))
        records = memoryview(frames)[: count * _abi.OBSERVED_FRAME_SIZE]
        return [record[:2] for record in struct.Struct(_abi.OBSERVED_FRAME_FORMAT).iter_unpack(records)]

    @staticmethod
    def _check(status: int) -> int:
        """Return a status that is no failure; raise LibraryError for one that is."""
        if status < 0:
            if status not in _STATUS_TEXTS:
                raise LibraryError("the library answered with status %d", status)
            raise LibraryError(_STATUS_TEXTS[status])
        return status


def original_arguments() -> "List[str]":
    """What this interpreter was called with, its own name first."""
    count, words = ctypes.c_int(), ctypes.POINTER(ctypes.c_wchar_p)()
    ctypes.pythonapi.Py_GetArgcArgv(ctypes.byref(count), ctypes.byref(words))
    return [words[place] or "" for place in range(count.value)]


def process_usage(pid: int) -> "Tuple[int, int]":
    """Bytes that a process has resident, and its footprint, as macOS counts them. Raises OSError when it is gone."""
    facts = ctypes.create_string_buffer(_USAGE_BYTES)
    if ctypes.CDLL(None, use_errno=True).proc_pid_rusage(pid, _USAGE_FLAVOR, facts) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    resident, footprint = struct.unpack_from("=2Q", facts, _USAGE_RESIDENT_AT)
    return resident, footprint


class Interpreter:
    """Entry points of the running interpreter itself, which carry out a program just as the `python` command does.

    They are told as a function and its arguments, so that no frame of ours lies between the caller's and the program's.
    Each prints an uncaught exception as Python would, without a frame of the caller in the traceback, and then returns
    -1. SystemExit ends the process from inside.
    """

    def __init__(self) -> None:
        """Look the functions up. Raises LibraryError if the interpreter does not export them."""
        try:
            self._open = ctypes.PyDLL(None).fopen
            self._run_file = ctypes.pythonapi.PyRun_AnyFileExFlags
            self._get_importer = ctypes.pythonapi.PyImport_GetImporter
            self._run_string = ctypes.pythonapi.PyRun_SimpleStringFlags
        except AttributeError as error:
            raise LibraryError("this Python does not export a function that is needed: %s", error) from None
        self._open.restype = ctypes.c_void_p
        self._open.argtypes = [ctypes.c_char_p, ctypes.c_char_p]
        self._run_file.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int, ctypes.c_void_p]
        self._get_importer.restype = ctypes.py_object
        self._get_importer.argtypes = [ctypes.py_object]
        self._run_string.argtypes = [ctypes.c_char_p, ctypes.c_void_p]
        self._flags = (ctypes.c_int * 2)()

    def importer(self, path: str) -> object:
        """What imports from `path`: None unless it is a folder or a zip file."""
        return self._get_importer(path)

    def file_call(self, path: str) -> "Optional[Call]":
        """What runs the script at `path` in `__main__`; None if it cannot be opened."""
        stream = self._open(os.fsencode(path), b"rbe")
        close = 1  # the stream, before the program begins
        return (self._run_file, (stream, os.fsencode(path), close, self._compiler_flags(0))) if stream else None

    def command_call(self, source: str) -> "Call":
        """What runs source text as `python -c` would."""
        return self._run_string, (source.encode("utf-8"), self._compiler_flags(_COMMAND_FLAGS))

    def _compiler_flags(self, flags: int) -> "Any":
        """A PyCompilerFlags: its flags, and the minor version of the grammar."""
        self._flags[:] = [flags, sys.version_info[1]]
        return self._flags
