"""Asks the library for callstacks while other threads make code objects, run them and let them die.

Prints how many of the walks did not end with a callstack that is long enough.
"""

import sys
import threading

from walk_comparison import CAPACITY, WALK, ObservedFrame

WITH_GIL = getattr(sys, "_is_gil_enabled", lambda: True)()
WALKS = 2000 if WITH_GIL else 400000  # with the GIL nothing dies during a walk
ENDED = []


def make_code_objects():
    while not ENDED:
        code = compile("bytes(1000)", "short-lived", "eval")
        eval(code)
        del code


def walk_at(depth, seen):
    return walk_at(depth - 1, seen) if depth else WALK(seen, CAPACITY)


threads = [threading.Thread(target=make_code_objects) for _ in range(3)]
for thread in threads:
    thread.start()
seen = (ObservedFrame * CAPACITY)()
wrong = 0
for number in range(WALKS):
    wrong += walk_at(number % 50, seen) < number % 50 + 2
ENDED.append(True)
for thread in threads:
    thread.join()
print(wrong)
