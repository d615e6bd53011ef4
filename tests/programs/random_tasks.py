"""Tasks that make tasks, at random, in event loops of several threads: each notes how its callstack must look.

    random_tasks.py SEED asyncio|uvloop

Prints, as JSON, the bytes that each callstack keeps: [[numbers of this file's lines, outermost first], bytes]. A task's
callstack goes on where the line stands that made it, which that line itself looks up.

Until CPython 3.8, while an exception is thrown into a coroutine that awaits another (a task is cancelled), the frame of
the awaiting one is in no call stack. In a loop without frames, the coroutine's maker is all that tells where it belongs.
"""

import asyncio
import json
import random
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

OWN = sys._getframe().f_code.co_filename
THROWS_PAST_FRAMES = sys.version_info < (3, 9)
COROUTINE = 0x80  # in co_flags
WAYS = 9
HANDLES = (6, 7, 8)  # the ways that make no coroutine
made_by = {}  # frame of a coroutine that another one awaits -> its maker's lines
kept = [None] * 4000
expected = {}
count = 0
lock = threading.Lock()


def place():
    """The lines of the caller and of its callers, outermost first, as far as they are this file's."""
    frame = sys._getframe(1)
    lines = []
    while frame is not None and frame.f_code.co_filename == OWN:
        lines.append(frame.f_lineno)
        coroutine = frame if frame.f_code.co_flags & COROUTINE else None
        frame = frame.f_back
        if coroutine is not None and (frame is None or not frame.f_code.co_flags & COROUTINE):
            lines += reversed(made_by.get(coroutine, ()))
            break  # a loop runs it whose functions have no frames
    return tuple(reversed(lines))


def note(lines, size):
    global count
    with lock:
        expected[lines] = expected.get(lines, 0) + size
        count += 1
        return count


def take(above, chance):
    size = chance.randrange(20000, 60000)
    number = note(above + place(), size)
    kept[number] = bytearray(size)


def made_here(coroutine, lines):
    """The coroutine itself. lines: those of the caller, which awaits it."""
    if THROWS_PAST_FRAMES and sys.argv[2] == "uvloop":
        made_by[coroutine.cr_frame] = lines
    return coroutine


async def worker(above, ways, chance):
    """Takes memory in several steps and submits work, in ways that none above it has used."""
    take(above, chance)
    await asyncio.sleep(0)
    if chance.random() < 0.5:
        await deeper(above, ways, chance)
    made = []
    for way in chance.sample(ways, min(len(ways), chance.randrange(3))):
        left = [other for other in ways if other != way]
        made.append(hand(way, above, left, chance))
    take(above, chance)
    for future in made:
        if future is not None:
            if chance.random() < 0.2:
                future.cancel()
            try:
                await future
            except asyncio.CancelledError:
                pass
            take(above, chance)


async def deeper(above, ways, chance):
    await asyncio.sleep(0.0001 * chance.randrange(3))
    take(above, chance)
    if ways:
        way = chance.choice(ways)
        future = hand(way, above, [other for other in ways if other != way], chance)
        if future is not None:
            await future
    take(above, chance)


async def stubborn(above, ways, chance):
    """Takes memory when it is cancelled too."""
    try:
        await made_here(worker(above, ways, chance), place())
    finally:
        take(above, chance)


def callback(above, ways, chance):
    take(above, chance)
    if ways:
        way = chance.choice(ways)
        hand(way, above, [other for other in ways if other != way], chance)
    take(above, chance)


def hand(way, above, ways, chance):
    """Hand work over, each way on a line of its own. Returns a future, or None."""
    loop = asyncio.get_event_loop()
    chance = random.Random(chance.random())
    future = None
    if way == 0:
        future = asyncio.ensure_future(worker(above + place(), ways, chance))
    elif way == 1:
        future = loop.create_task(stubborn(above + place(), ways, chance))
    elif way == 2:
        future = asyncio.gather(worker(above + place(), ways, chance), stubborn(above + place(), ways, chance))
    elif way == 3:
        future = asyncio.ensure_future(asyncio.wait_for(worker(above + place(), ways, chance), 60))
    elif way == 4:
        future = asyncio.wrap_future(asyncio.run_coroutine_threadsafe(worker(above + place(), ways, chance), other_loop))
    elif way == 5:
        future = loop.run_in_executor(pool, callback_in_pool, above + place(), ways, chance)
    elif way == 6:
        loop.call_soon(callback, above + place(), ways, chance)
    elif way == 7:
        loop.call_later(0.0001, callback, above + place(), ways, chance)
    elif way == 8:
        other_loop.call_soon_threadsafe(callback, above + place(), ways, chance)
    return future


def callback_in_pool(above, ways, chance):
    take(above, chance)
    run_coroutine(above, ways, chance)


def run_coroutine(above, ways, chance):
    asyncio.run_coroutine_threadsafe(worker(above + place(), ways, chance), other_loop).result()


async def settle():
    """Let everything come to its end."""
    while True:
        others = [task for task in all_tasks() if task is not this_task() and not task.done()]
        if not others:
            return
        await asyncio.wait(others)


all_tasks = getattr(asyncio, "all_tasks", None) or asyncio.Task.all_tasks
this_task = getattr(asyncio, "current_task", None) or asyncio.Task.current_task


def new_loop():
    if sys.argv[2] == "uvloop":
        import uvloop

        return uvloop.new_event_loop()
    return asyncio.new_event_loop()


def in_thread():
    asyncio.set_event_loop(other_loop)
    other_loop.run_forever()


def main():
    chance = random.Random(int(sys.argv[1]))
    ways = [way for way in range(WAYS) if sys.argv[2] != "uvloop" or way not in HANDLES]
    loop = new_loop()
    asyncio.set_event_loop(loop)
    for _ in range(40):
        some = chance.sample(ways, 3)
        loop.run_until_complete(worker(place(), some, random.Random(chance.random())))
    for _ in range(10):
        loop.run_until_complete(settle())
        asyncio.run_coroutine_threadsafe(settle(), other_loop).result()
        loop.run_until_complete(asyncio.sleep(0.001))
    other_loop.call_soon_threadsafe(other_loop.stop)
    thread.join()


sys.setswitchinterval(0.0005)
other_loop = new_loop()
pool = ThreadPoolExecutor(3)
thread = threading.Thread(target=in_thread)
thread.start()
main()
pool.shutdown()
print(json.dumps(sorted(expected.items())), flush=True)
