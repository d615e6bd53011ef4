"""What a profile is made of: the run, the sites in the source, and the tree of callstacks.

All sizes are bytes, as exact integers. Nothing here reads a file or knows how a report looks.
"""

from _operator import attrgetter  # the part in C: the module itself costs every report a third of a millisecond

from filprofiler.profile.flat_tree import FlatTree
from filprofiler.profile.program import Program
from filprofiler.profile.totals import Totals
from filprofiler.recording.processes import OtherProcesses

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, Iterator, List, Optional, Sequence, Tuple, Union

    from filprofiler.profile.columns import Columns, SavedColumns
    from filprofiler.profile.failed_request import FailedRequest
    from filprofiler.profile.folding import FoldedTree
    from filprofiler.profile.remark import Remark
    from filprofiler.profile.threads import ThreadAtPeak
    from filprofiler.profile.whereabouts import Whereabouts


LEAST_REMARKED_BYTES = 1 << 20  # what is smaller is not worth a remark


class Site:
    """One line of one function: the unit in which callstacks are told.

    path: the file as the code object names it; the script's own as the user gave it. "" for a special site.
    name: the function's name; for a special site the whole text, such as "[No Python stack]".
    line: line number, 1-based; 0 for a special site.
    """

    __slots__ = ("line", "name", "path")

    def __init__(self, path: str, name: str, line: int) -> None:
        self.path = path
        self.name = name
        self.line = line

    @property
    def special(self) -> bool:
        """Whether this stands for something that is not a place in the source."""
        return not self.path

    @property
    def order(self) -> "Tuple[str, int, str]":
        """By what sites are sorted, so that among equals it is always the same one that comes first."""
        return self.path, self.line, self.name

    def __repr__(self) -> str:
        return self.name if self.special else "%s:%d (%s)" % (self.path, self.line, self.name)


LEFT_OUT = Site("<frames left out>", "of a deep recursion", 0)

_TOTAL_BYTES = attrgetter("total_bytes")

# Shared by all leaves, which are most of a large tree; never changed.
_NO_CHILDREN = []  # type: List[Node]


class Node:
    """A callstack in the tree: the sites from the root's child down to this node.

    own_bytes: bytes asked for by exactly this callstack.
    total_bytes: those, and all below.
    callstacks: number of callstacks with bytes of their own, here and below.
    children: largest first; among equals, the one that asked for memory first.
    imported: whether the frame above imported what this node tells of, so that it belongs to the import.
    thread: if this frame is the outermost of a thread that the frame above it started or handed work, that thread in
        words ("thread Loader-1 and 7 others"), else "".
    """

    __slots__ = ("callstacks", "children", "imported", "own_bytes", "parent", "site", "thread", "total_bytes")

    def __init__(self, site: Site, parent: "Optional[Node]", own_bytes: int = 0) -> None:
        self.site = site
        self.parent = parent
        self.imported = False
        self.thread = ""
        self.own_bytes = own_bytes
        self.total_bytes = 0
        self.callstacks = 0
        self.children = _NO_CHILDREN

    def stack(self, most: "Optional[int]" = None) -> "List[Site]":
        """The sites of this callstack, outermost first; the root itself is no site.

        most: of a deeper one so many of the innermost sites, below one that stands for the others.
        """
        sites = []  # type: List[Site]
        node = self
        while node.parent is not None and len(sites) != most:
            sites.append(node.site)
            node = node.parent
        if node.parent is not None:
            sites.append(LEFT_OUT)
        sites.reverse()
        return sites


SMALLER_NAME = "[smaller callstacks]"  # of the site of nodes that stand for many: see folding.py

PEAK = "peak"
OUT_OF_MEMORY = "out of memory"


def sum_up(nodes: "List[Node]") -> None:
    """Fill in totals, numbers of callstacks, and children, largest first. Parents stand before their children."""
    for node in reversed(nodes):
        node.total_bytes += node.own_bytes
        node.callstacks += 1 if node.own_bytes else 0
        parent = node.parent
        if parent is not None and node.total_bytes:
            parent.total_bytes += node.total_bytes
            parent.callstacks += node.callstacks
            if parent.children:
                parent.children.append(node)
            else:
                parent.children = [node]
    for node in nodes:
        if len(node.children) > 1:  # the last one stands first; among equals the one that was met first shall
            node.children.sort(key=_TOTAL_BYTES)
            node.children.reverse()


class Profile:
    """Everything that was found out about one run at one moment: its peak, or when it ran out of memory.

    program: the run.
    moment: PEAK or OUT_OF_MEMORY.
    root: the tree of callstacks; its total_bytes is what was live at that moment.
    failed_requests: how many requests for memory failed in the whole run; failures: the last of them.
    fatal_request: of an OUT_OF_MEMORY profile, the request at whose failure this was live; None if it is not known.
    functions: by path, the functions that were met: first line and name.
    changed_files: of a saved profile, the paths of files that were not what ran.
    folds: whether most forms of the report tell small callstacks together; may be set before anything is written.
    python_version: PY_VERSION_HEX of the profiled interpreter.
    pid: of the profiled process.
    peak_seconds: when that moment was, in seconds since tracking began, or None if that is not known.
    started_unix_ns: wall clock when tracking began, nanoseconds since 1970.
    curve: (seconds since tracking began, tracked bytes, resident bytes), in the order of time; at most 500.
    missed: (number of events, 0 if that is not known, reason) for all that could not be recorded; empty if the profile
        is exact.
    main_paths: paths of the files whose code the program began with.
    saved_remarks: the remarks that came with a saved profile; None: they are worked out (see remarks.py).
    columns: tells which part of a line asked for memory, or None if nothing is known of that.
    threads: the threads that were there at the peak; empty if there was one only, or that is not known.
    memory: where the memory was; None if it is not known at all.
    processes: what is known of processes that are not in these numbers.
    followed: whether a profile function followed the calls, because the interpreter's frames could not be read.
    """

    __slots__ = (
        "columns",
        "curve",
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
        "saved_remarks",
        "started_unix_ns",
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
        curve: "Sequence[Tuple[float, int, int]]" = (),
        moment: str = PEAK,
        failed_requests: int = 0,
        failures: "Sequence[FailedRequest]" = (),
        fatal_request: "Optional[FailedRequest]" = None,
        followed: bool = False,
        threads: "Sequence[ThreadAtPeak]" = (),
        memory: "Optional[Whereabouts]" = None,
        processes: "Optional[OtherProcesses]" = None,
        functions: "Optional[Dict[str, List[Tuple[int, str]]]]" = None,
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
        self.curve = tuple(curve)
        self.moment = moment
        self.failed_requests = failed_requests
        self.failures = tuple(failures)
        self.fatal_request = fatal_request
        self.saved_remarks = None  # type: Optional[Tuple[Remark, ...]]
        self.folds = True
        self.functions = functions or {}
        self.changed_files = ()  # type: Tuple[str, ...]
        self._flat = None  # type: Optional[FlatTree]
        self._shown = None  # type: Union[FlatTree, FoldedTree, None]
        self._totals = None  # type: Optional[Totals]

    @property
    def peak_bytes(self) -> int:
        """Bytes live at the moment that is told: the exact sum over all callstacks."""
        return self.root.total_bytes

    @property
    def flat(self) -> FlatTree:
        """The tree by columns, in preorder; made when it is first asked for. The tree may not be changed any more."""
        if self._flat is None:
            self._flat = FlatTree(self.root)
        return self._flat

    @property
    def shown(self) -> "Union[FlatTree, FoldedTree]":
        """The tree as most forms of the report tell it, by columns, as `flat`: small callstacks folded if `folds`."""
        if self._shown is None and self.folds:
            from filprofiler.profile.folding import FoldedTree

            self._shown = FoldedTree(self.flat, self.totals)
        return self._shown or self.flat

    @property
    def totals(self) -> Totals:
        """What each line and each function holds; worked out when it is first asked for, as `flat`."""
        if self._totals is None:
            self._totals = Totals(self.flat)
        return self._totals

    @property
    def complete(self) -> bool:
        """Whether every event was recorded with its callstack."""
        return not self.missed

    def callstacks(self) -> "Iterator[Tuple[List[Site], int]]":
        """Every callstack with bytes of its own: its sites, outermost first, and the bytes."""
        pending = [self.root]
        while pending:
            node = pending.pop()
            if node.own_bytes:
                yield node.stack(), node.own_bytes
            pending.extend(reversed(node.children))
