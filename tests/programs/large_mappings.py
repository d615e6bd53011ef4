"""Large mappings of which nothing, little, or all is touched, and named shared memory; they stay until input is closed.

large_mappings.py NAME: a file to make in /dev/shm, as another process that keeps a store of objects there would.
"""

import mmap
import os
import sys

MIB = 1 << 20


def touch(mapping, start, size):
    for place in range(start, start + size, mmap.PAGESIZE):
        mapping[place] = 1


gone = mmap.mmap(-1, 48 * MIB)
gone.close()
descriptor = os.open(os.path.join("/dev/shm", sys.argv[1]), os.O_RDWR | os.O_CREAT)
os.unlink(os.path.join("/dev/shm", sys.argv[1]))  # as such stores are: whoever uses them was given the descriptor
os.ftruncate(descriptor, 200 * MIB)
store = mmap.mmap(descriptor, 200 * MIB)  # MARK store
touch(store, 0, 40 * MIB)
untouched = mmap.mmap(-1, 64 * MIB)  # MARK untouched
little = mmap.mmap(-1, 40 * MIB)  # MARK little
touch(little, 8 * MIB, 2 * MIB)
touched = mmap.mmap(-1, 32 * MIB)  # MARK touched
touch(touched, 0, 32 * MIB)
tenth = mmap.mmap(-1, 20 * MIB)  # MARK tenth
touch(tenth, 0, 2 * MIB)
small = mmap.mmap(-1, 16 * MIB - mmap.PAGESIZE)  # MARK small
print("there")
sys.stdout.flush()
sys.stdin.read()
