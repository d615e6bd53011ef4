"""Does a little of all that the profiler follows, and prints what came out of it.

under_faults.py [KIND]    (default: all of them)
"""

import ctypes
import hashlib
import mmap
import os
import sys
import threading

MIB = 1 << 20

for descriptor in range(3, 100):  # what a daemon does; nothing of the profiler's may depend on its descriptors
    try:
        os.close(descriptor)
    except OSError:
        pass


def digest(items):
    return hashlib.md5(repr(items).encode()).hexdigest()[:12]


def small():
    kept = []
    for number in range(3000):
        kept.append({number: [number] * (number % 7), "text": f"text {number}"})
        if number % 500 == 0:
            del kept[: number // 3]
    return len(kept), digest(kept)


def big():
    blocks = [bytearray(number * 40000) for number in range(1, 20)]
    del blocks[::2]
    for block in blocks:
        block.extend(block)
    return sum(map(len, blocks))


def deep(levels):
    return [levels, deep(levels - 1)] if levels else [0]


def functions():
    """Many functions on deep callstacks: the tables grow."""
    kept = []
    for number in range(300):
        scope = {}
        source = "\n" * number + f"def made_{number}(deep): return [bytes(600), len(deep(40))]"
        exec(compile(source, f"file_{number}.py", "exec"), scope)
        kept.append(scope[f"made_{number}"](deep))
    deep(400)
    return len(kept), kept[-1] == [bytes(600), 2]


def threads():
    results = [None] * 4

    def work(place):
        results[place] = digest([bytes(number % 700) for number in range(400)])

    for _ in range(2):
        started = [threading.Thread(target=work, args=(place,)) for place in range(4)]
        for thread in started:
            thread.start()
        for thread in started:
            thread.join()
    return results


def forks():
    statuses = []
    for number in range(3):
        child = os.fork()
        if child == 0:
            kept = [bytearray(MIB), deep(50)]
            os._exit(len(kept) + number)
        statuses.append(os.waitpid(child, 0)[1] >> 8)
    return statuses


def maps():
    mapped = mmap.mmap(-1, 3 * MIB, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    mapped.write(b"x" * MIB)
    mapped.resize(5 * MIB)
    shared = mmap.mmap(-1, MIB, flags=mmap.MAP_SHARED)
    content = mapped[MIB - 1 : MIB + 1], len(mapped), shared[:2]
    mapped.close()
    library = ctypes.CDLL(None)
    library.shmat.restype = ctypes.c_void_p
    segment = library.shmget(0, MIB, 0o1600)
    address = library.shmat(segment, None, 0)
    library.shmctl(segment, 0, None)  # it goes when it is detached
    return content, library.shmdt(ctypes.c_void_p(address))


def too_much():
    """Requests that fail, and are put up with."""
    failed = 0
    for _ in range(3):
        try:
            bytearray(1 << 50)
        except MemoryError:
            failed += 1
    return failed


KINDS = [small, big, functions, threads, forks, maps, too_much]

if __name__ == "__main__":
    wanted = sys.argv[1:] or [kind.__name__ for kind in KINDS]
    kept = bytearray(20 * MIB)  # MARK kept
    for kind in KINDS:
        if kind.__name__ in wanted:
            print(kind.__name__, kind(), flush=True)
    print("done", len(kept))
    sys.exit(5)
