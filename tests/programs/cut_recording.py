"""Cuts its own recording short while it runs, as a clean-up job would, or writes over it, and goes on.

cut_recording.py FOLDER DAMAGE WAY    (the recording lies in FOLDER or one folder below)

DAMAGE: to how many bytes it is cut; or FIRST-END=WHAT: what is written over these of its bytes: a number, `random`, or
the path of a file, whose bytes at the same place are.
WAY: `here`; `thread`: another thread goes on; `handled`: with faulthandler; `handled in C`: with a handler that was set by
the C library's `signal`; `handled by an old one`: by its `sigset`; `caught before`: the program has caught a SIGBUS before;
`sent`: it catches each that it sends itself afterwards; `sent, fatal`: it dies of one that it sends itself. Else status 5.
"""

import ctypes
import faulthandler
import glob
import os
import signal
import sys
import threading

MIB = 1 << 20
SOURCE = "def made_{0}():\n    return [bytes(n) for n in range({0}, {0} + 20)]\n"


def work():
    """New functions and callstacks, blocks of all sizes, and their release."""
    kept = bytearray(9 * MIB)
    sizes = []
    for number in range(600):
        scope = {}
        exec(compile(SOURCE.format(number), "made.py", "exec"), scope)
        sizes.append(sum(map(len, scope["made_%d" % number]())))
        if number % 100 == 0:
            sizes = sizes[:]
    return len(kept), sum(sizes)


def damage(folder, what):
    (path,) = glob.glob(folder + "/*.fil") + glob.glob(folder + "/*/*.fil")
    place, over, byte = what.partition("=")
    if not over:
        os.truncate(path, int(place))
        return
    first, end = map(int, place.split("-"))
    if byte == "random":
        new = os.urandom(end - first)
    elif byte.isdigit():
        new = bytes([int(byte)]) * (end - first)
    else:
        with open(byte, "rb") as other:
            new = other.read()[first:end]
    with open(path, "r+b") as file:
        file.seek(first)
        file.write(new)


def set_in_c(name):
    c = ctypes.CDLL(None)
    function = getattr(c, name)
    function.restype, function.argtypes = ctypes.c_void_p, [ctypes.c_int, ctypes.c_void_p]
    assert function(signal.SIGBUS, ctypes.cast(c.abort, ctypes.c_void_p)) is None  # it had none


def ways_to_send():
    """Functions that send SIGBUS to this process."""
    c = ctypes.CDLL(None)
    return [
        lambda: os.kill(os.getpid(), signal.SIGBUS),
        lambda: c["raise"](signal.SIGBUS),
        lambda: c.sigqueue(os.getpid(), signal.SIGBUS, None),
        lambda: signal.pthread_kill(threading.get_ident(), signal.SIGBUS),  # which is tgkill
    ]


caught = []


if __name__ == "__main__":
    folder, what, way = sys.argv[1:]
    before = [bytearray(MIB) for _ in range(5)]
    first = work()
    if way == "handled":
        faulthandler.enable()
    elif way == "handled in C":
        set_in_c("signal")
    elif way == "handled by an old one":
        set_in_c("sigset")
    elif way in ("caught before", "sent"):
        signal.signal(signal.SIGBUS, lambda number, _frame: caught.append(number))
    if way == "caught before":
        os.kill(os.getpid(), signal.SIGBUS)
    senders = ways_to_send() if "sent" in way else []
    if folder != "-":
        damage(folder, what)
    for send in senders:
        send()
    if way == "thread":
        results = []
        threads = [threading.Thread(target=lambda: results.append(work())) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert results == [first] * 3
    del before[2:]
    print(work() == first, first, len(before), caught == [signal.SIGBUS] * len(caught), len(caught), flush=True)
    sys.exit(5)
