"""Starts one process by the way that is named, which holds 80 MiB until the supervisor has seen it.

    starts_one_process.py RECORDING WAY
"""

import ctypes
import os
import shlex
import signal
import subprocess
import sys
import threading

MOST = 80 << 20
CLONE = {"x86_64": 56, "aarch64": 220}
EXECVE = {"x86_64": 59, "aarch64": 221}

libc = ctypes.CDLL(None)
libc.popen.restype = ctypes.c_void_p
libc.pclose.argtypes = [ctypes.c_void_p]
libc.syscall.argtypes = [ctypes.c_long] * 6


def hold(recording):
    """In the process that is started."""
    from filprofiler import _abi

    block = bytearray(MOST)
    place = _abi.HEADER_OFFSETS["largest_resident_bytes"]
    with open(recording, "rb") as file:
        while int.from_bytes(os.pread(file.fileno(), 8, place), "little") < MOST:
            os.sched_yield()
    return len(block)


def words():
    return [sys.executable, __file__, sys.argv[1]]


def line():
    return " ".join(shlex.quote(word) for word in words())


def clone():
    """As fork does, but past the C library: no handler runs. Then the child becomes another program, likewise."""
    arguments = (ctypes.c_char_p * 4)(*[os.fsencode(word) for word in words()], None)
    environment = [os.fsencode("%s=%s" % pair) for pair in os.environ.items()]
    variables = (ctypes.c_char_p * (len(environment) + 1))(*environment, None)
    path = ctypes.c_char_p(arguments[0])
    address = ctypes.cast(path, ctypes.c_void_p).value
    execve = EXECVE[os.uname().machine]
    child = libc.syscall(CLONE[os.uname().machine], signal.SIGCHLD, 0, 0, 0, 0)
    if child == 0:
        libc.syscall(execve, address, ctypes.addressof(arguments), ctypes.addressof(variables), 0, 0)
        os._exit(99)
    os.waitpid(child, 0)


def in_thread():
    """The child is a thread's, not the first thread's."""
    thread = threading.Thread(target=os.system, args=[line()])
    thread.start()
    thread.join()


def with_shell_between():
    """The shell waits for it."""
    assert os.system(line() + "; true") == 0


WAYS = {
    "os.system": lambda: os.system(line()),
    "in a thread": in_thread,
    "below a shell": with_shell_between,
    "c system": lambda: libc.system(os.fsencode(line())),
    "c popen": lambda: libc.pclose(libc.popen(os.fsencode(line()), b"r")),
    "os.popen": lambda: os.popen(line()).read(),
    "posix_spawn": lambda: os.waitpid(os.posix_spawn(sys.executable, words(), os.environ), 0),
    "os.spawnv": lambda: os.spawnv(os.P_WAIT, sys.executable, words()),
    "subprocess": lambda: subprocess.run(words(), check=True),
    "clone": clone,
}

if __name__ == "__main__":
    if len(sys.argv) == 2:
        hold(sys.argv[1])
    else:
        kept = bytearray(20 << 20)
        WAYS[sys.argv[2]]()
