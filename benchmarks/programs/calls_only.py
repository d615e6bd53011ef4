"""Calls and nothing else: every number stays under 257, which CPython keeps for ever, and there is no float.

Argument: hundreds of thousands of calls, roughly (default 200). It shows what a tracker of allocations costs code that
makes none.
"""

import sys
from itertools import repeat


def larger(a, b):
    """The larger of two numbers."""
    return a if a > b else b


def down(n):
    """Recursion 20 deep."""
    if n:
        return down(n - 1)
    return 0


class Counter:
    """A counter that wraps at 128."""

    def __init__(self):
        self.value = 0

    def step(self):
        """One more."""
        self.value = (self.value + 1) & 127
        return self.value


def work(counter):
    """About 100,000 calls."""
    best = 0
    for _ in range(250):
        for i in range(62):
            best = larger(counter.step(), larger(best, i)) & 127
            larger(best, counter.step())
        down(20)
        down(20)
        down(20)
        down(20)
        down(20)
    return best


def main(passes):
    """Call, `passes` times 100,000."""
    counter = Counter()
    best = 0
    for _ in repeat(None, passes):
        best = larger(best, work(counter))
    print(best, counter.value)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
