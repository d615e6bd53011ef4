"""Takes memory by functions that it looks up in the C library itself, each from a line of its own.

    c_library_handle.py LIBRARY    (the compiled tests/c/looks_up.c)
"""

import ctypes
import sys
import threading

EIGHTH = 1 << 17
POINTER, SIZE = ctypes.c_void_p, ctypes.c_size_t
READ_WRITE, PRIVATE_ANONYMOUS, MAY_MOVE = 3, 0x22, 1
NOWHERE_ELSE = (PRIVATE_ANONYMOUS, -1, 0)
MEMORY = (READ_WRITE, *NOWHERE_ELSE)


def with_types(library, name, *types):
    function = getattr(library, name)
    function.restype, function.argtypes = POINTER, types
    return function


def of_c(name, *types):
    return with_types(C, name, *types)


def sure(answer):
    assert answer not in (None, ctypes.c_void_p(-1).value), "the C function failed"
    return answer


C = ctypes.CDLL("libc.so.6")
malloc, free = of_c("malloc", SIZE), of_c("free", POINTER)
calloc, realloc = of_c("calloc", SIZE, SIZE), of_c("realloc", POINTER, SIZE)
aligned_alloc, memalign = of_c("aligned_alloc", SIZE, SIZE), of_c("memalign", SIZE, SIZE)
valloc, pvalloc = of_c("valloc", SIZE), of_c("pvalloc", SIZE)
posix_memalign = of_c("posix_memalign", POINTER, SIZE, SIZE)
reallocarray = of_c("reallocarray", POINTER, SIZE, SIZE)
mmap, mmap64 = [of_c(name, POINTER, SIZE, *[ctypes.c_int] * 3, SIZE) for name in ("mmap", "mmap64")]
mremap, mprotect = of_c("mremap", POINTER, SIZE, SIZE, ctypes.c_int), of_c("mprotect", POINTER, SIZE, ctypes.c_int)
munmap, sbrk = of_c("munmap", POINTER, SIZE), of_c("sbrk", SIZE)
other_malloc, other_free = of_c("__libc_malloc", SIZE), of_c("__libc_free", POINTER)
other_calloc, other_realloc = of_c("__libc_calloc", SIZE, SIZE), of_c("__libc_realloc", POINTER, SIZE)
other_memalign = of_c("__libc_memalign", SIZE, SIZE)
usual_malloc, usual_free = [with_types(ctypes.CDLL(None), name, SIZE) for name in ("malloc", "free")]
next_malloc = with_types(ctypes.CDLL(sys.argv[1]), "next_malloc", SIZE)
place = (POINTER * 1)()

malloc(9 * EIGHTH)  # MARK malloc
calloc(10, EIGHTH)  # MARK calloc
realloc(realloc(None, EIGHTH), 11 * EIGHTH)  # MARK realloc
posix_memalign(ctypes.addressof(place), 64, 12 * EIGHTH)  # MARK posix_memalign
aligned_alloc(64, 13 * EIGHTH)  # MARK aligned_alloc
memalign(64, 14 * EIGHTH)  # MARK memalign
valloc(15 * EIGHTH)  # MARK valloc
pvalloc(16 * EIGHTH)  # MARK pvalloc
reallocarray(None, 17, EIGHTH)  # MARK reallocarray
munmap(sure(mmap(None, 30 * EIGHTH, *MEMORY)) + 18 * EIGHTH, 12 * EIGHTH)  # MARK mmap
sure(mmap64(None, 19 * EIGHTH, *MEMORY))  # MARK mmap64
sure(mremap(mmap(None, EIGHTH, *MEMORY), EIGHTH, 20 * EIGHTH, MAY_MOVE))  # MARK mremap
mprotect(mmap(None, 21 * EIGHTH, 0, *NOWHERE_ELSE), 21 * EIGHTH, READ_WRITE)  # MARK mprotect
sure(sbrk(22 * EIGHTH))  # MARK sbrk
other_malloc(9 * EIGHTH)  # MARK __libc_malloc
other_calloc(10, EIGHTH)  # MARK __libc_calloc
other_realloc(other_malloc(EIGHTH), 11 * EIGHTH)  # MARK __libc_realloc
other_memalign(64, 24 * EIGHTH)  # MARK __libc_memalign
next_malloc(23 * EIGHTH)  # MARK the next one


def in_thread():
    malloc(24 * EIGHTH)  # MARK in a thread


thread = threading.Thread(target=in_thread)
thread.start()
thread.join()
for _ in range(100):
    free(malloc(9 * EIGHTH))  # MARK given back
    other_free(malloc(9 * EIGHTH))  # MARK __libc_free
    free(usual_malloc(9 * EIGHTH))  # MARK taken here, given back there
    usual_free(malloc(9 * EIGHTH))  # MARK taken there, given back here
last = bytes(1024 * EIGHTH)
