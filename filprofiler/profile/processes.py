"""Several recorded processes as one profile: their call stacks in one tree, and what each had of the combined peak.

Call stacks are merged by what they run: file, function and line. The call stacks of a fork begin with those of its
parent, so they hang below the line that forked; those of a started Python hang below a site of their own, named after
its command. Processes that do the same thing are thus one set of boxes, and each box knows how many they are.
"""

import os
import re

from filprofiler.profile.tree import Node, Site, sum_up

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, List, Optional, Sequence, Tuple

_MOST_WORDS = 60  # columns of a role
_NUMBER = re.compile(r"\d+")


FIELDS = (
    "pid",
    "parent_pid",
    "role",
    "command",
    "forked",
    "peak_bytes",
    "part_bytes",
    "began_seconds",
    "ended_seconds",
    "resident_bytes",
)
"""What is known of a process, in the order of the arguments of RecordedProcess."""


class RecordedProcess:
    """One process of a run. Sizes are bytes; times are seconds since the run began.

    pid, parent_pid: process numbers. role: what it does, in words; equal for processes that do the same.
    command: the words of its command; empty for the program that the user has started, and for forks.
    forked: whether it is a fork.
    peak_bytes: the highest that it had, alone. part_bytes: its part of the combined peak.
    began_seconds, ended_seconds: the second is None if it was not seen to end.
    resident_bytes: its largest sampled resident memory; None: not known.
    """

    __slots__ = FIELDS

    def __init__(
        self,
        pid: int,
        parent_pid: int,
        role: str,
        command: "Sequence[str]",
        forked: bool,
        peak_bytes: int,
        part_bytes: int,
        began_seconds: float,
        ended_seconds: "Optional[float]" = None,
        resident_bytes: "Optional[int]" = None,
    ) -> None:
        self.pid = pid
        self.parent_pid = parent_pid
        self.role = role
        self.command = tuple(command)
        self.forked = forked
        self.peak_bytes = peak_bytes
        self.part_bytes = part_bytes
        self.began_seconds = began_seconds
        self.ended_seconds = ended_seconds
        self.resident_bytes = resident_bytes


class Together:
    """Several recorded processes at the moment when all of them together had most.

    processes: all of them, in the order in which they began.
    more_bytes: the true maximum is at most this much higher than the reported total.
    lines: how the bytes of a line of TopLines are spread over processes.
    """

    def __init__(self, processes: "Sequence[RecordedProcess]", more_bytes: int, lines: "Dict[Site, Share]") -> None:
        self.processes = tuple(processes)
        self.more_bytes = more_bytes
        self.lines = lines

    @property
    def largest(self) -> "RecordedProcess":
        """The process with the highest peak of its own."""
        return max(self.processes, key=lambda process: process.peak_bytes)


class Share:
    """How a number of bytes is spread over processes: how many hold some, and the largest part with its process."""

    __slots__ = ("least_bytes", "most_bytes", "most_pid", "processes")

    def __init__(self) -> None:
        self.processes = 0
        self.most_bytes = 0
        self.most_pid = 0
        self.least_bytes = 0

    def add(self, size: int, pid: int) -> None:
        """Another process holds `size` bytes; none is not holding any."""
        if size == 0:
            return
        self.processes += 1
        self.least_bytes = min(self.least_bytes, size) if self.processes > 1 else size
        if size > self.most_bytes:
            self.most_bytes, self.most_pid = size, pid


class MergedTree:
    """A tree to which the trees of several processes are added."""

    def __init__(self, root: Site) -> None:
        self._nodes = [Node(root, None)]
        self._children: "Dict[Tuple[int, Site], int]" = {}
        self._sites: "Dict[Tuple[str, str, int], Site]" = {}

    def site(self, like: Site) -> Site:
        """The site of that place in this tree: equal places of several processes are one site."""
        return self._sites.setdefault((like.path, like.name, like.line), like)

    def add(self, root: Node, below: "Sequence[Site]" = ()) -> None:
        """Add the tree of one process, below the given sites. The tree itself does not change."""
        place = 0
        for site in below:
            place = self._child(place, site)
        pending = [(child, place) for child in reversed(root.children)]
        while pending:
            node, above = pending.pop()
            place = self._child(above, node.site)
            merged = self._nodes[place]
            merged.own_bytes += node.own_bytes
            merged.own_big_bytes += node.own_big_bytes
            merged.imported = merged.imported or node.imported
            merged.thread = merged.thread or node.thread
            if node.children:
                pending += [(child, place) for child in reversed(node.children)]

    def _child(self, above: int, like: Site) -> int:
        site = self.site(like)
        found = self._children.get((above, site))
        if found is None:
            found = self._children[above, site] = len(self._nodes)
            self._nodes.append(Node(site, self._nodes[above]))
        return found

    def finish(self) -> Node:
        """Fill in all sums. Returns the root."""
        sum_up(self._nodes)
        return self._nodes[0]


def role_of(command: "Sequence[str]") -> str:
    """What a started Python does, in a few words: its command without the interpreter's path, and without numbers that
    differ between processes that do the same ("-c from multiprocessing.spawn import spawn_main ...").
    """
    words = [os.path.basename(word) if number == 0 else word for number, word in enumerate(command)]
    text = " ".join(" ".join(words).split())
    return _NUMBER.sub("#", text)[:_MOST_WORDS]
