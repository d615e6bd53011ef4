"""Building structures deep down in a recursion, as a parser or a walk over a tree does.

Arguments: depth of the recursion (default 100), thousands of records built at that depth (default 1400). Getting there
is done once; all the work is done at the bottom, half of it in one function, half in a function that it calls.
"""

import sys


def make_record(number):
    """A small record: a dict, a tuple, a string."""
    return {"id": number, "name": "r%d" % number, "pair": (number, number + 1)}


def build(thousands):
    """Build records, 1,000 at a time."""
    total = 0
    for block in range(thousands):
        records = []
        for number in range(block * 1000, block * 1000 + 1000):
            records.append([make_record(number), [number, "x%d" % number]])
        total += len(records)
    return total


def descend(levels, thousands):
    """Call itself until `levels` frames are on the stack, then build."""
    if levels > 0:
        return descend(levels - 1, thousands)
    return build(thousands)


def main(depth, thousands):
    """The frames of the module, main, build and make_record count too."""
    print(descend(max(depth - 5, 0), thousands))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100, int(sys.argv[2]) if len(sys.argv) > 2 else 1400)
