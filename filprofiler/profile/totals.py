"""What each line and each function holds, by itself and with its callees."""

from array import array

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, List, Optional, Tuple

    from filprofiler.profile.tree import Node, Site


class LineTotal:
    """What a line or a function holds: own_bytes by itself, total_bytes with its callees.

    site: the line; for a function, its line with the largest total.
    """

    __slots__ = ("own_bytes", "site", "total_bytes")

    def __init__(self, site: "Site", own_bytes: int, total_bytes: int) -> None:
        self.site = site
        self.own_bytes = own_bytes
        self.total_bytes = total_bytes


class Totals:
    """The totals of all lines and functions of a tree. In a recursion each byte counts once.

    own_bytes, total_bytes: by number of each site in the tree.
    """

    def __init__(self, flat: "FlatTree") -> None:
        self._flat = flat
        places: "Dict[Tuple[str, str], int]" = {}
        self._groups = [places.setdefault((site.path, site.name), len(places)) for site in flat.sites]
        self._add_up(len(places))

    def _add_up(self, group_count: int) -> None:
        """Compute own and total bytes of all sites, and of their groups, the functions."""
        flat, groups = self._flat, self._groups
        own, total = [0] * len(flat.sites), [0] * len(flat.sites)
        group_own, group_total = [0] * group_count, [0] * group_count
        behind = [0] * len(flat.sites)  # the index after all nodes below the last counted one
        group_behind = [0] * group_count
        columns = zip(flat.numbers, flat.own_bytes, flat.total_bytes, flat.ends)
        for place, (site, own_bytes, total_bytes, end) in enumerate(columns):
            group = groups[site]
            if own_bytes:
                own[site] += own_bytes
                group_own[group] += own_bytes
            if place >= group_behind[group]:  # else it is below a counted one
                group_behind[group] = end
                group_total[group] += total_bytes
            if place >= behind[site]:
                behind[site] = end
                total[site] += total_bytes
        self.own_bytes, self.total_bytes = own, total
        self._group_own_bytes, self._group_total_bytes = group_own, group_total

    def lines(self, most: "Optional[int]" = None) -> "List[LineTotal]":
        """The sites with the largest totals, largest first; at most `most`, or all."""
        sites = self._flat.sites
        chosen = _largest(self.total_bytes, most)
        lines = [LineTotal(sites[number], self.own_bytes[number], self.total_bytes[number]) for number in chosen]
        return _ordered(lines, most)

    def functions(self, most: "Optional[int]" = None) -> "List[LineTotal]":
        """The functions with the largest totals, like `lines`. A function is a name in a file."""
        sites, own_bytes, total_bytes = self._flat.sites, self._group_own_bytes, self._group_total_bytes
        chosen = set(_largest(total_bytes, most))
        first_lines: "Dict[int, int]" = {}
        for number, group in enumerate(self._groups):
            if group in chosen and self._comes_before(number, first_lines.setdefault(group, number)):
                first_lines[group] = number
        functions = [
            LineTotal(sites[number], own_bytes[group], total_bytes[group]) for group, number in first_lines.items()
        ]
        return _ordered(functions, most)

    def _comes_before(self, number: int, other: int) -> bool:
        """Whether a site holds more than another one, or as much and precedes it in the source."""
        size, other_size = self.total_bytes[number], self.total_bytes[other]
        sites = self._flat.sites
        return size > other_size or (size == other_size and sites[number].order < sites[other].order)


def _largest(totals: "List[int]", most: "Optional[int]") -> "List[int]":
    """The numbers, without the root's, of the `most` largest totals, and of any as large as the last of these."""
    numbers = range(1, len(totals))
    if most is None or most >= len(numbers):
        return list(numbers)
    least = sorted(totals[1:], reverse=True)[most - 1] if most else 0
    return [number for number in numbers if totals[number] >= least]


def _ordered(totals: "List[LineTotal]", most: "Optional[int]") -> "List[LineTotal]":
    totals.sort(key=lambda line: (-line.total_bytes, line.site.order))
    return totals[:most]


class FlatTree:
    """The nodes of a tree in preorder, largest child first, without the root. Columns have one value per node.

    A file of few bytes can have many nodes, so columns of new numbers are arrays: a list needs nine times the memory.

    root: the root. nodes: all others.
    numbers: the number of the node's site. depths: 1 for the root's children.
    ends: the index after the last node below it.
    own_bytes, total_bytes: as in Node.
    sites: by number; number 0 is the root's.
    threads: by index of nodes that are the outermost of a thread, that thread in words.
    imported: indices of nodes that the node above has imported, ascending.
    folded, smaller: as in FoldedTree; empty and 0, because this is the whole tree.
    """

    def __init__(self, root: "Node") -> None:
        self.root = root
        nodes: "List[Node]" = []
        self.nodes = nodes
        self.depths = depths = array("I")
        self.ends = ends = array("I")
        open_places: "List[int]" = []
        pending = [iter(root.children)]  # the root's children, then those of the open nodes
        depth = 1
        while pending:
            for node in pending[-1]:
                nodes.append(node)
                depths.append(depth)
                ends.append(len(nodes))
                if node.children:
                    open_places.append(len(nodes) - 1)
                    pending.append(iter(node.children))
                    depth += 1
                    break
            else:
                pending.pop()
                depth -= 1
                if open_places:
                    ends[open_places.pop()] = len(nodes)
        found = [node.site for node in nodes]
        self.sites: "List[Site]" = list(dict.fromkeys([root.site] + found))
        number_of: "Dict[Site, int]" = {site: number for number, site in enumerate(self.sites)}
        self.numbers = array("I", [number_of[site] for site in found])
        self.own_bytes = [node.own_bytes for node in nodes]
        self.total_bytes = [node.total_bytes for node in nodes]
        self.threads: "Dict[int, str]" = {place: node.thread for place, node in enumerate(nodes) if node.thread}
        self.imported = [place for place, node in enumerate(nodes) if node.imported]
        self.folded: "Dict[int, int]" = {}
        self.smaller = 0

    def parents(self) -> "array[int]":
        """The index of each node's parent; -1 for the root. Computed on each call."""
        path = array("l", [-1]) * (2 + max(self.depths, default=0))  # by depth
        parents = array("l")
        for place, depth in enumerate(self.depths):
            parents.append(path[depth - 1])
            path[depth] = place
        return parents
