"""Millions of small objects that are all live at the peak.

Arguments: how often they are built (default 1), thousands of objects (default 5000). Every record is five objects that
are asked for one by one: an instance with __slots__, a tuple of three, a string, an int above 256 and a float; on
CPython 3.11 about 50 bytes an object.
"""

import sys


class Reading:
    """What one sensor said."""

    __slots__ = ("name", "values")

    def __init__(self, name, values):
        self.name = name
        self.values = values


def build(records):
    """A list of `records` readings."""
    readings = []
    for number in range(records):
        readings.append(Reading("sensor %d" % number, (number + 1000, number * 0.5, None)))
    return readings


def main(times, thousands):
    """Build, look at each once, let go."""
    total = 0
    for _ in range(times):
        readings = build(thousands * 200)
        for reading in readings:
            total += reading.values[0]
        del readings
    print(total)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1, int(sys.argv[2]) if len(sys.argv) > 2 else 5000)
