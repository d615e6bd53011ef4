"""Makes objects of each kind that CPython keeps for the next of the kind: drops them on one line, keeps them on another.

    free_lists.py              nothing else
    free_lists.py ACCOUNT      and tracemalloc's own account of each line goes to ACCOUNT, as JSON: [[file, line, bytes], ...]
    free_lists.py stopped      after tracemalloc has run for a while and stopped
    free_lists.py thread       in a thread, while the main thread waits

Each kind is code of a file of its own, `<kind>`, which drops on line 2 and keeps on line 5.
"""

import gc
import json
import sys
import threading

try:
    import contextvars
except ImportError:  # before CPython 3.7
    contextvars = None

COUNT = 6000
NUMBERS = [1, 2, 3]
KINDS = {
    "dict": "{}",
    "dict with a table": "{'a': i}",
    "list": "[]",
    "list with an item": "[i]",
    "tuple of one": "(i,)",
    "tuple of five": "(i, i, i, i, i)",
    "float": "i * 0.5",
    "complex": "i * 0.5j",
    "int": "i * 1000003",
    "slice": "slice(i, None)",
    "range": "range(i)",
    "list iterator": "iter(NUMBERS)",
    "tuple iterator": "iter(kept_tuple)",
    "range iterator": "iter(kept_range)",
    "generator": "(number for number in NUMBERS)",
    "bound method": "NUMBERS.append",
    "method": "THING.method",
    "context": "contextvars.Context()",
    "instance": "Thing()",
    "frame": "frame()",
    "bytes": "bytes(i % 100)",
    "set": "{i}",
    "lambda": "lambda: i",
}
if contextvars is None:
    del KINDS["context"]
SOURCE = """def drop(i):
    dropped = {0}
def keep(kept, i):
    drop(i)
    kept[i] = {0}
"""


class Thing:
    def method(self):
        pass


def frame():
    return sys._getframe()


THING = Thing()
kept_tuple = (1, 2)
kept_range = range(2, 5)
keeping = {}
kept = {}
for kind, expression in KINDS.items():
    names = dict(globals())
    exec(compile(SOURCE.format(expression), "<%s>" % kind, "exec"), names)
    keeping[kind] = names["keep"]
    kept[kind] = [None] * COUNT


def keep_all():
    for kind, keep in keeping.items():
        places = kept[kind]
        for number in range(COUNT):
            keep(places, number)


def main(mode):
    gc.disable()
    gc.collect()  # empties the lists
    if mode == "stopped":
        import tracemalloc

        for _ in range(3):
            tracemalloc.start()
            rows = [[number] for number in range(1000)]
            tracemalloc.stop()
        del rows
        gc.collect()
        makes_arenas = [[number] for number in range(30000)]
        del makes_arenas
    elif mode == "thread":
        thread = threading.Thread(target=keep_all)
        thread.start()
        thread.join()
        return
    elif mode:
        import tracemalloc

        tracemalloc.start()
    keep_all()
    if mode not in ("", "stopped"):
        lines = tracemalloc.take_snapshot().statistics("lineno")
        tracemalloc.stop()
        account = [[line.traceback[0].filename, line.traceback[0].lineno, line.size] for line in lines]
        with open(mode, "w") as file:
            json.dump(account, file)


main(sys.argv[1] if len(sys.argv) > 1 else "")
