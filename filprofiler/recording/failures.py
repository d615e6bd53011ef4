"""The recording's failed requests for memory."""

from struct import Struct

from filprofiler import _abi
from filprofiler.recording.bounds import IMPOSSIBLE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import List, Tuple

_FAILURE = Struct(_abi.FAILURE_FORMAT)
_BEYOND = (1 << 64) - 1


class FailedRequest:
    """A request for memory that failed.

    number: from 1, in order of time.
    bytes: requested size; None if it exceeds 64 bits.
    current_bytes: bytes live at the failure. clock_ns: monotonic clock at the failure.
    node: number of the requesting call stack's node. kind: one of _abi.FIL_REQUEST_*.
    """

    __slots__ = ("bytes", "clock_ns", "current_bytes", "kind", "node", "number")

    def __init__(self, number: int, fields: "Tuple[int, ...]") -> None:
        size, self.current_bytes, self.clock_ns, self.node, self.kind = fields
        self.bytes = None if size == _BEYOND else size
        self.number = number


def read_failures(data: bytes, count: int, node_count: int) -> "List[FailedRequest]":
    """The last of `count` failed requests, in order of time, from a recording with `node_count` nodes."""
    kept = min(count, _abi.FIL_FAILURES_KEPT)
    failures = []
    for number in range(count - kept + 1, count + 1):
        place = (number - 1) % _abi.FIL_FAILURES_KEPT
        start = _abi.HEADER_OFFSETS["failures"] + place * _abi.FAILURE_SIZE
        failure = FailedRequest(number, _FAILURE.unpack_from(data, start))
        if max(failure.clock_ns, failure.current_bytes) >= IMPOSSIBLE:
            continue
        if failure.node >= node_count:
            failure.node = _abi.FIL_NODE_LOST
        failures.append(failure)
    return failures
