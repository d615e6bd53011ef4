"""From a recording to a profile: frames become sites in the source, and equal callstacks one node.

The recording tells frames apart by function and instruction; a person by line. Here they are merged by file, function
and line, our own frames at the root and threading's round the start of a thread are left out, and what was held at the
peak is added up.
"""

from itertools import compress

from filprofiler import _abi
from filprofiler.profile import filters
from filprofiler.profile.collector import PausedCollector
from filprofiler.profile.lines import table_of
from filprofiler.profile.model import Node, Profile, Program, Site

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, List, Optional, Set, Tuple

    from filprofiler.recording.reader import Code, Recording

ROOT_NAME = "all"
NO_STACK_NAME = "[No Python stack]"
LOST_NAME = "[Callstack not recorded]"

MISSED_REASONS = {
    _abi.FIL_MISSED_CALLSTACK: "the callstack was lost, because the recording could not grow",
    _abi.FIL_MISSED_BLOCK: "the bytes were not counted, because the table of addresses could not grow",
    _abi.FIL_MISSED_MAPPING: "the bytes of a mapping were not counted, because the table of mappings could not grow",
    _abi.FIL_MISSED_TEXT: "a function's name or lines were not kept, because the recording could not grow",
}
UNSEEN_REASONS = dict(MISSED_REASONS)
UNSEEN_REASONS[_abi.FIL_MISSED_CALLSTACK] = "the callstack was not seen: the program set a profile function of its own"
_DAMAGED_REASON = "a row of the recording was damaged"
_UNKNOWN_REASON = "the reason is unknown to this version"

# How far a callstack has come, seen from its root.
_START = 0  # nothing yet
_OWN = 1  # only our own frames, and runpy's behind them
_THREAD = 2  # only threading's frames, below the start of a thread
_KEPT = 3  # frames that are shown


def build_profile(recording: "Recording", program: Program) -> Profile:
    """Build the profile of a recording.

    Every byte of the recording's peak is in the tree: what has no frame left is told under "[No Python stack]", and
    what has a callstack that was not recorded under "[Callstack not recorded]".
    """
    builder = _TreeBuilder(recording, program)
    with PausedCollector():
        root = builder.build()
    return Profile(
        program,
        root,
        python_version=recording.python_version,
        pid=recording.pid,
        peak_seconds=_peak_seconds(recording, program),
        started_unix_ns=recording.started_unix_ns,
        missed=_missed(recording),
        followed=recording.stacks == _abi.FIL_STACKS_PROFILED,
        main_paths=sorted(builder.main_paths),
    )


def _peak_seconds(recording: "Recording", program: Program) -> "Optional[float]":
    if recording.peak_clock_ns is None:  # still rising when the program ended
        return program.elapsed_seconds
    elapsed_ns = recording.peak_clock_ns - recording.started_clock_ns
    return elapsed_ns / 1e9 if elapsed_ns >= 0 else None


def _missed(recording: "Recording") -> "List[Tuple[int, str]]":
    followed = recording.stacks == _abi.FIL_STACKS_PROFILED
    reasons = UNSEEN_REASONS if followed else MISSED_REASONS
    missed = [(count, reasons.get(reason, _UNKNOWN_REASON)) for reason, count in enumerate(recording.missed) if count]
    if recording.damaged:
        missed.append((recording.damaged, _DAMAGED_REASON))
    return missed


class _Function:
    """What is needed of a function for its frames: how it is shown, its lines, and its sites so far, by line."""

    __slots__ = ("first_line", "name", "path", "shim", "sites", "table")

    def __init__(self, path: str, code: "Code", recording: "Recording") -> None:
        self.path = path
        self.name = code.name
        self.first_line = code.first_line
        self.shim = filters.is_interpreter_shim(code.filename, code.name, code.first_line)
        self.table = table_of(recording, code)
        self.sites = {}  # type: Dict[int, int]


class _SiteTable:
    """The sites of a recording's frames, each once.

    sites: by number; number 0 stands for no site.
    known: what `number` has answered so far; the keys are code_number << 32 ^ offset.
    """

    def __init__(self, recording: "Recording", program: Program) -> None:
        self._recording = recording
        self._program = program
        self._functions = {}  # type: Dict[int, _Function]
        self._by_place = {}  # type: Dict[Tuple[str, str, int], int]
        self.known = {}  # type: Dict[int, int]
        self.sites = [Site("", "", 0)]

    def number(self, code_number: int, offset: int) -> int:
        """The number, in `sites`, of a function's instruction; 0 for a frame that is no place in the program.

        An instruction to which the compiler gave no line has the function's first.
        """
        key = code_number << 32 ^ offset
        found = self.known.get(key)
        if found is None:
            function = self._functions.get(code_number) or self._function(code_number)
            line = function.table.line(offset) if function.table is not None else 0
            if line <= 0:
                line = function.first_line
            found = function.sites.get(line)
            if found is None:
                found = function.sites[line] = 0 if function.shim else self._of_place(function, line)
            self.known[key] = found
        return found

    def _function(self, code_number: int) -> _Function:
        code = self._recording.code(code_number)
        function = _Function(self._shown(code.filename), code, self._recording)
        self._functions[code_number] = function
        return function

    def _of_place(self, function: _Function, line: int) -> int:
        """Functions of the same name in the same file share their sites."""
        place = (function.path, function.name, line)
        found = self._by_place.get(place)
        if found is None:
            found = self._by_place[place] = len(self.sites)
            self.sites.append(Site(*place))
        return found

    def _shown(self, filename: str) -> str:
        """The script's own file as the user gave it, any other as it is."""
        program = self._program
        if program.script is not None and filename == program.script_absolute:
            return program.script
        return filename


class _TreeBuilder:
    """Builds the tree of nodes that hold bytes at the peak."""

    def __init__(self, recording: "Recording", program: Program) -> None:
        self._recording = recording
        self._table = _SiteTable(recording, program)
        self._own_files = frozenset(program.own_files)
        self._nodes = []  # type: List[Node]
        self._children = {}  # type: Dict[int, int]
        self.main_paths = set()  # type: Set[str]

    def build(self) -> Node:
        """The root of the tree, with all sums."""
        recording = self._recording
        root = Node(Site("", ROOT_NAME, 0), None)
        self._nodes.append(root)
        wanted = _with_bytes(recording)
        self._at = [0] * recording.node_count  # number of the Node of each of the recording's nodes
        self._phase = bytearray(recording.node_count)
        lost = _abi.FIL_NODE_LOST
        if wanted[lost]:
            self._at[lost] = self._add_special(LOST_NAME, recording.peak[lost])
        self._phase[lost] = _KEPT
        root.own_bytes += recording.peak[_abi.FIL_NODE_NONE] + recording.peak[_abi.FIL_NODE_ROOT]
        self._place_all(wanted)
        if root.own_bytes:
            self._add_special(NO_STACK_NAME, root.own_bytes)
            root.own_bytes = 0
        _sum_up(self._nodes)
        return root

    def _add_special(self, name: str, own_bytes: int) -> int:
        """Add a child of the root that is no place in the source; its number."""
        self._nodes.append(Node(Site("", name, 0), self._nodes[0], own_bytes))
        return len(self._nodes) - 1

    def _place_all(self, wanted: bytearray) -> None:
        """Find or make the Node of each of the recording's nodes that is wanted, and give it its bytes.

        The ordinary ones, nearly all, are done right here.
        """
        recording, at, phase, nodes = self._recording, self._at, self._phase, self._nodes
        parents, codes, offsets, peak = recording.parents, recording.codes, recording.offsets, recording.peak
        sites, known, site_number = self._table.sites, self._table.known, self._table.number
        children = self._children
        first = _abi.FIL_NODE_FIRST
        for number in compress(range(first, len(wanted)), wanted[first:]):
            parent = parents[number]
            code = codes[number]
            site = known.get(code << 32 ^ offsets[number])
            if site is None and code:
                site = site_number(code, offsets[number])
            if site and phase[parent] == _KEPT:
                above = at[parent]
                key = above << 32 | site
                place = children.get(key)
                if place is None:
                    at[number] = children[key] = len(nodes)
                    nodes.append(Node(sites[site], nodes[above], peak[number]))
                else:
                    at[number] = place
                    nodes[place].own_bytes += peak[number]
                phase[number] = _KEPT
            else:
                self._place(number)
                nodes[at[number]].own_bytes += peak[number]

    def _place(self, number: int) -> None:
        """Find or make the Node of one of the recording's nodes; its parent has been placed."""
        recording = self._recording
        parent, code_number, offset = recording.parents[number], recording.codes[number], recording.offsets[number]
        self._at[number] = self._at[parent]
        self._phase[number] = phase = self._phase[parent]
        if code_number == 0:
            if offset == _abi.FIL_MARK_THREAD:
                self._at[number] = self._at[self._above_threading(parent)]
                self._phase[number] = _THREAD
            return
        site = self._table.number(code_number, offset)
        if site == 0 or self._left_out(number, phase):
            return
        self._at[number] = child = self._child(self._at[parent], site)
        self._phase[number] = _KEPT
        if phase == _THREAD:
            self._nodes[child].thread = True
        elif phase == _OWN and self._table.sites[site].name == "<module>":
            self.main_paths.add(self._table.sites[site].path)

    def _left_out(self, number: int, phase: int) -> bool:
        """Whether a frame is one of ours, runpy's or threading's that is not shown where it stands."""
        if phase == _KEPT:
            return False
        code = self._recording.code(self._recording.codes[number])
        if phase == _THREAD:
            return filters.is_thread_body(code.filename, code.name)
        if code.filename in self._own_files:
            self._phase[number] = _OWN
            return True
        return phase == _OWN and filters.is_runpy(code.filename)

    def _above_threading(self, number: int) -> int:
        """The nearest node, from that one on towards the root, that is no frame of threading's start."""
        recording = self._recording
        while number >= _abi.FIL_NODE_FIRST and recording.codes[number]:
            code = recording.code(recording.codes[number])
            if not filters.is_thread_starter(code.filename, code.name):
                break
            number = recording.parents[number]
        return number

    def _child(self, parent: int, site: int) -> int:
        key = parent << 32 | site
        found = self._children.get(key)
        if found is None:
            found = self._children[key] = len(self._nodes)
            self._nodes.append(Node(self._table.sites[site], self._nodes[parent]))
        return found


def _with_bytes(recording: "Recording") -> bytearray:
    """For each of the recording's nodes, whether it or one below it held bytes at the peak."""
    wanted = bytearray(recording.node_count)
    wanted[_abi.FIL_NODE_NONE] = 1
    parents = recording.parents
    for number in compress(range(recording.node_count), recording.peak):
        while not wanted[number]:
            wanted[number] = 1
            number = parents[number]
    return wanted


def _sum_up(nodes: "List[Node]") -> None:
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
        if len(node.children) > 1:
            node.children.sort(key=lambda child: (-child.total_bytes, child.site.order))
