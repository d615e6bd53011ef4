"""POSIX shared memory as multiprocessing gives it."""

from multiprocessing import shared_memory

MIB = 1 << 20

first = shared_memory.SharedMemory(create=True, size=MIB)  # imports what the others need
first.close()
first.unlink()
gone = shared_memory.SharedMemory(create=True, size=30 * MIB)  # MARK closed
gone.close()
gone.unlink()
kept = shared_memory.SharedMemory(create=True, size=20 * MIB)  # MARK created
block = bytearray(40 * MIB)
kept.close()
kept.unlink()
