"""Makes random callstacks, and takes memory or compares callstacks at their ends.

    random_stacks.py MODE ACCOUNT SEED LEAVES THREADS

MODE `bytes`: each leaf takes a block and writes down the stack as sys._getframe shows it; ACCOUNT becomes JSON of
[[frames, bytes], ...]. MODE `walk`: each leaf compares the library's own walk with sys._getframe; ACCOUNT becomes the
number of comparisons and the mismatches. Each step of a stack is another kind of call, chosen by chance.
"""

import functools
import gc
import importlib
import importlib.machinery
import json
import random
import sys
import threading

GRANULE = 32768
HEADER = sys.getsizeof(b"")
LOCAL = threading.local()


class Driver:
    """The chance, the leaves that are still to be made, and the account of one thread."""

    def __init__(self, seed, leaves, leaf, prefix):
        self.random = random.Random(seed)
        self.left = leaves
        self.leaf = leaf
        self.prefix = prefix
        self.account = []
        self.kept = [None] * leaves
        self.places = list(range(leaves))  # of `kept`, still free

    def go(self, depth):
        """Either a leaf, or between one and three further steps."""
        if self.left <= 0:
            return 0
        if depth <= 0 or self.random.random() < 0.15:
            self.left -= 1
            self.leaf(self)
            return 1
        for _ in range(self.random.choice((1, 1, 2, 3))):
            self.random.choice(STEPS)(self, depth - 1)
        return 1


def frames_from(frame):
    result = []
    while frame is not None:
        line = frame.f_lineno or frame.f_code.co_firstlineno  # what a module begins with is on line 0 from 3.11 on
        result.append((frame.f_code.co_filename, line, frame.f_code.co_name))
        frame = frame.f_back
    return result[::-1]


def noted(driver):
    """A size for the line that calls this, after writing its stack down."""
    size = driver.random.randrange(1, 100) * GRANULE
    driver.account.append((driver.prefix, frames_from(sys._getframe(1)), size))
    return size - HEADER


def take_bytes(driver):
    driver.kept[driver.places.pop()] = bytes(noted(driver))  # MARK leaf


# Each of these is one way to go a step deeper.


def plain(driver, depth):
    driver.go(depth)


def two_lines(driver, depth):
    if driver.random.random() < 0.5:
        driver.go(depth)
    else:
        driver.go(depth)
    driver.go(depth - 1)


def recursion(driver, depth, times=None):
    times = driver.random.randrange(1, 9) if times is None else times
    return recursion(driver, depth, times - 1) if times else driver.go(depth)


def deep_recursion(driver, depth, times=None):
    if times is None:
        times = driver.random.choice((0, 0, 0, 60))
    if times:
        deep_recursion(driver, depth, times - 1)
    else:
        driver.go(depth)


def steps_of(driver, depth):
    yield driver.go(depth)
    received = yield driver.go(depth - 1)
    yield driver.go(depth if received else depth - 1)


def generator(driver, depth):
    for _ in steps_of(driver, depth):
        if driver.random.random() < 0.3:
            break


def shared_generator(driver, depth):
    yield from steps_of(driver, depth)


def resumed_elsewhere(running):
    try:
        return running.send(None)
    except StopIteration:
        return None


def generator_resumed_elsewhere(driver, depth):
    running = shared_generator(driver, depth)
    next(running)
    resumed_elsewhere(running)
    driver.go(depth - 1)
    resumed_elsewhere(running)


async def coroutine(driver, depth):
    driver.go(depth)
    await inner_coroutine(driver, depth - 1)


async def inner_coroutine(driver, depth):
    driver.go(depth)


def awaiting(driver, depth):
    try:
        coroutine(driver, depth).send(None)
    except StopIteration:
        pass


def sort_callback(driver, depth):
    sorted((1, 2), key=lambda number: driver.go(depth) if number == 1 else 2)


def map_callback(driver, depth):
    list(map(driver.go, (depth, depth - 1)))
    return max((1, 2), key=functools.partial(ignore_last, driver, depth))


def ignore_last(driver, depth, last):
    return driver.go(depth) + last


class Slots:
    def __init__(self, driver, depth):
        self.driver, self.depth = driver, depth
        driver.go(depth)

    def __len__(self):
        return self.driver.go(self.depth)

    def __add__(self, other):
        return self.driver.go(other)

    def __call__(self, depth):
        return self.driver.go(depth)

    def __enter__(self):
        self.driver.go(self.depth)

    def __exit__(self, *details):
        self.driver.go(self.depth)

    @property
    def shelf(self):
        return self.driver.go(self.depth)


def slots(driver, depth):
    made = Slots(driver, depth)
    len(made)
    made + (depth - 1)
    made(depth - 1)
    with made:
        driver.go(depth - 1)
    return made.shelf


def class_body(driver, depth):
    class Body:
        value = driver.go(depth)

    return Body


def comprehension(driver, depth):
    [driver.go(depth) for _ in range(2)]
    {driver.go(depth - 1) for _ in range(1)}
    return all(driver.go(depth) >= 0 for _ in range(2))


def exception(driver, depth):
    try:
        raise ValueError
    except ValueError:
        driver.go(depth)
    finally:
        driver.go(depth - 1)


def executed(driver, depth):
    lines = driver.random.randrange(0, 300)
    name = f"made_{driver.random.randrange(1000)}"
    text = "\n" * lines + f"def {name}(driver, depth):\n  driver.go(depth)\n{name}(driver, depth)\n"
    exec(compile(text, f"<{name}>", "exec"), {"driver": driver, "depth": depth})


def fresh_lambda(driver, depth):
    lines = driver.random.randrange(0, 40)
    eval("\n" * lines + "(lambda: driver.go(depth))()", {"driver": driver, "depth": depth})


def decorated(driver, depth):
    @functools.lru_cache()
    def cached():
        return driver.go(depth)

    return cached()


def many_arguments(driver, depth):
    return with_arguments(driver, *range(depth), depth=depth, a=1, b=2)


def with_arguments(driver, *numbers, depth, **named):
    return driver.go(depth)


class Finder:
    """Finds modules that go a step deeper when they are imported: through its own loader, or as a file would."""

    def __init__(self):
        self.driver, self.depth, self.code = None, 0, None

    def find_spec(self, name, path=None, target=None):
        return importlib.machinery.ModuleSpec(name, self) if name.startswith("made_up_") else None

    def create_module(self, spec):
        return None

    def exec_module(self, module):
        driver, depth, code = self.driver, self.depth, self.code
        module.driver, module.depth = driver, depth
        exec(code, module.__dict__) if code else driver.go(depth)


FINDERS = threading.local()  # of each thread, the one that finds its modules


class EachThreadsFinder:
    @staticmethod
    def find_spec(name, path=None, target=None):
        return FINDERS.own.find_spec(name, path, target) if hasattr(FINDERS, "own") else None


def imported(driver, depth):
    FINDERS.own = finder = Finder()
    finder.driver, finder.depth = driver, depth
    name = f"made_up_{driver.random.randrange(1 << 60)}"
    if driver.random.random() < 0.5:
        finder.code = compile("driver.go(depth)\n", f"<{name}>", "exec")
    return __import__(name) if driver.random.random() < 0.5 else importlib.import_module(name)


class Cycle:
    """Dies in the next collection of garbage, wherever that begins, and goes on from there."""

    def __init__(self, driver, depth):
        self.driver, self.depth = driver, depth
        self.thread = threading.get_ident()
        self.itself = self

    def __del__(self):
        if self.thread == threading.get_ident():
            self.driver.go(self.depth)


def with_cells(one, two, three):
    return lambda: (one, two, three)


def collection(driver, depth):
    """Up to CPython 3.11 it can begin while a call still makes its cells, or its generator: then the frame is not shown."""
    before = gc.get_threshold()
    for make in (steps_of, with_cells), (with_cells, coroutine):
        Cycle(driver, depth)
        gc.set_threshold(1)
        made = [function(driver, depth, *[1] * (function is with_cells)) for function in make]
        gc.set_threshold(*before)
        for one in made:
            getattr(one, "close", one)()


STEPS = [
    plain, two_lines, recursion, deep_recursion, generator, generator_resumed_elsewhere, awaiting, sort_callback,
    map_callback, slots, class_body, comprehension, exception, executed, fresh_lambda, decorated, many_arguments,
    imported, collection,
]  # fmt: skip


def work(driver):
    while driver.left > 0:
        driver.go(driver.random.randrange(3, 12))


def run_threads(drivers):
    """One thread for each driver, at the same time, each started from this line."""
    threads = [threading.Thread(target=work, args=(driver,)) for driver in drivers]
    for driver, thread in zip(drivers, threads):
        driver.prefix.extend(frames_from(sys._getframe())), thread.start()
    for thread in threads:
        thread.join()


def main():
    sys.meta_path.insert(0, EachThreadsFinder)
    mode, path, seed, leaves, threads = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), int(sys.argv[5])
    sys.setswitchinterval(0.0002)
    if "no-collections" in sys.argv:
        STEPS.remove(collection)
    if mode == "walk":
        import walk_comparison

        leaf = walk_comparison.compare
    else:
        leaf = take_bytes
    drivers = [Driver(seed * 1000 + number, leaves, leaf, []) for number in range(max(threads, 1))]
    if threads:
        run_threads(drivers)
    else:
        work(drivers[0])
    with open(path, "w") as account:
        json.dump([entry for driver in drivers for entry in driver.account], account)


main()
