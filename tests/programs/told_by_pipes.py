"""A parent of 30 MiB and three children, which take and free memory in a known order, as they are told by pipes.

Arguments: how the children are started; "killed" if the second child is to be killed instead of freeing what it has. All
together have most, 140 MiB, when the second child holds 60 and the third 50. Prints the children's process numbers.
"""

import os
import signal
import subprocess
import sys

MIB = 1 << 20
# Child, MiB that it takes (0: it frees what it has). Together with the parent's 30: 70, 130, 90, 140, 80, 100, 50, 100.
ORDER = [(0, 40), (1, 60), (0, 0), (2, 50), (1, 0), (0, 20), (2, 0), (1, 50)]


def take(mib):
    return bytearray(mib * MIB)  # MARK child


def serve(receive, send):
    """A child's life: it does what it is told, and says that it has done it."""
    kept = None
    while True:
        word = receive()
        if word == "end":
            return
        kept = None
        kept = take(int(word)) if word != "0" else None
        send("%d" % (len(kept or "") // MIB))


def serve_descriptors(reader, writer):
    with os.fdopen(reader) as words, os.fdopen(writer, "w") as answers:

        def send(word):
            answers.write(word + "\n")
            answers.flush()

        serve(lambda: words.readline().strip(), send)


def serve_connection(connection):
    serve(connection.recv, connection.send)


class Descriptors:
    """The parent's end of two pipes."""

    def __init__(self, reader, writer, wait, pid=0):
        self._answers, self._words, self.wait = os.fdopen(reader), os.fdopen(writer, "w"), wait
        self.pid = pid

    def tell(self, word):
        self._words.write(word + "\n")
        self._words.flush()
        assert self._answers.readline().strip() == word

    def end(self):
        self._words.write("end\n")
        self._words.close()
        self.wait()


class Connection:
    """The parent's end of a connection."""

    def __init__(self, connection, wait, pid=0):
        self._connection, self.wait, self.pid = connection, wait, pid

    def tell(self, word):
        self._connection.send(word)
        assert self._connection.recv() == word

    def end(self):
        self._connection.send("end")
        self.wait()


def by_os_fork():
    from_child, to_parent = os.pipe()
    from_parent, to_child = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(from_child)
        os.close(to_child)
        serve_descriptors(from_parent, to_parent)
        os._exit(0)
    os.close(from_parent)
    os.close(to_parent)
    for descriptor in (from_child, to_child):
        os.set_inheritable(descriptor, False)
    return Descriptors(from_child, to_child, lambda: os.waitpid(pid, 0), pid)


def by_command(*command, **options):
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, **options)
    return Descriptors(os.dup(process.stdout.fileno()), os.dup(process.stdin.fileno()), lambda: ended(process), process.pid)


def ended(process):
    process.stdin.close()
    process.stdout.close()
    process.wait()


def by_multiprocessing(way):
    import multiprocessing

    context = multiprocessing.get_context(way)
    ours, theirs = context.Pipe()
    process = context.Process(target=serve_connection, args=(theirs,))
    process.start()
    theirs.close()
    return Connection(ours, process.join, process.pid)


pool = None


def by_executor(way):
    """A task of one executor: each occupies a worker. A second executor would fork beside the first one's threads."""
    global pool
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor

    context = multiprocessing.get_context(way)
    ours, theirs = context.Pipe()
    if pool is None:
        pool = ProcessPoolExecutor(3, mp_context=context)
    return Connection(ours, pool.submit(serve_connection, theirs).result)


def by_system():
    """The shell waits for the child in a thread."""
    import threading

    from_child, to_parent = os.pipe()
    from_parent, to_child = os.pipe()
    for descriptor in (from_parent, to_parent):
        os.set_inheritable(descriptor, True)
    line = "exec %s %s child %d %d" % (sys.executable, __file__, from_parent, to_parent)
    thread = threading.Thread(target=os.system, args=(line,))
    thread.start()
    return Descriptors(from_child, to_child, thread.join)


def start(way):
    if way == "os.fork":
        return by_os_fork()
    if way == "subprocess":
        return by_command(sys.executable, __file__, "child", "0", "1")
    if way == "sh":
        return by_command("%s %s child 0 1" % (sys.executable, __file__), shell=True)
    if way == "os.system":
        return by_system()
    if way.startswith("executor-"):
        return by_executor(way[len("executor-") :])
    return by_multiprocessing(way)


def main(way, killed):
    held = bytearray(30 * MIB)  # MARK parent
    children = [start(way) for _ in range(3)]
    alive = {0, 1, 2}
    for number, mib in ORDER:
        if killed and (number, mib) == (1, 0):
            os.kill(children[1].pid, signal.SIGKILL)
            children[1].wait()
            alive.remove(1)
        if number in alive:
            children[number].tell("%d" % mib)
    for number in sorted(alive):
        children[number].end()
    print(*[child.pid for child in children])
    return held


if __name__ == "__main__":
    if sys.argv[1] == "child":
        serve_descriptors(int(sys.argv[2]), int(sys.argv[3]))
    else:
        main(sys.argv[1], "killed" in sys.argv)
