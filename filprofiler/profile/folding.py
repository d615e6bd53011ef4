"""The tree of call stacks as most forms of the report show it: call stacks too small to matter are combined.

A call stack below 1/LEAST_SHARE of the peak folds into the nearest frame above it that, with its callees, holds at
least that much. There it is one of "[n smaller callstacks]", with the call stack that ends at that frame if that is
small too. But a call stack that ends at a line which itself allocated 1/HEAVY_SHARE of the peak is kept, the largest
first, as long as a .prof file stays below USUAL_BYTES. So every byte stays in the tree, and the sum is the peak.

If a .prof file would exceed MOST_BYTES even without those, call stacks fold further: the bytes that each call stack and
each fold on a line of its own must hold are doubled until the file fits.

The totals of lines and functions never come from here, but from the whole tree (totals.py).
"""

from array import array

from filprofiler.profile.tree import SMALLER_NAME, Site

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, List

    from filprofiler.profile.totals import FlatTree, Totals

LEAST_SHARE = 10000
HEAVY_SHARE = 1000
USUAL_BYTES = 1900000
MOST_BYTES = 18000000  # without numbers; the documented limit is 20 MB
_DEEP = 1000  # the .prof file may leave out the middle of call stacks with more frames
_DEEP_FRAMES = 64
_LONGEST_ESCAPE = 6  # bytes of a character


class FoldedTree:
    """The kept nodes, in preorder without the root; by columns, as in totals.FlatTree.

    folded: by index of nodes that combine smaller call stacks, how many they combine.
    smaller: the number of their site, 0 if there are none.
    """

    def __init__(self, flat: "FlatTree", totals: "Totals") -> None:
        self.root = flat.root
        self.sites = [flat.sites[0]]
        self.smaller = 0
        self.numbers = array("I")
        self.depths = array("I")
        self.ends = array("I")
        self.own_bytes: "List[int]" = []
        self.threads: "Dict[int, str]" = {}
        self.imported: "List[int]" = []
        self.folded: "Dict[int, int]" = {}
        self._put(flat, _Folds(flat, totals))

    def _put(self, flat: "FlatTree", folds: "_Folds") -> None:
        """Fill in the columns."""
        number_of = {0: 0}
        imported = set(flat.imported)
        above = [-1]  # the open nodes, by depth: the root, then indices in the whole tree
        places = [-1]  # and here
        for place in [place for place, kept in enumerate(folds.kept) if kept] + [len(flat.numbers)]:
            depth = flat.depths[place] if place < len(flat.numbers) else 0
            while len(above) > depth:
                self._close(above.pop(), places.pop(), len(above), folds)
            if place == len(flat.numbers):
                break
            number = flat.numbers[place]
            if number not in number_of:
                number_of[number] = len(self.sites)
                self.sites.append(flat.sites[number])
            above.append(place)
            places.append(len(self.numbers))
            if place in flat.threads:
                self.threads[len(self.numbers)] = flat.threads[place]
            if place in imported:
                self.imported.append(len(self.numbers))
            self._add(number_of[number], depth, folds.own_bytes[place])

    def _add(self, number: int, depth: int, own_bytes: int) -> None:
        self.numbers.append(number)
        self.depths.append(depth)
        self.own_bytes.append(own_bytes)
        self.ends.append(len(self.numbers))

    def _close(self, place: int, here: int, depth: int, folds: "_Folds") -> None:
        """Close a node: after everything below it comes the fold of what was folded into it."""
        if folds.folded_count[place]:
            if not self.smaller:
                self.smaller = len(self.sites)
                self.sites.append(Site("", SMALLER_NAME, 0))
            self.folded[len(self.numbers)] = folds.folded_count[place]
            self._add(self.smaller, depth + 1, folds.folded_bytes[place])
        if here >= 0:
            self.ends[here] = len(self.numbers)


class _Folds:
    """Which nodes of a tree are kept, and what folds into them. Nodes are given by index; -1 is the root.

    kept: by node, 1 if it is kept. own_bytes: by node, its own bytes as shown.
    folded_bytes, folded_count: by node, bytes and number of call stacks that fold into it.
    """

    def __init__(self, flat: "FlatTree", totals: "Totals") -> None:
        self._flat = flat
        self._peak = flat.root.total_bytes
        self._parents = flat.parents()
        self._lengths = _lengths(flat)
        sizes = zip(flat.sites, totals.own_bytes)
        self._heavy = [size * HEAVY_SHARE >= self._peak and not site.special for site, size in sizes]
        self._fold_small()
        share = LEAST_SHARE
        while self._size() > MOST_BYTES and share:
            self._fold_more(-(-self._peak // share))
            share //= 2

    def _begin(self) -> None:
        count = len(self._flat.numbers)
        self.own_bytes = [0] * count
        self.kept = bytearray(count + 1)  # the last index, which is also -1, is the root's
        self.folded_bytes = [0] * (count + 1)
        self.folded_count = [0] * (count + 1)

    def _fold_small(self) -> None:
        """Fold by the rule."""
        self._begin()
        flat, kept, parents, heavy, peak = self._flat, self.kept, self._parents, self._heavy, self._peak
        large = [-1] * (len(flat.numbers) + 1)  # by node: the nearest large node, itself or above
        exceptions: "List[int]" = []
        columns = zip(flat.numbers, flat.own_bytes, flat.total_bytes, parents)
        for place, (number, own_bytes, total_bytes, parent) in enumerate(columns):
            if total_bytes * LEAST_SHARE >= peak:
                large[place] = place
                kept[place] = 1
                self.own_bytes[place] = own_bytes
                continue
            large[place] = into = large[parent]
            if own_bytes and heavy[number]:
                exceptions.append(place)
            elif own_bytes:
                self._fold(own_bytes, into)
        self._fold_where_others_do()
        self._keep_or_fold(exceptions, large)
        self._fold_where_others_do()
        for place in range(len(flat.numbers) - 1, -1, -1):
            if kept[place]:
                kept[parents[place]] = 1
        kept[-1] = 0

    def _fold(self, size: int, into: int) -> None:
        """Fold a call stack of so many bytes."""
        self.folded_bytes[into] += size
        self.folded_count[into] += 1

    def _fold_where_others_do(self) -> None:
        """Where others fold into a frame, also fold the call stack that ends there, if it is small."""
        for place, own_bytes in enumerate(self.own_bytes):
            small = 0 < own_bytes * LEAST_SHARE < self._peak and not self._heavy[self._flat.numbers[place]]
            if small and self.folded_count[place]:
                self.own_bytes[place] = 0
                self._fold(own_bytes, place)

    def _keep_or_fold(self, places: "List[int]", large: "List[int]") -> None:
        """Keep these call stacks, largest first, as long as there is room; fold the others."""
        own_bytes, lengths = self._flat.own_bytes, self._lengths
        room = USUAL_BYTES - self._size()
        for place in sorted(places, key=own_bytes.__getitem__, reverse=True):
            room -= lengths[place]
            if room >= 0:
                self.kept[place] = 1
                self.own_bytes[place] = own_bytes[place]
            else:
                self._fold(own_bytes[place], large[place])

    def _fold_more(self, least: int) -> None:
        """Fold until everything shown by itself has at least `least` bytes."""
        self._begin()
        flat, kept, parents = self._flat, self.kept, self._parents
        sizes, counts = self.folded_bytes, self.folded_count
        for place in range(len(flat.numbers) - 1, -1, -1):
            own, parent = flat.own_bytes[place], parents[place]
            if own >= least:
                self.own_bytes[place] = own
            elif own:
                sizes[place] += own
                counts[place] += 1
            if 0 < sizes[place] < least:
                sizes[parent] += sizes[place]
                counts[parent] += counts[place]
                sizes[place] = counts[place] = 0
            if kept[place] or sizes[place] or self.own_bytes[place]:
                kept[place] = kept[parent] = 1
        kept[-1] = 0

    def _size(self) -> int:
        """Approximate size of the .prof file in bytes."""
        told = [(own > 0) + (count > 0) for own, count in zip(self.own_bytes, self.folded_count)]
        return sum([length * lines for length, lines in zip(self._lengths, told) if lines])


def _lengths(flat: "FlatTree") -> "List[int]":
    """By node, the approximate length of its call stack in the .prof file, in bytes."""
    of_sites = [_length(site) for site in flat.sites]
    ends = [0] * (2 + max(flat.depths, default=0))  # by depth
    lengths = []
    for number, depth in zip(flat.numbers, flat.depths):
        ends[depth] = end = ends[depth - 1] + of_sites[number]
        lengths.append(end if depth <= _DEEP else end * _DEEP_FRAMES // depth)
    return lengths


def _length(site: "Site") -> int:
    """Length of a frame in the .prof file, in bytes, with separators; an upper bound if anything needs escaping."""
    text = site.path + site.name
    if not text.isprintable() or ";" in text:
        return _LONGEST_ESCAPE * len(text) + 16
    return len(text.encode("utf-8")) + 16
