"""Looks at the running program from time to time: its memory, for the timeline, and whether memory is running out."""

import time

from filprofiler.supervisor.sampler import Sampler

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable

    from filprofiler.supervisor.memory_limits import MemoryWatch

_LOOK_SECONDS = 0.5
_REST_SECONDS = 60.0  # after a report that was written because memory was low


class Watch:
    """Keeps the timeline, and calls `write_checkpoint` when memory is low: should all processes be killed together,
    that report is there."""

    def __init__(
        self, recording_path: str, pid: int, limits: "MemoryWatch", write_checkpoint: "Callable[[], None]"
    ) -> None:
        self._sampler = Sampler(recording_path, pid)
        self._limits = limits
        self._write_checkpoint = write_checkpoint
        self._next_limits = time.monotonic() + _LOOK_SECONDS

    def look(self) -> float:
        """Look once. Returns in how many seconds to look again. Never raises: waiting for the program comes first."""
        try:
            now = time.monotonic()
            self._look_at_limits(now)
            return self._sampler.look(now)
        except Exception:
            return _LOOK_SECONDS

    def _look_at_limits(self, now: float) -> None:
        """Twice a second. A checkpoint is written at most once a minute."""
        if now < self._next_limits:
            return
        self._next_limits = now + _LOOK_SECONDS
        self._limits.remember_kills(now)
        if self._limits.is_low():
            self._write_checkpoint()
            self._next_limits = now + _REST_SECONDS

    @property
    def was_tracking(self) -> bool:
        """Whether the library was seen to have begun to write into the recording."""
        return self._sampler.was_tracking

    def write(self) -> None:
        """Bring the timeline in the recording up to date: someone is about to read it."""
        self._sampler.write()

    def close(self) -> None:
        """Write what is not written yet, and close the files."""
        self._sampler.close()
