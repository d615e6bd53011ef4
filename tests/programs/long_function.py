"""A function whose bytecode is longer than a mebibyte, with an allocation at its beginning and one at its end.

The blocks are never touched: they only have to be larger than what it takes to compile such a function.
"""
import ctypes
import sys

malloc = ctypes.CDLL(None).malloc
malloc.argtypes = [ctypes.c_size_t]
malloc.restype = ctypes.c_void_p

STATEMENTS = int(sys.argv[1])
source = "def long_function():\n    malloc(600 << 20)\n"
source += "    x = 1\n" * STATEMENTS
source += "    malloc(900 << 20)\n"
namespace = {"malloc": malloc}
exec(compile(source, "long_function_source.py", "exec"), namespace)
for _ in range(2):
    namespace["long_function"]()
print(len(namespace["long_function"].__code__.co_code), STATEMENTS + 3)
