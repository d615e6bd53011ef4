"""Other ways to look at the tree of callstacks: leaf first, and line by line."""

from filprofiler.profile.model import Node, Site

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable, Dict, Hashable, List, Optional, Tuple

    # A callstack that is told from its leaf (second) up to a frame (first).
    Member = Tuple[Node, Node]


class ReversedNode:
    """A node of the tree that is read from the leaf: its children are the callers of its site.

    The attributes are those of Node; `thread` says that this frame is the outermost of a thread in all callstacks told
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
    def thread(self) -> bool:
        """Whether this frame is the outermost of a thread in all callstacks told here."""
        return bool(self._members) and all(frame.thread for frame, _leaf in self._members)

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


class LineTotal:
    """What a line or a function holds: own_bytes asked for by it, total_bytes by it and all that it called.

    site: the line; of a function, its line with the largest total.
    """

    __slots__ = ("own_bytes", "site", "total_bytes")

    def __init__(self, site: Site) -> None:
        self.site = site
        self.own_bytes = 0
        self.total_bytes = 0


def line_totals(root: Node) -> "List[LineTotal]":
    """Every site of the tree with its bytes, the largest total first. A site met again in a recursion counts once."""
    return _totals(root, lambda site: site)


def function_totals(root: Node) -> "List[LineTotal]":
    """Every function of the tree with its bytes, the largest total first; a recursion counts once.

    A function is a name in a file. Its `site` is its line with the largest total.
    """
    functions = _totals(root, lambda site: (site.path, site.name))
    largest = {}  # type: Dict[Hashable, Site]
    for line in line_totals(root):
        largest.setdefault((line.site.path, line.site.name), line.site)
    for function in functions:
        function.site = largest[(function.site.path, function.site.name)]
    return functions


def _totals(root: Node, key_of: "Callable[[Site], Hashable]") -> "List[LineTotal]":
    totals = {}  # type: Dict[Hashable, LineTotal]
    keys = {}  # type: Dict[Site, Hashable]
    on_stack = {}  # type: Dict[Hashable, int]
    pending = [(root, False)]
    while pending:
        node, leaving = pending.pop()
        key = keys.get(node.site)
        if key is None:
            key = keys[node.site] = key_of(node.site)
        if leaving:
            on_stack[key] -= 1
            continue
        if node.parent is not None:
            total = totals.get(key)
            if total is None:
                total = totals[key] = LineTotal(node.site)
            total.own_bytes += node.own_bytes
            depth = on_stack.get(key, 0)
            if not depth:
                total.total_bytes += node.total_bytes
            if node.children:
                on_stack[key] = depth + 1
                pending.append((node, True))
        if node.children:
            pending.extend([(child, False) for child in node.children])
    return sorted(totals.values(), key=lambda line: (-line.total_bytes, line.site.order))
