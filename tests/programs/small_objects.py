"""Makes many small objects of the usual kinds, gives some back, and tells its peak if tracemalloc is to say it.

small_objects.py KIND [tracemalloc]
"""

import gc
import sys

gc.disable()  # when it collects depends on what was made before the program: two runs shall do the same
KIND = sys.argv[1]
if sys.argv[2:]:
    # Not tracemalloc.py: what it imports would be missing from the measured run, and present in the profiled one.
    import _tracemalloc

    _tracemalloc.start(1)


class Slim:
    __slots__ = ("a", "b")

    def __init__(self, a, b):
        self.a, self.b = a, b


class Wide:
    def __init__(self, number):
        self.number, self.text, self.parts = number, str(number), [number]


def objects():
    kept = []
    for number in range(60000):
        kept.append((number, str(number), float(number)))
        kept.append({"number": number, "text": "x" * (number % 70)})
        kept.append(Slim(number, Wide(number)))
    del kept[: len(kept) // 2]
    kept.extend([number, number + 1] for number in range(50000))
    return kept


def strings():
    words = {}
    for number in range(150000):
        words.setdefault(f"key {number % 90000}", []).append("value %d" % number)
    text = " ".join(words)
    lines = [line.upper() for line in text.split()] * 2
    return words, text, lines


def nested():
    import json

    text = json.dumps([{"id": number, "tags": ["a", str(number)], "x": {"y": number / 3}} for number in range(30000)])
    return json.loads(text), sorted(json.loads(text), key=lambda item: -item["id"])


def big_and_small():
    kept = []
    for number in range(2000):
        kept.append(bytes(number * 7))
        kept.append(bytearray(number * 3))
        kept.append([None] * number)
        kept.append("x" * number + "\u0444")
        kept[number % len(kept)] = None
    return kept


def main():
    return {"objects": objects, "strings": strings, "nested": nested, "big and small": big_and_small}[KIND]()


result = main()
if sys.argv[2:]:
    print(_tracemalloc.get_traced_memory()[1])
