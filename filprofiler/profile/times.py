"""Times from a recording's clock, as seconds since tracking began."""

from filprofiler import _abi

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import List, Optional, Tuple

    from filprofiler.recording.reader import Recording


def peak_seconds(recording: "Recording", elapsed_seconds: "Optional[float]") -> "Optional[float]":
    """When the peak was; None if not known. elapsed_seconds: how long the program ran."""
    if recording.peak_clock_ns is None:  # still rising when the program ended
        return elapsed_seconds
    elapsed_ns = recording.peak_clock_ns - recording.started_clock_ns
    return elapsed_ns / 1e9 if elapsed_ns >= 0 else None


def timeline_of(recording: "Recording") -> "List[Tuple[float, int, int]]":
    """The timeline: seconds, tracked bytes and resident bytes of each point."""
    started = recording.started_clock_ns
    return [
        ((clock - started) / 1e9, tracked, resident)
        for clock, tracked, resident in recording.samples
        if clock >= started
    ]


def snapshot_is_recent(recording: "Recording") -> bool:
    """Whether the snapshot shows the moment of the last failed request, or of an uncaught MemoryError after it.

    The library skips a snapshot only if the one before is so recent, or if nothing has changed since.
    """
    if recording.snapshot_failure == 0 or not recording.failures:
        return True
    return recording.failures[-1].clock_ns - recording.snapshot_clock_ns <= _abi.FIL_SNAPSHOT_REST_NS
