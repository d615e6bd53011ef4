"""Takes memory in the ways that another malloc could be seen to serve twice, each on a line of its own.

replaced_malloc.py LIBRARY_OF_WAYS LIBRARY_OF_C++ [throws]
"""

import ctypes
import sys

EIGHTH = 1 << 17
C = ctypes.CDLL(sys.argv[1])
PLUS_PLUS = ctypes.CDLL(sys.argv[2])


def take(name, eighths):
    function = getattr(C, name)
    function.restype, function.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
    return function(eighths * EIGHTH)


def each(name, count):
    function = getattr(PLUS_PLUS, name)
    function.restype, function.argtypes = None, [ctypes.c_size_t]
    function(count)


assert take("way_malloc", 9)  # MARK malloc
assert take("way_calloc", 10)  # MARK calloc
assert take("way_realloc_growing", 12)  # MARK realloc growing
assert take("way_realloc_shrinking", 13)  # MARK realloc shrinking
assert take("way_small_reallocs", 14)  # MARK small reallocs
assert take("way_reallocarray", 15)  # MARK reallocarray
assert take("way_posix_memalign", 16)  # MARK posix_memalign
assert take("way_aligned_alloc", 17)  # MARK aligned_alloc
assert take("way_memalign", 18)  # MARK memalign
assert take("way_strdup", 21)  # MARK strdup
assert take("way_mmap", 23)  # MARK mmap
assert take("way_mremap_growing", 32)  # MARK mremap growing
assert take("way_pthread", 10)  # MARK pthread
assert take("way_pthread_of_a_pthread", 11)  # MARK pthread of a pthread
assert take("way_free_of_a_part", 12)  # MARK free of a part
each("tiny_new", 100000)  # MARK tiny new
each("tiny_malloc", 100000)  # MARK tiny malloc
each("aligned_new", 20000)  # MARK aligned new
each("text", 2500000)  # MARK text
if "throws" in sys.argv:
    PLUS_PLUS.throws()  # MARK throws
small = [bytes(n % 512) for n in range(50000)]
medium = [bytearray(600 + n) for n in range(3000)]
last = bytes(128 << 20)  # MARK last
