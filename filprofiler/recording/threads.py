"""The recording's threads of the program."""

from struct import Struct

from filprofiler import _abi

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, List, Set

_HEAD = Struct(_abi.THREADS_FORMAT)
_THREAD = Struct(_abi.THREAD_FORMAT)
_LINK = Struct(_abi.THREAD_LINK_FORMAT)
_MAIN_NUMBER, _MAIN_NAME = 1, "MainThread"  # the threading module's name for the first one, unless renamed


class Thread:
    """One thread that has allocated memory.

    number: from 1, in the order of first allocations. name: "" if not known.
    peak_node: the call stack of its latest request when the peak was reached; 0: not known, or not alive then.
    """

    __slots__ = ("name", "number", "peak_node")

    def __init__(self, number: int, name: str, peak_node: int) -> None:
        self.number = number
        self.name = name
        self.peak_node = peak_node


class Threads:
    """All threads with a record of their own, and which call stacks are theirs.

    threads: in the order of their numbers. begun: how many threads have allocated memory in total.
    last_at_peak: the number of the thread that made the last request before the peak; 0: not known.
    below: by the node number of each mark, the numbers of the threads whose call stacks are below it.
    """

    def __init__(self) -> None:
        self.threads: "List[Thread]" = []
        self.begun = 0
        self.last_at_peak = 0
        self.below: "Dict[int, Set[int]]" = {}

    def names(self) -> "Dict[int, str]":
        """The known names, by thread number."""
        return {thread.number: thread.name for thread in self.threads if thread.name}


def read_threads(data: bytes, offset: int, epoch: int, rising: bool, node_count: int) -> Threads:
    """The threads in the segment at `offset` (0: there is none). epoch, rising: of the newest peak, see reader.py."""
    found = Threads()
    if not 0 < offset <= len(data) - _abi.THREADS_SIZE:
        return found
    found.begun, last, last_at_peak, last_epoch = _HEAD.unpack_from(data, offset)
    found.last_at_peak = last_at_peak if last_epoch == epoch and not rising else last
    first = offset + _abi.THREADS_OFFSETS["threads"]
    for at in range(first, first + _abi.FIL_THREADS_KEPT * _THREAD.size, _THREAD.size):
        number, node, at_peak, own_epoch = _THREAD.unpack_from(data, at)[:4]
        name = data[at + _abi.THREAD_OFFSETS["name"] : at + _THREAD.size]
        if number == 0:
            continue
        peak_node = at_peak if own_epoch == epoch and not rising else node
        words = name.partition(b"\0")[0].decode("utf-8", "ignore") or (_MAIN_NAME if number == _MAIN_NUMBER else "")
        found.threads.append(Thread(number, words, peak_node if peak_node < node_count else 0))
    found.threads.sort(key=lambda thread: thread.number)
    first = offset + _abi.THREADS_OFFSETS["links"]
    for at in range(first, first + _abi.FIL_THREAD_LINKS_KEPT * _LINK.size, _LINK.size):
        mark, number = _LINK.unpack_from(data, at)
        if 0 < mark < node_count:
            found.below.setdefault(mark, set()).add(number)
    return found
