"""A C library's pool of threads: started by one line, it works for others. Takes the library's path."""

import ctypes
import os
import sys
import threading

C = ctypes.CDLL(sys.argv[1])
C.pool_take.restype = ctypes.c_void_p
C.pool_take.argtypes = [ctypes.c_size_t]


def first():
    C.pool_take(3 << 20)  # MARK first


def second():
    C.pool_take(5 << 20)  # MARK second


def started_in_a_thread():
    global task
    task = "/proc/" + os.readlink("/proc/thread-self")
    C.pool_start()  # MARK thread start


if len(sys.argv) > 2:  # the thread that starts the pool is gone when it works
    thread = threading.Thread(target=started_in_a_thread)
    thread.start()
    thread.join()
    while os.path.exists(task):  # before 3.13 a thread has left Python when it is joined, and may have its end before it
        os.sched_yield()
else:
    C.pool_start()  # MARK start
first()
second()
