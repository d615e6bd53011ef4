"""What limits the program's memory, how much is left, and whether the kernel has killed programs that ran out of it.

Read from /proc and from the control groups of this process, which the program shares: version 1 and version 2, with the
limits of all groups above. Reclaimable page cache does not count as used.
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
    """The machine's memory in bytes, without /proc; None if not known."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError):
        return None


class _Files:
    """Names of a control group's files, and of the page cache fields in its memory.stat."""

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
    """Watches the limits. Must be created before the program starts."""

    def __init__(self, root: str = "/") -> None:
        """root: the folder that contains proc and sys."""
        self._root = root
        self._files = _VERSION_2
        self._groups = self._find_groups()  # the process's own first, then its ancestors
        self._kills_before = self._kills_lately = self._kills()
        self._remember_next = 0.0

    def killed(self, outcome: "Outcome") -> bool:
        """Whether the out-of-memory killer ended the program: it was killed, and the kernel's counter rose."""
        return outcome.signal == 9 and self._kills() > self._kills_before

    def remember_kills(self, now: float) -> None:
        """Ignore older OOM kills (of the program's workers, for example) when the program itself ends.

        now: any clock, in seconds. Recent kills still count, because the program may be slow to exit after its own.
        """
        if now >= self._remember_next:
            self._kills_before, self._kills_lately = self._kills_lately, self._kills()
            self._remember_next = now + _KILL_SECONDS

    def is_low(self) -> bool:
        """Whether so little memory is left that the program may soon be killed."""
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
        """The control groups' limit in bytes; None if it is not below the machine's memory."""
        limits = [limit for limit in map(self._group_limit, self._groups) if limit is not None]
        physical = self.physical_bytes()
        smallest = min(limits) if limits else None
        return None if smallest is None or (physical is not None and smallest >= physical) else smallest

    def physical_bytes(self) -> "Optional[int]":
        """The machine's memory in bytes; None if not known."""
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
                continue  # version 1 has the memory controller
            self._files = _VERSION_1 if kind == "cgroup" else _VERSION_2
            mounted, point = before.split(" ")[3:5]
            return self._upwards(os.path.join(self._root, point.lstrip("/")), paths[kind], mounted)
        return []

    @staticmethod
    def _upwards(point: str, path: str, mounted: str) -> "List[str]":
        """The folders of a group and its ancestors, as far as they are mounted."""
        below = path[len(mounted.rstrip("/")) :] if (path + "/").startswith(mounted.rstrip("/") + "/") else ""
        parts = [part for part in below.split("/") if part]
        groups = [os.path.join(point, *parts[:count]) for count in range(len(parts), -1, -1)]
        return [group for group in groups if os.path.isdir(group)]

    def _kills(self) -> int:
        """Number of OOM kills: in our own group or, if it has no counter, on the machine."""
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
        """The machine's total and available memory in bytes; None if not known."""
        sizes = self._numbers("proc/meminfo", ("MemTotal:", "MemAvailable:"))  # KiB
        total, available = sizes.get("MemTotal:"), sizes.get("MemAvailable:")
        return None if total is None else total * 1024, None if available is None else available * 1024

    def _numbers(self, path: str, names: "Tuple[str, ...]") -> "Dict[str, int]":
        """The numbers of these names, where present, from a file whose lines begin with a name and a number."""
        rows = [line.split() for line in self._lines(path) if line.startswith(names)]
        return {row[0]: int(row[1]) for row in rows if len(row) > 1 and row[0] in names and row[1].isdigit()}

    def _lines(self, path: str) -> "List[str]":
        try:
            with open(os.path.join(self._root, path), "rb", 0) as file:
                return os.fsdecode(file.readall()).splitlines()
        except OSError:
            return []
