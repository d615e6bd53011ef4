"""Samples from outside where the program's memory is: the sample nearest to the peak, and the last one.

Both are kept in the recording (`fil_rss_sample`), with the resident part of each file that the program has mapped. That
requires a walk of all page tables of the process, so the cost of samples is limited to 50 ms plus a thousandth of the
run's time.
"""

import os
import time
from struct import Struct

from filprofiler import _abi

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, List, Tuple

    from filprofiler.supervisor.process_memory import AnyProcessMemory

_RSS_SAMPLE = Struct(_abi.RSS_SAMPLE_FORMAT)
_COUNTER = Struct(_abi.COUNTER_FORMAT)
_FILE = Struct(_abi.FILE_FORMAT)
_LARGE = Struct(_abi.LARGE_FORMAT)
_LARGE_PLACES = Struct("<QI")  # large_offset, large_count
_ONE = Struct("<Q")
_LITTLE = 10  # less than 1/n of a large mapping is little
_PLACES = Struct("<QQI")  # file_bytes, files_offset, file_count
_TWO = Struct("<2Q")
_LENGTH = Struct("<I")
_MOST_PATH_BYTES = 4096  # the recording may have been overwritten

_ALLOWED_SECONDS = 0.05
_ALLOWED_SHARE = 0.001
_NOT_NEAR_PEAK = 0.5  # share of the allowed cost for samples that are not near the peak; the rest is for those that are
_BEST_EVERY_SECONDS = 0.05  # if not much more is tracked than at the best sample
_LAST_EVERY_SECONDS = 0.2
_CALM_EVERY_SECONDS = 1.0  # as long as memory has not changed
_REST = 60  # times the duration of the last sample
_FILES_EVERY_SECONDS = 1.0
_AS_GOOD = 0.999  # a sample with this share of the best one's tracked bytes replaces it if nearer to the peak in time


class RssSamples:
    """Keeps the two samples of a recording up to date."""

    def __init__(self, recording: int, memory: "AnyProcessMemory") -> None:
        """recording: descriptor of the recording's file."""
        self._recording = recording
        self._memory = memory
        self._begun = time.monotonic()
        self._spent = 0.0
        self._cost = 0.0  # of the last sample
        self._last = 0.0  # when the last sample was begun
        self._last_clock_ns = 0  # its clock_ns
        self._files_at = 0.0  # when the mapped files were last sampled
        self._best_tracked = -1
        self._best_clock_ns = 0
        self._paths: "Dict[int, bytes]" = {}

    def look(self, clock_ns: int, tracked: int, peak: int, peak_clock_ns: int, changed_ns: int) -> None:
        """Take a sample if it is time for one. Raises OSError or ValueError when the process is gone.

        clock_ns: now. tracked, peak, peak_clock_ns: from the recording's header. changed_ns: the clock of the last
        observed change of memory.
        """
        begun = clock_ns / 1e9
        allowed = _ALLOWED_SECONDS + _ALLOWED_SHARE * (begun - self._begun)
        if tracked > peak:  # still rising: the peak is now
            peak_clock_ns = clock_ns
        best = self._is_best(clock_ns, tracked, peak_clock_ns)
        higher = _AS_GOOD * tracked > self._best_tracked
        calm = changed_ns <= self._last_clock_ns
        pause = _BEST_EVERY_SECONDS if best else _CALM_EVERY_SECONDS if calm else _LAST_EVERY_SECONDS
        if higher:
            pause = 0.0
        if begun < self._last + max(pause, _REST * self._cost):
            return
        if self._spent > (allowed if best else allowed * _NOT_NEAR_PEAK):
            return
        self._last, self._last_clock_ns = begun, clock_ns
        started = time.monotonic()  # later than clock_ns: other work may have been done in between
        self._take(clock_ns, tracked, best, best or begun - self._files_at >= _FILES_EVERY_SECONDS)
        self._cost = time.monotonic() - started
        self._spent += self._cost

    def _take(self, clock_ns: int, tracked: int, best: bool, with_files: bool) -> None:
        mapped, mapped_files = self._gauges()
        anonymous, files, shared = self._memory.kinds()
        resident, written = _abi.FIL_NOT_KNOWN, _abi.FIL_NOT_KNOWN
        rows: "List[Tuple[int, Tuple[int, int]]]" = []
        if mapped_files == 0:
            resident = written = 0
        elif with_files and self._memory.tells_files:
            self._files_at = time.monotonic()
            resident, written, rows = self._files()
        reading = (clock_ns, tracked, mapped, anonymous, files, shared, resident, written, _abi.FIL_NOT_KNOWN)
        packed = _RSS_SAMPLE.pack(*reading)
        os.pwrite(self._recording, packed, self._place(_abi.FIL_RSS_SAMPLE_LAST))
        if best:
            self._best_tracked, self._best_clock_ns = tracked, clock_ns
            for place, values in rows:
                os.pwrite(self._recording, _TWO.pack(*values), place)
            if self._memory.tells_files:
                self._look_at_large()
            os.pwrite(self._recording, packed, self._place(_abi.FIL_RSS_SAMPLE_PEAK))

    def _is_best(self, clock_ns: int, tracked: int, peak_clock_ns: int) -> bool:
        """Whether a sample taken now is nearer to the peak than the kept one."""
        if tracked > self._best_tracked:
            return True
        nearer = abs(clock_ns - peak_clock_ns) < abs(self._best_clock_ns - peak_clock_ns)
        return nearer and tracked >= _AS_GOOD * self._best_tracked

    def _gauges(self) -> "Tuple[int, int]":
        """Current bytes of tracked mappings and of mapped files."""
        data = os.pread(self._recording, _abi.FIL_COUNTERS * _COUNTER.size, _abi.HEADER_OFFSETS["counters"])
        sizes = [counter[0] for counter in _COUNTER.iter_unpack(data)]
        return sizes[_abi.FIL_COUNTER_MAPPINGS], sizes[_abi.FIL_COUNTER_FILES]

    def _files(self) -> "Tuple[int, int, List[Tuple[int, Tuple[int, int]]]]":
        """Resident and written bytes of all mapped files, and for each file both values and their offset."""
        data = os.pread(self._recording, _PLACES.size, _abi.HEADER_OFFSETS["file_bytes"])
        _file_bytes, offset, count = _PLACES.unpack(data)
        data = os.pread(self._recording, min(count, _abi.FIL_FILES_KEPT) * _FILE.size, offset)
        texts = [fields[2] for fields in _FILE.iter_unpack(data[: len(data) // _FILE.size * _FILE.size])]
        found = self._memory.of_files({self._path(text) for text in texts if text})
        rows: "List[Tuple[int, Tuple[int, int]]]" = []
        for number, text in enumerate(texts):
            if text:
                place = offset + number * _FILE.size + _abi.FILE_OFFSETS["resident_bytes"]
                rows.append((place, found[self._path(text)]))
        return sum(size for size, _ in found.values()), sum(size for _, size in found.values()), rows

    def _look_at_large(self) -> None:
        """Record how much of each large mapping was touched; for mappings without a name, only if it is little."""
        data = os.pread(self._recording, _LARGE_PLACES.size, _abi.HEADER_OFFSETS["large_offset"])
        offset, count = _LARGE_PLACES.unpack(data)
        data = os.pread(self._recording, min(count, _abi.FIL_LARGE_KEPT) * _LARGE.size, offset) if offset else b""
        for number, (start, size, _peak, path, before, _node, _epoch) in enumerate(_LARGE.iter_unpack(data)):
            most = size if path else size // _LITTLE
            touched = self._memory.touched(start, size, most) if size else 0
            found = touched if size and touched <= most else _abi.FIL_NOT_KNOWN
            if found != before and size:
                place = offset + number * _LARGE.size + _abi.LARGE_OFFSETS["resident_bytes"]
                os.pwrite(self._recording, _ONE.pack(found), place)

    def _path(self, offset: int) -> bytes:
        """A text of the recording, cached: texts never change."""
        if offset not in self._paths:
            (length,) = _LENGTH.unpack(os.pread(self._recording, _LENGTH.size, offset))
            self._paths[offset] = os.pread(
                self._recording, min(length, _MOST_PATH_BYTES), offset + _abi.FIL_TEXT_HEAD_BYTES
            )
        return self._paths[offset]

    @staticmethod
    def _place(moment: int) -> int:
        return _abi.HEADER_OFFSETS["rss_samples"] + moment * _RSS_SAMPLE.size
