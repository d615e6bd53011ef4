"""Verifies, before tracking starts, that the library reads this interpreter's frames as the interpreter itself does.

A few shapes of call stack are built; in each, the library's view is compared with sys._getframe().
"""

import _thread
import posix
import sys

from filprofiler.errors import LibraryError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Iterator, List, Tuple

    from filprofiler.library import Library

# File names of each width in which texts are stored. (A non-ASCII name would import unicodedata, permanently.)
_FILE_NAMES = ("<fil>", "<\u00e9>", "<\u03a9>", "<\U00010400>")


def prove(library: "Library") -> None:
    """Compare the library's view with the interpreter's. Raises LibraryError at the first difference."""

    def probe() -> None:
        _compare(library)

    call = _from_comprehension(_from_generators(probe))
    for name in _FILE_NAMES:
        call = _from_file(name, call)
    call()
    # Without the GIL, the first started thread makes functions, classes and modules immortal (3.13).
    if "t" not in sys.abiflags:
        _in_thread(probe)


def _from_comprehension(call: "Callable[[], object]") -> "Callable[[], object]":
    """A function that calls `call` inside a list comprehension, which has its own frame up to CPython 3.11."""

    def run() -> None:
        [call() for _ in (1,)]

    return run


def _from_generators(call: "Callable[[], object]") -> "Callable[[], object]":
    """A function that calls `call` from a resumed generator, inside a generator that runs for the first time."""

    def resumed() -> "Iterator[None]":
        yield
        call()

    def first() -> "Iterator[None]":
        for _ in resumed():
            pass
        yield

    def run() -> None:
        next(first())

    return run


def _from_file(name: str, call: "Callable[[], object]") -> "Callable[[], object]":
    """A function that calls `call`, with code that claims to be in the file of that name."""

    def run() -> None:
        call()

    # compile() would first make all syntax tree classes, permanently, in twice the time of everything else.
    code: "Any" = run.__code__
    if sys.version_info >= (3, 8):
        run.__code__ = code.replace(co_filename=name)
    else:
        counts = (code.co_argcount, code.co_kwonlyargcount, code.co_nlocals, code.co_stacksize, code.co_flags)
        texts = (code.co_code, code.co_consts, code.co_names, code.co_varnames, name, code.co_name)
        lines = (code.co_firstlineno, code.co_lnotab, code.co_freevars, code.co_cellvars)
        run.__code__ = type(code)(*counts, *texts, *lines)
    return run


def _in_thread(probe: "Callable[[], None]") -> None:
    """Call `probe` in another thread, and raise what it raises. The thread has ended afterwards."""
    errors: "List[BaseException]" = []
    ended = _thread.allocate_lock()
    ended.acquire()

    def run() -> None:
        try:
            probe()
        except BaseException as error:
            errors.append(error)
        ended.release()

    before = _thread_count()
    _thread.start_new_thread(run, ())
    ended.acquire()
    # The lock shows that our function has returned. Wait for the thread too, so that tracking begins with one thread.
    for _ in range(10000):
        if _thread_count() <= before:
            break
        posix.sched_yield()
    if errors:
        raise errors[0]


def _thread_count() -> int:
    """The number of threads of this process, where the system has it."""
    try:
        return len(posix.listdir("/proc/self/task"))
    except OSError:
        return 0


def _compare(library: "Library") -> None:
    """Compare the calling thread's stack, from this function's caller outwards, in every field."""
    expected, first_units = _interpreters_view()
    # Innermost are observe_stack and this function; their instructions have advanced since, so they are left out.
    observed = library.observe_stack()
    ours, seen = observed[:2], observed[2:]
    # The first variable of both is the library; a measured layout does not know where variables are.
    if (
        [frame[:7] for frame in seen] != expected
        or {frame[7] for frame in ours} not in ({id(library)}, {0})
        or [frame[8] for frame in seen[: len(first_units)]] != first_units
    ):
        raise LibraryError("this build of Python stores its call stacks in an unknown way")


def first_traceable(code: "Any") -> int:
    """How many units of bytecode a frame of that code runs before it becomes visible; none before CPython 3.11.

    They end at the instruction with which functions without such units begin.
    """
    if sys.version_info < (3, 11):
        return 0
    return code.co_code[::2].index(first_traceable.__code__.co_code[0])  # type: ignore[no-any-return]


def _interpreters_view() -> "Tuple[List[Any], List[int]]":
    """The frames from the caller's caller outwards, as sys._getframe returns them, in the form of observe_stack.

    Then `first_traceable` of the code made for this check only: a code object caches the bytecode read for it.
    """
    old_line_table = sys.version_info < (3, 10)
    frames = []
    first_units = []
    shapes = True
    frame: "Any" = sys._getframe(2)
    while frame is not None:
        code = frame.f_code
        shapes = shapes and code is not prove.__code__
        if shapes:
            first_units.append(first_traceable(code))
        line_table = code.co_lnotab if old_line_table else code.co_linetable
        qualname = getattr(code, "co_qualname", "")
        frames.append(
            (id(code), frame.f_lasti, code.co_firstlineno, code.co_filename, code.co_name, qualname, line_table)
        )
        frame = frame.f_back
    return frames, first_units
