"""Threads and child processes that allocate all the time: whatever can go wrong between them shall go wrong here.

    threads_and_forks.py KIND

Each kind ends with 15 MiB alive on a marked line, and prints `done`.
"""

import os
import subprocess
import sys
import threading

MIB = 1 << 20


def churn(rounds):
    """Takes and gives back, small and large, of all three allocator domains."""
    kept = []
    for number in range(rounds):
        kept.append(bytes(number % 3000))
        kept.append({"number": number, "list": [number] * (number % 20)})
        kept.append(f"text {number}")
        if number % 50 == 0:
            del kept[:]
            kept.append(bytearray(200000))
    return len(kept)


def start(count, target, *args, **named):
    threads = [threading.Thread(target=target, args=args, **named) for _ in range(count)]
    for thread in threads:
        thread.start()
    return threads


def join(threads):
    for thread in threads:
        thread.join()


def wait_for(child):
    """The exit status of a child that must have ended well."""
    _, status = os.waitpid(child, 0)
    assert os.WIFEXITED(status), f"the child was killed by signal {os.WTERMSIG(status)}"
    return os.WEXITSTATUS(status)


def six_threads():
    results = [None] * 6

    def work(place):
        churn(2000)
        results[place] = bytearray(2 * MIB)  # MARK one of six
        churn(500)

    threads = [threading.Thread(target=work, args=(place,)) for place in range(6)]
    for thread in threads:
        thread.start()
    join(threads)
    return results


def freed_by_others():
    """Blocks go from the threads that take them to others that free them."""
    import queue

    blocks = queue.Queue(100)

    def take():
        for number in range(3000):
            blocks.put([bytes(number % 5000), {"x": number}])
        blocks.put(None)

    def free():
        while blocks.get() is not None:
            pass

    join(start(3, take) + start(3, free))


def many_threads():
    """Threads that live for a moment, a thousand of them."""
    for _ in range(250):
        join(start(4, churn, 3))


def threads_from_threads():
    def deeper(levels):
        churn(20)
        if levels:
            join(start(2, deeper, levels - 1))

    join(start(2, deeper, 4))


def daemons():
    start(6, churn, 10**9, daemon=True)


def c_threads():
    import ctypes

    library = ctypes.CDLL(os.path.join(sys.argv[2], "libendings.so"))
    assert library.start_endless_threads(3) == 1


def destructors():
    import ctypes

    library = ctypes.CDLL(os.path.join(sys.argv[2], "libendings.so"))
    library.end_with_destructor.restype = ctypes.c_size_t
    for number in range(1, 11):
        assert library.end_with_destructor() == number  # MARK destructors
    join(start(5, library.end_calling_thread_with_destructor))


def forks():
    """Children by os.fork while six threads allocate; they end in both ways."""
    block = bytearray(3 * MIB)  # MARK freed by the children only
    threads = start(6, churn, 6000)
    for number in range(12):
        child = os.fork()
        if child == 0:
            mine = bytearray(40 * MIB)  # MARK taken by a child
            del block
            churn(200)
            del mine
            if number % 2:
                os._exit(3)
            sys.exit(3)
        assert wait_for(child) == 3
    join(threads)
    return block


def fork_that_returns():
    """The child goes on as the program: it runs to the end, hooks, finalizers and all."""
    for _ in range(3):
        child = os.fork()
        if child == 0:
            churn(300)
            join(start(3, churn, 300))
            return "child"
        assert wait_for(child) == 0
    return None


def grandchildren():
    for _ in range(3):
        child = os.fork()
        if child == 0:
            grandchild = os.fork()
            if grandchild == 0:
                taken = bytearray(50 * MIB)  # MARK taken by a grandchild
                os._exit(len(taken) & 1)
            os._exit(wait_for(grandchild))
        assert wait_for(child) == 0


def subprocesses():
    threads = start(6, churn, 6000)
    for _ in range(6):
        subprocess.check_call([sys.executable, "-S", "-c", "x = bytearray(1000000)"])
        assert subprocess.call("exit 4", shell=True) == 4
        assert os.system("exit 5") >> 8 == 5
        assert os.popen("echo hello").read() == "hello\n"
        if sys.version_info >= (3, 8):
            child = os.posix_spawn("/bin/sh", ["sh", "-c", "exit 6"], os.environ)
            assert wait_for(child) == 6
    join(threads)


def vforks():
    import ctypes

    library = ctypes.CDLL(os.path.join(sys.argv[2], "libendings.so"))
    arguments = (ctypes.c_char_p * 4)(b"sh", b"-c", b"exit 9", None)
    threads = start(4, churn, 3000)
    for _ in range(10):
        assert wait_for(library.vfork_and_exec(b"/bin/sh", arguments)) == 9
    join(threads)


def square(number):
    churn(50)
    return number * number + len(bytearray(10 * MIB))  # MARK taken by a worker process


def multiprocesses(method):
    import multiprocessing

    context = multiprocessing.get_context(method)
    with context.Pool(2) as pool:
        got = pool.map(square, range(8))
    assert got == [number * number + 10 * MIB for number in range(8)], got


def executors():
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(churn, [200] * 60))


def exec_from_a_thread():
    """Six threads are busy when another program takes the process over."""
    start(5, churn, 10**9, daemon=True)
    finish()
    os.execv("/bin/sh", ["sh", "-c", "echo done"])


KINDS = {
    "six threads": six_threads,
    "freed by others": freed_by_others,
    "many threads": many_threads,
    "threads from threads": threads_from_threads,
    "daemon threads": daemons,
    "C threads": c_threads,
    "destructors": destructors,
    "forks": forks,
    "fork that returns": fork_that_returns,
    "grandchildren": grandchildren,
    "subprocesses": subprocesses,
    "vforks": vforks,
    "multiprocessing fork": lambda: multiprocesses("fork"),
    "multiprocessing spawn": lambda: multiprocesses("spawn"),
    "executors": executors,
    "exec from a thread": exec_from_a_thread,
}


def finish():
    global kept
    kept = bytearray(15 * MIB)  # MARK at the end


if __name__ == "__main__":
    sys.setswitchinterval(0.0005)
    result = KINDS[sys.argv[1]]()
    finish()
    if result != "child":
        print("done", flush=True)
