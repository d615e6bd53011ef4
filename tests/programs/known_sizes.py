"""Single objects whose size Python itself can tell, each from a line that takes nothing else."""

import json
import sys

COUNT = 3000
kept = [None] * COUNT
numbers = list(range(COUNT))
count = COUNT
n = 12345
empty = ""
a = b = c = d = e = f = g = h = i = None

a = bytes(1000003)  # MARK bytes
b = bytearray(700001)  # MARK bytearray
c = [None] * 54321  # MARK list
d = (None,) * 54321  # MARK tuple
e = "x" * 765432  # MARK text
f = "\u0444" * 300000  # MARK wide text
g = "\U0001f600" * 100000  # MARK widest text
h = bytes(3)  # MARK small bytes
for i in numbers:
    kept[i] = bytes(20 + i % 3)  # MARK loop of small bytes
for i in numbers:
    kept[i] = None
for i in numbers:
    kept[i] = bytes(400 + i % 200)  # MARK loop round the largest small size
SIZES = {
    "bytes": sys.getsizeof(a),
    "bytearray": sys.getsizeof(b),
    "list": sys.getsizeof(c),
    "tuple": sys.getsizeof(d),
    "text": sys.getsizeof(e),
    "wide text": sys.getsizeof(f),
    "widest text": sys.getsizeof(g),
    "small bytes": sys.getsizeof(h),
    "loop of small bytes": 0,
    "loop round the largest small size": sum(sys.getsizeof(one) for one in kept),
}
last = bytes(10 << 20)
with open(sys.argv[1], "w") as account:
    json.dump(SIZES, account)
