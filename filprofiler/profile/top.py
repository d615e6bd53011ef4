"""The lines of the user's own code that hold the memory."""

from filprofiler.profile.collector import PausedCollector
from filprofiler.profile.model import Profile
from filprofiler.profile.own_code import OwnCode
from filprofiler.profile.tree import SMALLER_NAME, Site

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, List, Optional, Tuple

    # (innermost frame of the user's own or None, innermost frame): bytes.
    Pairs = Dict[Tuple[Optional[Site], Site], int]


class TopLine:
    """A line, and the bytes of all call stacks in which it is the innermost frame of the user's own.

    site: the line; for call stacks without a frame of the user's own, their innermost frame.
    owned: whether the line is in the user's own code.
    held_bytes: bytes of those call stacks. Over all lines they add up to the peak.
    via: the innermost frame of most of those bytes, if it is another line; else None.
    """

    __slots__ = ("held_bytes", "owned", "site", "via")

    def __init__(self, site: Site, owned: bool) -> None:
        self.site = site
        self.owned = owned
        self.held_bytes = 0
        self.via: "Optional[Site]" = None


class TopLines:
    """All lines that hold memory, largest first; computed on first use.

    own_code: decides which code is the user's own.
    """

    def __init__(self, profile: Profile) -> None:
        self.own_code = OwnCode(profile)
        self._profile = profile
        self._lines: "Optional[List[TopLine]]" = None
        self._big_bytes: "Optional[Dict[Site, int]]" = None
        self._reserved_bytes: "Optional[Dict[Site, int]]" = None

    @property
    def lines(self) -> "List[TopLine]":
        """The lines. Their held_bytes add up to the peak."""
        if self._lines is None:
            with PausedCollector():
                self._lines = _top_lines(_pairs(self._profile, self.own_code, self._profile.flat.own_bytes))
        return self._lines

    def big_bytes(self, site: Site) -> int:
        """The part of a line's held_bytes in mappings and blocks of 512 bytes or more."""
        if self._big_bytes is None:
            self._big_bytes = {}
            sizes = [node.own_big_bytes for node in self._profile.flat.nodes]
            for (owned, innermost), size in _pairs(self._profile, self.own_code, sizes).items():
                line = innermost if owned is None else owned
                self._big_bytes[line] = self._big_bytes.get(line, 0) + size
        return self._big_bytes.get(site, 0)

    def reserved_bytes(self, site: Site) -> int:
        """The part of the bytes of a line of the user's own that is only reserved: not touched."""
        memory = self._profile.memory
        if self._reserved_bytes is None:
            self._reserved_bytes = {}
            for mapping in memory.large if memory is not None else ():
                line = next((asked for asked in reversed(mapping.stack) if self.own_code.owns(asked)), None)
                if mapping.reserved and line is not None:
                    before = self._reserved_bytes.get(line, 0)
                    self._reserved_bytes[line] = before + mapping.untouched_bytes
        return self._reserved_bytes.get(site, 0)


def _top_lines(pairs: "Pairs") -> "List[TopLine]":
    lines: "Dict[Site, TopLine]" = {}
    most_via: "Dict[Site, Tuple[int, Site]]" = {}
    for (owner, innermost), size in pairs.items():
        site = innermost if owner is None else owner
        line = lines.get(site)
        if line is None:
            line = lines[site] = TopLine(site, owner is not None and not owner.special)
            most_via[site] = (0, site)
        line.held_bytes += size
        most, via = most_via[site]
        if size > most or (size == most and innermost.order < via.order):
            most_via[site] = (size, innermost)
    for site, (_most, via) in most_via.items():
        lines[site].via = None if via is site else via
    return sorted(lines.values(), key=lambda line: (-line.held_bytes, line.site.order))


def _pairs(profile: Profile, own_code: OwnCode, own_bytes: "List[int]") -> "Pairs":
    """The bytes of all call stacks with the same innermost frame of the user's own (or None) and innermost frame.

    own_bytes: the bytes to count, by node of the flat tree.
    """
    flat = profile.flat
    sites = flat.sites
    # The lines of a .prof file's "smaller callstacks" are not known, so they count for no known line.
    own = [owned or site.name == SMALLER_NAME for site, owned in zip(sites, own_code.owned(sites))]
    count = len(sites)
    sizes: "Dict[int, int]" = {}
    owners = [0] * (2 + max(flat.depths, default=0))  # by depth, the number of the innermost of the user's own, or 0
    for number, depth, size in zip(flat.numbers, flat.depths, own_bytes):
        owners[depth] = owner = number if own[number] else owners[depth - 1]
        if size:
            pair = owner * count + number
            sizes[pair] = sizes.get(pair, 0) + size
    found = [(divmod(pair, count), size) for pair, size in sizes.items()]
    return {(sites[owner] if owner else None, sites[number]): size for (owner, number), size in found}
