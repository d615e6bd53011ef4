"""The tree of call stacks as the forms of the report tell it: what is too small to matter is told together.

A call stack of under one part in LEAST_SHARE of the peak folds into the nearest frame above it that holds, with all it
called, as much: there it is one of "n smaller call stacks", together with the call stack that ends there if that is
small too. But one that ends at a line which by itself asked for one part in HEAVY_SHARE of the peak is kept, the
largest such ones first, as long as a .prof file has less than USUAL_BYTES with them. So every byte stays in the tree,
and the sum is the peak.

Where without any of those a .prof file would have more than MOST_BYTES, call stacks fold further: until it fits, each
call stack, and each fold, that has a line of its own must hold twice as much as before.

What lines and functions hold is never taken from here, but from the whole tree (totals.py).
"""

from filprofiler.profile.tree import SMALLER_NAME, Site

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, List

    from filprofiler.profile.totals import FlatTree, Totals

LEAST_SHARE = 10000
HEAVY_SHARE = 1000
USUAL_BYTES = 1900000
MOST_BYTES = 18000000  # numbers are not counted; what is promised is 20 MB
_DEEP = 1000  # of call stacks with more frames, the .prof file leaves the middle out where it would be too large
_DEEP_FRAMES = 64
_LONGEST_ESCAPE = 6  # bytes of a character


class FoldedTree:
    """The kept nodes, in preorder, the root left out; by columns, as in flat_tree.FlatTree.

    folded: for the places of nodes that stand for smaller call stacks, how many these are.
    smaller: the number of their site, 0 if there are none.
    """

    def __init__(self, flat: "FlatTree", totals: "Totals") -> None:
        self.root = flat.root
        self.sites = [flat.sites[0]]
        self.smaller = 0
        self.numbers: "List[int]" = []
        self.depths: "List[int]" = []
        self.ends: "List[int]" = []
        self.own_bytes: "List[int]" = []
        self.threads: "Dict[int, str]" = {}
        self.imported: "List[int]" = []
        self.folded: "Dict[int, int]" = {}
        self._put(flat, _Folds(flat, totals))

    def _put(self, flat: "FlatTree", folds: "_Folds") -> None:
        """Fill in the columns."""
        number_of = {0: 0}
        imported = set(flat.imported)
        above = [-1]  # the open nodes, by depth: the root, then places in the whole tree
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
        """Behind all that is below a node stands what was folded into it."""
        if folds.folded_count[place]:
            if not self.smaller:
                self.smaller = len(self.sites)
                self.sites.append(Site("", SMALLER_NAME, 0))
            self.folded[len(self.numbers)] = folds.folded_count[place]
            self._add(self.smaller, depth + 1, folds.folded_bytes[place])
        if here >= 0:
            self.ends[here] = len(self.numbers)


class _Folds:
    """What is kept of a tree, and what folds into what.

    kept: for each place, 1 if it is kept. own_bytes: for each place, what it tells as its own.
    folded_bytes, folded_count: for each place, and at -1 for the root, what folds into it: bytes, call stacks.
    """

    def __init__(self, flat: "FlatTree", totals: "Totals") -> None:
        self._flat = flat
        self._peak = flat.root.total_bytes
        self._parents = _parents(flat)
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
        self.kept = bytearray(count + 1)  # the last place, which is also place -1, stands for the root
        self.folded_bytes = [0] * (count + 1)
        self.folded_count = [0] * (count + 1)

    def _fold_small(self) -> None:
        """Fold by the rule."""
        self._begin()
        flat, kept, parents, heavy, peak = self._flat, self.kept, self._parents, self._heavy, self._peak
        large = [-1] * (len(flat.numbers) + 1)  # for each place, and at -1 for the root: the nearest one that is large
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
        """Where others fold into a frame, the call stack that ends there does too, if it is small."""
        for place, own_bytes in enumerate(self.own_bytes):
            small = 0 < own_bytes * LEAST_SHARE < self._peak and not self._heavy[self._flat.numbers[place]]
            if small and self.folded_count[place]:
                self.own_bytes[place] = 0
                self._fold(own_bytes, place)

    def _keep_or_fold(self, places: "List[int]", large: "List[int]") -> None:
        """Keep these call stacks, the largest first, as long as there is room; fold the others."""
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
        """Fold until everything that is told by itself has so many bytes."""
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
        """Of the .prof file, in bytes, about."""
        told = [(own > 0) + (count > 0) for own, count in zip(self.own_bytes, self.folded_count)]
        return sum([length * lines for length, lines in zip(self._lengths, told) if lines])


def _lengths(flat: "FlatTree") -> "List[int]":
    """For each place, how long its call stack is in the .prof file, in bytes, about."""
    of_sites = [_length(site) for site in flat.sites]
    ends = [0] * (2 + max(flat.depths, default=0))  # by depth
    lengths = []
    for number, depth in zip(flat.numbers, flat.depths):
        ends[depth] = end = ends[depth - 1] + of_sites[number]
        lengths.append(end if depth <= _DEEP else end * _DEEP_FRAMES // depth)
    return lengths


def _parents(flat: "FlatTree") -> "List[int]":
    """For each place that of the node above it, -1 for the root."""
    path = [-1] * (2 + max(flat.depths, default=0))
    parents = []
    for place, depth in enumerate(flat.depths):
        parents.append(path[depth - 1])
        path[depth] = place
    return parents


def _length(site: "Site") -> int:
    """Of a frame in the .prof file, in bytes, with what stands round it; all escaped where anything may be."""
    text = site.path + site.name
    if not text.isprintable() or ";" in text:
        return _LONGEST_ESCAPE * len(text) + 16
    return len(text.encode("utf-8")) + 16
