"""Children that give back, move and take memory, while their parent does so too.

    inherited.py [KIND ...]

Prints what the children of each kind found, with their exit statuses. All of them live at the same time.
"""

import hashlib
import os
import re
import sys
import threading
import warnings

MIB = 1 << 20
AFTER = 40 * MIB
NAMES = ["small", "boxes", "blocks"]
kept = {}


class Box:
    """As all that is taken on a marked line, of a type of which the interpreter keeps no dead ones for others."""

    __slots__ = ("text",)

    def __init__(self, text):
        self.text = text


def fill():
    for name in NAMES:
        kept[name] = [None] * 10000
    for number in range(10000):
        kept["small"][number] = bytes(2 + number % 200)  # MARK small
        kept["boxes"][number] = Box("text")  # MARK boxes
    for number in range(300, 600):
        kept["blocks"][number] = bytearray(number)  # MARK blocks
    kept["blocks"] = kept["blocks"][300:600]
    kept["large"] = bytearray(MIB)  # MARK large


def halve():
    for name in NAMES:
        del kept[name][::2]


def use():
    """Moves, gives back and takes again all that was inherited; whether that went well can be seen from the number."""
    for block in kept["blocks"]:
        block.extend(bytes(5000))
    for number, box in enumerate(kept["boxes"]):
        box.text += str(number)
    kept["large"].extend(bytes(MIB))
    total = sum(map(len, kept["blocks"])) + sum(len(box.text) for box in kept["boxes"]) + len(kept["large"])
    kept.clear()
    fill()
    mine = [bytes(number % 700) for number in range(3000)]
    return total + sum(map(len, mine)) + sum(map(len, kept["small"]))


def wait_for(child):
    """The child's exit status."""
    _, status = os.waitpid(child, 0)
    assert os.WIFEXITED(status), "the child was killed by signal %d" % os.WTERMSIG(status)
    return os.WEXITSTATUS(status)


class Child:
    """Does `work` twice, before and after it is told to go on, and ends by `leave`: mostly as programs do."""

    def __init__(self, work, leave=sys.exit):
        self.found, found = os.pipe()
        go_on, self.go_on = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(self.go_on)
            os.write(found, b"%d " % work())
            os.read(go_on, 1)
            os.write(found, b"%d" % work())
            leave(7)
        os.close(found)
        os.close(go_on)
        self.first = os.read(self.found, 100)

    def end(self):
        """What it found, and its exit status."""
        os.write(self.go_on, b"x")  # younger children have this end too
        found = self.first + os.read(self.found, 100)
        os.close(self.go_on)
        os.close(self.found)
        return found, wait_for(self.pid)


def with_child_of_its_own():
    return sum(Child(use).end()[1] for _ in range(2))


def recording():
    """A digest of what the library writes: the header's numbers from `current_bytes` to `missed`, all that is behind the
    header. (The supervisor writes elsewhere in the header.) 0 where there is no recording.
    """
    found = re.search(r"/\S*recording\.fil", open("/proc/self/maps").read()) if sys.platform == "linux" else None
    if found is None:
        return 0
    with open(found.group(), "rb") as file:
        content = file.read()
    header_bytes = int.from_bytes(content[16:20], sys.byteorder)
    return int(hashlib.md5(content[128:256] + content[header_bytes:]).hexdigest(), 16)


def whether_it_writes():
    """Of the recording's content before and after: are they equal? Meanwhile the parent waits, and so writes nothing."""
    while sys.platform == "linux" and open("/proc/%d/stat" % os.getppid()).read().rpartition(") ")[2][0] != "S":
        os.sched_yield()
    before = recording()
    use()
    return before == recording()


def in_threads():
    """Threads take and give back; one of them starts the children."""
    stop = threading.Event()

    def churn():
        while not stop.is_set():
            [bytes(number) for number in range(1000)]

    children = []
    threads = [threading.Thread(target=churn) for _ in range(3)]
    threads.append(threading.Thread(target=lambda: children.extend(Child(use) for _ in range(5))))
    for thread in threads:
        thread.start()
    threads.pop().join()
    stop.set()
    for thread in threads:
        thread.join()
    while sys.platform == "linux" and len(os.listdir("/proc/self/task")) > 1:
        os.sched_yield()  # what a thread writes at its very end is not the children's
    return children


def size_of_tables():
    """KiB of what is wiped in the child of a fork, as far as this process has it in memory."""
    sizes, wiped = [], []
    with open("/proc/self/smaps") as file:
        for line in file:
            if line.startswith("Rss:"):
                sizes.append(int(line.split()[1]))
            elif line.startswith("VmFlags:"):
                wiped.append("wf" in line.split())
    return sum(size for size, is_wiped in zip(sizes, wiped) if is_wiped)


def tables_in_child():
    use()
    return size_of_tables()


def tables():
    print(size_of_tables(), flush=True)
    return [Child(tables_in_child)]


KINDS = {
    "one": lambda: [Child(use)],
    "two hundred": lambda: [Child(lambda: len(kept), os._exit) for _ in range(199)] + [Child(use)],
    "children of children": lambda: [Child(with_child_of_its_own)],
    "from a thread": in_threads,
    "recording": lambda: [Child(whether_it_writes)],
    "tables": tables,
}


if __name__ == "__main__":
    warnings.simplefilter("ignore")  # newer ones of CPython warn of forks beside threads
    fill()  # the first time, the interpreter takes some memory for itself
    kept.clear()
    fill()
    children = [(kind, KINDS[kind]()) for kind in sys.argv[1:]]
    halve()
    for kind, of_kind in children:
        print(kind, [child.end() for child in of_kind], flush=True)
    kept["after"] = bytearray(AFTER)  # MARK after
