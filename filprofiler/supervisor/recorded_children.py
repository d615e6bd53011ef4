"""Watches the processes that the program starts and that record themselves: samples each as the program is sampled.

Each makes its recording in a folder of the run. There may be hundreds, and most do not live long: the folder is listed
only when it has changed, and every process is looked at in its own rhythm.
"""

import os
import time

from filprofiler.result_folder import is_process_name
from filprofiler.supervisor.sampler import Sampler

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, Set, Tuple

_MOST = 128  # processes sampled at a time; each needs some descriptors
_SECONDS_FOR_EACH = 0.004  # least pause between two samples of one, times their number
_NEVER = 3600.0
_BETWEEN_SECONDS = 0.005


class RecordedChildren:
    """The recorded processes of one run, but the program's own.

    pids: their process numbers, without those that have become programs which do not record themselves.
    """

    def __init__(self, folder: str) -> None:
        """folder: where they make their recordings."""
        self._folder = folder
        self._changed_ns = 0
        self._known: "Set[str]" = set()
        self.pids: "Set[int]" = set()
        self._alive: "Dict[str, Tuple[Sampler, float]]" = {}  # and when to look again

    def look(self, now: float) -> float:
        """Sample those whose time has come. Returns the seconds until the next call. now: time.monotonic()."""
        self._find_new(now)
        for name, (sampler, wanted) in list(self._alive.items()):
            if now < wanted:
                continue
            pause = max(sampler.look(now), _SECONDS_FOR_EACH * len(self._alive))
            if sampler.became_another:
                self.pids.discard(_pid_of(name))
            if sampler.ended:
                sampler.close()
                del self._alive[name]
            else:
                self._alive[name] = sampler, now + pause
        return min([wanted - now for _sampler, wanted in self._alive.values()], default=_NEVER)

    def _find_new(self, now: float) -> None:
        try:
            changed_ns = os.stat(self._folder).st_mtime_ns
            if changed_ns == self._changed_ns:
                return
            names = os.listdir(self._folder)
        except OSError:
            return
        self._changed_ns = changed_ns
        for name in names:
            if name not in self._known and is_process_name(name) and len(self._alive) < _MOST:
                self._known.add(name)
                self.pids.add(_pid_of(name))
                sampler = Sampler(os.path.join(self._folder, name), _pid_of(name), looks_further=False)
                self._alive[name] = sampler, now

    def wait(self, seconds: float) -> int:
        """The program has ended: wait at most so long for processes that end with it. Returns how many still run."""
        end = time.monotonic() + seconds
        while True:
            now = time.monotonic()
            self._find_new(now)
            for name, (sampler, _wanted) in list(self._alive.items()):
                if not sampler.is_alive():
                    sampler.close()
                    del self._alive[name]
            if not self._alive or now >= end:
                return len(self._alive)
            time.sleep(_BETWEEN_SECONDS)

    def write(self) -> None:
        """Write pending samples: the recordings are about to be read."""
        for sampler, _wanted in self._alive.values():
            sampler.write()

    def close(self) -> None:
        """Write pending samples and close all files."""
        for sampler, _wanted in self._alive.values():
            sampler.close()
        self._alive.clear()


def _pid_of(name: str) -> int:
    """The process number in the name of a recording."""
    return int(name.partition("-")[0])
