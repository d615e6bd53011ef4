"""Watches from outside the processes that the program starts: how many there are, and how large they get.

The library counts those that the C library's functions start, but their memory is not recorded. So that the report can
say how much is missing, the supervisor samples the largest resident memory of each from time to time, however it was
started. A process that begins and ends between two samples is counted but not sampled. The cost is limited: each pause
is sixty times as long as the sample before.
"""

import os
import time
from struct import Struct

from filprofiler import _abi

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Container, Dict, Iterator, List, Tuple

_SEEN = Struct("<IQ")  # processes_seen and largest_resident_bytes, which are adjacent
_SEEN_AT = _abi.HEADER_OFFSETS["processes_seen"]
_BECAME_AT = _abi.HEADER_OFFSETS["became"]
_REST = 60
_STARTED_FIELD = 19  # of /proc/PID/stat, counted after the name: the start time


class ChildProcesses:
    """Updates a program's recording with the processes that it has started."""

    def __init__(self, recording: int, pid: int, recorded: "Container[int]" = ()) -> None:
        """recording: descriptor of the recording's file. pid: the program's process. recorded: the processes that
        record themselves; may change.
        """
        self._recording = recording
        self._recorded = recorded
        self._names: "Dict[Tuple[int, bytes], str]" = {}
        self._pid = pid
        self._seen: "Dict[Tuple[int, bytes], int]" = {}
        self._alive: "List[int]" = []
        self._next = 0.0
        self._written = (0, 0)

    def became_another(self) -> bool:
        """Whether the program itself has become another by exec."""
        return os.pread(self._recording, 1, _BECAME_AT) != b"\0"

    def look(self) -> None:
        """Sample them if it is time."""
        begun = time.monotonic()
        if begun >= self._next:
            self._look_at_all()
            self._next = begun + _REST * (time.monotonic() - begun)

    def _look_at_all(self) -> None:
        pending, alive = list(self._alive) + list(_children(self._pid)), set()
        while pending:
            pid = pending.pop()
            if pid in alive:
                continue
            try:
                (name, started), size = _identity(pid), _largest(pid)
                key = pid, started
            except (OSError, ValueError, IndexError):
                continue  # it has just ended
            if pid in self._alive and key not in self._seen:
                continue  # another process has reused its number
            alive.add(pid)
            self._names[key] = name  # the last one: it may become another program
            self._seen[key] = max(size, self._seen.get(key, 0))
            pending += _children(pid)
        self._alive = sorted(alive)
        self.write(self._recording)

    def write(self, recording: int) -> None:
        """Write how many there are. One that was seen before it began to record itself is taken out again by that.

        recording: a descriptor. Raises OSError.
        """
        others = [size for (pid, _started), size in self._seen.items() if pid not in self._recorded]
        found = (len(others), max(others, default=0))
        if found != self._written:
            os.pwrite(recording, _SEEN.pack(*found), _SEEN_AT)
            self._written = found

    def by_program(self) -> "List[Tuple[str, int, int]]":
        """Those that do not record themselves: the program's name, how many, and the most resident bytes of one."""
        found: "Dict[str, Tuple[int, int]]" = {}
        for key, size in self._seen.items():
            if key[0] not in self._recorded:
                count, most = found.get(self._names[key], (0, 0))
                found[self._names[key]] = (count + 1, max(most, size))
        return sorted([(name, count, most) for name, (count, most) in found.items()], key=lambda one: -one[2])


def _children(pid: int) -> "Iterator[int]":
    """The pids of a process's children, started by any of its threads; none if the kernel does not list them."""
    folder = "/proc/%d/task/" % pid
    try:
        for thread in os.listdir(folder):
            yield from map(int, _content("%s%s/children" % (folder, thread)).split())
    except OSError:
        pass


def _identity(pid: int) -> "Tuple[str, bytes]":
    """The name of a process's program, and when it was started."""
    begins, _, rest = _content("/proc/%d/stat" % pid).rpartition(b")")
    return begins.partition(b"(")[2].decode("utf-8", "replace"), rest.split()[_STARTED_FIELD]


def _largest(pid: int) -> int:
    """The largest resident memory that a process has had, in bytes; 0 for a zombie."""
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
