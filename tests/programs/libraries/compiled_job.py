"""Code that is compiled for this program: Fortran's allocate, and Cython's ways to take memory."""

import ctypes
import sys

from accounts import expect, peak_is_now

if sys.argv[1] == "fortran":
    library = ctypes.CDLL(sys.argv[2])
    library.take(ctypes.c_int(1_000_000))  # MARK allocate
    expect("allocate", 8_000_000)
    library.grow(ctypes.c_int(500_000))  # MARK move_alloc
    expect("move_alloc", 2_000_000)
else:
    sys.path.insert(0, sys.argv[2])
    import takes_memory

    block = takes_memory.by_malloc(3_000_000)  # MARK malloc
    expect("malloc", 3_000_000)
    array = takes_memory.by_array(400_000)  # MARK cython array
    expect("cython array", 8 * 400_000)
    vector = takes_memory.by_python_malloc(700_000)  # MARK PyMem
    expect("PyMem", 700_000)
filler = peak_is_now()
