"""What a program does with SIGBUS: all of it is its own business.

bus_errors.py KIND SCRATCH    (SCRATCH: an empty folder)
"""

import ctypes
import faulthandler
import mmap
import os
import signal
import subprocess
import sys


def own_bus_error(scratch):
    """Read what was mapped of a file that is no longer so long."""
    with open(os.path.join(scratch, "short"), "w+b") as file:
        file.write(bytes(1 << 16))
        file.flush()
        mapped = mmap.mmap(file.fileno(), 1 << 16)
        address = ctypes.addressof(ctypes.c_char.from_buffer(mapped))
        file.truncate(0)
        return ctypes.string_at(address, 1)


def state_of(handler):
    return getattr(handler, "name", handler)


def ask_a_child():
    code = "import signal; print(signal.getsignal(signal.SIGBUS) == signal.SIG_IGN)"
    return subprocess.check_output([sys.executable, "-S", "-c", code]).decode().strip()


C = ctypes.CDLL(None)
for name in "signal", "sysv_signal", "sigset":
    getattr(C, name).restype, getattr(C, name).argtypes = ctypes.c_void_p, [ctypes.c_int, ctypes.c_void_p]
SIG_HOLD = 2
SA_RESTART = 0x10000000
HANDLER = ctypes.CFUNCTYPE(None, ctypes.c_int)(lambda number: os.write(1, b"caught in C\n") and None)
HANDLER_AT = ctypes.cast(HANDLER, ctypes.c_void_p).value


class SigAction(ctypes.Structure):
    _fields_ = [("handler", ctypes.c_void_p), ("mask", ctypes.c_ubyte * 128)]
    _fields_ += [("flags", ctypes.c_int), ("restorer", ctypes.c_void_p)]


def is_restarted():
    """Whether system calls go on after the handler."""
    action = SigAction()
    assert C.sigaction(signal.SIGBUS, None, ctypes.byref(action)) == 0
    return action.handler == HANDLER_AT, bool(action.flags & SA_RESTART)


def caught(number, _frame):
    print("caught", number, flush=True)


if __name__ == "__main__":
    kind, scratch = sys.argv[1:]
    print(state_of(signal.getsignal(signal.SIGBUS)), flush=True)
    if kind == "fault":
        own_bus_error(scratch)
    elif kind == "sent":
        os.kill(os.getpid(), signal.SIGBUS)
    elif kind == "told":
        faulthandler.enable()
        print(ask_a_child(), flush=True)  # its handlers are reset on the way
        own_bus_error(scratch)
    elif kind == "told no more":
        faulthandler.enable()
        faulthandler.disable()
        own_bus_error(scratch)
    elif kind == "caught":
        print(state_of(signal.signal(signal.SIGBUS, caught)))
        for _ in range(3):
            os.kill(os.getpid(), signal.SIGBUS)
        print(state_of(signal.signal(signal.SIGBUS, signal.SIG_DFL)) is caught, flush=True)
        os.kill(os.getpid(), signal.SIGBUS)
    elif kind == "ignored":
        signal.signal(signal.SIGBUS, signal.SIG_IGN)
        os.kill(os.getpid(), signal.SIGBUS)
        print(ask_a_child(), flush=True)
        own_bus_error(scratch)
    elif kind == "caught in C":
        print(C.signal(signal.SIGBUS, HANDLER_AT), flush=True)
        for _ in range(3):
            os.kill(os.getpid(), signal.SIGBUS)
        print(C.signal(signal.SIGBUS, 1) == HANDLER_AT, flush=True)
        os.kill(os.getpid(), signal.SIGBUS)
        print(C.signal(signal.SIGBUS, 0), C.signal(99999, HANDLER_AT) == ctypes.c_void_p(-1).value, flush=True)
        os.kill(os.getpid(), signal.SIGBUS)
    elif kind == "caught in C once":
        print(C.sysv_signal(signal.SIGBUS, HANDLER_AT), flush=True)
        os.kill(os.getpid(), signal.SIGBUS)
        own_bus_error(scratch)
    elif kind == "set by old functions":
        print(C.sigset(signal.SIGBUS, HANDLER_AT), is_restarted(), flush=True)
        os.kill(os.getpid(), signal.SIGBUS)
        print(C.sigset(signal.SIGBUS, SIG_HOLD) == HANDLER_AT, flush=True)
        os.kill(os.getpid(), signal.SIGBUS)
        print("held", flush=True)
        print(C.sigset(signal.SIGBUS, HANDLER_AT) == SIG_HOLD, flush=True)
        print(C.sigignore(signal.SIGBUS), ask_a_child(), flush=True)
        os.kill(os.getpid(), signal.SIGBUS)
        print(C.sigset(99999, HANDLER_AT) == ctypes.c_void_p(-1).value, C.sigignore(99999), flush=True)
        print(C.sigset(signal.SIGBUS, 0), flush=True)
        own_bus_error(scratch)
    elif kind == "to interrupt":
        C.signal(signal.SIGBUS, HANDLER_AT)
        print(is_restarted(), C.siginterrupt(signal.SIGBUS, 1), is_restarted(), flush=True)
        C.signal(signal.SIGBUS, HANDLER_AT)
        print(is_restarted(), C.siginterrupt(signal.SIGBUS, 0), is_restarted(), flush=True)
        C.signal(signal.SIGBUS, HANDLER_AT)
        print(is_restarted(), C.siginterrupt(99999, 0), flush=True)
        os.kill(os.getpid(), signal.SIGBUS)
    elif kind == "forked":
        child = os.fork()
        if child == 0:
            own_bus_error(scratch)
        print(os.waitpid(child, 0)[1] & 127, flush=True)
