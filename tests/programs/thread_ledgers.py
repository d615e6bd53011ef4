"""Threads that take blocks, give them to each other and drop them, and each write down what is held from where.

    thread_ledgers.py ACCOUNT SEED EVENTS THREADS

Each thread has its own copy of a few functions that take memory, in a "file" of its own, so that the file, line and caller
of a block say which thread took it. The account, [[file, [lines, outermost first], bytes], ...], is what is held at the peak.
"""

import json
import random
import sys
import threading
from collections import defaultdict

# One allocation of an exactly known size, sys.getsizeof, and nothing else on these lines.
SITES = """
def one(n):
    return b"x" * n

def two(n):
    return b"y" * n

def way(n):
    return one(n)

def other_way(n):
    a = two(n)
    return a

def same_line(n): return one(n) if n % 2 else two(n)

def deep(n, depth=12):
    return deep(n, depth - 1) if depth else one(n)
"""
# What each of them leads to: the lines of the made-up file, outermost first.
LINES = {
    "one": [3],
    "two": [6],
    "way": [9, 3],
    "other_way": [12, 6],
    "same_line odd": [15, 3],
    "same_line even": [15, 6],
    "deep": [18] * 13 + [3],
}
NAMES = ["one", "two", "way", "other_way", "same_line", "deep"]
LARGEST = 3000  # bytes of the usual blocks; now and then one that is mapped


class Worker(threading.Thread):
    """Holds (block, file, site), its own and others'."""

    def __init__(self, number, seed, events, neighbours):
        super().__init__()
        self.file = "<thread %d>" % number
        self.random = random.Random(seed * 100 + number)
        self.events = events
        self.neighbours = neighbours
        self.held = []
        self.inbox = []
        self.lock = threading.Lock()
        scope = {}
        exec(compile(SITES, self.file, "exec"), scope)
        self.sites = [(name, scope[name]) for name in NAMES]

    def run(self):
        for _ in range(self.events):
            what = self.random.random()
            if what < 0.5 or not self.held:
                self.take()
            elif what < 0.75:
                self.drop()
            elif what < 0.9:
                self.give()
            else:
                self.receive()

    def take(self):
        name, site = self.random.choice(self.sites)
        size = 200000 if self.random.random() < 0.001 else self.random.randint(2, LARGEST)
        if name == "same_line":
            name = "same_line odd" if size % 2 else "same_line even"
        self.held.append((site(size), self.file, name))
        if len(self.held) > 3000:
            self.drop()

    def any_held(self):
        at = self.random.randrange(len(self.held))
        self.held[at], self.held[-1] = self.held[-1], self.held[at]
        return self.held.pop()

    def drop(self):
        self.any_held()

    def give(self):
        other = self.random.choice(self.neighbours)
        with other.lock:
            other.inbox.append(self.any_held())

    def receive(self):
        with self.lock:
            received, self.inbox = self.inbox, []
        self.held.extend(received[::2])  # the others are freed here, by a thread that did not take them


def main(account, seed, events, threads):
    workers = []
    for number in range(threads):
        workers.append(Worker(number, seed, events // threads, workers))
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    at_the_peak = bytearray(512 << 20)
    totals = defaultdict(int)
    for worker in workers:
        for block, file, name in worker.held + worker.inbox:
            totals[file, name] += sys.getsizeof(block)
    del at_the_peak
    with open(account, "w") as output:
        json.dump([[file, LINES[name], size] for (file, name), size in totals.items()], output)


main(sys.argv[1], *map(int, sys.argv[2:]))
