"""Requests for memory that failed, with the call stacks that asked."""

from filprofiler import _abi

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable, List, Optional, Sequence

    from filprofiler.profile.tree import Site
    from filprofiler.recording.reader import Recording


class FailedRequest:
    """A request for memory that failed; it is in no total.

    number: from 1, in order of time.
    requested_bytes: what was asked for; None if its size is beyond 64 bits.
    mapping: whether it was a mapping, not a block.
    live_bytes: bytes live when it failed.
    seconds: when, since tracking began.
    stack: who asked: the sites, outermost first.
    """

    __slots__ = ("live_bytes", "mapping", "number", "requested_bytes", "seconds", "stack")

    def __init__(
        self,
        number: int,
        requested_bytes: "Optional[int]",
        mapping: bool,
        live_bytes: int,
        seconds: float,
        stack: "Sequence[Site]",
    ) -> None:
        self.number = number
        self.requested_bytes = requested_bytes
        self.mapping = mapping
        self.live_bytes = live_bytes
        self.seconds = seconds
        self.stack = tuple(stack)


def failed_requests(recording: "Recording", stack: "Callable[[int], Sequence[Site]]") -> "List[FailedRequest]":
    """Those that a recording tells, in order of time. stack: gives the call stack of one of its nodes."""
    found = []
    for failure in recording.failures:
        seconds = max(0.0, (failure.clock_ns - recording.started_clock_ns) / 1e9)
        mapping = failure.kind == _abi.FIL_REQUEST_MAPPING
        asking = stack(failure.node)
        found.append(FailedRequest(failure.number, failure.bytes, mapping, failure.current_bytes, seconds, asking))
    return found
