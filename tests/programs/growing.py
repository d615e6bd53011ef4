"""Takes memory, MiB by MiB, up to LIMIT MiB or for ever, and waits for a line on stdin once it has LIMIT.

    growing.py LIMIT
"""

import sys

MIB = 1 << 20
limit = int(sys.argv[1])
kept = []
while limit == 0 or len(kept) < limit:
    kept.append(b"x" * MIB)  # MARK growing
print("grown", flush=True)
sys.stdin.readline()
