"""Watches the running program: samples its memory for the timeline, and notices when memory is running out."""

import time

from filprofiler.supervisor.recorded_children import RecordedChildren
from filprofiler.supervisor.sampler import Sampler

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable, List, Optional, Tuple

    from filprofiler.supervisor.memory_limits import MemoryWatch
    from filprofiler.supervisor.supervisor import Supervisor

_NEVER = 3600.0
_LOOK_SECONDS = 0.5
_LAST_SECONDS = 0.5  # for processes that end when they notice that the program has
_REST_SECONDS = 60.0  # pause after a report written because memory was low


class Watch:
    """Keeps the timeline, and calls `write_checkpoint` when memory is low, so that there is a report even if all
    processes are killed together."""

    def __init__(
        self,
        recording_path: str,
        pid: int,
        limits: "MemoryWatch",
        write_checkpoint: "Callable[[], None]",
        processes_folder: "Optional[str]" = None,
        supervisor: "Optional[Supervisor]" = None,
    ) -> None:
        """processes_folder: where the processes that the program starts make recordings; None: they make none.
        supervisor: is to look when one of them ends.
        """
        self._children = None if processes_folder is None else RecordedChildren(processes_folder, supervisor)
        self._sampler = Sampler(recording_path, pid, recorded=() if self._children is None else self._children.pids)
        self._recording_path = recording_path
        self._pid = pid
        self._limits = limits
        self._write_checkpoint = write_checkpoint
        self._next_limits = time.monotonic() + _LOOK_SECONDS

    def look(self) -> float:
        """Sample once. Returns the seconds until the next call."""
        now = time.monotonic()
        self._look_at_limits(now)
        pause = _NEVER if self._children is None else self._children.look(now)
        return min(pause, self._sampler.look(now))

    def _look_at_limits(self, now: float) -> None:
        """Check the limits twice a second. Writes a checkpoint at most once a minute."""
        if now < self._next_limits:
            return
        self._next_limits = now + _LOOK_SECONDS
        self._limits.remember_kills(now)
        if self._limits.is_low():
            self._write_checkpoint()
            self._next_limits = now + _REST_SECONDS

    @property
    def was_tracking(self) -> bool:
        """Whether the library has begun to write into the recording, as far as seen."""
        return self._sampler.was_tracking

    def other_programs(self) -> "List[Tuple[str, int, int]]":
        """The programs that were started and do not record themselves: see ChildProcesses.by_program."""
        return self._sampler.other_programs()

    def write(self) -> None:
        """Write pending samples: the recording is about to be read."""
        self._sampler.write()
        if self._children is not None:
            self._children.write()

    def wait_for_children(self) -> int:
        """After the program's end: give those that end with it a moment. Returns how many still run."""
        if self._children is None:
            return 0
        self._children.ended(self._recording_path, self._pid)
        running = self._children.wait(_LAST_SECONDS)
        self._sampler.count_children()
        return running

    def close(self) -> None:
        """Write pending samples and close the files."""
        self._sampler.close()
        if self._children is not None:
            self._children.close()
