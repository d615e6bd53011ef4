"""Who is told of the objects that the interpreter makes (PyRefTracer_SetTracer), while others want to be, too.

Prints, as JSON, who has that place at each moment: "nobody", "another" (a function that this program has put there) or
"somebody"; and what tracemalloc counts for one line, without and with a profile around it.
"""

import ctypes
import gc
import json
import tracemalloc

from filprofiler import api

SET = ctypes.pythonapi.PyRefTracer_SetTracer
SET.argtypes = [ctypes.c_void_p, ctypes.c_void_p]
GET = ctypes.pythonapi.PyRefTracer_GetTracer
GET.argtypes = [ctypes.c_void_p]
GET.restype = ctypes.c_void_p

# Of the C library, and not Python's: it only looks at the first bits of what it is given.
ANOTHER = ctypes.cast(ctypes.CDLL(None).ffs, ctypes.c_void_p).value
DATA = ctypes.create_string_buffer(8)
MANY = 50000  # objects: new memory is needed for them


def who():
    present = GET(None)
    return "nobody" if not present else "another" if present == ANOTHER else "somebody"


def make_many():
    return len([[number] for number in range(MANY)])


def drop_and_keep():
    kept = [None] * 1000
    for number in range(1000):
        [number, number, number]
        kept[number] = [number, number, number]
    return kept


def counted():
    """What tracemalloc, which runs, counts for the lists that are kept."""
    kept = drop_and_keep()
    line = drop_and_keep.__code__.co_firstlineno + 4
    lines = tracemalloc.take_snapshot().filter_traces([tracemalloc.Filter(True, __file__)]).statistics("lineno")
    del kept
    return sum(entry.size for entry in lines if entry.traceback[0].lineno == line)


def nobody_else():
    found = [who()]
    api.peak(lambda: found.append(who()))
    return [*found, who()]


def another_before():
    assert SET(ANOTHER, DATA) == 0
    found = [who()]
    api.peak(lambda: [found.append(who()), make_many(), found.append(who())])
    found.append(who())
    assert SET(None, None) == 0
    return found


def another_within():
    found = []

    def work():
        assert SET(ANOTHER, DATA) == 0
        make_many()
        found.append(who())
        assert SET(None, None) == 0
        found.append(who())
        make_many()
        found.append(who())

    api.peak(work)
    return [*found, who()]


def another_stays():
    api.peak(lambda: SET(ANOTHER, DATA))
    found = [who()]
    assert SET(None, None) == 0
    return found


def tracemallocs():
    gc.collect()  # empties the lists: tracemalloc does not know what has lain there since before it began
    tracemalloc.start()
    alone = counted()
    within = []
    api.peak(lambda: within.append(counted()))
    tracemalloc.stop()
    return [alone, *within]


def main():
    ways = [nobody_else, another_before, another_within, another_stays, nobody_else]
    told = [[way.__name__, way()] for way in ways]
    print(json.dumps({"who": told, "tracemalloc": tracemallocs()}))


main()
