"""Calls functions of the interpreter and of our library through ctypes. The only file that imports ctypes.

Our code at the start of a program does not need it (in_process/bootstrap.py): there, the library itself passes its
functions to Python. Every call is made with the GIL held: the library reads interpreter state that must not change.
"""

import ctypes
import os
import struct
import sys

from filprofiler import _abi
from filprofiler.environment import LIBRARY_PATH
from filprofiler.errors import LibraryError
from filprofiler.regular_files import open_regular

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, List, Optional, Sequence, Tuple

    Call = Tuple[Callable[..., Any], Tuple[Any, ...]]


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

# struct rusage_info_v0 of macOS; csrc/platform/macos_resident.c checks these numbers against its header.
_USAGE_FLAVOR, _USAGE_BYTES, _USAGE_RESIDENT_AT = 0, 96, 64

# sigset_t, which has room for signals that no kernel has; struct signalfd_siginfo: number, errno, code, process.
_SIGNAL_SET_BYTES, _SIGNAL_SET_BITS = 128, 64
_SIGNAL, _SIGNAL_BYTES = struct.Struct("=I4xiI"), 128

# PyCF_IGNORE_COOKIE: from CPython 3.10 on, the text of `-c` is UTF-8 whatever its coding line is.
_COMMAND_FLAGS = 0x0800 if sys.version_info >= (3, 10) else 0


class ForeignFunctions:
    """The functions of the library at a path, as attributes with their C names."""

    def __init__(self, path: str = "") -> None:
        """Load the library at `path`, by default ours, or use it if it is preloaded. Raises LibraryError."""
        path = path or LIBRARY_PATH
        try:
            functions = ctypes.PyDLL(path)
        except OSError as error:
            raise LibraryError("the library cannot be loaded: %s", error) from None
        for name, (result, arguments) in _abi.FUNCTIONS.items():
            try:
                function = getattr(functions, name)
            except AttributeError:
                raise LibraryError("%s has no %s; install filprofiler again", path, name) from None
            function.restype = _C_TYPES[result]
            function.argtypes = [_C_TYPES[argument] for argument in arguments]
            setattr(self, name, function)
        self._functions = functions
        version = functions.fil_abi_version()
        if version != _abi.FIL_ABI_VERSION:
            raise LibraryError(
                "%s has interface %d where %d is needed; install filprofiler again",
                path,
                version,
                _abi.FIL_ABI_VERSION,
            )

    @staticmethod
    def buffer(size: int) -> "Any":
        """A buffer that the library can write into; bytes(buffer) is its content."""
        return ctypes.create_string_buffer(size)

    @staticmethod
    def thread_state() -> int:
        """The address of the calling thread's state in the interpreter."""
        function = ctypes.pythonapi.PyGILState_GetThisThreadState
        function.restype = ctypes.c_void_p
        return function() or 0

    def thread_starter(self) -> "Any":
        """The profile function for new threads; None if there is not enough memory."""
        address = self._functions.fil_thread_starter()
        return ctypes.cast(address, ctypes.py_object).value if address else None


def is_in_front() -> bool:
    """Whether a library of ours was preloaded; does not load one."""
    return hasattr(ctypes.PyDLL(None), "fil_preloaded")


def original_arguments() -> "List[str]":
    """This interpreter's command line, its own name first."""
    count, words = ctypes.c_int(), ctypes.POINTER(ctypes.c_wchar_p)()
    ctypes.pythonapi.Py_GetArgcArgv(ctypes.byref(count), ctypes.byref(words))
    return [words[place] or "" for place in range(count.value)]


def process_usage(pid: int) -> "Tuple[int, int]":
    """Resident bytes and footprint of a process, as macOS counts them. Raises OSError when it is gone."""
    facts = ctypes.create_string_buffer(_USAGE_BYTES)
    if ctypes.CDLL(None, use_errno=True).proc_pid_rusage(pid, _USAGE_FLAVOR, facts) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    resident, footprint = struct.unpack_from("=2Q", facts, _USAGE_RESIDENT_AT)
    return resident, footprint


class SignalDescriptor:
    """Blocked signals, read from a descriptor. Linux."""

    def __init__(self, numbers: "Sequence[int]") -> None:
        """numbers: the signals to receive. Raises OSError."""
        import select

        bits = sum(1 << number - 1 for number in numbers)
        signals = bits.to_bytes(_SIGNAL_SET_BITS // 8, sys.byteorder) + bytes(_SIGNAL_SET_BYTES - _SIGNAL_SET_BITS // 8)
        try:
            open_descriptor = ctypes.CDLL(None, use_errno=True).signalfd
        except AttributeError:
            raise OSError("the C library has no signalfd") from None
        self._descriptor = open_descriptor(-1, signals, os.O_CLOEXEC | os.O_NONBLOCK)
        if self._descriptor < 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
        self._poll = select.poll()
        self._poll.register(self._descriptor, select.POLLIN)

    def take(self, seconds: float) -> "Optional[Tuple[int, int, int]]":
        """The next signal: its number, code and sender's process number; None if there was none in that time."""
        self._poll.poll(seconds * 1000)
        try:
            return _SIGNAL.unpack_from(os.read(self._descriptor, _SIGNAL_BYTES))
        except BlockingIOError:
            return None

    def wake_on(self, descriptor: int) -> None:
        """Let `take` return None as soon as something can be read from another descriptor."""
        self._poll.register(descriptor, 1)  # POLLIN

    def forget(self, descriptor: int) -> None:
        """No longer look at that descriptor."""
        try:
            self._poll.unregister(descriptor)
        except KeyError:
            pass

    def close(self) -> None:
        """Receive no more."""
        os.close(self._descriptor)


_PIDFD_OPEN = 434  # the number of the system call on every architecture; Python knows it from 3.9 on


def process_descriptor(pid: int) -> int:
    """A descriptor from which something can be read when the process has ended.

    Raises OSError, also before Linux 5.3.
    """
    if hasattr(os, "pidfd_open"):
        return os.pidfd_open(pid)
    descriptor = int(ctypes.CDLL(None, use_errno=True).syscall(_PIDFD_OPEN, pid, 0)) if sys.platform == "linux" else -1
    if descriptor < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    os.set_inheritable(descriptor, False)
    return descriptor


class SharedProcesses:
    """What the recorded processes of a run share, to be told of ends."""

    def __init__(self, path: str) -> None:
        """path: of the file, which need not exist yet."""
        self._path = path
        self._functions: "Any" = None

    def ended(self, slot: int) -> None:
        """The process of that slot has ended. Raises OSError or LibraryError if that cannot be noted.

        The file is mapped only meanwhile: if somebody cuts it short just then, this process is killed.
        """
        import mmap

        if not 0 <= slot < _abi.FIL_PROCESSES_KEPT:
            return
        if self._functions is None:
            self._functions = ForeignFunctions()
        descriptor = open_regular(self._path, os.O_RDWR | os.O_NOFOLLOW)
        try:
            if os.fstat(descriptor).st_size < _abi.PROCESSES_SIZE:
                raise OSError("it was cut short")
            mapped = mmap.mmap(descriptor, _abi.PROCESSES_SIZE)
        finally:
            os.close(descriptor)
        try:
            start = ctypes.c_char.from_buffer(mapped)
            self._functions.fil_process_ended(ctypes.addressof(start), slot)
            del start
        finally:
            mapped.close()


class Interpreter:
    """Entry points of the running interpreter, which run a program just as the `python` command does.

    They are returned as a function and its arguments, so that no frame of ours is between the caller's and the
    program's. Each prints an uncaught exception as Python would, without the caller's frame in the traceback, and then
    returns -1. SystemExit ends the process from inside.
    """

    def __init__(self) -> None:
        """Look the functions up. Raises LibraryError if the interpreter does not export them."""
        try:
            self._open = ctypes.PyDLL(None).fopen
            self._open_descriptor = ctypes.PyDLL(None).fdopen
            self._run_file = ctypes.pythonapi.PyRun_AnyFileExFlags
            self._get_importer = ctypes.pythonapi.PyImport_GetImporter
            self._run_string = ctypes.pythonapi.PyRun_SimpleStringFlags
        except AttributeError as error:
            raise LibraryError("this Python does not export a required function: %s", error) from None
        self._open.restype = ctypes.c_void_p
        self._open.argtypes = [ctypes.c_char_p, ctypes.c_char_p]
        self._open_descriptor.restype = ctypes.c_void_p
        self._open_descriptor.argtypes = [ctypes.c_int, ctypes.c_char_p]
        self._run_file.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int, ctypes.c_void_p]
        self._get_importer.restype = ctypes.py_object
        self._get_importer.argtypes = [ctypes.py_object]
        self._run_string.argtypes = [ctypes.c_char_p, ctypes.c_void_p]
        self._flags = (ctypes.c_int * 2)()

    def importer(self, path: str) -> object:
        """The importer for `path`; None unless it is a folder or a zip file."""
        return self._get_importer(path)

    def file_call(self, path: str) -> "Optional[Call]":
        """The call that runs the script at `path` in `__main__`; None if it cannot be opened."""
        stream = self._open(os.fsencode(path), b"rbe")
        close = 1  # the stream, before the program begins
        return (self._run_file, (stream, os.fsencode(path), close, self._compiler_flags(0))) if stream else None

    def standard_input_call(self, name: str) -> "Call":
        """The call that runs the program on standard input, as a file of that name."""
        stream = self._open_descriptor(0, b"rb")
        return self._run_file, (stream, os.fsencode(name), 0, self._compiler_flags(0))

    def command_call(self, source: str) -> "Call":
        """The call that runs source text as `python -c` would."""
        return self._run_string, (source.encode("utf-8"), self._compiler_flags(_COMMAND_FLAGS))

    def _compiler_flags(self, flags: int) -> "Any":
        """A PyCompilerFlags: its flags, and the minor version of the grammar."""
        self._flags[:] = [flags, sys.version_info[1]]
        return self._flags
