"""Other ways to look at the tree of callstacks: leaf first, and line by line."""

from filprofiler.profile.model import Node, Site
from filprofiler.profile.threads import ANOTHER_THREAD

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, List, Optional, Tuple, Union

    # A callstack that is told from its leaf (second) up to a frame (first).
    Member = Tuple[Node, Node]


class ReversedNode:
    """A node of the tree that is read from the leaf: its children are the callers of its site.

    The attributes are those of Node; `thread` tells a thread if this frame is the outermost of one in all callstacks told
    here. Children are worked out when they are first asked for, so that looking at the largest branches of a large
    profile costs little.
    """

    __slots__ = ("_children", "_members", "_own_bytes", "callstacks", "site", "total_bytes")

    def __init__(self, site: Site, members: "List[Member]") -> None:
        self.site = site
        self.total_bytes = sum([leaf.own_bytes for _frame, leaf in members])
        self.callstacks = len(members)
        self._members = members
        self._own_bytes = 0
        self._children = None  # type: Optional[List[ReversedNode]]

    @property
    def thread(self) -> str:
        """If this frame is the outermost of a thread in all callstacks told here, that thread in words, else ""."""
        words = {frame.thread for frame, _leaf in self._members}
        if not words or "" in words:
            return ""
        return words.pop() if len(words) == 1 else ANOTHER_THREAD

    @property
    def children(self) -> "List[ReversedNode]":
        """The callers, largest first."""
        if self._children is None:
            groups = {}  # type: Dict[Site, List[Member]]
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
        """Bytes of the callstacks of which this is the outermost frame."""
        return self._own_bytes if self.children is not None else 0


class ReversedRoot(ReversedNode):
    """The root of the reversed tree; its children are the sites that asked for memory."""

    __slots__ = ()

    def __init__(self, root: Node) -> None:
        groups = {}  # type: Dict[Site, List[Member]]
        pending = [root]
        while pending:
            node = pending.pop()
            if node.own_bytes:
                _tell(groups, node, node)
            pending.extend(node.children)
        super().__init__(root.site, [])
        self.total_bytes = root.total_bytes
        self.callstacks = root.callstacks
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


class FlatTree:
    """The nodes of a tree in preorder, the largest child first, the root left out.

    nodes: the nodes. numbers: for each, the number of its site. depths: for each, 1 for the root's children.
    sites: by number; number 0 is the root's.
    largest: for each site, the largest total of a node of it.
    """

    def __init__(self, root: Node) -> None:
        self.nodes = nodes = []  # type: List[Node]
        self.numbers = numbers = []  # type: List[int]
        self.depths = depths = []  # type: List[int]
        self.sites = sites = [root.site]
        self.largest = largest = [root.total_bytes]
        number_of = {root.site: 0}
        pending = [(child, 1) for child in reversed(root.children)]
        while pending:
            node, depth = pending.pop()
            number = number_of.get(node.site)
            if number is None:
                number = number_of[node.site] = len(sites)
                sites.append(node.site)
                largest.append(node.total_bytes)
            elif largest[number] < node.total_bytes:
                largest[number] = node.total_bytes
            nodes.append(node)
            numbers.append(number)
            depths.append(depth)
            if node.children:
                depth += 1
                pending += [(child, depth) for child in reversed(node.children)]


class LineTotal:
    """What a line or a function holds: own_bytes asked for by it, total_bytes by it and all that it called.

    site: the line; of a function, its line with the largest total.
    """

    __slots__ = ("own_bytes", "site", "total_bytes")

    def __init__(self, site: Site) -> None:
        self.site = site
        self.own_bytes = 0
        self.total_bytes = 0


def line_totals(tree: "Union[Node, FlatTree]") -> "List[LineTotal]":
    """Every site of the tree with its bytes, the largest total first. A site met again in a recursion counts once."""
    flat = tree if isinstance(tree, FlatTree) else FlatTree(tree)
    totals = [LineTotal(site) for site in flat.sites]
    _add_up(flat, totals, list(range(len(totals))))
    return sorted(totals[1:], key=lambda line: (-line.total_bytes, line.site.order))


def function_totals(flat: FlatTree, lines: "List[LineTotal]") -> "List[LineTotal]":
    """Every function with its bytes, the largest total first; a recursion counts once. `lines` are the line_totals.

    A function is a name in a file. Its `site` is its line with the largest total.
    """
    places = {}  # type: Dict[Tuple[str, str], int]
    totals = []  # type: List[LineTotal]
    for line in lines:
        if places.setdefault((line.site.path, line.site.name), len(totals)) == len(totals):
            totals.append(LineTotal(line.site))
    groups = [places.get((site.path, site.name), 0) for site in flat.sites]
    _add_up(flat, totals, groups)
    return sorted(totals, key=lambda line: (-line.total_bytes, line.site.order))


def _add_up(flat: FlatTree, totals: "List[LineTotal]", groups: "List[int]") -> None:
    """Fill in the totals. groups: for each site, the number of the total that it belongs to."""
    depths = flat.depths
    path = [-1] * (2 + max(depths, default=0))  # by depth, the number of the node on the way to the present one
    outermost = [-1] * len(totals)  # by group, the node that was counted last with all below it
    for number, (node, site, depth) in enumerate(zip(flat.nodes, flat.numbers, depths)):
        path[depth] = number
        group = groups[site]
        total = totals[group]
        total.own_bytes += node.own_bytes
        counted = outermost[group]
        if counted < 0 or depths[counted] >= depth or path[depths[counted]] != counted:
            outermost[group] = number
            total.total_bytes += node.total_bytes
