"""Random mappings, by a C library, on one line; how much of what must be told goes to standard output.

random_mappings.py LIBRARY SEED STEPS FILE
"""

import ctypes
import sys

C = ctypes.CDLL(sys.argv[1])
memory, files = ctypes.c_long(), ctypes.c_long()
seed, steps, path = ctypes.c_uint64(int(sys.argv[2])), ctypes.c_long(int(sys.argv[3])), sys.argv[4].encode()
where = ctypes.byref(memory), ctypes.byref(files)
done = C.random_mappings(seed, steps, path, *where)  # MARK mapped
top = bytearray(300 << 20)  # MARK peak
del top
print(memory.value, files.value)
sys.exit(done != 1)
