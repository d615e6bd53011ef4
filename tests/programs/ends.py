"""Takes 20 MiB on a marked line, more that it gives back, and then ends in the way that the argument names."""

import ctypes
import os
import signal
import sys
import threading

kept = None


def take():
    global kept
    kept = bytearray(20 << 20)  # MARK live
    given_back = bytearray(7 << 20)  # MARK given back
    del given_back


def fail():
    raise KeyError("on purpose")


def wait_for_signal():
    print("ready", flush=True)
    while True:
        signal.sigtimedwait([], 0.1)  # a signal may come just before pause() would begin


class FailsInDel:
    def __del__(self):
        raise ValueError("in a finalizer")


def daemon():
    while True:
        b"x" * 100


def end(kind):
    if kind == "normal":
        return
    if kind.startswith("signal "):
        os.kill(os.getpid(), getattr(signal, kind.split()[1]))
        signal.sigtimedwait([], 0.1)
    elif kind == "segfault":
        ctypes.string_at(8)
    elif kind == "abort":
        os.abort()
    elif kind == "os._exit":
        os._exit(7)
    elif kind == "C _exit":
        ctypes.CDLL(None)._exit(8)
    elif kind == "C exit":
        ctypes.CDLL(None).exit(11)
    elif kind == "sys.exit":
        sys.exit(9)
    elif kind == "sys.exit text":
        sys.exit("a text to end with")
    elif kind == "sys.exit in thread":
        threading.Thread(target=sys.exit, args=(5,)).start()
    elif kind == "exception":
        fail()
    elif kind == "exception while ending":
        import atexit

        atexit.register(fail)
        sys.stdout.flush()
    elif kind == "finalizer":
        global kept_until_the_end
        kept_until_the_end = FailsInDel()
    elif kind == "daemon threads":
        for _ in range(3):
            threading.Thread(target=daemon, daemon=True).start()
    elif kind == "exec":
        sys.stdout.flush()
        os.execv("/bin/sh", ["sh", "-c", "echo other program $1; exit 6", "sh", "x"])
    elif kind == "wait":
        wait_for_signal()
    else:
        raise AssertionError(kind)


take()
print("before the end")
print("on stderr before the end", file=sys.stderr)
sys.stdout.flush()
end(sys.argv[1])
