"""Reads and validates a recording's header."""

from struct import Struct

from filprofiler import _abi
from filprofiler.errors import CutShortError, NothingRecordedError, RecordingError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, NoReturn

_HEADER = Struct(_abi.HEADER_FORMAT)
_SEGMENT = Struct(_abi.SEGMENT_FORMAT)

# Layout fields of the header, and their required values.
_LAYOUT = (
    ("header_bytes", _abi.FIL_HEADER_BYTES),
    ("segment_bytes", _abi.SEGMENT_SIZE),
    ("node_bytes", _abi.NODE_SIZE),
    ("code_bytes", _abi.CODE_SIZE),
    ("nodes_per_segment", _abi.FIL_NODES_PER_SEGMENT),
    ("codes_per_segment", _abi.FIL_CODES_PER_SEGMENT),
    ("segment_capacity", _abi.FIL_SEGMENT_CAPACITY),
)


def read_header(data: bytes) -> "Dict[str, int]":
    """The header's values by name. Raises RecordingError, whose message continues "The recording PATH"."""
    start = data[: _HEADER.size]
    if not start.strip(b"\0"):
        raise NothingRecordedError("is empty: tracking never began")
    if start[: len(_abi.FIL_FORMAT_MAGIC)] != _abi.FIL_FORMAT_MAGIC:
        raise RecordingError("is not a recording of filprofiler")
    if len(data) < _abi.FIL_HEADER_BYTES:
        raise CutShortError("was cut short in its header")
    header = dict(zip(_abi.HEADER_FIELDS, _HEADER.unpack(start)))
    if header["byte_order"] != _abi.FIL_BYTE_ORDER:
        raise RecordingError("is from a machine with a different byte order")
    if header["format_version"] != _abi.FIL_FORMAT_VERSION:
        _refuse_version(header["format_version"])
    for name, expected in _LAYOUT:
        if header[name] != expected:
            raise RecordingError("is damaged: its %s is %d, not %d", name, header[name], expected)
    if header["state"] == _abi.FIL_STATE_CREATED:
        raise NothingRecordedError("is empty: tracking never began")
    return header


def check_length(data: bytes) -> None:
    """Check that the last segment is complete: a segment's disk space is reserved before the header lists it.

    A truncated recording may have all counters but lack call stacks. Raises CutShortError, with a message like
    read_header's.
    """
    count_at = _abi.HEADER_OFFSETS["segment_count"]
    count = int.from_bytes(data[count_at : count_at + 4], "little")
    begun = data.startswith(_abi.FIL_FORMAT_MAGIC) and len(data) >= _abi.FIL_HEADER_BYTES
    if begun and 0 < count <= _abi.FIL_SEGMENT_CAPACITY:
        last = _abi.HEADER_OFFSETS["segments"] + (count - 1) * _abi.SEGMENT_SIZE
        offset, size, _kind, _reserved = _SEGMENT.unpack_from(data, last)
        end = offset + size
        if len(data) < end:
            raise CutShortError("was cut short: %d of its %d bytes are left", len(data), end)


def _refuse_version(version: int) -> "NoReturn":
    raise RecordingError(
        "has format version %d, and this filprofiler reads version %d: use the one that wrote it",
        version,
        _abi.FIL_FORMAT_VERSION,
    )
