"""The profile of one run at one moment.

All sizes are bytes, as exact integers. Nothing here reads files or depends on the forms of the report.
"""

from filprofiler.profile.program import Program
from filprofiler.profile.totals import FlatTree, Totals
from filprofiler.profile.tree import Node, Site
from filprofiler.recording.processes import OtherProcesses

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, Iterator, List, Optional, Sequence, Tuple, Union

    from filprofiler.profile.columns import Columns, SavedColumns
    from filprofiler.profile.failed_request import FailedRequest
    from filprofiler.profile.folding import FoldedTree
    from filprofiler.profile.hint import Hint
    from filprofiler.profile.memory_breakdown import MemoryBreakdown
    from filprofiler.profile.processes import Together
    from filprofiler.profile.threads import ThreadAtPeak

PEAK = "peak"
OUT_OF_MEMORY = "out of memory"


class Profile:
    """Everything known about one run at one moment: its peak, or when it ran out of memory.

    program: the run.
    moment: PEAK or OUT_OF_MEMORY.
    root: the tree of call stacks; its total_bytes were live at that moment.
    failed_requests: number of failed requests for memory in the whole run. failures: the last of them.
    fatal_request: for OUT_OF_MEMORY, the failed request of that moment; None if not known.
    functions: by path, the functions in call stacks: first line and name.
    changed_files: for a saved profile, paths of files that were not the code that ran.
    folds: whether most forms of the report combine small call stacks; may be set before anything is written.
    python_version: PY_VERSION_HEX of the profiled interpreter.
    pid: of the profiled process.
    peak_seconds: that moment, in seconds since tracking began; None if not known.
    started_unix_ns: wall clock when tracking began, nanoseconds since 1970.
    timeline: (seconds since tracking began, tracked bytes, resident bytes), in order of time; at most 500.
    missed: (number of events or 0 if not known, reason) for everything that could not be recorded; empty if the profile
        is exact.
    main_paths: paths of the files with which the program began.
    tells_big: whether its nodes' own_big_bytes are known.
    saved_hints: the hints of a saved profile; None: they are computed (see hints.py).
    columns: finds the part of a line that allocated memory; None if not known.
    threads: the threads alive at the peak; empty if there was only one, or if not known.
    memory: where the memory was; None if not known at all.
    processes: processes that these numbers do not include.
    together: the processes of the run and what each has of the peak, if several were recorded; else None.
    followed: whether a profile function followed the calls because the interpreter's frames could not be read.
    """

    __slots__ = (
        "columns",
        "timeline",
        "together",
        "failed_requests",
        "_flat",
        "_shown",
        "_totals",
        "failures",
        "changed_files",
        "fatal_request",
        "folds",
        "functions",
        "followed",
        "main_paths",
        "memory",
        "missed",
        "moment",
        "peak_seconds",
        "pid",
        "processes",
        "program",
        "python_version",
        "root",
        "saved_hints",
        "started_unix_ns",
        "tells_big",
        "threads",
    )

    def __init__(
        self,
        program: Program,
        root: Node,
        python_version: int = 0,
        pid: int = 0,
        peak_seconds: "Optional[float]" = None,
        started_unix_ns: int = 0,
        missed: "Sequence[Tuple[int, str]]" = (),
        main_paths: "Sequence[str]" = (),
        columns: "Union[Columns, SavedColumns, None]" = None,
        timeline: "Sequence[Tuple[float, int, int]]" = (),
        moment: str = PEAK,
        failed_requests: int = 0,
        failures: "Sequence[FailedRequest]" = (),
        fatal_request: "Optional[FailedRequest]" = None,
        followed: bool = False,
        threads: "Sequence[ThreadAtPeak]" = (),
        memory: "Optional[MemoryBreakdown]" = None,
        processes: "Optional[OtherProcesses]" = None,
        functions: "Optional[Dict[str, List[Tuple[int, str]]]]" = None,
        tells_big: bool = False,
    ) -> None:
        self.program = program
        self.root = root
        self.python_version = python_version
        self.pid = pid
        self.peak_seconds = peak_seconds
        self.started_unix_ns = started_unix_ns
        self.missed = tuple(missed)
        self.main_paths = frozenset(main_paths)
        self.columns = columns
        self.followed = followed
        self.threads = tuple(threads)
        self.memory = memory
        self.processes = processes or OtherProcesses()
        self.timeline = tuple(timeline)
        self.moment = moment
        self.failed_requests = failed_requests
        self.failures = tuple(failures)
        self.fatal_request = fatal_request
        self.together: "Optional[Together]" = None
        self.saved_hints: "Optional[Tuple[Hint, ...]]" = None
        self.folds = True
        self.tells_big = tells_big
        self.functions = functions or {}
        self.changed_files: "Tuple[str, ...]" = ()
        self._flat: "Optional[FlatTree]" = None
        self._shown: "Union[FlatTree, FoldedTree, None]" = None
        self._totals: "Optional[Totals]" = None

    @property
    def peak_bytes(self) -> int:
        """Bytes live at the reported moment: the exact sum over all call stacks."""
        return self.root.total_bytes

    @property
    def flat(self) -> FlatTree:
        """The tree by columns, in preorder; made on first use. The tree must not change afterwards."""
        if self._flat is None:
            self._flat = FlatTree(self.root)
        return self._flat

    @property
    def shown(self) -> "Union[FlatTree, FoldedTree]":
        """The tree as most forms of the report show it, by columns like `flat`: small call stacks folded if `folds`."""
        if self._shown is None and self.folds:
            from filprofiler.profile.folding import FoldedTree

            self._shown = FoldedTree(self.flat, self.totals)
        return self._shown or self.flat

    @property
    def totals(self) -> Totals:
        """What each line and each function holds; made on first use, like `flat`."""
        if self._totals is None:
            self._totals = Totals(self.flat)
        return self._totals

    @property
    def complete(self) -> bool:
        """Whether every event was recorded with its call stack."""
        return not self.missed

    def callstacks(self) -> "Iterator[Tuple[List[Site], int]]":
        """Every call stack with bytes of its own: its sites, outermost first, and the bytes."""
        pending = [self.root]
        while pending:
            node = pending.pop()
            if node.own_bytes:
                yield node.stack(), node.own_bytes
            pending.extend(reversed(node.children))

    @property
    def resident_then(self) -> "Optional[int]":
        """Resident memory sampled near the reported moment, in bytes; None: not known."""
        return None if self.memory is None else self.memory.at_moment.resident_bytes

    @property
    def resident_at_most(self) -> "Optional[int]":
        """The largest resident memory of the process, in bytes; None: not known.

        The kernel's maximum lags a little behind: a larger sample counts instead. If the process became another
        program, the kernel's maximum includes that program. Of several processes together none is known: what they
        share would count for each.
        """
        told = self.program.resident_peak_bytes
        if told is None or self.processes.became or self.together is not None:
            return None
        uses = () if self.memory is None else (self.memory.at_moment, self.memory.at_end)
        read = [use.resident_bytes or 0 for use in uses if use is not None]
        return max([told, *read, *[resident for _seconds, _tracked, resident in self.timeline]])
