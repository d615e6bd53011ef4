"""Large mappings, told one by one: their bytes now and at the peak, against a model that copies all of them."""

import random

from test_ledger import ADD_RANGE, CHILD, REMOVE_RANGE, RESERVE, ROOT, USE, driver, run_driver

__all__ = ["driver"]  # the fixture

UNIT = 8 << 20  # half of what is large
BASE = 0x7E00_0000_0000
PLACES = 40


class Model:
    """All that counts, as a list of mappings: (start, end, node), in units."""

    def __init__(self):
        self.mappings, self.reserved, self.made = [], [], [ROOT]
        self.large = []  # as mappings, but for what splitting leaves of them
        self.peak, self.large_at_peak = 0, []

    def run(self, kind, index, start, count):
        """One event; start and count in units."""
        node, end = self.made[index % len(self.made)], start + count
        if kind == CHILD:
            self.made.append(len(self.made) + 2)
        elif kind == USE:
            used = [(max(first, start), min(behind, end)) for first, behind, _node in self.reserved]
            self.reserved = [piece for mapping in self.reserved for piece in without(mapping, start, end)]
            for first, behind in used:
                if first < behind:
                    self.add(first, behind, node)
        else:
            self.remove(start, end)
            self.reserved = [piece for mapping in self.reserved for piece in without(mapping, start, end)]
            if kind == RESERVE:
                self.reserved.append((start, end, None))
            elif kind == ADD_RANGE:
                self.add(start, end, node)
        total = sum(end - start for start, end, _node in self.mappings)
        if total > self.peak:
            self.peak, self.large_at_peak = total, [(end - start, node) for start, end, node in self.large]

    def add(self, start, end, node):
        self.mappings.append((start, end, node))
        if end - start >= 2:
            self.large.append((start, end, node))

    def remove(self, start, end):
        self.mappings = [piece for mapping in self.mappings for piece in without(mapping, start, end)]
        left = [without(mapping, start, end) for mapping in self.large]
        self.large = [max(pieces, key=lambda piece: piece[1] - piece[0]) for pieces in left if pieces]


def without(mapping, start, end):
    """What is left of a mapping, the piece in front first."""
    first, behind, node = mapping
    pieces = [(first, min(behind, start), node), (max(first, end), behind, node)]
    if start >= behind or end <= first:
        return [mapping]
    return [piece for piece in pieces if piece[0] < piece[1]]


def test_random_mappings(driver):  # noqa: F811
    for seed in range(60):
        made_up, model, events = random.Random(seed), Model(), []
        for _ in range(made_up.randrange(1, 120)):
            kind = made_up.choice((ADD_RANGE, ADD_RANGE, REMOVE_RANGE, CHILD, RESERVE, USE))
            index, start, count = made_up.randrange(9), made_up.randrange(PLACES), made_up.randrange(1, 8)
            if kind == CHILD:
                events.append((kind, 0, len(events) + 1, 0))
            else:
                events.append((kind, index, BASE + start * UNIT, count * UNIT))
            model.run(kind, 0 if kind == CHILD else index, start, count)
        large = run_driver(driver, events)["large"]
        now = sorted((start, size, node) for start, node, size, _at_peak in large if size)
        assert now == sorted((BASE + start * UNIT, (end - start) * UNIT, node) for start, end, node in model.large), (
            seed
        )
        at_peak = sorted((size, node) for _start, node, _now, size in large if size)
        assert at_peak == sorted((size * UNIT, node) for size, node in model.large_at_peak), seed
