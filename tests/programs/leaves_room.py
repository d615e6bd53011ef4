"""Takes memory on callstacks of its own, and ends when the file system of a folder has only so many bytes left.

leaves_room.py FOLDER BYTES
"""

import os
import sys

FOLDER, ROOM = sys.argv[1], int(sys.argv[2])

kept = [bytearray(1 << 20) for _ in range(10)]  # MARK kept
made = []
for number in range(200):
    scope = {}
    exec(compile("\n" * number + f"def f_{number}(): return bytes(3000)", f"file_{number}.py", "exec"), scope)
    made.append(scope[f"f_{number}"]())

with open(os.path.join(FOLDER, "filler"), "wb", 0) as filler:
    try:
        while True:
            filler.write(b"x" * 4096)
    except OSError:
        filler.truncate(max(0, filler.tell() - ROOM))
print("kept", len(kept), len(made))
sys.exit(5)
