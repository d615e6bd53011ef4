"""Callstacks that are left and entered again in the middle: asyncio's tasks, generators, greenlets.

    switching.py KIND...

Every marked line keeps as many MiB as its mark says; in the end the program prints `done`.
"""

import sys
import threading

MIB = 1 << 20
kept = []


def keep(mib):
    kept.append(bytearray(mib * MIB))


def deep(levels, act, *args):
    return act(*args) if levels == 0 else deep(levels - 1, act, *args)


def tasks():
    """Tasks that take turns between their allocations, at different depths of awaiting."""
    import asyncio

    async def leaf(mib, first):
        await asyncio.sleep(0)
        if first:
            keep(mib)  # MARK leaf for first 3
        else:
            keep(mib)  # MARK leaf for second 8
        await asyncio.sleep(0)

    async def first():
        for _ in range(3):
            await leaf(1, True)
        keep(2)  # MARK first task 2

    async def between(mib):
        await leaf(mib, False)

    async def second():
        for _ in range(4):
            deep(20, list, range(100))
            await between(2)

    async def numbers():
        for mib in (1, 2):
            keep(mib)  # MARK in an async generator 3
            yield mib
            await asyncio.sleep(0)

    async def third():
        async for mib in numbers():
            keep(mib)  # MARK between numbers 3

    async def main():
        await asyncio.gather(first(), second(), third())

    loop = asyncio.new_event_loop()
    loop.run_until_complete(main())
    loop.close()


def generators():
    """One generator that is resumed from two lines, and one from two threads; and one that runs another."""

    def giving(mib):
        while True:
            keep(mib)  # MARK in a generator 12
            yield

    def through():
        yield from giving(2)

    one, other, nested = giving(1), giving(1), through()
    for _ in range(2):
        next(one)  # MARK here 2
        deep(30, next, one)  # MARK deeper 2
        deep(3, next, nested)  # MARK nested 4
        next(other)  # MARK main thread 2
        thread = threading.Thread(target=next, args=(other,))
        thread.start()  # MARK other thread 2
        thread.join()


def greenlets():
    """Greenlets that switch while they allocate, from stacks that are deeper than the main one."""
    import greenlet

    def first():
        for _ in range(3):
            keep(1)  # MARK first greenlet 3
            deep(50, second_greenlet.switch)
            deep(10, keep, 2)  # MARK first greenlet after 6

    def second():
        while True:
            keep(3)  # MARK second greenlet 9
            deep(5, first_greenlet.switch)

    first_greenlet, second_greenlet = greenlet.greenlet(first), greenlet.greenlet(second)
    deep(200, first_greenlet.switch)
    keep(1)  # MARK after all 1
    assert first_greenlet.dead


def gevent_pool():
    import gevent
    import gevent.pool

    def job(mib):
        for _ in range(2):
            gevent.sleep(0)
            if mib == 1:
                deep(mib * 20, keep, mib)  # MARK small job 2
            else:
                deep(mib * 20, keep, mib)  # MARK large job 10

    pool = gevent.pool.Pool(2)
    pool.map(job, [1, 2, 3])
    gevent.spawn(keep, 4).join()


KINDS = {"tasks": tasks, "generators": generators, "greenlets": greenlets, "gevent pool": gevent_pool}

if __name__ == "__main__":
    for kind in sys.argv[1:]:
        KINDS[kind]()
    print("done", flush=True)
