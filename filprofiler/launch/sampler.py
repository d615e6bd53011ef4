"""The curve over time: tracked and resident memory, looked at from outside and kept in the recording.

The program pays nothing for it. The first points are close together. Whenever there is no room for more, every second
one is dropped and the next ones come half as often; so a run of any length has between 250 and 500 points, and all of
them together cost some 30 ms.
"""

import os
import time
from struct import Struct

from filprofiler import _abi

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import List, Tuple

    Sample = Tuple[int, int, int]

_SAMPLE = Struct(_abi.SAMPLE_FORMAT)
_TRACKED = Struct("<Q")
_COUNT = Struct("<I")

_FIRST_SECONDS = 0.02
_MOST_SECONDS = 0.5  # other things are to be looked at too


class Sampler:
    """Writes the curve of one program into its recording."""

    def __init__(self, recording_path: str, pid: int) -> None:
        """Begin. Without access to the recording or to /proc there is no curve, and nothing else is lost."""
        self._samples = []  # type: List[Sample]
        self._every = _FIRST_SECONDS
        self._next = 0.0
        self._page = os.sysconf("SC_PAGE_SIZE")
        self._files = []  # type: List[int]
        try:
            self._files.append(os.open(recording_path, os.O_RDWR | os.O_CLOEXEC))
            self._files.append(os.open("/proc/%d/statm" % pid, os.O_RDONLY | os.O_CLOEXEC))
        except OSError:
            self.close()

    def look(self) -> float:
        """Take a sample if it is time for one; in how many seconds to look again."""
        now = time.monotonic()
        if len(self._files) == 2 and now >= self._next:
            try:
                self._take(int(now * 1e9))
            except (OSError, IndexError, ValueError):  # the program has just ended, or the disk has gone
                self.close()
            self._next = now + self._every
        return min(_MOST_SECONDS, max(0.0, self._next - now)) if self._files else _MOST_SECONDS

    def close(self) -> None:
        """Let go of the files."""
        while self._files:
            os.close(self._files.pop())

    def _take(self, clock_ns: int) -> None:
        recording, statm = self._files
        if os.pread(recording, 1, 0) != _abi.FIL_FORMAT_MAGIC[:1]:
            return  # tracking has not begun
        (tracked,) = _TRACKED.unpack(os.pread(recording, _TRACKED.size, _abi.HEADER_OFFSETS["current_bytes"]))
        resident = int(os.pread(statm, 128, 0).split()[1]) * self._page
        if resident == 0:
            return  # it has ended, and is only waited for
        if len(self._samples) == _abi.FIL_SAMPLES_KEPT:
            del self._samples[1::2]
            self._every *= 2
            self._write_all()
        sample = (clock_ns, tracked, resident)
        os.pwrite(recording, _SAMPLE.pack(*sample), self._place(len(self._samples)))
        self._samples.append(sample)
        self._write_count()

    def _write_all(self) -> None:
        """Write all samples anew. Killed in between, the recording has fewer."""
        kept = self._samples
        self._samples = []
        self._write_count()
        os.pwrite(self._files[0], b"".join(_SAMPLE.pack(*sample) for sample in kept), self._place(0))
        self._samples = kept

    def _write_count(self) -> None:
        os.pwrite(self._files[0], _COUNT.pack(len(self._samples)), _abi.HEADER_OFFSETS["sample_count"])

    @staticmethod
    def _place(number: int) -> int:
        return _abi.HEADER_OFFSETS["samples"] + number * _abi.SAMPLE_SIZE
