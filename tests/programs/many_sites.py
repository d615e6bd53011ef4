"""Takes memory from very many callstacks, so that what is written about it grows to several MiB.

With a second argument the program first fills the file system of that folder itself.
"""

import os
import sys

COUNT = int(sys.argv[1])


def fill(folder):
    with open(os.path.join(folder, "filler"), "wb", 0) as filler:
        try:
            while True:
                filler.write(b"x" * 1000)
        except OSError:
            pass


def make(number):
    text = "\n" * (number % 50) + f"def function_{number}():\n    return [bytes(20000)]\n"
    scope = {}
    exec(compile(text, f"file_{number}.py", "exec"), scope)
    return scope[f"function_{number}"]


if len(sys.argv) > 2:
    fill(sys.argv[2])
kept = [make(number)() for number in range(COUNT)]
total = sum(len(one[0]) for one in kept)
print("made", COUNT, "blocks of", total, "bytes")
sys.exit(5)
