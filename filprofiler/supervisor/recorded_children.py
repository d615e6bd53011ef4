"""Watches the processes that the program starts and that record themselves: samples each as the program is sampled, and
notices its end.

Each makes its recording in a folder of the run. There may be hundreds, and most do not live long: the folder is listed
only when it has changed, and every process is looked at in its own rhythm. An end is noticed at once: until it is noted
in what the processes share, the memory of the ended one still counts for their combined peak. (A process that waits for
its own child notes that itself, before it goes on.)
"""

import os
import select
import time
from struct import Struct
from struct import error as struct_error

from filprofiler import _abi
from filprofiler.errors import LibraryError
from filprofiler.foreign import SharedProcesses, process_descriptor
from filprofiler.regular_files import open_regular
from filprofiler.result_folder import SHARED_NAME, is_process_name
from filprofiler.supervisor.ended_processes import EndedProcesses
from filprofiler.supervisor.sampler import Sampler

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, Optional, Set

    from filprofiler.supervisor.supervisor import Supervisor

_SLOT = Struct(_abi.SLOT_FORMAT)
_STATE_AND_PID = Struct("<2I")  # adjacent in a slot
_CLOCK_STEP_NS = 20 * 10**6  # file systems may count modification times in steps this long
_MOST = 128  # processes sampled at a time; each needs some descriptors
_SECONDS_FOR_EACH = 0.004  # least pause between two samples of one, times their number
_NEVER = 3600.0
_BETWEEN_SECONDS = 0.005  # where the system has no descriptors of processes


class _Child:
    """One process. name: of its recording. wanted: when to look again."""

    def __init__(self, folder: str, name: str, now: float) -> None:
        self.name = name
        self.pid = int(name.partition("-")[0])
        self.path = os.path.join(folder, name)
        self.wanted = now
        self.end: "Optional[int]" = None  # a descriptor
        self.sampler = Sampler(self.path, self.pid, looks_further=False)
        try:
            self.end = process_descriptor(self.pid)
        except OSError:
            pass


def _end_slot(recording_path: str, pid: int, shared: SharedProcesses, shared_path: str) -> None:
    """Note a process's end in what the processes share, and in its recording; its slot is then free for another.

    Raises OSError, LibraryError or struct.error.
    """
    recording = open_regular(recording_path, os.O_RDWR | os.O_NOFOLLOW)
    try:
        slot = int.from_bytes(os.pread(recording, 4, _abi.HEADER_OFFSETS["slot"]), "little") - 1
        if not 0 <= slot < _abi.FIL_PROCESSES_KEPT:
            return
        file = open_regular(shared_path, os.O_RDWR | os.O_NOFOLLOW)
        try:
            place = _abi.PROCESSES_FORMAT_SIZE + slot * _abi.SLOT_SIZE
            if _read_slot(file, place)["pid"] != pid:
                return  # it is another's: the number in the recording may be forged
            shared.ended(slot)
            told = _read_slot(file, place)
            if told["state"] == _abi.FIL_SLOT_ENDED and told["ended_best"]:
                ended = told["ended_best"].to_bytes(4, "little")
                os.pwrite(recording, ended, _abi.HEADER_OFFSETS["ended_best"])
                os.pwrite(file, _STATE_AND_PID.pack(_abi.FIL_SLOT_FREE, 0), place + _abi.SLOT_OFFSETS["state"])
        finally:
            os.close(file)
    finally:
        os.close(recording)


def _read_slot(file: int, place: int) -> "Dict[str, int]":
    return dict(zip(_abi.SLOT_FIELDS, _SLOT.unpack(os.pread(file, _SLOT.size, place))))


class RecordedChildren:
    """The recorded processes of one run, but the program's own.

    pids: their process numbers, without those that have become programs which do not record themselves.
    """

    def __init__(self, folder: str, supervisor: "Optional[Supervisor]" = None) -> None:
        """folder: where they make their recordings. supervisor: is to look when one ends."""
        self._folder = folder
        self._supervisor = supervisor
        self._shared_path = os.path.join(folder, SHARED_NAME)
        self._shared = SharedProcesses(self._shared_path)
        self._ended = EndedProcesses(folder)
        self._changed_ns = 0
        self._known: "Set[str]" = set()
        self.pids: "Set[int]" = set()
        self._alive: "Dict[str, _Child]" = {}

    def look(self, now: float) -> float:
        """Sample those whose time has come. Returns the seconds until the next call. now: time.monotonic()."""
        self._find_new(now)
        self._note_ends()
        for child in list(self._alive.values()):
            if now < child.wanted:
                continue
            child.wanted = now + max(child.sampler.look(now), _SECONDS_FOR_EACH * len(self._alive))
            if child.sampler.became_another:
                self.pids.discard(child.pid)
                self._end(child)
        return min([child.wanted - now for child in self._alive.values()], default=_NEVER)

    def _find_new(self, now: float) -> None:
        try:
            changed_ns = os.stat(self._folder).st_mtime_ns
            if changed_ns == self._changed_ns:
                return
            names = os.listdir(self._folder)
        except OSError:
            return
        new = [name for name in names if name not in self._known and is_process_name(name)]
        room = _MOST - len(self._alive)
        settled = int(time.time() * 1e9) - changed_ns > _CLOCK_STEP_NS
        self._changed_ns = changed_ns if settled and len(new) <= room else 0  # 0: list it again
        for name in new[:room]:
            self._known.add(name)
            child = self._alive[name] = _Child(self._folder, name, now)
            self.pids.add(child.pid)
            if child.end is not None and self._supervisor is not None:
                self._supervisor.wake_on(child.end)

    def _note_ends(self) -> None:
        for child in list(self._alive.values()):
            if not child.sampler.is_alive():
                self._end(child)

    def _end(self, child: _Child) -> None:
        """The process has ended, or it is no longer the one that records."""
        del self._alive[child.name]
        child.sampler.close()
        if child.end is not None:
            if self._supervisor is not None:
                self._supervisor.forget(child.end)
            os.close(child.end)
        self.ended(child.path, child.pid)
        self._ended.add(child.name)

    def ended(self, recording_path: str, pid: int) -> None:
        """A process that recorded itself has ended, or the program."""
        try:
            _end_slot(recording_path, pid, self._shared, self._shared_path)
        except (OSError, LibraryError, struct_error):
            pass  # then its memory counts on, which the report's bound does not tell

    def wait(self, seconds: float) -> int:
        """The program has ended: wait at most so long for processes that end with it. Returns how many still run."""
        end = time.monotonic() + seconds
        while True:
            now = time.monotonic()
            self._find_new(now)
            self._note_ends()
            if not self._alive or now >= end:
                return len(self._alive)
            self._wait_for_an_end(end - now)

    def _wait_for_an_end(self, seconds: float) -> None:
        ends = select.poll()
        for child in self._alive.values():
            if child.end is None:
                seconds = min(seconds, _BETWEEN_SECONDS)
            else:
                ends.register(child.end, select.POLLIN)
        ends.poll(seconds * 1000)

    def write(self) -> None:
        """Write pending samples: the recordings are about to be read."""
        for child in self._alive.values():
            child.sampler.write()

    def close(self) -> None:
        """Write pending samples and close all files."""
        for child in self._alive.values():
            child.sampler.close()
            if child.end is not None:
                os.close(child.end)
        self._alive.clear()
