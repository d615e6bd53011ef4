"""Many children: some take and free memory at random until they are killed at random, then others come and go at once.

Arguments: how many of each.
"""

import os
import random
import signal
import sys

workers, short = map(int, sys.argv[1:])
kept = bytearray(20 << 20)  # MARK kept


def work(seed, writer):
    random.seed(seed)
    blocks = [bytearray(1 << 20)]  # MARK first
    os.write(writer, b"x")
    while True:
        blocks.append(bytearray(random.randrange(1, 1 << 20)))
        if len(blocks) > 20:
            blocks.pop(random.randrange(len(blocks)))


random.seed(1)
reader, writer = os.pipe()
pids = []
for seed in range(workers):
    pid = os.fork()
    if pid == 0:
        work(seed, writer)
    pids.append(pid)
for _ in pids:
    os.read(reader, 1)
random.shuffle(pids)
for pid in pids:
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
for _ in range(short):
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)
print("done")
