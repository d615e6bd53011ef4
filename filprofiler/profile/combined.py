"""The profile of a run of several recorded processes, at the moment when all of them together had most.

Recordings are added one by one, and only what the report shows of each is kept: a run can have hundreds.
"""

from filprofiler.profile.build import build_profile
from filprofiler.profile.model import Profile
from filprofiler.profile.processes import MergedTree, RecordedProcess, Share, Together, role_of
from filprofiler.profile.program import Program
from filprofiler.profile.top import TopLines
from filprofiler.profile.tree import Site
from filprofiler.recording.processes import OtherProcesses

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, List, Optional, Sequence, Tuple

    from filprofiler.recording.processes import Origin
    from filprofiler.recording.reader import Recording
    from filprofiler.recording.run import SharedPeak

ROOT_NAME = "all"

_LITTLE_BYTES = 1 << 20  # a process that became another program is not told unless it had more
_MOST_POINTS = 500  # of the timeline


class CombinedProfile:
    """Adds up the recordings of one run, the first being that of the program which the user has started."""

    def __init__(self, program: Program, shared: "SharedPeak", origins: "Sequence[Origin]") -> None:
        """origins: of all recordings but the first."""
        self._program = program
        self._starters: "Dict[str, Dict[int, List[Site]]]" = {}  # by recording: call stacks that start others
        for origin in origins:
            self._starters.setdefault(origin.starter, {})[origin.starter_node] = []
        self._below: "Dict[str, List[Site]]" = {}  # by recording: where its call stacks hang
        self._shared = shared
        self._tree = MergedTree(Site("", ROOT_NAME, 0))
        self._lines: "Dict[Site, Share]" = {}
        self._processes: "List[RecordedProcess]" = []
        self._curves: "List[List[Tuple[int, int, int]]]" = []
        self._roles: "Dict[int, str]" = {}
        self._root: "Optional[Profile]" = None
        self._missed: "Dict[str, Tuple[int, str]]" = {}
        self._main_paths: "List[str]" = []
        self._started_clock_ns = 0
        self._others_started = 0
        self._functions: "Dict[str, List[Tuple[int, str]]]" = {}

    def add(self, name: str, recording: "Recording") -> None:
        """Add a process's recording, after that of the process which has started it. name: of its file.

        One that only became another program is not told.
        """
        name = name.partition(".")[0]
        stacks = {node: sites for node, sites in self._starters.get(name, {}).items() if node < recording.node_count}
        part = build_profile(recording, self._program, held_then=self._shared.held(recording), stacks=stacks)
        self._starters[name] = stacks
        origin = recording.origin
        below = list(self._below.get(origin.starter, ()))
        role = self._role(recording)
        if self._root is not None and not origin.forked:
            below += self._starters.get(origin.starter, {}).get(origin.starter_node, ())
            below.append(Site("", "[%s]" % role, 0))
        self._below[name] = below
        self._others_started += recording.processes.started
        if recording.processes.became and recording.peak_bytes < _LITTLE_BYTES:
            return
        first = self._root is None
        if first:
            self._root = part
            self._started_clock_ns = recording.started_clock_ns
        self._tree.add(part.root, recording.pid, below)
        for line in TopLines(part).lines:
            site = self._tree.site(line.site)
            self._lines.setdefault(site, Share()).add(line.held_bytes, recording.pid)
        self._main_paths += part.main_paths
        for path, functions in part.functions.items():
            known = self._functions.setdefault(path, [])
            known += [function for function in functions if function not in known]
        for count, reason in part.missed:
            before = self._missed.get(reason, (0, reason))[0]
            self._missed[reason] = (before + count, reason)
        self._note(recording, role, part)

    def _role(self, recording: "Recording") -> str:
        if self._root is None or self._root.pid == recording.pid:
            role = "the program"
        elif recording.origin.forked:
            role = "fork of " + self._roles.get(recording.origin.parent_pid, "process %d" % recording.origin.parent_pid)
        else:
            role = role_of(recording.origin.command_line)
        self._roles[recording.pid] = role
        return role

    def _note(self, recording: "Recording", role: str, part: Profile) -> None:
        started = self._started_clock_ns
        samples = recording.samples
        self._curves.append(samples)
        self._processes.append(
            RecordedProcess(
                recording.pid,
                recording.origin.parent_pid,
                role,
                recording.origin.command_line,
                recording.origin.forked,
                recording.peak_bytes,
                part.root.total_bytes,
                (recording.started_clock_ns - started) / 1e9,
                (samples[-1][0] - started) / 1e9 if samples else None,
                max([resident for _clock, _tracked, resident in samples], default=None),
            )
        )

    @property
    def processes(self) -> int:
        """How many were added."""
        return len(self._processes)

    def finish(self) -> Profile:
        """The profile of all. At least one recording was added."""
        root = self._root
        assert root is not None
        self._processes.sort(key=lambda process: process.began_seconds)
        profile = Profile(
            self._program,
            self._tree.finish(),
            python_version=root.python_version,
            pid=root.pid,
            peak_seconds=self._shared.seconds(self._started_clock_ns),
            started_unix_ns=root.started_unix_ns,
            missed=list(self._missed.values()),
            main_paths=self._main_paths,
            timeline=self._timeline(),
            failed_requests=root.failed_requests,
            failures=root.failures,
            followed=root.followed,
            processes=OtherProcesses(
                max(root.processes.seen, self._others_started - len(self._processes) + 1),
                root.processes.largest_resident_bytes,
                root.processes.became,
            ),
            functions=self._functions,
            tells_big=True,
        )
        more_bytes = self._shared.more_bytes(profile.peak_bytes)
        profile.together = Together(self._processes, more_bytes, self._lines)
        return profile

    def _timeline(self) -> "List[Tuple[float, int, int]]":
        """Tracked and resident bytes of all processes together, whenever any of them was sampled."""
        events = sorted(
            (clock, number, tracked, resident)
            for number, samples in enumerate(self._curves)
            for clock, tracked, resident in samples + [(last[0] + 1, 0, 0) for last in samples[-1:]]
        )
        now: "Dict[int, Tuple[int, int]]" = {}
        points = []
        for clock, number, tracked, resident in events:
            now[number] = tracked, resident
            seconds = (clock - self._started_clock_ns) / 1e9
            points.append((seconds, sum(size for size, _ in now.values()), sum(size for _, size in now.values())))
        step = len(points) // _MOST_POINTS + 1
        return points[::step]
