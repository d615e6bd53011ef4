"""Takes a known number of bytes in every kind of call that Python has, each on a line of its own.

Each line that takes memory ends in a marker comment. On the same line `note` writes down the stack as Python itself sees
it, so that the account at the end is a second opinion on the markers. Run with a path: the account goes there, as JSON.
"""

import ast
import contextlib
import functools
import json
import sys
import threading

SIZES = {}
STACKS = {}
STARTED_FROM = {}
KEPT = [None] * 64


def frames_from(frame):
    """The frames from this one outwards, outermost first, as (file, line, function)."""
    result = []
    while frame is not None:
        result.append((frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name))
        frame = frame.f_back
    return result[::-1]


def note(name):
    """A size that no other name has; the caller allocates it on the line that calls this."""
    SIZES[name] = (1 << 20) + len(SIZES) * (1 << 17)
    STACKS[name] = frames_from(sys._getframe(1))
    return SIZES[name]


def keep(block):
    KEPT[KEPT.index(None)] = block


def note_start(name):
    STARTED_FROM[name] = frames_from(sys._getframe(1))


keep(bytearray(note("module level")))  # MARK module level


class Body:
    taken = bytearray(note("class body"))  # MARK class body


class Shop:
    def __init__(self):
        self.stock = bytearray(note("constructor"))  # MARK constructor

    @property
    def shelf(self):
        return bytearray(note("property"))  # MARK property

    def __len__(self):
        keep(bytearray(note("length slot")))  # MARK length slot
        return 3

    def __getitem__(self, key):
        return bytearray(note("item slot"))  # MARK item slot

    def __add__(self, other):
        return bytearray(note("addition slot"))  # MARK addition slot

    def __call__(self):
        return bytearray(note("call slot"))  # MARK call slot

    def __getattr__(self, name):
        return bytearray(note("missing attribute"))  # MARK missing attribute

    def __del__(self):
        keep(bytearray(note("finalizer")))  # MARK finalizer

    @staticmethod
    def counter():
        return bytearray(note("static method"))  # MARK static method

    @classmethod
    def opened(cls):
        return bytearray(note("class method"))  # MARK class method


def slots():
    shop = Shop()  # MARK constructor caller
    keep(shop.stock)
    keep(shop.shelf)  # MARK property caller
    len(shop)  # MARK length slot caller
    keep(shop["x"])
    keep(shop + 1)
    keep(shop())
    keep(shop.nowhere)
    keep(shop.counter())
    keep(Shop.opened())
    del shop  # MARK finalizer caller


class Meta(type):
    def __new__(mcs, name, bases, members):
        keep(bytearray(note("metaclass")))  # MARK metaclass
        return super().__new__(mcs, name, bases, members)


def make_class():
    class Made(metaclass=Meta):
        pass

    return Made


def generator():
    keep(bytearray(note("generator first")))  # MARK generator first
    got = yield 1
    keep(bytearray(note("generator resumed")))  # MARK generator resumed
    yield got


def delegating():
    yield from inner_generator()  # MARK delegating generator caller


def inner_generator():
    yield 1
    keep(bytearray(note("delegated generator")))  # MARK delegated generator
    yield 2


def generators():
    running = generator()
    next(running)  # MARK generator first caller
    running.send("x")  # MARK generator resumed caller
    for _ in delegating():
        pass


def decorate(function):
    keep(bytearray(note("decorator")))  # MARK decorator

    @functools.wraps(function)
    def wrapper(*args, **named):
        keep(bytearray(note("wrapper")))  # MARK wrapper
        return function(*args, **named)  # MARK wrapped caller

    return wrapper


@decorate
def decorated():
    keep(bytearray(note("wrapped")))  # MARK wrapped


def recursive(depth):
    if depth == 0:
        keep(bytearray(note("recursion")))  # MARK recursion
        return 0
    return 1 + recursive(depth - 1)  # MARK recursion caller


def sort_key(number):
    if number == 2:
        keep(bytearray(note("sort key")))  # MARK sort key
    return number


def mapped(number):
    return bytearray(note("map"))  # MARK map


def callbacks():
    sorted([3, 2, 1], key=sort_key)  # MARK sort key caller
    keep(list(map(mapped, [1]))[0])  # MARK map caller
    keep((lambda: bytearray(note("lambda")))())  # MARK lambda
    keep(functools.partial(partly, 1)(2))  # MARK partial caller


def partly(one, two):
    return bytearray(note("partial"))  # MARK partial


def comprehensions():
    keep([bytearray(note("list comprehension")) for _ in range(1)])  # MARK list comprehension
    keep({1: bytearray(note("dict comprehension")) for _ in range(1)})  # MARK dict comprehension
    keep(list(bytearray(note("generator expression")) for _ in range(1)))  # noqa: C400  # MARK generator expression


EXECUTED = "\n\ndef inside():\n    return bytearray(note('executed'))\n\nkeep(inside())\n"


def executed():
    exec(compile(EXECUTED, "<made up>", "exec"), globals())  # MARK executed caller
    keep(eval("bytearray(note('evaluated'))"))  # MARK evaluated caller
    tree = ast.parse("keep(bytearray(note('moved code')))")
    ast.increment_lineno(tree, 99999)
    exec(compile(tree, "far down.py", "exec"), globals())


def failing():
    raise ValueError("on purpose")


def exceptions():
    try:
        failing()
    except ValueError:
        keep(bytearray(note("except block")))  # MARK except block
    finally:
        keep(bytearray(note("finally block")))  # MARK finally block


class Manager:
    def __enter__(self):
        keep(bytearray(note("enter")))  # MARK enter

    def __exit__(self, *details):
        keep(bytearray(note("exit")))  # MARK exit


@contextlib.contextmanager
def generator_manager():
    keep(bytearray(note("generator manager")))  # MARK generator manager
    yield


def managers():
    with Manager():
        keep(bytearray(note("with body")))  # MARK with body
    with generator_manager():
        pass


class Pause:
    def __await__(self):
        yield


async def coroutine():
    keep(bytearray(note("coroutine first")))  # MARK coroutine first
    await Pause()
    keep(bytearray(note("coroutine resumed")))  # MARK coroutine resumed


async def outer_coroutine():
    await coroutine()  # MARK coroutine caller


def coroutines():
    running = outer_coroutine()
    running.send(None)
    try:
        running.send(None)  # MARK coroutine resumed caller
    except StopIteration:
        pass


def under_asyncio():
    import asyncio

    loop = asyncio.new_event_loop()
    loop.run_until_complete(waiting())
    loop.close()


async def waiting():
    import asyncio

    await asyncio.sleep(0)
    keep(bytearray(note("asyncio task")))  # MARK asyncio task


def in_thread():
    keep(bytearray(note("thread")))  # MARK thread


def in_raw_thread(done):
    keep(bytearray(note("raw thread")))  # MARK raw thread
    done.release()


class Worker(threading.Thread):
    def run(self):
        keep(bytearray(note("thread subclass")))  # MARK thread subclass


def threads():
    import _thread

    started = [threading.Thread(target=in_thread), Worker()]
    note_start("thread"), started[0].start()  # MARK thread caller
    started[0].join()
    note_start("thread subclass"), started[1].start()  # MARK thread subclass caller
    started[1].join()
    done = _thread.allocate_lock()
    done.acquire()
    note_start("raw thread"), _thread.start_new_thread(in_raw_thread, (done,))  # MARK raw thread caller
    done.acquire()


def imports():
    import imported_while_profiled  # MARK import caller

    imported_while_profiled.later()  # MARK imported function caller


def many_lines():
    # The distances between lines and instructions are larger than one byte can say.
    if False:
        print("%s" * 1)
    # fmt: off
    text = (
        "a"























































































































































        "b"
    )
    # fmt: on
    keep(bytearray(note("after a gap")))  # MARK after a gap
    return text


def two_calls_on_two_lines():
    keep(same_function("first of two"))  # MARK first of two caller
    keep(same_function("second of two"))  # MARK second of two caller


def same_function(name):
    return bytearray(note(name))  # MARK of two


class Hot:
    """Used so often that the interpreter has specialised the calls before the last one takes memory."""

    def __init__(self, last):
        self.block = bytearray(note("hot constructor") if last else 0)  # MARK hot constructor

    @property
    def shelf(self):
        return bytearray(note("hot property") if LAST else 0)  # MARK hot property

    def __getitem__(self, last):
        return bytearray(note("hot item") if last else 0)  # MARK hot item

    def __getattribute__(self, name):
        return super().__getattribute__(name)  # MARK hot attribute

    def method(self, last):
        return bytearray(note("hot method") if last else 0)  # MARK hot method


LAST = False


def hot_calls():
    global LAST
    for LAST in [False] * 200 + [True]:
        hot = Hot(LAST)  # MARK hot constructor caller
        kept = [hot.shelf, hot[LAST], hot.method(LAST)]  # MARK hot caller
    keep([hot, kept])


def main():
    slots()
    make_class()
    generators()
    decorated()
    recursive(5)
    callbacks()
    comprehensions()
    executed()
    exceptions()
    managers()
    coroutines()
    under_asyncio()
    threads()  # MARK threads caller
    imports()
    many_lines()
    two_calls_on_two_lines()
    hot_calls()


main()  # MARK main caller
with open(sys.argv[1], "w") as account:
    json.dump({"sizes": SIZES, "stacks": STACKS, "started_from": STARTED_FROM}, account)
