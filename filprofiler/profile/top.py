"""Which lines of the user's own code hold the memory."""

from filprofiler.profile.collector import PausedCollector
from filprofiler.profile.filters import OwnCode
from filprofiler.profile.model import Profile, Site

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, List, Optional, Tuple

    from filprofiler.profile.model import Node


class TopLine:
    """A line, and the bytes of all callstacks whose innermost frame of the user's own it is.

    site: the line; where a callstack has no frame of the user's own, its innermost frame.
    owned: whether the line is in the user's own code.
    held_bytes: bytes of those callstacks. Over all lines these add up to the peak.
    via: the innermost frame of most of those bytes, if that is another line, else None.
    """

    __slots__ = ("held_bytes", "owned", "site", "via")

    def __init__(self, site: Site, owned: bool) -> None:
        self.site = site
        self.owned = owned
        self.held_bytes = 0
        self.via = None  # type: Optional[Site]


def top_lines(profile: Profile, own_code: OwnCode) -> "List[TopLine]":
    """All lines that hold memory by the user's own doing, the largest first. Their held_bytes add up to the peak."""
    with PausedCollector():
        lines = {}  # type: Dict[Site, TopLine]
        most_via = {}  # type: Dict[Site, int]
        for (owner, innermost), size in sorted(_pairs(profile, own_code).items(), key=lambda item: item[0][1].order):
            site = innermost if owner is None else owner
            line = lines.get(site)
            if line is None:
                line = lines[site] = TopLine(site, owner is not None)
            line.held_bytes += size
            if size > most_via.get(site, 0):
                most_via[site] = size
                line.via = None if innermost is site else innermost
        return sorted(lines.values(), key=lambda line: (-line.held_bytes, line.site.order))


def _pairs(profile: Profile, own_code: OwnCode) -> "Dict[Tuple[Optional[Site], Site], int]":
    """The bytes of all callstacks with the same innermost frame of the user's own (or None) and innermost frame."""
    pairs = {}  # type: Dict[Tuple[Optional[Site], Site], int]
    pending = [(profile.root, None)]  # type: List[Tuple[Node, Optional[Site]]]
    while pending:
        node, owner = pending.pop()
        site = node.site
        if own_code.owns(site):
            owner = site
        if node.own_bytes:
            pairs[owner, site] = pairs.get((owner, site), 0) + node.own_bytes
        for child in node.children:
            pending.append((child, owner))
    return pairs
