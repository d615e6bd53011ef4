"""From a recording to a profile: frames become sites in the source, and equal call stacks one node.

The recording distinguishes frames by function and instruction. Here they are merged by file, function and line; our own
frames at the root, and those of threading and pools around the start of a thread, are left out; and the bytes held at
the peak are added up.

Modules that only some runs need are imported on demand: an import takes as long as thousands of nodes.
"""

from itertools import chain, compress

from filprofiler import _abi
from filprofiler.profile import filters
from filprofiler.profile.collector import PausedCollector
from filprofiler.profile.columns import Columns
from filprofiler.profile.memory_breakdown import mapped_at, memory_breakdown_of
from filprofiler.profile.model import OUT_OF_MEMORY, PEAK, Profile
from filprofiler.profile.program import STILL_RUNNING, Program
from filprofiler.profile.sites import SiteTable
from filprofiler.profile.times import peak_seconds, snapshot_is_recent, timeline_of
from filprofiler.profile.tree import Node, Site, sum_up
from filprofiler.recording.big import within

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, Iterable, List, Optional, Sequence, Set, Tuple

    from filprofiler.profile.failed_request import FailedRequest
    from filprofiler.profile.threads import ThreadAtPeak
    from filprofiler.recording.reader import Recording

ROOT_NAME = "all"
NO_STACK_NAME = "[No Python stack]"
LOST_NAME = "[Callstack not recorded]"
MODULE_CODE_NAME = "[module code]"

_NO_SNAPSHOT_REASON = "what was live when memory ran out could not be saved: the peak is shown instead"

_MOST_TOLD = 1000  # frames of a call stack outside the tree: where a thread was, what mapped a file
_MARKS_OF_STARTS = (_abi.FIL_MARK_THREAD, _abi.FIL_MARK_SUBMITTED, _abi.FIL_MARK_TASK, _abi.FIL_MARK_INTERPRETER)

# The state of a call stack while it is followed from its root.
_START = 0  # nothing yet
_OWN = 1  # only our own frames, and runpy's below them; nothing yet, if the whole program is profiled
_THREAD = 2  # only threading's frames, below the start of a thread
_KEPT = 3  # shown frames
_IMPORT = 4  # the import machinery's hidden frames, below any of the above
_THREADS_IMPORT = 5  # the same, below the start of a thread
_AS_IMPORT = {_THREAD: _THREADS_IMPORT, _THREADS_IMPORT: _THREADS_IMPORT}


def build_profile(
    recording: "Recording",
    program: Program,
    moment: str = PEAK,
    at_end: bool = False,
    held_then: "Optional[List[int]]" = None,
    stacks: "Optional[Dict[int, List[Site]]]" = None,
) -> Profile:
    """Build the profile of a recording at its peak or, if `moment` is OUT_OF_MEMORY, when memory ran out.

    at_end: memory ran out at the program's end; else when the last request failed.
    held_then: the bytes of each node at another moment, which is reported instead of the peak.
    stacks: filled in by number of one of the recording's nodes: its sites, outermost first.
    Every byte live at that moment is in the tree, some under "[No Python stack]" and "[Callstack not recorded]".
    """
    held, big, seconds, fatal_number = _held(recording, program, moment, at_end)
    if held_then is not None:
        held, big = held_then, within(big, held_then)  # big ones are only known at the peak
    missed = _without_snapshot(recording, moment, at_end)
    if program.entry_files or program.first_files:
        from filprofiler.profile.beginnings import begin_late

        begin_late(recording, program)
    mapped, clock_ns = mapped_at(recording, held)
    builder = _TreeBuilder(recording, program, held, big, stacks or ())
    with PausedCollector():
        root = builder.build()
    for number in stacks or ():
        stacks[number] = builder.stack(number)  # type: ignore[index]
    missed[:0] = _missed(recording, program)  # damage is known only after reading
    failures = _failures(recording, builder)
    fatal = next((failure for failure in failures if failure.number == fatal_number), None)
    if fatal is not None:
        seconds = fatal.seconds
    return Profile(
        program,
        root,
        python_version=recording.python_version,
        pid=recording.pid,
        peak_seconds=seconds,
        started_unix_ns=recording.started_unix_ns,
        followed=recording.stacks == _abi.FIL_STACKS_PROFILED,
        missed=missed,
        main_paths=sorted(builder.main_paths),
        columns=Columns(builder.table, recording, big),
        timeline=timeline_of(recording),
        moment=moment,
        failed_requests=recording.failed_requests,
        failures=failures,
        fatal_request=fatal,
        threads=_threads(recording, builder) if moment == PEAK else (),
        processes=recording.processes,
        memory=memory_breakdown_of(recording, root.total_bytes, mapped, clock_ns, builder.stack),
        functions=builder.table.functions(),
        tells_big=True,
    )


def _held(
    recording: "Recording", program: Program, moment: str, at_end: bool
) -> "Tuple[List[int], List[int], Optional[float], int]":
    """Bytes of each node at the reported moment, the big ones of these, when that was, and the failed request then."""
    seconds = peak_seconds(recording, program.elapsed_seconds)
    if moment != OUT_OF_MEMORY:
        return recording.peak, recording.big_peak, seconds, 0
    if at_end:
        return recording.current, recording.big_current, program.elapsed_seconds, 0
    if recording.at_failure is not None and snapshot_is_recent(recording):
        fatal_number = recording.failed_requests if recording.snapshot_failure else 0
        return recording.at_failure, recording.big_at_failure, None, fatal_number
    return recording.peak, recording.big_peak, seconds, recording.failed_requests


def _without_snapshot(recording: "Recording", moment: str, at_end: bool) -> "List[Tuple[int, str]]":
    """Says that the peak stands for the moment when memory ran out; empty if it does not."""
    if moment != OUT_OF_MEMORY or at_end or (recording.at_failure is not None and snapshot_is_recent(recording)):
        return []
    return [(1, _NO_SNAPSHOT_REASON)]


def _missed(recording: "Recording", program: Program) -> "List[Tuple[int, str]]":
    """What could not be recorded: (number of events, reason)."""
    ended = recording.state == _abi.FIL_STATE_STOPPED or program.outcome not in ("", STILL_RUNNING)
    if not (recording.damaged or any(recording.missed) or (ended and recording.astray_bytes)):
        return []
    from filprofiler.profile.missed import missed_of

    return missed_of(recording, ended)


def _failures(recording: "Recording", builder: "_TreeBuilder") -> "List[FailedRequest]":
    """The failed requests to report."""
    if not recording.failures:
        return []
    from filprofiler.profile.failed_request import failed_requests

    return failed_requests(recording, builder.stack)


def _threads(recording: "Recording", builder: "_TreeBuilder") -> "Sequence[ThreadAtPeak]":
    """Where each thread was at the peak; empty if there was only one."""
    if len(recording.threads.threads) < 2:
        return ()
    from filprofiler.profile.threads import threads_at_peak

    return threads_at_peak(recording.threads, builder.stack)


class _TreeBuilder:
    """Builds the tree of nodes that hold bytes at the reported moment, or whose request failed.

    table: their sites.
    """

    def __init__(
        self,
        recording: "Recording",
        program: Program,
        held: "List[int]",
        big: "List[int]",
        others: "Iterable[int]" = (),
    ) -> None:
        """held: bytes held by each of the recording's nodes at the reported moment. big: likewise, for
        Node.own_big_bytes. others: nodes that are wanted too.
        """
        self._others = list(others)
        self._recording = recording
        self._held = held
        self._big = big
        self.table = SiteTable(recording, program)
        self._own_files = frozenset(program.own_files)
        self._first_phase = _OWN if program.name is None else _START
        self._nodes: "List[Node]" = []
        self._children: "Dict[int, int]" = {}
        self._thread_marks: "Dict[int, Set[int]]" = {}
        self._marks: "Dict[int, int]" = {}
        self._starters = filters.ThreadStarters(recording)
        self.main_paths: "Set[str]" = set()

    def build(self) -> Node:
        """Build the tree with all sums. Returns its root."""
        recording, root = self._recording, Node(Site("", ROOT_NAME, 0), None)
        self._nodes.append(root)
        self._module_code: "Dict[int, int]" = {}
        others = self._others + [failure.node for failure in recording.failures]
        others += [file.node for file in recording.memory.files]
        others += [thread.peak_node for thread in recording.threads.threads]
        self._told = frozenset(others)
        wanted = _with_ancestors(recording, self._held, others)
        self._at = [0] * recording.node_count  # number of the Node of each of the recording's nodes
        self._phase = bytearray(recording.node_count)
        lost = _abi.FIL_NODE_LOST
        if wanted[lost]:
            self._at[lost] = self._child(0, self.table.special(LOST_NAME))
            self._nodes[self._at[lost]].own_bytes = self._held[lost]
        self._phase[lost], self._phase[_abi.FIL_NODE_ROOT] = _KEPT, self._first_phase
        root.own_bytes += self._held[_abi.FIL_NODE_NONE] + self._held[_abi.FIL_NODE_ROOT]
        self._place_all(wanted)
        for number in compress(range(recording.node_count), self._big):
            self._nodes[self._module_code.get(number, self._at[number])].own_big_bytes += self._big[number]
        if self._thread_marks:
            from filprofiler.profile.threads import threads_below

            for place, words in threads_below(recording.threads, recording.offsets, self._thread_marks).items():
                self._nodes[place].thread = words
        if root.own_bytes:
            without = self._nodes[self._child(0, self.table.special(NO_STACK_NAME))]
            without.own_bytes, without.own_big_bytes = root.own_bytes, root.own_big_bytes
            root.own_bytes = root.own_big_bytes = 0
        sum_up(self._nodes)
        return root

    def stack(self, number: int) -> "List[Site]":
        """The sites of a node of the recording, outermost first. The node must have been wanted by `build`."""
        return self._nodes[self._module_code.get(number, self._at[number])].stack(_MOST_TOLD)

    def _place_all(self, wanted: bytearray) -> None:
        """Find or make the Node of each wanted node of the recording, and add its bytes."""
        recording, at, phase, nodes = self._recording, self._at, self._phase, self._nodes
        parents, codes, offsets, held = recording.parents, recording.codes, recording.offsets, self._held
        sites, known, learn = self.table.sites, self.table.known, self.table.learn
        children = self._children
        first = _abi.FIL_NODE_FIRST
        for number in compress(range(first, len(wanted)), wanted[first:]):
            parent = parents[number]
            code = codes[number]
            site = known.get(code << 32 ^ offsets[number])
            if site is None and code:
                site = learn(code, offsets[number])
            if site and phase[parent] == _KEPT:
                above = at[parent]
                key = above << 32 | site
                place = children.get(key)
                if place is None:
                    at[number] = children[key] = len(nodes)
                    nodes.append(Node(sites[site], nodes[above], held[number]))
                else:
                    at[number] = place
                    nodes[place].own_bytes += held[number]
                phase[number] = _KEPT
            else:
                self._place(number)
                nodes[self._module_code.get(number, at[number])].own_bytes += held[number]

    def _place(self, number: int) -> None:
        """Find or make the Node of one node of the recording; its parent has been placed."""
        recording = self._recording
        parent, code_number, offset = recording.parents[number], recording.codes[number], recording.offsets[number]
        self._at[number] = self._at[parent]
        self._phase[number] = phase = self._phase[parent]
        if code_number == 0:
            self._place_mark(number, parent, offset)
            return
        site = self.table.number(code_number, offset)
        if site == 0:
            if phase >= _IMPORT or self.table.importing(code_number):
                self._import(number)
        elif not self._left_out(number, phase):
            self._at[number] = child = self._child(self._at[parent], site)
            self._phase[number] = _KEPT
            self._note(number, child, phase)

    def _place_mark(self, number: int, parent: int, mark: int) -> None:
        """The same for a mark."""
        if mark in _MARKS_OF_STARTS:
            self._at[number] = self._at[self._starters.above(parent)]
            self._phase[number] = _THREAD
        elif mark == _abi.FIL_MARK_WORKER:
            self._at[number] = child = self._child(self._at[parent], self.table.worker())
            self._phase[number] = _KEPT
            self._nodes[child].imported |= self._phase[parent] >= _IMPORT
        elif mark == _abi.FIL_MARK_IMPORT:
            self._import(number)

    def _import(self, number: int) -> None:
        """Place a node of the import machinery: what it allocated itself is combined."""
        self._phase[number] = phase = _AS_IMPORT.get(self._phase[number], _IMPORT)
        if self._held[number] or number in self._told:
            self._module_code[number] = child = self._child(self._at[number], self.table.special(MODULE_CODE_NAME))
            self._note(number, child, phase)

    def _note(self, number: int, child: int, phase: int) -> None:
        """Note what the hidden frames between a Node and its parent say about it."""
        if phase >= _IMPORT:
            self._nodes[child].imported = True
        if phase in (_THREAD, _THREADS_IMPORT):
            self._thread_marks.setdefault(child, set()).add(self._mark_above(number))
        elif phase == _OWN and self._nodes[child].site.name == "<module>":
            self.main_paths.add(self._nodes[child].site.path)

    def _mark_above(self, number: int) -> int:
        """The mark of a thread, or of submitted work, above a frame."""
        recording: "Recording" = self._recording
        passed: "List[int]" = []
        while number not in self._marks and (
            recording.codes[number] or recording.offsets[number] == _abi.FIL_MARK_IMPORT
        ):
            passed.append(number)
            number = recording.parents[number]
        found = self._marks.get(number, number)
        self._marks.update(dict.fromkeys(passed, found))  # no frame is passed twice
        return found

    def _left_out(self, number: int, phase: int) -> bool:
        """Whether a frame is one of ours, runpy's or threading's that is hidden at its position."""
        if phase >= _KEPT:
            return False
        code = self._recording.code(self._recording.codes[number])
        if phase == _THREAD:
            return filters.is_thread_body(code.filename, code.name)
        if code.filename in self._own_files:
            self._phase[number] = _OWN
            return True
        return phase == _OWN and filters.is_runpy(code.filename)

    def _child(self, parent: int, site: int) -> int:
        key = parent << 32 | site
        found = self._children.get(key)
        if found is None:
            found = self._children[key] = len(self._nodes)
            self._nodes.append(Node(self.table.sites[site], self._nodes[parent]))
        return found


def _with_ancestors(recording: "Recording", held: "List[int]", others: "List[int]") -> bytearray:
    """For each of the recording's nodes, whether it or one below it holds bytes or is one of the others."""
    wanted = bytearray(recording.node_count)
    wanted[_abi.FIL_NODE_NONE] = 1
    parents = recording.parents
    for number in chain(compress(range(recording.node_count), held), others):
        while not wanted[number]:
            wanted[number] = 1
            number = parents[number]
    return wanted
