"""The tree of callstacks as columns, in preorder: what is asked of every node is asked here, in one plain loop."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, List

    from filprofiler.profile.tree import Node, Site


class FlatTree:
    """The nodes of a tree in preorder, the largest child first, the root left out.

    root: the root. nodes: all others.
    numbers: for each, the number of its site. depths: for each, 1 for the root's children.
    ends: for each, the place behind the last node below it.
    own_bytes, total_bytes: for each, those of the node.
    sites: by number; number 0 is the root's.
    threads: for the places of nodes that are the outermost of a thread, that thread in words.
    imported: the places of nodes that the node above has imported, in their order.
    folded: for the places of nodes that stand for smaller callstacks, how many, and in `smaller` the number
        of their site: there are none here, this is the whole tree.
    """

    def __init__(self, root: "Node") -> None:
        self.root = root
        nodes: "List[Node]" = []
        self.nodes = nodes
        depths: "List[int]" = []
        self.depths = depths
        ends: "List[int]" = []
        self.ends = ends
        open_places: "List[int]" = []
        pending = [iter(root.children)]  # the root's children, then those of the nodes at the open places
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
        self.numbers = [number_of[site] for site in found]
        self.own_bytes = [node.own_bytes for node in nodes]
        self.total_bytes = [node.total_bytes for node in nodes]
        self.threads: "Dict[int, str]" = {place: node.thread for place, node in enumerate(nodes) if node.thread}
        self.imported = [place for place, node in enumerate(nodes) if node.imported]
        self.folded: "Dict[int, int]" = {}
        self.smaller = 0
