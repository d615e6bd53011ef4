"""Failed requests for memory, with their call stacks."""

from filprofiler import _abi

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable, List, Optional, Sequence

    from filprofiler.profile.tree import Site
    from filprofiler.recording.reader import Recording


class FailedRequest:
    """A failed request for memory; no total includes it.

    number: from 1, in order of time.
    requested_bytes: the requested size; None if it exceeds 64 bits.
    mapping: whether it was a mapping, not a block.
    live_bytes: bytes live when it failed.
    seconds: when it failed, since tracking began.
    stack: the sites of its call stack, outermost first.
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
    """The recording's failed requests, in order of time. stack: returns the call stack of a node."""
    found = []
    for failure in recording.failures:
        seconds = max(0.0, (failure.clock_ns - recording.started_clock_ns) / 1e9)
        mapping = failure.kind == _abi.FIL_REQUEST_MAPPING
        asking = stack(failure.node)
        found.append(FailedRequest(failure.number, failure.bytes, mapping, failure.current_bytes, seconds, asking))
    return found
