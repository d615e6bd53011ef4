"""The profile of a run of several recorded processes, at the moment when all of them together had most.

Recordings are added one by one, and only what the report shows of each is kept: a run can have hundreds.
"""

from filprofiler.profile.build import ROOT_NAME, build_profile
from filprofiler.profile.model import Profile
from filprofiler.profile.processes import MergedTree, RecordedProcess, Share, Together, role_of
from filprofiler.profile.program import Program
from filprofiler.profile.top import TopLines
from filprofiler.profile.tree import Site
from filprofiler.recording.processes import OtherProcesses

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, List, Optional, Sequence, Tuple, Union

    from filprofiler.recording.overview import Overview
    from filprofiler.recording.processes import Origin
    from filprofiler.recording.reader import Recording
    from filprofiler.recording.run import SharedPeak

_LITTLE_BYTES = 1 << 20  # a process that became another program is not told unless it had more
_MOST_POINTS = 500  # of the timeline
_NOT_SHARED = "the shared totals were lost: each process is shown at its own peak; the combined peak may be lower"
_LEFT_OUT = "processes that could not share their totals: their memory is not in the combined peak"


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
        if self._root is None:
            self._root = part
            self._started_clock_ns = recording.started_clock_ns
        below = self._place(name, recording.pid, recording.origin)
        if not self._note(recording, part.root.total_bytes):
            return
        self._tree.add(part.root, below)
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

    def needs(self, process: "Overview") -> bool:
        """Whether the call stacks of a process are needed. If not, `add_without` takes it."""
        name = process.name.partition(".")[0]
        return name in self._starters or not self._shared.is_out(process.part, process.pid)

    def add_without(self, process: "Overview") -> None:
        """Add a process that had nothing at that moment, likewise."""
        self._place(process.name.partition(".")[0], process.pid, process.origin)
        self._note(process, 0)

    def _place(self, name: str, pid: int, origin: "Origin") -> "List[Site]":
        """Find out where a process's call stacks hang, and what its role is."""
        below = list(self._below.get(origin.starter, ()))
        if not self._below:
            self._roles[pid] = "the program"
        elif origin.forked:
            self._roles[pid] = "fork of " + self._roles.get(origin.parent_pid, "process %d" % origin.parent_pid)
        else:
            self._roles[pid] = role_of(origin.command_line)
            below += self._starters.get(origin.starter, {}).get(origin.starter_node, ())
            below.append(Site("", "[%s]" % self._roles[pid], 0))
        self._below[name] = below
        return below

    def _note(self, process: "Union[Recording, Overview]", part_bytes: int) -> bool:
        """Note a process for the table; False if it is not told. part_bytes: of the combined peak."""
        self._others_started += process.processes.started
        if process.processes.became and process.peak_bytes < _LITTLE_BYTES:
            return False
        if process.part.left_out:
            self._missed[_LEFT_OUT] = (self._missed.get(_LEFT_OUT, (0, ""))[0] + 1, _LEFT_OUT)
        started, samples = self._started_clock_ns, process.samples
        self._curves.append(samples)
        self._processes.append(
            RecordedProcess(
                process.pid,
                process.origin.parent_pid,
                self._roles[process.pid],
                process.origin.command_line,
                process.origin.forked,
                process.peak_bytes,
                part_bytes,
                (process.started_clock_ns - started) / 1e9,
                (samples[-1][0] - started) / 1e9 if samples else None,
                max([resident for _clock, _tracked, resident in samples], default=None),
            )
        )
        return True

    @property
    def processes(self) -> int:
        """How many were added."""
        return len(self._processes)

    def finish(self) -> Profile:
        """The profile of all. At least one recording was added."""
        root = self._root
        assert root is not None
        self._processes.sort(key=lambda process: process.began_seconds)
        tree = self._tree.finish()
        profile = Profile(
            self._program,
            tree,
            python_version=root.python_version,
            pid=root.pid,
            peak_seconds=self._shared.seconds(self._started_clock_ns),
            started_unix_ns=root.started_unix_ns,
            missed=list(self._missed.values()) + [(0, _NOT_SHARED)] * (not self._shared.known),
            main_paths=self._main_paths,
            timeline=self._timeline(tree.total_bytes),
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

    def _timeline(self, peak_bytes: int) -> "List[Tuple[float, int, int]]":
        """Tracked and resident bytes of all processes together, whenever any of them was sampled.

        The samples added up are not of the same instant, so their sum can exceed the peak, which is.
        """
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
            together = min(peak_bytes, sum(size for size, _ in now.values()))
            points.append((seconds, together, sum(size for _, size in now.values())))
        step = len(points) // _MOST_POINTS + 1
        return points[::step]
