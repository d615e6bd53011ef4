"""Pools of threads: every block belongs to the line that submitted the work, whichever thread does it.

    thread_pools.py KIND...

Each kind keeps what its marked lines take; in the end the program prints `done`. Marked lines submit work.
"""

import sys
import threading

MIB = 1 << 20
kept = []


def work(mib):
    kept.append(bytearray(mib * MIB))


def slowly(mib):
    """Like work, in several steps between which the task waits for the others: each worker has one."""
    barrier.wait()
    work(mib)
    barrier.wait()
    work(mib)


barrier = threading.Barrier(3)


def executor():
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(3) as pool:
        pool.submit(work, 2).result()  # MARK executor first
        pool.submit(work, 3).result()  # MARK executor second
        list(pool.map(work, [1, 4]))  # MARK executor map
        together = [pool.submit(slowly, 2) for _ in range(3)]  # MARK together
        for future in together:
            future.result()
        for _ in range(2):
            pool.submit(work, 5).result()  # MARK again


def copied_pool():
    """As Dask has it: the standard library's module, copied into a package of its own, and another loop in the workers."""
    import concurrent.futures.thread as original

    with open(original.__file__) as source:
        code = compile(source.read(), "/packages/distributed/_concurrent_futures_thread.py", "exec")
    copy = {"__name__": "concurrent.futures.copy", "__package__": "concurrent.futures"}
    exec(code, copy)
    worker = """
def _worker(tasks, *context):
    while True:
        task = tasks.get()
        if task is None:
            return
        task.run(*context)
        del task
"""
    exec(compile(worker, "/packages/distributed/threadpoolexecutor.py", "exec"), copy)

    class Executor(copy["ThreadPoolExecutor"]):
        def _adjust_thread_count(self):
            if not self._threads:
                context = (self._create_worker_context(),) if hasattr(self, "_create_worker_context") else ()
                thread = threading.Thread(target=copy["_worker"], args=(self._work_queue,) + context)
                self._threads.add(thread)
                thread.start()

    with Executor(1) as pool:
        pool.submit(work, 2).result()  # MARK copied first
        for _ in range(2):
            pool.submit(work, 3).result()  # MARK copied second
        pool._work_queue.put(None)


def nested():
    """A task submits work to another pool, and a task submits the next one."""
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(1) as outer, ThreadPoolExecutor(1) as inner:

        def go_between(mib):
            work(1)
            inner.submit(work, mib).result()  # MARK between
            work(2)

        def chain(left):
            work(1)
            if left:
                outer.submit(chain, left - 1)  # MARK chain
            else:
                end_of_chain.set()

        outer.submit(go_between, 4).result()  # MARK outer
        outer.submit(work, 3).result()  # MARK after
        end_of_chain = threading.Event()
        outer.submit(chain, 5)  # MARK start of chain
        end_of_chain.wait()


def failing():
    """What a task that raises takes before and after, in callbacks too."""
    from concurrent.futures import ThreadPoolExecutor

    def fail(mib):
        work(mib)
        raise KeyError(mib)

    with ThreadPoolExecutor(1) as pool:
        pool.submit(work, 1)  # MARK failing first
        future = pool.submit(fail, 2)  # MARK fails
        future.add_done_callback(lambda _: work(3))
        assert isinstance(future.exception(), KeyError)
        pool.submit(work, 4)  # MARK then


def event_loop():
    import asyncio

    loop = asyncio.new_event_loop()

    async def main():
        await loop.run_in_executor(None, work, 2)  # MARK loop first
        await asyncio.gather(
            loop.run_in_executor(None, work, 3),  # MARK loop second
            loop.run_in_executor(None, work, 4),  # MARK loop third
        )
        if hasattr(asyncio, "to_thread"):
            await asyncio.to_thread(work, 5)  # MARK to_thread
        else:
            await loop.run_in_executor(None, work, 5)  # MARK instead of to_thread

    loop.run_until_complete(main())
    loop.close()


def thread_pool():
    from multiprocessing.pool import ThreadPool

    def lazily():
        for mib in (1, 2):
            kept.append(bytearray(3 * MIB))  # MARK argument
            yield mib

    with ThreadPool(3) as pool:
        pool.apply(work, (2,))  # MARK apply
        for _ in range(2):
            pool.apply_async(work, (3,)).get()  # MARK apply_async
        pool.map(work, [1, 4])  # MARK map
        list(pool.imap(work, lazily()))  # MARK imap
        list(pool.imap_unordered(work, [2, 3]))  # MARK imap_unordered
        pool.starmap(work, [(1,), (1,), (1,)], 1)  # MARK starmap


def many_jobs():
    """More jobs than there are small numbers, of several lines in turn."""
    from multiprocessing.pool import ThreadPool

    with ThreadPool(2) as pool:
        for _ in range(150):
            pool.apply(len, ((),))
            pool.apply(kept.append, (0,))
        for _ in range(4):
            pool.apply(work, (1,))  # MARK jobs first
            pool.apply(work, (2,))  # MARK jobs second


def many_tasks():
    """Tasks from two lines in turn, quickly: a task's object mostly lies where the one before it lay."""
    from concurrent.futures import ThreadPoolExecutor

    def small(kib):
        kept.append(bytearray(kib << 10))

    with ThreadPoolExecutor(3) as pool:
        for _ in range(1024):
            pool.submit(small, 10)  # MARK tasks one
            pool.submit(small, 20)  # MARK tasks two


def threads_from_threads():
    def third():
        work(3)

    def second():
        work(2)
        run(third)  # MARK third thread

    def first():
        work(1)
        thread = threading.Thread(target=second)
        thread.start()  # MARK second thread
        thread.join()

    def run(target):
        thread = threading.Thread(target=target)
        thread.start()
        thread.join()

    run(first)  # MARK first thread


def creator_has_ended():
    """The thread that started one, and the one that made a pool, are gone while their threads go on."""
    from concurrent.futures import ThreadPoolExecutor

    creator_ended = threading.Event()
    made = []

    def later():
        creator_ended.wait()
        work(2)

    def create():
        threads.append(threading.Thread(target=later))
        threads[-1].start()  # MARK started by one that ended
        made.append(ThreadPoolExecutor(1))
        made[0].submit(creator_ended.wait)

    threads = [threading.Thread(target=create)]
    threads[0].start()
    threads[0].join()
    creator_ended.set()
    threads[-1].join()
    made[0].submit(work, 3).result()  # MARK in a pool whose maker ended
    made[0].shutdown()


def named():
    from concurrent.futures import ThreadPoolExecutor

    threads = [threading.Thread(target=slowly, args=(1,), name="worker-%d" % number) for number in range(3)]
    for thread in threads:
        thread.start()  # MARK named
    for thread in threads:
        thread.join()
    alone = threading.Thread(target=work, args=(1,), name="alone")
    alone.start()  # MARK alone
    alone.join()
    meeting = threading.Barrier(2)

    def together():
        meeting.wait()
        work(1)

    with ThreadPoolExecutor(2, thread_name_prefix="executor") as pool:
        for future in [pool.submit(together) for _ in range(2)]:  # MARK named executor
            future.result()


def at_the_peak():
    """At the peak one thread has ended, and each of two has asked for memory at a line of its own."""
    import queue

    turns = queue.Queue(), queue.Queue()
    done = queue.Queue()

    def first():
        turns[0].get()
        kept.append(bytearray(5 * MIB))
        done.put(None)
        turns[0].get()
        list(range(1000))
        done.put(None)

    def second():
        turns[1].get()
        memory = bytearray(7 * MIB)
        del memory
        done.put(None)
        turns[1].get()
        list(range(1000))
        done.put(None)

    ended = threading.Thread(target=work, args=(1,), name="ended")
    ended.start()
    ended.join()
    threads = [threading.Thread(target=target, name=target.__name__) for target in (first, second)]
    for thread in threads:
        thread.start()
    for turn in turns + turns:
        turn.put(None)
        done.get()
    for thread in threads:
        thread.join()


def process_pool():
    """A pool of processes submits its jobs by pickling them."""
    from multiprocessing import Pool

    with Pool(2) as pool:
        assert pool.map(abs, range(-5, 0)) == [5, 4, 3, 2, 1]
        assert pool.apply(abs, (-3,)) == 3
    work(2)  # MARK in this process


def joblib_threads():
    from joblib import Parallel, delayed

    Parallel(n_jobs=2, backend="threading")(delayed(work)(mib) for mib in (1, 2, 3))  # MARK joblib
    Parallel(n_jobs=2, backend="threading")(delayed(work)(mib) for mib in (4, 5))  # MARK joblib again


KINDS = {
    "executor": executor,
    "copied pool": copied_pool,
    "nested": nested,
    "failing": failing,
    "event loop": event_loop,
    "thread pool": thread_pool,
    "many jobs": many_jobs,
    "many tasks": many_tasks,
    "threads from threads": threads_from_threads,
    "creator has ended": creator_has_ended,
    "named": named,
    "at the peak": at_the_peak,
    "process pool": process_pool,
    "joblib": joblib_threads,
}

if __name__ == "__main__":
    sys.setswitchinterval(0.0005)
    for kind in sys.argv[1:]:
        KINDS[kind]()
    print("done", flush=True)
