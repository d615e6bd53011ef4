"""Requests for memory that failed, as the recording tells them."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Tuple

_BEYOND = (1 << 64) - 1


class FailedRequest:
    """A request for memory that failed.

    number: from 1, in the order of time.
    bytes: what was asked for; None if its size is beyond 64 bits.
    current_bytes: bytes live when it failed. clock_ns: monotonic clock then.
    node: number of the callstack that asked. kind: one of _abi.FIL_REQUEST_*.
    """

    __slots__ = ("bytes", "clock_ns", "current_bytes", "kind", "node", "number")

    def __init__(self, number: int, fields: "Tuple[int, ...]") -> None:
        size, self.current_bytes, self.clock_ns, self.node, self.kind = fields
        self.bytes = None if size == _BEYOND else size
        self.number = number
