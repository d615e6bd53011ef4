"""The reversed tree of call stacks: a node's children are its callers."""

from itertools import compress

from filprofiler.profile.model import Profile
from filprofiler.profile.threads import ANOTHER_THREAD
from filprofiler.profile.tree import Node, Site

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, List, Optional, Tuple

    # A call stack from its leaf (second) up to a frame (first).
    Member = Tuple[Node, Node]


class ReversedNode:
    """A node of the reversed tree: its children are the callers of its site.

    The attributes are those of Node. Children are computed on first use, so that visiting only the largest branches of
    a large profile is cheap.
    """

    __slots__ = ("_children", "_members", "_own_bytes", "callstacks", "site", "total_bytes")

    def __init__(self, site: Site, members: "List[Member]") -> None:
        self.site = site
        self.total_bytes = sum([leaf.own_bytes for _frame, leaf in members])
        self.callstacks = len(members)
        self._members = members
        self._own_bytes = 0
        self._children: "Optional[List[ReversedNode]]" = None

    @property
    def thread(self) -> str:
        """The thread in words if this frame is the outermost of a thread in all call stacks of this node, else ""."""
        words = {frame.thread for frame, _leaf in self._members}
        if not words or "" in words:
            return ""
        return words.pop() if len(words) == 1 else ANOTHER_THREAD

    @property
    def children(self) -> "List[ReversedNode]":
        """The callers, largest first."""
        if self._children is None:
            groups: "Dict[Site, List[Member]]" = {}
            for frame, leaf in self._members:
                caller = frame.parent
                if caller is None or caller.parent is None:  # the outermost frame
                    self._own_bytes += leaf.own_bytes
                else:
                    _tell(groups, caller, leaf)
            self._children = _nodes_of(groups)
        return self._children

    @property
    def own_bytes(self) -> int:
        """Bytes of the call stacks whose outermost frame this is."""
        return self._own_bytes if self.children is not None else 0


class ReversedRoot(ReversedNode):
    """The root of the reversed tree; its children are the sites that allocated memory.

    least_share: children that hold less than 1/least_share of the whole are left out, except for the largest.
    """

    __slots__ = ()

    def __init__(self, profile: Profile, least_share: "Optional[int]" = None) -> None:
        flat = profile.flat
        super().__init__(flat.root.site, [])
        self.total_bytes = flat.root.total_bytes
        self.callstacks = flat.root.callstacks
        own_bytes = profile.totals.own_bytes
        least = 0 if least_share is None else min(max(own_bytes), -(-self.total_bytes // least_share))
        groups: "Dict[Site, List[Member]]" = {}
        for node, number in compress(zip(flat.nodes, flat.numbers), flat.own_bytes):
            if own_bytes[number] >= least:
                _tell(groups, node, node)
        self._children = _nodes_of(groups)


def _tell(groups: "Dict[Site, List[Member]]", frame: Node, leaf: Node) -> None:
    members = groups.get(frame.site)
    if members is None:
        groups[frame.site] = [(frame, leaf)]
    else:
        members.append((frame, leaf))


def _nodes_of(groups: "Dict[Site, List[Member]]") -> "List[ReversedNode]":
    nodes = [ReversedNode(site, members) for site, members in groups.items()]
    nodes.sort(key=lambda node: (-node.total_bytes, node.site.order))
    return nodes
