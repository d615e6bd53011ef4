"""Calls a library that takes memory by its allocator's own functions: own_functions.py LIBRARY [unlike]."""

import ctypes
import os
import subprocess
import sys

EIGHTH = 1 << 17
LIBRARY = ctypes.CDLL(sys.argv[1])


def take(name, eighths):
    function = getattr(LIBRARY, name)
    function.restype, function.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
    return function(eighths * EIGHTH)


assert take("own_taken", 9)  # MARK taken
assert take("own_resized", 10)  # MARK resized
assert take("own_given_back", 11)  # MARK given back
assert take("own_mixed", 12)  # MARK mixed
if "unlike" in sys.argv:
    assert take("own_unlike", 80)  # MARK unlike

# A child has the allocator that the user has chosen, and nothing of the profiler.
ALLOCATES = "import os; kept = bytearray(9000000); print(os.environ.get('LD_PRELOAD'), 'libfil' in open('/proc/self/maps').read())"
child = subprocess.run([sys.executable, "-c", ALLOCATES], stdout=subprocess.PIPE, check=True)
assert child.stdout.decode().split() == [str(os.environ.get("LD_PRELOAD")), "False"], child.stdout
last = bytes(64 << 20)  # MARK last
