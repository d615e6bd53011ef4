"""Children of a process that holds many small objects: what does one cost?

Arguments: how many children in each way (default 5), MiB of small objects (default 2048). Prints a line for each way:
its name, and the least milliseconds that a child took, of the clock and of CPU time. (Whatever else the machine does
only adds to them.) Both go from the call that starts the child until it has been waited for; CPU time is that of parent
and child.
"""

import multiprocessing
import os
import resource
import subprocess
import sys
import time

TRUE = "/bin/true"
OBJECT_BYTES = 104  # a tuple of two with what the collector keeps before it, an int, a place in the list
APART = 1000  # of so many objects one is replaced

kept = []


def wait_for(child):
    """Raises RuntimeError if it did not end well."""
    if os.waitpid(child, 0)[1] != 0:
        raise RuntimeError("a child has failed")


def fork():
    """The child ends at once."""
    child = os.fork()
    if child == 0:
        os._exit(0)
    wait_for(child)


def fork_and_exec():
    """The child becomes another program."""
    child = os.fork()
    if child == 0:
        os.execv(TRUE, [TRUE])
    wait_for(child)


def preexec_function():
    """Python's subprocess forks, where it would otherwise vfork."""
    subprocess.check_call([TRUE], preexec_fn=int)


def process():
    """A worker of multiprocessing."""
    worker = multiprocessing.get_context("fork").Process(target=int)
    worker.start()
    worker.join()
    if worker.exitcode != 0:
        raise RuntimeError("a worker has failed")


def changes_meanwhile():
    """The parent replaces some objects, all over its memory, while the child lives."""
    ends = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(ends[1])
        os.read(ends[0], 1)
        os._exit(0)
    for place in range(0, len(kept), APART):
        kept[place] = (place, None)
    os.close(ends[0])
    os.close(ends[1])
    wait_for(child)


WAYS = [fork, fork_and_exec, preexec_function, process, changes_meanwhile]


def cpu_seconds():
    """Of this process and of the children that were waited for."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in used)


def measure(way):
    """What one child takes: milliseconds of the clock, and of CPU time."""
    clock, cpu = time.perf_counter(), cpu_seconds()
    way()
    return (time.perf_counter() - clock) * 1000, (cpu_seconds() - cpu) * 1000


def main(children, mib):
    """Fill the memory, start the children and tell."""
    kept.extend((number, None) for number in range(mib * (1 << 20) // OBJECT_BYTES))
    for way in WAYS:
        clock, cpu = zip(*[measure(way) for _ in range(children)])
        print("%s %.3f %.3f" % (way.__name__, min(clock), min(cpu)), flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5, int(sys.argv[2]) if len(sys.argv) > 2 else 2048)
