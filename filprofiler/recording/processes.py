"""What a recording says about processes that it does not include."""

from struct import Struct

from filprofiler import _abi

_COUNT = Struct("<I")
_SIZE = Struct("<Q")
_PLACE = Struct("<2IQ")  # parent_pid, forked, command_line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Tuple

_IMPOSSIBLE_BYTES = 1 << 63


class OtherProcesses:
    """Processes that the program started, and the program that its own process became. Sizes are bytes.

    count: how many it started, as far as they were counted or seen.
    largest_resident_bytes: the largest resident memory sampled in any of them; None: none was sampled.
    became: the path, or its end, of the program that replaced this one by exec; "" if none did.
    """

    __slots__ = ("became", "count", "largest_resident_bytes")

    def __init__(self, count: int = 0, largest_resident_bytes: "int | None" = None, became: str = "") -> None:
        self.count = count
        self.largest_resident_bytes = largest_resident_bytes
        self.became = became


def read_processes(data: bytes) -> OtherProcesses:
    """Read from the bytes of a recording whose header is complete."""
    (started,) = _COUNT.unpack_from(data, _abi.HEADER_OFFSETS["processes_started"])
    (seen,) = _COUNT.unpack_from(data, _abi.HEADER_OFFSETS["processes_seen"])
    (largest,) = _SIZE.unpack_from(data, _abi.HEADER_OFFSETS["largest_resident_bytes"])
    became_at = _abi.HEADER_OFFSETS["became"]
    became = data[became_at : became_at + _abi.FIL_BECAME_BYTES]
    known = largest if 0 < largest < _IMPOSSIBLE_BYTES else None
    return OtherProcesses(max(started, seen), known, became.partition(b"\0")[0].decode("utf-8", "surrogateescape"))


def read_place(data: bytes) -> "Tuple[int, int, int]":
    """Its parent's number, whether it was forked, and where the words of its command are. `data` as above."""
    parent, forked, words = _PLACE.unpack_from(data, _abi.HEADER_OFFSETS["parent_pid"])
    return parent, forked, words
