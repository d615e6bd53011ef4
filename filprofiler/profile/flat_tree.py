"""The tree of callstacks as columns, in preorder: what is asked of every node is asked here, in one plain loop."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, List

    from filprofiler.profile.model import Node, Site


class FlatTree:
    """The nodes of a tree in preorder, the largest child first, the root left out.

    root: the root. nodes: all others.
    numbers: for each, the number of its site. depths: for each, 1 for the root's children.
    ends: for each, the place behind the last node below it.
    own_bytes, total_bytes: for each, those of the node.
    sites: by number; number 0 is the root's.
    """

    def __init__(self, root: "Node") -> None:
        self.root = root
        self.nodes = nodes = []  # type: List[Node]
        self.numbers = numbers = []  # type: List[int]
        self.depths = depths = []  # type: List[int]
        self.ends = ends = []  # type: List[int]
        self.sites = sites = [root.site]
        number_of = {root.site: 0}  # type: Dict[Site, int]
        open_places = []  # type: List[int]
        pending = [iter(root.children)]  # the root's children, then those of the nodes at the open places
        depth = 1
        while pending:
            for node in pending[-1]:
                site = node.site
                number = number_of.get(site)
                if number is None:
                    number = number_of[site] = len(sites)
                    sites.append(site)
                nodes.append(node)
                numbers.append(number)
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
        self.own_bytes = [node.own_bytes for node in nodes]
        self.total_bytes = [node.total_bytes for node in nodes]
