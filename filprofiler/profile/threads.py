"""Threads in words: whose frames hang below a line, and where each thread was at the peak."""

from filprofiler import _abi

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable, Dict, Iterable, List, Sequence, Set

    from filprofiler.profile.tree import Site
    from filprofiler.recording.threads import Threads

ANOTHER_THREAD = "another thread"
_MAX_NAME = 60
_OF_SAME_THREAD = (_abi.FIL_MARK_TASK, _abi.FIL_MARK_INTERPRETER)


class ThreadAtPeak:
    """A thread that was there when the peak was reached.

    stack: the call stack by which it had asked for memory last; the sites, outermost first.
    last: whether that request was the last one before the peak.
    """

    __slots__ = ("last", "name", "stack")

    def __init__(self, name: str, stack: "Sequence[Site]", last: bool) -> None:
        self.name = name
        self.stack = tuple(stack)
        self.last = last


def thread_words(numbers: "Iterable[int]", names: "Dict[int, str]") -> str:
    """Which threads these are: "thread Loader-1", "thread Loader-1 and 7 others", "another thread" and the like."""
    told = sorted(set(numbers))
    named = [names[number] for number in told if number in names]
    if not named:
        return ANOTHER_THREAD if len(told) < 2 else "%d other threads" % len(told)
    others = len(told) - 1
    more = "" if others == 0 else " and %d other%s" % (others, "s" if others > 1 else "")
    return "thread %s%s" % (_plain(named[0]), more)


def threads_at_peak(threads: "Threads", stack: "Callable[[int], List[Site]]") -> "List[ThreadAtPeak]":
    """Where each thread was, as far as that is known; nothing if there was one thread only."""
    found = []
    for thread in threads.threads:
        if thread.peak_node:
            name = _plain(thread.name) or "thread %d" % thread.number
            found.append(ThreadAtPeak(name, stack(thread.peak_node), thread.number == threads.last_at_peak))
    return found if len(found) > 1 else []


def threads_below(threads: "Threads", offsets: "Sequence[int]", marks: "Dict[int, Set[int]]") -> "Dict[int, str]":
    """For each key of `marks`, in words the threads whose call stacks hang below its marks.

    offsets: of the recording's nodes: of which kind a mark is.
    An event loop's task in the main thread is no other thread's work, nor is code in another interpreter: of these,
    nothing is said.
    """
    names, below = threads.names(), threads.below
    found = {}
    for place, own in marks.items():
        if any(mark in below or offsets[mark] not in _OF_SAME_THREAD for mark in own):
            found[place] = thread_words((number for mark in own for number in below.get(mark, ())), names)
    return found


def _plain(name: str) -> str:
    """A name that cannot be taken for something else in the title of a box."""
    return " ".join(name.replace("|", "/").split())[:_MAX_NAME]
