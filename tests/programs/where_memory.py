"""Memory of several kinds at the peak, which lasts until standard input is closed; then the end.

It says "there" a little before, and waits for a line. where_memory.py FILE HOW; HOW: nothing, or "kill" to die by SIGKILL at the peak

What must be told goes to standard output, in bytes: resident and copied of the file's mappings, and resident in all, as the
kernel says at the peak; then, near the end, the free memory that malloc keeps, or -1.
"""

import ctypes
import mmap
import os
import signal
import sys

MIB = 1 << 20


def of_file(path):
    """Sums of Rss and Anonymous over all mappings of a file, and of Rss over everything."""
    inside, sums = False, {"Rss:": 0, "Anonymous:": 0, "all": 0}
    path = path.replace("\n", "\\012")  # as the kernel writes it
    with open("/proc/self/smaps", encoding="utf-8", errors="surrogateescape") as lines:
        for line in lines:
            words = line.split()
            if "-" in words[0]:
                inside = line.rstrip("\n").endswith(path)
            elif words[0] == "Rss:":
                sums["all"] += int(words[1]) * 1024
                sums["Rss:"] += int(words[1]) * 1024 * inside
            elif inside and words[0] in sums:
                sums[words[0]] += int(words[1]) * 1024
    return sums["Rss:"], sums["Anonymous:"], sums["all"]


class Facts(ctypes.Structure):
    """struct mallinfo2."""

    _fields_ = [("field_%d" % number, ctypes.c_size_t) for number in range(10)]


PATH = os.path.realpath(sys.argv[1])
with open(PATH, "w+b") as file:
    file.truncate(48 * MIB)
    shared = mmap.mmap(file.fileno(), 48 * MIB)  # MARK shared
    private = mmap.mmap(file.fileno(), 16 * MIB, access=mmap.ACCESS_COPY)  # MARK private
shared[: 8 * MIB] = bytes(8 * MIB)
private[: 2 * MIB] = bytes(2 * MIB)
anonymous = mmap.mmap(-1, 24 * MIB)  # MARK anonymous
anonymous[: 4 * MIB] = bytes(4 * MIB)
block = bytearray(64 * MIB)  # MARK block
print("there")
sys.stdout.flush()
sys.stdin.readline()
more = bytearray(2 * MIB)
print(*of_file(PATH))
sys.stdout.flush()
sys.stdin.read()
if sys.argv[2:] == ["kill"]:
    os.kill(os.getpid(), signal.SIGKILL)
del block
shared.close()
private.close()
try:
    mallinfo = ctypes.CDLL(None).mallinfo2
except AttributeError:
    print(-1)
else:
    mallinfo.restype = Facts
    print(mallinfo().field_8)
