"""The reversed tree of call stacks: a node's children are its callers."""

from array import array
from itertools import compress

from filprofiler.profile.model import Profile
from filprofiler.profile.threads import ANOTHER_THREAD

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, List, Optional

    from filprofiler.profile.totals import FlatTree
    from filprofiler.profile.tree import Site


class _Members:
    """Call stacks that share their innermost frames. Columns of indices in the flat tree.

    leaves: of each call stack, its innermost node. frames: the node that it has got up to.
    """

    __slots__ = ("frames", "leaves")

    def __init__(self) -> None:
        self.frames = array("I")
        self.leaves = array("I")


class _Callers:
    """What all nodes of one reversed tree share: the flat tree, and the parents in it."""

    __slots__ = ("flat", "parents")

    def __init__(self, flat: "FlatTree") -> None:
        self.flat = flat
        self.parents = flat.parents()

    def nodes(self, groups: "Dict[int, _Members]") -> "List[ReversedNode]":
        """A node for the call stacks of each site, largest first."""
        nodes = [ReversedNode(self, number, members) for number, members in groups.items()]
        nodes.sort(key=lambda node: (-node.total_bytes, node.site.order))
        return nodes


class ReversedNode:
    """A node of the reversed tree: its children are the callers of its site.

    The attributes are those of Node. Children are computed on first use, so that visiting only the largest branches of
    a large profile is cheap. A node then drops its call stacks, which its children have: in a recursion that keeps
    something at each level, each of a hundred rows has nearly all call stacks.
    """

    __slots__ = ("_callers", "_children", "_members", "_own_bytes", "_thread", "callstacks", "site", "total_bytes")

    def __init__(self, callers: _Callers, number: int, members: _Members) -> None:
        own_bytes = callers.flat.own_bytes
        self.site: "Site" = callers.flat.sites[number]
        self.total_bytes = sum([own_bytes[leaf] for leaf in members.leaves])
        self.callstacks = len(members.leaves)
        self._callers = callers
        self._members: "Optional[_Members]" = members
        self._own_bytes = 0
        self._thread = ""
        self._children: "List[ReversedNode]" = []

    @property
    def thread(self) -> str:
        """The thread in words if this frame is the outermost of a thread in all call stacks of this node, else ""."""
        self._go_up()
        return self._thread

    @property
    def children(self) -> "List[ReversedNode]":
        """The callers, largest first."""
        self._go_up()
        return self._children

    @property
    def own_bytes(self) -> int:
        """Bytes of the call stacks whose outermost frame this is."""
        self._go_up()
        return self._own_bytes

    def _go_up(self) -> None:
        """Pass the call stacks on to the children, once."""
        members, self._members = self._members, None
        if members is None:
            return
        flat, parents = self._callers.flat, self._callers.parents
        numbers = flat.numbers
        groups: "Dict[int, _Members]" = {}
        for frame, leaf in zip(members.frames, members.leaves):
            caller = parents[frame]
            if caller < 0:  # the outermost frame
                self._own_bytes += flat.own_bytes[leaf]
            else:
                _tell(groups, numbers[caller], caller, leaf)
        if flat.threads:
            words = {flat.threads.get(frame, "") for frame in members.frames}
            if words and "" not in words:
                self._thread = words.pop() if len(words) == 1 else ANOTHER_THREAD
        self._children = self._callers.nodes(groups)


class ReversedRoot(ReversedNode):
    """The root of the reversed tree; its children are the sites that allocated memory.

    least_share: children that hold less than 1/least_share of the whole are left out, except for the largest.
    """

    __slots__ = ()

    def __init__(self, profile: Profile, least_share: "Optional[int]" = None) -> None:
        flat = profile.flat
        callers = _Callers(flat)
        super().__init__(callers, 0, _Members())
        self.total_bytes = flat.root.total_bytes
        self.callstacks = flat.root.callstacks
        own_bytes = profile.totals.own_bytes
        least = 0 if least_share is None else min(max(own_bytes), -(-self.total_bytes // least_share))
        groups: "Dict[int, _Members]" = {}
        for place, number in compress(enumerate(flat.numbers), flat.own_bytes):
            if own_bytes[number] >= least:
                _tell(groups, number, place, place)
        self._members = None
        self._children = callers.nodes(groups)


def _tell(groups: "Dict[int, _Members]", number: int, frame: int, leaf: int) -> None:
    members = groups.get(number)
    if members is None:
        members = groups[number] = _Members()
    members.frames.append(frame)
    members.leaves.append(leaf)
