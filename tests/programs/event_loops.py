"""Event loops: every block belongs to the line that submitted the work or created the task, whichever thread runs the loop.

    event_loops.py asyncio|uvloop KIND...

Each kind keeps what its marked lines take; in the end the program prints `done`.
"""

import asyncio
import sys
import threading

MIB = 1 << 20
kept = []


def work(mib):
    kept.append(bytearray(mib * MIB))


async def job(mib):
    """In two steps, between which the loop does other things."""
    work(mib)
    await asyncio.sleep(0)
    work(mib)


def new_loop():
    if sys.argv[1] == "uvloop":
        import uvloop

        return uvloop.new_event_loop()
    return asyncio.new_event_loop()


def run(coroutine):
    """As asyncio.run, which 3.6 has not."""
    loop = new_loop()
    asyncio.set_event_loop(loop)
    try:
        return loop.run_until_complete(coroutine)
    finally:
        loop.close()


class LoopThread:
    """A loop in a thread of its own, as fsspec and zarr have one."""

    def __enter__(self):
        self.loop = new_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, name="loop")
        self.thread.start()
        return self

    def __exit__(self, *error):
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()

    def sync(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result()


def threadsafe():
    def from_thread(mib):
        loops.sync(job(mib))  # MARK from a thread

    with LoopThread() as loops:
        loops.sync(asyncio.sleep(0))
        loops.sync(job(1))  # MARK sync first
        for _ in range(2):
            loops.sync(job(2))  # MARK sync second
        thread = threading.Thread(target=from_thread, args=(3,))
        thread.start()
        thread.join()


def callbacks():
    done = threading.Event()

    def later(mib):
        work(mib)
        done.set()

    with LoopThread() as loops:
        loops.loop.call_soon_threadsafe(work, 1)  # MARK call_soon_threadsafe
        loops.loop.call_soon_threadsafe(later, 2)  # MARK call_soon_threadsafe again
        done.wait()

    async def main():
        loop = asyncio.get_event_loop()
        loop.call_soon(work, 3)  # MARK call_soon
        loop.call_later(0.001, work, 4)  # MARK call_later
        loop.call_at(loop.time() + 0.001, work, 5)  # MARK call_at
        loop.call_soon(cancels_itself)  # MARK cancels itself
        await asyncio.sleep(0.01)

    def cancels_itself():
        work(1)
        handle.cancel()
        work(2)

    def submit():
        return loop.call_soon(cancels_itself)  # MARK cancelled inside

    loop = new_loop()
    handle = submit()
    loop.run_until_complete(main())
    loop.close()


def tasks():
    async def main():
        loop = asyncio.get_event_loop()
        first = asyncio.ensure_future(job(1))  # MARK ensure_future
        second = loop.create_task(job(2))  # MARK create_task
        await asyncio.gather(job(3), job(4))  # MARK gather
        await asyncio.wait_for(job(5), 60)  # MARK wait_for
        await asyncio.shield(job(1))  # MARK shield
        await first
        await second
        await job(3)  # MARK awaited

    run(main())


def python_tasks():
    """Tasks of the pure Python class, as nest_asyncio makes them."""

    async def main():
        loop = asyncio.get_event_loop()
        task_class = getattr(asyncio.tasks, "_PyTask", None) or asyncio.tasks.Task
        loop.set_task_factory(lambda loop, coroutine, **more: task_class(coroutine, loop=loop, **more))
        first = loop.create_task(job(1))  # MARK python first
        second = loop.create_task(job(2))  # MARK python second
        await first
        await second

    run(main())


def cancelled():
    async def stubborn(mib):
        try:
            await asyncio.sleep(60)
        finally:
            work(mib)

    async def main():
        first = asyncio.ensure_future(stubborn(1))  # MARK cancelled first
        second = asyncio.ensure_future(stubborn(2))  # MARK cancelled second
        await asyncio.sleep(0)
        for task in (first, second):
            task.cancel()
            try:
                await task
            except asyncio.CancelledError:
                pass

    run(main())


def executors():
    async def through(mib):
        await asyncio.get_event_loop().run_in_executor(None, work, mib)  # MARK run_in_executor
        work(mib)

    async def main():
        await asyncio.ensure_future(through(2))  # MARK through an executor

    run(main())


def several_threads():
    """A loop in each of several threads, and a loop in a thread that a task has started."""

    async def main(mib):
        await asyncio.ensure_future(job(mib))  # MARK in several threads
        if mib == 3:
            inner = threading.Thread(target=run_inside, args=(4,))
            inner.start()  # MARK loop inside
            inner.join()

    def run_inside(mib):
        run(job(mib))

    threads = [threading.Thread(target=run, args=(main(mib),)) for mib in (1, 2, 3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def groups():
    async def main():
        async with asyncio.TaskGroup() as group:
            group.create_task(job(1))  # MARK group first
            group.create_task(job(2))  # MARK group second
        async with asyncio.timeout(60):
            await asyncio.create_task(job(3))  # MARK in a timeout

    asyncio.run(main())


def eager():
    async def main():
        asyncio.get_running_loop().set_task_factory(asyncio.eager_task_factory)
        first = asyncio.create_task(job(1))  # MARK eager first
        second = asyncio.create_task(job(2))  # MARK eager second
        await first
        await second

    asyncio.run(main())


def chain():
    """Tasks, callbacks and timers that go on by themselves: their callstacks do not grow."""

    async def link(left):
        kept.append(bytearray(MIB // 10))
        if left:
            asyncio.ensure_future(link(left - 1))  # MARK link
        else:
            ended.set_result(None)

    def tick(left):
        kept.append(bytearray(MIB // 10))
        if left:
            loop.call_later(0, tick, left - 1)  # MARK tick
        else:
            ended.set_result(None)

    loop = new_loop()
    ended = loop.create_future()
    task = loop.create_task(link(199))  # MARK first link
    loop.run_until_complete(ended)
    ended = loop.create_future()
    loop.call_soon(tick, 199)  # MARK first tick
    loop.run_until_complete(ended)
    loop.run_until_complete(task)
    loop.close()


def many():
    """Tasks of two lines in turn: a task mostly lies where the one before it lay."""

    async def small(kib):
        kept.append(bytearray(kib << 10))

    async def main():
        for _ in range(512):
            await asyncio.ensure_future(small(20))  # MARK many one
            await asyncio.ensure_future(small(40))  # MARK many two

    run(main())


KINDS = {
    "threadsafe": threadsafe,
    "callbacks": callbacks,
    "tasks": tasks,
    "python tasks": python_tasks,
    "cancelled": cancelled,
    "executors": executors,
    "several threads": several_threads,
    "groups": groups,
    "eager": eager,
    "chain": chain,
    "many": many,
}

if __name__ == "__main__":
    sys.setswitchinterval(0.0005)
    for kind in sys.argv[2:]:
        KINDS[kind]()
    print("done", flush=True)
