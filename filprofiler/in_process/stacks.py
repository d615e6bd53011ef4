"""Chooses how the program's call stacks are found, depending on the interpreter.

The best method that works is used:

known: the interpreter's frames are read with a layout that is known for its version, or that it publishes itself.
measured: they are read with a layout that was measured just now.
profiled: a profile function, set through the public API, follows every call. This is slower; the user is told.

A layout is used only after verification. STACKS_VARIABLE selects a method instead of the best.
"""

import sys

from filprofiler.errors import LibraryError
from filprofiler.in_process.verify_layout import prove
from filprofiler.variables import STACKS_VARIABLE, take

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable

    from filprofiler.library import Library

KNOWN = "known"
MEASURED = "measured"
PROFILED = "profiled"
UNWIND_METHODS = (KNOWN, MEASURED, PROFILED)

PROFILED_SENTENCE = (
    "This Python's own call stacks cannot be read: a profile function follows every call instead, which is slower."
)


def choose_stacks(library: "Library") -> str:
    """Make the library find call stacks. Returns the method. Raises LibraryError if none works."""
    wanted = take(STACKS_VARIABLE) or ""
    if wanted and wanted not in UNWIND_METHODS:
        raise LibraryError("%s is %s instead of %s", STACKS_VARIABLE, wanted, ", ".join(UNWIND_METHODS))
    if wanted != PROFILED:
        for way, select in ((KNOWN, _select_known), (MEASURED, _select_measured)):
            if wanted in ("", way) and _proved(library, select, bool(wanted)):
                return way
    code = choose_stacks.__code__
    library.use_profile_function(sys.hexversion, sys.getsizeof(code) != code.__sizeof__())
    return PROFILED


def _proved(library: "Library", select: "Callable[[Library], None]", must_be: bool) -> bool:
    """Whether the layout that `select` chooses is right. Raises LibraryError if it is not and `must_be` is set."""
    try:
        select(library)
        prove(library)
    except LibraryError:
        if must_be:
            raise
        return False
    library.accept_layout()
    return True


def _select_known(library: "Library") -> None:
    library.select_layout(sys.hexversion, "t" in sys.abiflags)


def _select_measured(library: "Library") -> None:
    from filprofiler.in_process.measure_layout import measure_layout

    library.use_layout(sys.hexversion, measure_layout(library))


def follow_threads(library: "Library") -> None:
    """For the profile function: make it also follow threads that the program starts with the threading module."""
    import threading

    threading.setprofile(library.thread_starter())


def leave_threads() -> None:
    """Undo follow_threads, for future threads."""
    import threading

    threading.setprofile(None)  # type: ignore[arg-type,unused-ignore]
