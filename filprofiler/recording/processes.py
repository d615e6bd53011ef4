"""What a recording says of the processes that are not in it."""

from struct import Struct

from filprofiler import _abi

_COUNT = Struct("<I")
_SIZE = Struct("<Q")

_IMPOSSIBLE_BYTES = 1 << 63


class OtherProcesses:
    """The processes that the program has started, and the program that its own process has become. Sizes are bytes.

    count: how many it has started, as far as they were counted or seen.
    largest_resident_bytes: the largest resident memory of any of them that was looked at; None: none was.
    became: the path, or its end, of the program for which the process was given up by exec; "" if it was not.
    """

    __slots__ = ("became", "count", "largest_resident_bytes")

    def __init__(self, count: int = 0, largest_resident_bytes: "int | None" = None, became: str = "") -> None:
        self.count = count
        self.largest_resident_bytes = largest_resident_bytes
        self.became = became


def read_processes(data: bytes) -> OtherProcesses:
    """Of the bytes of a recording whose header is whole."""
    (started,) = _COUNT.unpack_from(data, _abi.HEADER_OFFSETS["processes_started"])
    (seen,) = _COUNT.unpack_from(data, _abi.HEADER_OFFSETS["processes_seen"])
    (largest,) = _SIZE.unpack_from(data, _abi.HEADER_OFFSETS["largest_resident_bytes"])
    became_at = _abi.HEADER_OFFSETS["became"]
    became = data[became_at : became_at + _abi.FIL_BECAME_BYTES]
    known = largest if 0 < largest < _IMPOSSIBLE_BYTES else None
    return OtherProcesses(max(started, seen), known, became.partition(b"\0")[0].decode("utf-8", "surrogateescape"))
