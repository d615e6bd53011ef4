"""Mappings of every kind, each of a size of its own on a line of its own.

    mappings.py LIBRARY FILE FUNCTION...
"""

import ctypes
import mmap
import sys

EIGHTH = 1 << 17
C = ctypes.CDLL(sys.argv[1])
for name in sys.argv[3:]:
    getattr(C, name).restype = ctypes.c_void_p
    getattr(C, name).argtypes = [ctypes.c_size_t, ctypes.c_char_p][: 2 if "file" in name else 1]
FILE = sys.argv[2].encode()


def sure(address):
    assert address, "a way to take memory failed"


sure(C.map_memfd(9 * EIGHTH))  # MARK memfd
sure(C.map_memfd_high(10 * EIGHTH))  # MARK memfd high
sure(C.map_posix_shared(11 * EIGHTH))  # MARK POSIX shared
sure(C.map_private_of_memfd(12 * EIGHTH))  # MARK private of memfd
sure(C.map_zero_device(13 * EIGHTH))  # MARK zero device
sure(C.map_shared_file(14 * EIGHTH, FILE))  # MARK shared file
sure(C.map_system_v(15 * EIGHTH))  # MARK System V
sure(C.map_system_v_detached(16 * EIGHTH))  # MARK System V detached
sure(C.map_reserved(17 * EIGHTH))  # MARK reserved
sure(C.map_used(18 * EIGHTH))  # MARK used
sure(C.map_used_and_decommitted(19 * EIGHTH))  # MARK decommitted
sure(C.map_used_again(20 * EIGHTH))  # MARK used again
sure(C.map_used_after_moving(21 * EIGHTH))  # MARK used after moving
sure(C.map_file_over_reserved(22 * EIGHTH, FILE))  # MARK file over reserved
sure(C.map_twice(23 * EIGHTH))  # MARK twice
sure(C.map_break(25 * EIGHTH))  # MARK break
sure(C.map_break_lowered(26 * EIGHTH))  # MARK break lowered
sure(C.map_given_back(27 * EIGHTH))  # MARK given back
sure(C.map_growing_down(28 * EIGHTH))  # MARK growing down
sure(C.map_used_with_key(29 * EIGHTH))  # MARK used with key
sure(C.map_no_replace(30 * EIGHTH))  # MARK no replace
sure(C.map_left_behind(32 * EIGHTH))  # MARK left behind
python_map = mmap.mmap(-1, 24 * EIGHTH)  # MARK Python's mmap
KEPT = bytes(1024 * EIGHTH)  # MARK last
