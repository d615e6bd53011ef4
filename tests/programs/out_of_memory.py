"""Memory runs out, in several ways.

    out_of_memory.py KIND [LIBRARY]

Before, 12 MiB are taken on the line marked `kept`, and 5 MiB taken and given back. The request that fails stands on the
line marked KIND.
"""

import ctypes
import resource
import signal
import sys
import time

MIB = 1 << 20
ABSURD = 3 << 45
ROOM = 600 * MIB
kept = []


def keep(count):
    for _ in range(count):
        kept.append(bytearray(MIB))  # MARK kept


def limit_addresses():
    """Some allocators reserve much at the start, so the limit is what is mapped now and some more."""
    with open("/proc/self/statm") as file:
        mapped = int(file.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (mapped + ROOM, resource.getrlimit(resource.RLIMIT_AS)[1]))


def starve(library, name):
    function = getattr(ctypes.CDLL(library), "starve_" + name)
    function.argtypes = [ctypes.c_size_t]
    function.restype = ctypes.c_void_p
    return function(ABSURD)  # MARK C


def absurd():
    return bytearray(ABSURD)  # MARK absurd


def larger():
    return bytearray(2 * ABSURD)  # MARK larger


def in_list():
    return [None] * (ABSURD // 8)  # MARK list


def impossible():
    return [None] * sys.maxsize  # refused by Python itself


def slow():
    limit_addresses()
    while True:
        kept.append(bytearray(10 * MIB))  # MARK slow


def small():
    limit_addresses()
    objects = []
    try:
        while True:
            objects.append([len(objects)])
    except MemoryError:
        del objects[:]
        raise


def handled(function):
    for _ in range(40):
        try:
            function()
        except MemoryError:
            continue
        raise AssertionError("no MemoryError")
    keep(3)
    print("went on", flush=True)


def shown():
    """As test runners and debuggers do: they keep where Python would what they have shown."""
    try:
        impossible()
    except MemoryError:
        sys.last_type, sys.last_value, sys.last_traceback = sys.exc_info()
        sys.last_exc = sys.last_value
    print("went on", flush=True)
    sys.exit(1)


def in_thread():
    import threading

    thread = threading.Thread(target=absurd)
    thread.start()
    thread.join()
    print("went on", flush=True)


def main(kind, library=None):
    bytearray(5 * MIB)
    keep(12)
    if kind == "absurd":
        absurd()
    elif kind == "list":
        in_list()
    elif kind == "impossible":
        impossible()
    elif kind == "slow":
        slow()
    elif kind == "small":
        small()
    elif kind == "handled":
        handled(absurd)
    elif kind == "handled, then status 9":
        handled(absurd)
        sys.exit(9)
    elif kind == "handled, then impossible":
        handled(absurd)
        keep(20)
        impossible()
    elif kind == "raised again late":
        try:
            absurd()
        except MemoryError:
            del kept[:]
            time.sleep(2.2)  # a busy machine
            raise
    elif kind == "handled, then larger":
        for _ in range(6):
            handled(absurd)
        larger()
    elif kind == "shown":
        shown()
    elif kind == "no descriptors":
        resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))
        absurd()
    elif kind == "file size":
        signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100000, 100000))
        handled(absurd)
    elif kind == "thread":
        in_thread()
    elif kind == "numpy":
        import numpy

        numpy.ones(ABSURD // 8)  # MARK numpy
    elif kind == "wrong":
        assert ctypes.CDLL(library).starve_wrong() == 1
    elif kind.startswith("C "):
        assert not starve(library, kind[2:])
        keep(3)
        print("went on", flush=True)
    else:
        raise AssertionError(kind)


if __name__ == "__main__":
    main(*sys.argv[1:])
