"""What limits the program's memory, how much is left, and whether the kernel has ended programs for want of it.

Read from /proc and from the control groups of this process, which the program shares: version 1 and version 2, with the
limits of all groups above. Page cache that can be given back does not count as used.
"""

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, List, Optional, Tuple

    from filprofiler.supervisor.outcome import Outcome

_UNLIMITED = 1 << 60  # version 1 writes a number near 2**63 for "none"

# A checkpoint is written when less than a tenth is left, or less than this on a large machine.
_LARGEST_RESERVE = 256 << 20


_KILL_SECONDS = 10.0


def _memory_by_sysconf() -> "Optional[int]":
    """The machine's memory where there is no /proc; None if that is not told."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError):
        return None


class _Files:
    """Names of a control group's files, and of the page cache in its memory.stat."""

    def __init__(self, limit: str, used: str, kills: str, cache: "Tuple[str, str]") -> None:
        self.limit = limit
        self.used = used
        self.kills = kills
        self.cache = cache


_VERSION_1 = _Files(
    "memory.limit_in_bytes",
    "memory.usage_in_bytes",
    "memory.oom_control",
    ("total_inactive_file", "total_active_file"),
)
_VERSION_2 = _Files("memory.max", "memory.current", "memory.events", ("inactive_file", "active_file"))


class MemoryWatch:
    """Looks at the limits; made before the program starts."""

    def __init__(self, root: str = "/") -> None:
        """root: where /proc and /sys are found."""
        self._root = root
        self._files = _VERSION_2
        self._groups = self._find_groups()  # the process's own first, then those above
        self._kills_before = self._kills_lately = self._kills()
        self._remember_next = 0.0

    def killed(self, outcome: "Outcome") -> bool:
        """Whether the kernel has ended the program for want of memory: it was killed, and the kernel's counter rose."""
        return outcome.signal == 9 and self._kills() > self._kills_before

    def remember_kills(self, now: float) -> None:
        """Let kills that are some time ago (one of the program's workers, say) not count for its own end.

        now: any clock, in seconds. The program's own kill must still count while it is being torn down.
        """
        if now >= self._remember_next:
            self._kills_before, self._kills_lately = self._kills_lately, self._kills()
            self._remember_next = now + _KILL_SECONDS

    def is_low(self) -> bool:
        """Whether so little memory is left that the program may soon be ended."""
        limits = [self._machine()]
        for group in self._groups:
            allowed = self._group_limit(group)
            if allowed is not None:
                limits.append((allowed, allowed - self._used(group)))
        return any(
            limit is not None and left is not None and left < min(limit // 10, _LARGEST_RESERVE)
            for limit, left in limits
        )

    def group_bytes(self) -> "Optional[int]":
        """What the control groups allow; None if they set no limit below the machine's memory."""
        limits = [limit for limit in map(self._group_limit, self._groups) if limit is not None]
        physical = self.physical_bytes()
        smallest = min(limits) if limits else None
        return None if smallest is None or (physical is not None and smallest >= physical) else smallest

    def physical_bytes(self) -> "Optional[int]":
        """The machine's memory."""
        told = self._machine()[0]
        return _memory_by_sysconf() if told is None else told

    def _find_groups(self) -> "List[str]":
        """The folders of the control groups that may limit memory."""
        paths: "Dict[str, str]" = {}
        for line in self._lines("proc/self/cgroup"):
            _number, controllers, path = (line.split(":", 2) + ["", "", ""])[:3]
            if not path:
                continue
            if not controllers:
                paths["cgroup2"] = path
            elif "memory" in controllers.split(","):
                paths["cgroup"] = path
        for line in self._lines("proc/self/mountinfo"):
            before, _dash, after = line.partition(" - ")
            kind, _source, options = (after.split(" ", 2) + ["", "", ""])[:3]
            if kind not in paths or (kind == "cgroup" and "memory" not in options.split(",")):
                continue
            if len(before.split(" ")) < 5:
                continue
            if kind == "cgroup2" and "cgroup" in paths:
                continue  # the memory controller is with version 1
            self._files = _VERSION_1 if kind == "cgroup" else _VERSION_2
            mounted, point = before.split(" ")[3:5]
            return self._upwards(os.path.join(self._root, point.lstrip("/")), paths[kind], mounted)
        return []

    @staticmethod
    def _upwards(point: str, path: str, mounted: str) -> "List[str]":
        """The folder of a group and those above it, as far as they are mounted."""
        below = path[len(mounted.rstrip("/")) :] if (path + "/").startswith(mounted.rstrip("/") + "/") else ""
        parts = [part for part in below.split("/") if part]
        groups = [os.path.join(point, *parts[:count]) for count in range(len(parts), -1, -1)]
        return [group for group in groups if os.path.isdir(group)]

    def _kills(self) -> int:
        """Programs that the kernel has ended for want of memory: in our own group, or anywhere if that does not say."""
        for group in self._groups[:1]:
            kills = self._numbers(os.path.join(group, self._files.kills), ("oom_kill",)).get("oom_kill")
            if kills is not None:
                return kills
        return self._numbers("proc/vmstat", ("oom_kill",)).get("oom_kill", 0)

    def _group_limit(self, group: str) -> "Optional[int]":
        for line in self._lines(os.path.join(group, self._files.limit)):
            if line.isdigit() and int(line) < _UNLIMITED:
                return int(line)
        return None

    def _used(self, group: str) -> int:
        cache = sum(self._numbers(os.path.join(group, "memory.stat"), self._files.cache).values())
        return sum(int(line) for line in self._lines(os.path.join(group, self._files.used)) if line.isdigit()) - cache

    def _machine(self) -> "Tuple[Optional[int], Optional[int]]":
        """The machine's memory, and what of it can be had: bytes; None where it is not told."""
        sizes = self._numbers("proc/meminfo", ("MemTotal:", "MemAvailable:"))  # KiB
        total, available = sizes.get("MemTotal:"), sizes.get("MemAvailable:")
        return None if total is None else total * 1024, None if available is None else available * 1024

    def _numbers(self, path: str, names: "Tuple[str, ...]") -> "Dict[str, int]":
        """Of a file of lines that begin with a name and a number: the numbers of these names, if they are there."""
        rows = [line.split() for line in self._lines(path) if line.startswith(names)]
        return {row[0]: int(row[1]) for row in rows if len(row) > 1 and row[0] in names and row[1].isdigit()}

    def _lines(self, path: str) -> "List[str]":
        try:
            with open(os.path.join(self._root, path), "rb", 0) as file:
                return os.fsdecode(file.readall()).splitlines()
        except OSError:
            return []
