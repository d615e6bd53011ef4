"""Forks in several ways. Each child takes memory on a marked line of its own, by a number of MiB, and frees what it has
inherited. Prints the numbers of the children that ended well.
"""

import os
import signal
import sys
import threading

MIB = 1 << 20
inherited = [bytearray(30 * MIB)]  # MARK parent
objects = [[number] for number in range(50000)]


def take(mib):
    return bytearray(mib * MIB)  # MARK child


def child(mib):
    """The whole life of a child: what it has inherited is not its own, whatever it does with it."""
    global inherited
    inherited = None
    objects.clear()
    kept = take(mib)
    small = [str(number) for number in range(20000)]
    return len(kept) + len(small)


def ended(number, status):
    print(number if status == 0 else "%d failed: %r" % (number, status), flush=True)


def forked(number, body=child):
    pid = os.fork()
    if pid == 0:
        body(number)
        os._exit(0)
    ended(number, os.waitpid(pid, 0)[1])


def in_a_fork(number):
    forked(number + 10)
    child(number)


def killed(number):
    child(number)
    os.kill(os.getpid(), signal.SIGKILL)


def worker(number):
    child(number)


if __name__ == "__main__":
    import multiprocessing

    forked(11)
    forked(12, in_a_fork)
    pid = os.fork()
    if pid == 0:
        killed(13)
    ended(13, os.waitpid(pid, 0)[1] - 9)
    pid = os.fork()
    if pid == 0:
        child(14)
        sys.exit(0)  # with all that the interpreter does at its end
    ended(14, os.waitpid(pid, 0)[1])
    thread = threading.Thread(target=forked, args=(15,))
    thread.start()
    thread.join()
    for number, way in ((16, "fork"), (17, "spawn"), (18, "forkserver")):
        process = multiprocessing.get_context(way).Process(target=worker, args=(number,))
        process.start()
        process.join()
        ended(number, process.exitcode)
    print(len(inherited[0]) == 30 * MIB and len(objects) == 50000)
