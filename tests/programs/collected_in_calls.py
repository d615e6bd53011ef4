"""Garbage whose destructor keeps memory is collected while a call makes its cells, or the generator that it returns.

Up to CPython 3.11 a collection begins in the allocation itself; later, at the next safe point. Either way the destructor
tells which callers in this file Python shows it. The program prints them, outermost first, and the bytes kept.
"""

import gc
import json
import sys

kept = []


class Garbage:
    def __init__(self, size):
        self.itself = self
        self.size = size

    def __del__(self):
        frame, callers = sys._getframe(1), []
        while frame is not None and frame.f_globals is globals():
            callers.insert(0, [frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name])
            frame = frame.f_back
        print(json.dumps([callers, self.size]))
        kept.append(bytearray(self.size))  # MARK kept


def generator():
    yield


async def coroutine():
    pass


async def asynchronous_generator():
    yield


def cells():
    value = None
    return lambda: value


gc.collect()
for number, make in enumerate([generator, coroutine, asynchronous_generator, cells]):
    Garbage((number + 3) << 20)
    gc.set_threshold(1)
    made = make()  # MARK call
    gc.set_threshold(0)
    gc.collect()  # at the latest
    getattr(made, "close", str)()
