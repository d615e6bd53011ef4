"""Threads that map memory on one line and take more, each by another call, on the next.

    growing_mappings.py LIBRARY FUNCTION...

Nothing of Python is allocated on the second line, so what the call itself takes alone tells that the thread has come there.
"""

import ctypes
import sys
import threading

C = ctypes.CDLL(sys.argv[1])
NAMES = sys.argv[2:]
failed = [None] * (2 * len(NAMES))


def work(at, take, more, done, gate):
    failed[at] = take()  # MARK before
    failed[at + 1] = more()  # MARK more
    done.release()
    gate.acquire()


gates = []
threads = []
for number, name in enumerate(NAMES):
    done, gate = threading.Lock(), threading.Lock()
    done.acquire()
    gate.acquire()
    work_of_thread = (2 * number, C.take, getattr(C, name), done, gate)
    thread = threading.Thread(target=work, name=name, args=work_of_thread)
    thread.start()
    done.acquire()
    gates.append(gate)
    threads.append(thread)
at_the_peak = bytes(16 << 20)
del at_the_peak
for gate in gates:
    gate.release()
for thread in threads:
    thread.join()
assert not any(failed), failed
