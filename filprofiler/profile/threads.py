"""Describes threads: whose frames are below a line, and where each thread was at the peak."""

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
    """A thread alive when the peak was reached.

    stack: the sites of its latest request for memory, outermost first.
    last: whether that request was the last one before the peak.
    """

    __slots__ = ("last", "name", "stack")

    def __init__(self, name: str, stack: "Sequence[Site]", last: bool) -> None:
        self.name = name
        self.stack = tuple(stack)
        self.last = last


def thread_words(numbers: "Iterable[int]", names: "Dict[int, str]") -> str:
    """The threads in words: "thread Loader-1", "thread Loader-1 and 7 others", "another thread" and the like."""
    told = sorted(set(numbers))
    named = [names[number] for number in told if number in names]
    if not named:
        return ANOTHER_THREAD if len(told) < 2 else "%d other threads" % len(told)
    others = len(told) - 1
    more = "" if others == 0 else " and %d other%s" % (others, "s" if others > 1 else "")
    return "thread %s%s" % (_plain(named[0]), more)


def threads_at_peak(threads: "Threads", stack: "Callable[[int], List[Site]]") -> "List[ThreadAtPeak]":
    """Where each thread was, as far as known; empty if there was only one thread."""
    found = []
    for thread in threads.threads:
        if thread.peak_node:
            name = _plain(thread.name) or "thread %d" % thread.number
            found.append(ThreadAtPeak(name, stack(thread.peak_node), thread.number == threads.last_at_peak))
    return found if len(found) > 1 else []


def threads_below(threads: "Threads", offsets: "Sequence[int]", marks: "Dict[int, Set[int]]") -> "Dict[int, str]":
    """By key of `marks`, the threads whose call stacks are below its marks, in words.

    offsets: of the recording's nodes; for a mark, its kind.
    An event loop's task in the main thread, and code in another interpreter, are not another thread's work: they have
    no entry.
    """
    names, below = threads.names(), threads.below
    found = {}
    for place, own in marks.items():
        if any(mark in below or offsets[mark] not in _OF_SAME_THREAD for mark in own):
            found[place] = thread_words((number for mark in own for number in below.get(mark, ())), names)
    return found


def _plain(name: str) -> str:
    """A name that cannot be mistaken for another part of a box's title."""
    return " ".join(name.replace("|", "/").split())[:_MAX_NAME]
