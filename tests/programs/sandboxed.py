"""Takes memory on many callstacks after it has shut itself in, or has done something else to its surroundings.

sandboxed.py WAY SCRATCH LIBRARY    (SCRATCH: an empty folder; LIBRARY: tests/c/sandbox.c, compiled)

Prints what it has kept, and how large a block is. Status 5.
"""

import ctypes
import mmap
import os
import sys
import tempfile

MIB = 1 << 20
FUNCTIONS = 1500
MANNERS = ["", "directly", "directly as root", "prctl as root"]  # as tests/c/sandbox.c has them
BLOCK = 1000

SOURCE = """
def made_{0}(keep, deep):
    keep[{0} * 2] = bytes({1})
    keep[{0} * 2 + 1] = deep(5)
"""


def deep(levels):
    if levels == 0:
        return bytes(BLOCK)  # MARK deep
    return deep(levels - 1)


def on_many_callstacks(keep, first, count):
    """More callstacks, functions and texts than the first pieces of a recording hold."""
    for number in range(first, first + count):
        scope = {}
        exec(compile(SOURCE.format(number, BLOCK), "made_%060d.py" % number, "exec"), scope)
        scope["made_%d" % number](keep, deep)


def descriptors():
    """(number, what it leads to) of each that is open."""
    found = []
    for name in os.listdir("/proc/self/fd"):
        try:
            found.append((int(name), os.readlink("/proc/self/fd/" + name)))
        except OSError:
            pass
    return found


def of_recording():
    return [number for number, path in descriptors() if path.endswith("recording.fil")]


def put_another_over(scratch):
    """The program's own files get the numbers of the recording's descriptors."""
    path = os.path.join(scratch, "own")
    with open(path, "w") as file:
        file.write("its own")
        file.flush()
        for number in of_recording():
            os.dup2(file.fileno(), number)
    return path


def change_surroundings(way, scratch, library):
    if way.startswith(("kill", "refuse", "only")):
        name, _, manner = way.partition(" ")
        status = getattr(ctypes.CDLL(library), name)(MANNERS.index(manner))
        assert status == 0, status
    elif way == "nobody":
        os.setgroups([])
        os.setgid(65534)
        os.setuid(65534)
    elif way == "chroot":
        os.chroot(scratch)
        os.chdir("/")
    elif way == "close":
        os.closerange(3, 65536)
    elif way == "close and nobody":
        os.closerange(3, 65536)
        os.setuid(65534)
    elif way == "few descriptors":
        import resource

        resource.setrlimit(resource.RLIMIT_NOFILE, (10, 10))
    elif way == "another":
        put_another_over(scratch)
    else:
        assert way == "nothing"


def file_of(folder):
    """The descriptor of a file of 3 MiB that has no name any more."""
    with tempfile.TemporaryFile(dir=folder) as file:
        file.truncate(3 * MIB)
        return os.dup(file.fileno())


if __name__ == "__main__":
    way, scratch, library = sys.argv[1:]
    kept = bytearray(20 * MIB)  # MARK kept
    in_memory, on_disk = file_of("/dev/shm"), file_of(scratch)
    keep = [None] * (2 * FUNCTIONS)
    on_many_callstacks(keep, 0, 10)
    change_surroundings(way, scratch, library)
    on_many_callstacks(keep, 10, FUNCTIONS - 10)
    mapped = mmap.mmap(-1, 5 * MIB)  # MARK mapped
    if not way.startswith(("only", "close")):  # Python's mmap looks at the file first
        shared = mmap.mmap(in_memory, 3 * MIB)  # MARK shared
        of_file = mmap.mmap(on_disk, 3 * MIB)  # MARK of file
    text = "%d %d %d %d\n" % (len(kept), sum(map(len, keep)), len(mapped), sys.getsizeof(keep[0]))
    if way == "another":
        text += open(os.path.join(scratch, "own")).read() + "\n"
    os.write(1, text.encode())
    if way.startswith("only"):
        os._exit(5)  # the interpreter's end needs more than is left
    sys.exit(5)
