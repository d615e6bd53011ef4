"""A request for memory that failed."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Optional, Sequence

    from filprofiler.profile.model import Site


class FailedRequest:
    """A request for memory that failed; it is in no total.

    number: from 1, in the order of time.
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
