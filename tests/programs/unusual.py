"""Calls one of the functions of unusual.c: `unusual.py LIBRARY WHICH`."""
import ctypes
import os
import sys
import threading

library = ctypes.CDLL(sys.argv[1])
which = sys.argv[2]
kept = bytearray(6 << 20)  # MARK kept

if which == "bare-fork":
    print(library.unusual_bare_fork())
elif which == "c11-thread":
    print(library.unusual_c11_thread(ctypes.c_size_t(9 << 20)))  # MARK c11
elif which == "c11-churn":
    library.unusual_c11_churn()
    print(0)
elif which == "cancellation":
    print(library.unusual_cancellation())
elif which == "fork-handler":
    stay = threading.Event()
    thread = threading.Thread(target=stay.wait)
    thread.start()
    for _ in range(20):
        child = os.fork()
        if child == 0:
            os._exit(0)
        os.waitpid(child, 0)
    stay.set()
    thread.join()
    print(0)
elif which == "timer":

    def again(left):
        if left:
            timer = threading.Timer(0, again, (left - 1,))
            timer.start()
            timer.join()

    again(100)
    print(0)
elif which == "without-gil":
    # Against the rules: Python's own allocator without the GIL, which another thread has.
    def hold():
        while not library.unusual_waits():
            pass
        ctypes.PyDLL(sys.argv[1]).unusual_hold()

    def take(count):
        allocate = ctypes.cast(ctypes.pythonapi.PyMem_Malloc, ctypes.c_void_p)
        return library.unusual_take_beside(allocate, count, ctypes.c_size_t(512))  # MARK without-gil

    holder = threading.Thread(target=hold)
    holder.start()
    print(take(40000))
    holder.join()
