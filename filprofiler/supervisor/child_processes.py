"""The processes that the program has started, looked at from outside: how many there are, and how large they get.

The library counts them, but what they do is not recorded. So that the report can say how much it does not have, the
supervisor asks the kernel now and then for the largest resident memory of each. A process that comes and goes between
two looks is counted and not looked at. What that may cost is limited: a look is followed by a rest that is sixty times
as long.
"""

import os
import time
from struct import Struct

from filprofiler import _abi

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, Iterator, List, Tuple

_STARTED = Struct("<I")
_STARTED_AT = _abi.HEADER_OFFSETS["processes_started"]
_SEEN = Struct("<IQ")  # processes_seen and largest_resident_bytes, which stand side by side
_SEEN_AT = _abi.HEADER_OFFSETS["processes_seen"]
_BECAME_AT = _abi.HEADER_OFFSETS["became"]
_REST = 60
_STARTED_FIELD = 19  # of /proc/PID/stat, counted behind the name: when the process was started


class ChildProcesses:
    """Keeps the recording of one program up to date on the processes that it has started."""

    def __init__(self, recording: int, pid: int) -> None:
        """recording: the descriptor of the recording's file; pid: the program's process."""
        self._recording = recording
        self._pid = pid
        self._seen: "Dict[Tuple[int, bytes], int]" = {}
        self._alive: "List[int]" = []
        self._next = 0.0
        self._written = (0, 0)

    def look(self) -> bool:
        """Look at them if there are any and it is time to; whether the program's own process is still the program."""
        counters = os.pread(self._recording, _BECAME_AT + 1 - _STARTED_AT, _STARTED_AT)
        if counters[-1]:
            return False
        (started,) = _STARTED.unpack_from(counters)
        begun = time.monotonic()
        if started and begun >= self._next:
            self._look_at_all()
            self._next = begun + _REST * (time.monotonic() - begun)
        return True

    def _look_at_all(self) -> None:
        pending, alive = list(self._alive) + list(_children(self._pid)), set()
        while pending:
            pid = pending.pop()
            if pid in alive:
                continue
            try:
                key, size = (pid, _started(pid)), _largest(pid)
            except (OSError, ValueError, IndexError):
                continue  # it has just ended
            if pid in self._alive and key not in self._seen:
                continue  # another process has its number by now
            alive.add(pid)
            self._seen[key] = max(size, self._seen.get(key, 0))
            pending += _children(pid)
        self._alive = sorted(alive)
        found = (len(self._seen), max(self._seen.values(), default=0))
        if found != self._written:
            os.pwrite(self._recording, _SEEN.pack(*found), _SEEN_AT)
            self._written = found


def _children(pid: int) -> "Iterator[int]":
    """The numbers of a process's children, whichever thread has started them; none where the kernel does not tell."""
    folder = "/proc/%d/task/" % pid
    try:
        for thread in os.listdir(folder):
            yield from map(int, _content("%s%s/children" % (folder, thread)).split())
    except OSError:
        pass


def _started(pid: int) -> bytes:
    return _content("/proc/%d/stat" % pid).rpartition(b")")[2].split()[_STARTED_FIELD]


def _largest(pid: int) -> int:
    """The largest resident memory that a process has had, bytes; 0 if it is only waited for."""
    words = _content("/proc/%d/status" % pid).partition(b"\nVmHWM:")[2].split(None, 1)
    return int(words[0]) * 1024 if words else 0


def _content(path: str) -> bytes:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        pieces: "List[bytes]" = []
        while not pieces or pieces[-1]:
            pieces.append(os.read(descriptor, 65536))
        return b"".join(pieces)
    finally:
        os.close(descriptor)
