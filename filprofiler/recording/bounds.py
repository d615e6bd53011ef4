"""Limits of values in a recording: anything beyond them was torn or forged."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict

IMPOSSIBLE = 1 << 63
"""No size in bytes and no time in nanoseconds reaches this."""

_TIMES = ("started_unix_ns", "started_clock_ns", "peak_clock_ns", "snapshot_clock_ns")


def with_possible_times(header: "Dict[str, int]") -> "Dict[str, int]":
    """A header's values, with impossible times set to 0 (not known)."""
    for name in _TIMES:
        if header[name] >= IMPOSSIBLE:
            header[name] = 0
    return header
