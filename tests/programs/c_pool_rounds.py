"""A C library's pool that was started before memory is profiled, or in an earlier profile.

    c_pool_rounds.py LIBRARY FOLDER before|earlier
"""

import ctypes
import functools
import sys

from filprofiler import api

C = ctypes.CDLL(sys.argv[1])
C.pool_take.restype = ctypes.c_void_p
C.pool_take.argtypes = [ctypes.c_size_t]


def at_one_line(call):
    call()  # MARK line


def start():
    C.pool_start()


def take():
    C.pool_take(3 << 20)  # MARK take


def profiled(call):
    return lambda: at_one_line(call)


if sys.argv[3] == "before":
    start()
else:
    api.peak(profiled(C.pool_start))
api.profile(profiled(take), sys.argv[2] + "/by function")
api.profile(profiled(lambda: None), sys.argv[2] + "/nothing")
api.profile(lambda: at_one_line(lambda: C.pool_take(3 << 20)), sys.argv[2] + "/again")
api.profile(profiled(functools.partial(C.pool_take, 3 << 20)), sys.argv[2] + "/same line")
