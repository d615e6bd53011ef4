"""Starts processes in each way there is, and says how many it has started; then it may become another program.

    starts_processes.py [WAY_TO_BECOME]
"""

import ctypes
import multiprocessing
import os
import subprocess
import sys

kept = bytearray(20 << 20)  # MARK kept
libc = ctypes.CDLL(None)


def holds(_number):
    """Holds 80 MiB until the supervisor has looked at this process."""
    block = bytearray(80 << 20)
    with open(sys.argv[1] if len(sys.argv) > 1 else os.devnull, "rb") as recording:
        while recording.name != os.devnull and not largest(recording):
            os.sched_yield()
    return len(block)


def largest(recording):
    """What the recording says of the largest process that was seen."""
    from filprofiler import _abi

    place = _abi.HEADER_OFFSETS["largest_resident_bytes"]
    return int.from_bytes(os.pread(recording.fileno(), 8, place), "little") > 80 << 20


def fork_twice():
    """As a daemon does: the child ends at once, and leaves one of its own."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        if os.fork() == 0:
            os.write(writer, b"x")
        os._exit(0)
    os.waitpid(child, 0)
    os.read(reader, 1)
    return 2


def run_all():
    """How many processes were started."""
    count = fork_twice()
    subprocess.run(["true"], check=True)
    subprocess.run("true", shell=True, check=True, close_fds=False)
    os.system("true")
    os.popen("true").read()
    count += 4
    if hasattr(os, "posix_spawn"):
        os.waitpid(os.posix_spawn("/bin/true", ["true"], os.environ), 0)
        count += 1
        try:
            os.posix_spawn("/no/such/program", ["true"], os.environ)
        except FileNotFoundError:
            pass  # there is no process
    with multiprocessing.get_context("fork").Pool(1) as pool:
        pool.map(holds, [0])
    return count + 1


def fail_to_become():
    """What cannot be done leaves nothing behind."""
    assert call_kernel(EXECVE, ctypes.c_char_p(b"/no/such"), TRUE[1]) == -1
    for call in (lambda: os.execv("/no/such", ["x"]), lambda: os.execvp("no-such-program", ["x"])):
        try:
            call()
        except OSError:
            pass


def call_kernel(number, *arguments):
    libc.syscall.argtypes = [ctypes.c_long] * 6
    places = [ctypes.cast(argument, ctypes.c_void_p).value if argument is not None else 0 for argument in arguments]
    return libc.syscall(number, *places, *[0] * (5 - len(places)))


TRUE = ctypes.c_char_p(b"/bin/true"), (ctypes.c_char_p * 2)(b"true", None)
EXECVE, EXECVEAT = (59, 322) if os.uname().machine == "x86_64" else (221, 281)

BECOME = {
    "syscall execve": lambda: call_kernel(EXECVE, *TRUE),
    "syscall execveat": lambda: call_kernel(EXECVEAT, None, *TRUE),
    "execve": lambda: os.execve("/bin/true", ["true"], os.environ),
    "execv": lambda: os.execv("/bin/true", ["true"]),
    "fexecve": lambda: os.execve(os.open("/bin/true", os.O_RDONLY), ["true"], os.environ),
    "c execv": lambda: libc.execv(b"/bin/true", (ctypes.c_char_p * 2)(b"true", None)),
    "c execvp": lambda: libc.execvp(b"true", (ctypes.c_char_p * 2)(b"true", None)),
    "c execvpe": lambda: libc.execvpe(b"true", (ctypes.c_char_p * 2)(b"true", None), None),
    "c execl": lambda: libc.execl(b"/bin/sh", b"sh", b"-c", b'test "$0 $1" = "a b"', b"a", b"b", None),
    "c execlp": lambda: libc.execlp(b"sh", b"sh", b"-c", b'test "$0 $1" = "a b"', b"a", b"b", None),
    "c execle": lambda: libc.execle(
        b"/bin/sh", b"sh", b"-c", b'test "$0 $X" = "a y"', b"a", None, (ctypes.c_char_p * 2)(b"X=y", None)
    ),
}

if __name__ == "__main__":
    if len(sys.argv) > 2:
        BECOME[sys.argv[2]]()
        os._exit(99)
    fail_to_become()
    print(run_all())
