"""The timeline: tracked and resident memory, sampled from outside and kept in the recording.

The only cost for the program is the cache that a process waking up beside it takes. The first samples are close
together; otherwise they would miss the peak of a short run, and where its memory was. While memory does not change,
each pause is twice as long as the one before, up to an eighth of a second. When the timeline is full, every second
sample is dropped and the next ones come half as often.

After a pause each system call costs some 20 microseconds, more than the rest of a sample. So while samples are close
together, a few of them are written at a time. The header is not mapped into memory: if the disk is full or the file was
cut short, an access would kill us by a signal.
"""

import os
from struct import Struct

from filprofiler import _abi
from filprofiler.regular_files import open_regular
from filprofiler.supervisor.child_processes import ChildProcesses
from filprofiler.supervisor.process_memory import process_memory
from filprofiler.supervisor.rss_samples import RssSamples

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable, Container, List, Optional, Tuple

    from filprofiler.supervisor.process_memory import AnyProcessMemory

    Sample = Tuple[int, int, int]

_SAMPLE = Struct(_abi.SAMPLE_FORMAT)
_TRACKED = Struct("<3Q")  # current_bytes, peak_bytes, peak_clock_ns
_COUNT = Struct("<I")
_STATE_AT = _abi.HEADER_OFFSETS["state"]
_TRACKED_AT = _abi.HEADER_OFFSETS["current_bytes"]

_FIRST_SECONDS = 0.03
_MOST_SECONDS = 4 * _FIRST_SECONDS  # a new peak is sampled at least this soon
_CALM_SHARE = 128  # memory counts as unchanged if it differs by less than 1/n of the peak,
_CALM_BYTES = 1 << 20  # or by less than this, which is little compared to the interpreter itself
_NO_TIMELINE_SECONDS = 0.5  # interval without a timeline: other things are watched too
_WRITE_EVERY_SECONDS = 0.1


class Sampler:
    """Writes the timeline of one program into its recording.

    was_tracking: whether the library has begun to write into it.
    became_another: whether the process was seen to be another program, by exec.
    """

    def __init__(
        self,
        recording_path: str,
        pid: int,
        open_memory: "Callable[[int], AnyProcessMemory]" = process_memory,
        seconds_between: float = _FIRST_SECONDS,
        recorded: "Container[int]" = (),
        looks_further: bool = True,
    ) -> None:
        """Begin. Without access to the recording or the process, only the timeline is lost.

        open_memory: opens the memory counts of the process `pid`. seconds_between: least time between two samples.
        recorded: processes that it starts and that record themselves. looks_further: whether to look for others.
        """
        self.was_tracking = False
        self.became_another = False
        self._looks_further = looks_further
        self._samples: "List[Sample]" = []
        self._written = 0  # number of these in the recording
        self._every = seconds_between
        self._next = 0.0  # when the next sample of the timeline may be taken
        self._pause = _FIRST_SECONDS  # until the next look
        self._seen = (0, 0, 0)  # at the last change of memory: tracked bytes, their peak, resident bytes
        self._changed_ns = 0  # the clock at that time
        self._path = recording_path
        self._files: "List[int]" = []
        self._memory: "Optional[AnyProcessMemory]" = None
        try:
            self._files.append(open_regular(recording_path, os.O_RDWR | os.O_NOFOLLOW))
            self._memory = open_memory(pid)
            self._rss_samples = RssSamples(self._files[0], self._memory)
            self._children = ChildProcesses(self._files[0], pid, recorded)
        except OSError:
            self.close()

    def look(self, now: float) -> float:
        """Take samples if it is time. Returns the seconds until the next call.

        now: time.monotonic().
        """
        if self._files:
            try:
                self._take(int(now * 1e9), now >= self._next)
            except (OSError, IndexError, ValueError):  # the program has just ended, or the disk is gone
                self.close()
            if now >= self._next:
                self._next = now + self._every
        return self._pause if self._files else _NO_TIMELINE_SECONDS

    @property
    def ended(self) -> bool:
        """Whether there is nothing to sample any more."""
        return not self._files

    def count_children(self) -> None:
        """At the end: write how many processes it has started that do not record themselves."""
        if not hasattr(self, "_children"):
            return
        try:
            recording = open_regular(self._path, os.O_RDWR | os.O_NOFOLLOW)  # this one may be closed by now
        except OSError:
            return
        try:
            self._children.write(recording)
        except OSError:
            pass  # the disk is gone
        finally:
            os.close(recording)

    def other_programs(self) -> "List[Tuple[str, int, int]]":
        """The programs that it has started and that do not record themselves: see ChildProcesses.by_program."""
        return self._children.by_program() if hasattr(self, "_children") else []

    def is_alive(self) -> bool:
        """Whether the process still exists, and is no zombie."""
        try:
            return self._memory is not None and self._memory.resident() > 0
        except (OSError, ValueError, IndexError):
            return False

    def write(self) -> None:
        """Write pending samples: the recording is about to be read."""
        if not self._files or self._written == len(self._samples):
            return
        new = b"".join([_SAMPLE.pack(*sample) for sample in self._samples[self._written :]])
        place = _abi.HEADER_OFFSETS["samples"] + self._written * _SAMPLE.size
        try:
            if self._written == 0:  # if we are killed in between, the recording has fewer
                self._write_count(0)
            if os.pwrite(self._files[0], new, place) == len(new):
                self._write_count(len(self._samples))
                self._written = len(self._samples)
        except OSError:  # the disk is gone for now
            pass

    def close(self) -> None:
        """Write pending samples and close the files."""
        self.write()
        if self._memory is not None:
            self._memory.close()
            self._memory = None
        while self._files:
            os.close(self._files.pop())

    def _take(self, clock_ns: int, for_timeline: bool = True) -> None:
        recording, memory = self._files[0], self._memory
        begins = os.pread(recording, _TRACKED_AT + _TRACKED.size, 0)
        if memory is None or not begins.startswith(_abi.FIL_FORMAT_MAGIC):
            return  # tracking has not begun, or the header was overwritten
        self.was_tracking = begins[_STATE_AT] != _abi.FIL_STATE_CREATED
        tracked, peak, peak_clock_ns = _TRACKED.unpack(begins[_TRACKED_AT:])
        resident = memory.resident()
        if resident == 0:
            return  # a zombie
        if self._children.became_another():
            self.became_another = True
            return  # the resident memory is another program's
        if self._looks_further:
            self._children.look()
        self._compare(clock_ns, (tracked, peak, resident))
        if for_timeline:
            self._add((clock_ns, tracked, resident))
        self._rss_samples.look(clock_ns, tracked, peak, peak_clock_ns, self._changed_ns)

    def _compare(self, clock_ns: int, seen: "Sample") -> None:
        """Choose the next pause from what changed: tracked bytes, their peak, resident bytes."""
        before = self._seen
        little = max(seen[1] // _CALM_SHARE, _CALM_BYTES)
        if (
            abs(seen[0] - before[0]) < little
            and abs(seen[1] - before[1]) < little
            and abs(seen[2] - before[2]) < little
        ):
            self._pause = min(2 * self._pause, _MOST_SECONDS)
        else:
            self._pause = min(self._every, _MOST_SECONDS)
            self._seen, self._changed_ns = seen, clock_ns

    def _add(self, sample: "Sample") -> None:
        """Add a sample to the timeline."""
        if len(self._samples) == _abi.FIL_SAMPLES_KEPT:
            del self._samples[1::2]
            self._every *= 2
            self._written = 0
            self.write()
        self._samples.append(sample)
        if (len(self._samples) - self._written) * self._every >= _WRITE_EVERY_SECONDS:
            self.write()

    def _write_count(self, count: int) -> None:
        os.pwrite(self._files[0], _COUNT.pack(count), _abi.HEADER_OFFSETS["sample_count"])
