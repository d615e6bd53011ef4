# Profiles parts of itself; prints what it finds as JSON. Run by tests/integration/test_api.py with a mode.
import json
import os
import sys
import threading

from filprofiler import api

MIB = 1 << 20


def take(size):
    return bytearray(size)  # MARK take


def facts(found):
    return {"peak": found.peak_bytes, "top": [list(line) for line in found.top(2)]}


def forms(folder):
    kept = take(3 * MIB)  # before tracking: never counted
    told = {}
    told["returned"] = api.profile(lambda: len(take(5 * MIB)), os.path.join(folder, "function"))
    with api.profile(os.path.join(folder, "block")) as block:
        held = take(2 * MIB)  # MARK block
    told["block"] = facts(block)

    @api.profile(os.path.join(folder, "decorated"))
    def decorated(size, more=0):
        return len(take(size)) + more

    told["decorated"] = decorated(4 * MIB, more=1)
    found = api.peak(lambda: len(take(6 * MIB)))
    told["value"] = found.value
    told["peak"] = facts(found)
    try:
        api.profile(lambda: take(7 * MIB)[:-1].nothing, os.path.join(folder, "raised"))
    except AttributeError as error:
        told["raised"] = str(error)
    return told, kept, held


def borders(folder):
    """Blocks that cross the beginning and the end of tracking."""
    told = {}
    before = [take(MIB) for _ in range(4)]
    small = [str(number) * 3 for number in range(20000)]
    survivors = []

    def first():
        before.clear()
        del small[:]
        survivors.append(take(5 * MIB))
        survivors.append([str(number) * 5 for number in range(20000)])

    def second():
        survivors.clear()  # tracked the last time: it must not be subtracted now
        survivors.append(take(2 * MIB))

    told["first"] = api.peak(first).peak_bytes
    told["second"] = api.peak(second).peak_bytes
    survivors.clear()
    told["third"] = api.peak(lambda: take(MIB)).peak_bytes
    grown = bytearray(MIB)

    def grow():
        grown.extend(bytes(MIB))

    told["grown"] = api.peak(grow).peak_bytes
    return (told,)


def refusals(folder):
    told = {}

    def attempt(name, call):
        try:
            call()
        except RuntimeError as error:
            told[name] = str(error)

    def nothing():
        pass

    def inner():
        attempt("nested", lambda: api.peak(nothing))
        thread = threading.Thread(target=attempt, args=("other thread", lambda: api.profile(nothing, folder + "/x")))
        thread.start()
        thread.join()

    api.peak(inner)
    child = os.fork()
    if child == 0:
        attempt("child", lambda: api.peak(nothing))
        with open(folder + "/child.json", "w") as file:
            json.dump(told, file)
        os._exit(0)
    os.waitpid(child, 0)
    with open(folder + "/child.json") as file:
        told.update(json.load(file))
    import subprocess

    source = "from filprofiler import api\ntry: api.peak(int)\nexcept RuntimeError as error: print(error)"
    told["spawned"] = subprocess.run([sys.executable, "-c", source], stdout=subprocess.PIPE).stdout.decode().strip()
    told["after"] = api.peak(lambda: take(MIB)).peak_bytes
    return (told,)


def small_objects():
    return [str(number) * 3 for number in range(20000)]


def other_allocators(folder):
    """tracemalloc wraps the interpreter's allocators as we do, and puts back what it found."""
    import tracemalloc

    told = {}
    tracemalloc.start()
    api.peak(tracemalloc.stop)
    told["ended inside"] = api.peak(small_objects).peak_bytes
    api.peak(tracemalloc.start)
    told["begun inside"] = api.peak(small_objects).peak_bytes
    tracemalloc.stop()
    told["none"] = api.peak(small_objects).peak_bytes
    return (told,)


def forks(folder):
    """A child that goes on below the profiled block, to its own end."""
    with api.profile(folder + "/block") as found:
        held = take(2 * MIB)
        child = os.fork()
        if child != 0:
            os.waitpid(child, 0)
    if child == 0:
        try:
            found.peak_bytes
        except RuntimeError as error:
            os.write(2, str(error).encode())
        os._exit(0)
    return {"peak": found.peak_bytes, "held": len(held)}, None


def nothing(folder):
    """What is counted where nothing is done."""

    def empty():
        pass

    told = [api.peak(empty).peak_bytes for _ in range(3)]
    return ({"peaks": told[1:]},)


CLEANING_UP = ("close", "discard", "__del__")  # what cleans up can be interrupted itself, as anywhere in Python


def interrupted(folder):
    """Ctrl-C at each line of ours in turn, from the call on to its return: the next profile can be made."""
    told = {"interrupts": 0, "in the code": 0}
    package = os.path.dirname(api.__file__)

    def profile(line):
        """With an interrupt at the line of that number. Whether there are so many."""
        left = [line]

        def trace(frame, event, argument):
            if not frame.f_code.co_filename.startswith(package) or frame.f_code.co_name in CLEANING_UP:
                return None  # Python's own import, for one, leaves modules half-made if it is interrupted
            left[0] -= event == "line"
            if left[0] == 0:
                sys.settrace(None)
                raise KeyboardInterrupt
            return trace

        def work():
            told["in the code"] += 1
            take(MIB)

        sys.settrace(trace)
        try:
            api.peak(work)
        except KeyboardInterrupt:
            pass
        finally:
            sys.settrace(None)
        return left[0] <= 0

    api.peak(lambda: None)  # imports what is needed
    line = 1
    while profile(line):
        told["interrupts"] += 1
        line += 1 + line // 100
    told["after"] = api.peak(lambda: take(MIB)).peak_bytes
    return (told,)


def once(folder):
    """Where every call has to be followed."""
    held = []

    def in_thread():
        held.append(take(3 * MIB))  # MARK in thread

    def work():
        thread = threading.Thread(target=in_thread)
        thread.start()
        thread.join()
        return len(take(2 * MIB))

    before = sys.getprofile()
    told = {"value": api.profile(work, folder + "/report")}
    told["profile function"] = str(sys.getprofile() is before and threading._profile_hook is None)
    try:
        api.peak(work)
    except RuntimeError as error:
        told["again"] = str(error)
    return (told,)


def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE")


def blocks():
    [str(number) for number in range(100)]
    bytearray(300000)


def enlarged():
    grown = bytearray(1000)
    numbers = []
    for number in range(200):
        grown.extend(b"x" * 1000)
        numbers.append(number)


def code():
    names = {}
    exec("def made(depth): return [depth] * 50 if depth == 0 else made(depth - 1)", names)
    names["made"](5)


def short_threads():
    thread = threading.Thread(target=blocks)
    thread.start()
    thread.join()


def mapped():
    import mmap

    with mmap.mmap(-1, 1 << 20) as pages:
        pages.write(b"x" * 5000)


KEPT = [None] * 64


def over_borders():
    for place in range(64):
        KEPT[place] = (KEPT[place] or b"") + b"x" * 700 if len(KEPT[place] or b"") < 5000 else None


CHURNS = [blocks, enlarged, code, short_threads, mapped, over_borders]


def thousand(folder):
    """Profiles one after the other, while threads take and give back without the GIL's order mattering."""
    stop = threading.Event()

    def churn(kind):
        while not stop.is_set():
            kind()

    kinds = [CHURNS[number % len(CHURNS)] for number in range(int(os.environ["FIL_TEST_THREADS"]))]
    threads = [threading.Thread(target=churn, args=(kind,)) for kind in kinds]
    for thread in threads:
        thread.start()
    count = int(os.environ["FIL_TEST_PROFILES"])
    told = {"resident": []}
    for number in range(count):
        found = api.peak(lambda: len([str(one) for one in range(2000)]))
        assert found.value == 2000 and found.peak_bytes > 100000
        del found
        if number % (count // 10) == count // 10 - 1:
            told["resident"].append(resident())
    stop.set()
    for thread in threads:
        thread.join()
    return (told,)


print(json.dumps(globals()[sys.argv[1]](sys.argv[2])[0]))
