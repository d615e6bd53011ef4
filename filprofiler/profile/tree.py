"""The tree of call stacks: sites in the source, nodes, and their sums. All sizes are bytes, as exact integers."""

from _operator import attrgetter  # the C part: importing `operator` would cost every report a third of a millisecond

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import List, Optional, Tuple


LEAST_HINTED_BYTES = 1 << 20  # less is not worth a hint


class Site:
    """One line of one function: the unit of call stacks.

    path: the file as the code object names it; the script as the user gave it. "" for a special site.
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
        """Whether this is not a line of the source."""
        return not self.path

    @property
    def order(self) -> "Tuple[str, int, str]":
        """Sort key that makes the order of equally large sites deterministic."""
        return self.path, self.line, self.name

    def __repr__(self) -> str:
        return self.name if self.special else "%s:%d (%s)" % (self.path, self.line, self.name)


LEFT_OUT = Site("<frames left out>", "of a deep recursion", 0)

_TOTAL_BYTES = attrgetter("total_bytes")

# Shared by all leaves, which are most of a large tree; never changed.
_NO_CHILDREN: "List[Node]" = []


class Node:
    """A call stack in the tree: the sites from the root's child down to this node.

    own_bytes: bytes allocated by exactly this call stack.
    own_big_bytes: the part of them in mappings and blocks of 512 bytes or more; 0 if not known.
    total_bytes: own_bytes here and in all nodes below.
    callstacks: number of call stacks with bytes of their own, here and below.
    children: largest first; among equals, the one that allocated first.
    imported: whether the frame above imported this node's module, so that it belongs to the import.
    thread: if this frame is the outermost of a thread that the frame above started or gave work, that thread in words
        ("thread Loader-1 and 7 others"), else "".
    """

    __slots__ = (
        "callstacks",
        "children",
        "imported",
        "own_big_bytes",
        "own_bytes",
        "parent",
        "site",
        "thread",
        "total_bytes",
    )

    def __init__(self, site: Site, parent: "Optional[Node]", own_bytes: int = 0) -> None:
        self.site = site
        self.parent = parent
        self.imported = False
        self.thread = ""
        self.own_bytes = own_bytes
        self.own_big_bytes = 0
        self.total_bytes = 0
        self.callstacks = 0
        self.children = _NO_CHILDREN

    def big_bytes(self) -> int:
        """Like total_bytes for own_big_bytes; computed on each call, because few nodes need it."""
        total, pending = 0, [self]
        while pending:
            node = pending.pop()
            total += node.own_big_bytes
            pending += node.children
        return total

    def stack(self, most: "Optional[int]" = None) -> "List[Site]":
        """The sites of this call stack, outermost first, without the root.

        most: for a deeper call stack, return this many of the innermost sites, below one that replaces the others.
        """
        sites: "List[Site]" = []
        node = self
        while node.parent is not None and len(sites) != most:
            sites.append(node.site)
            node = node.parent
        if node.parent is not None:
            sites.append(LEFT_OUT)
        sites.reverse()
        return sites


SMALLER_NAME = "[smaller callstacks]"  # the site of nodes that combine many call stacks, see folding.py


def sum_up(nodes: "List[Node]") -> None:
    """Fill in totals, numbers of call stacks, and children, largest first. Parents precede their children."""
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
