# Work that libraries do in an event loop's thread, or in a thread pool of their own, for the lines of this file.
# Run by tests/integration/test_loops_of_libraries.py with the kind of work and a folder.
import sys

MIB = 1 << 20


def take(mib):
    return bytearray(mib * MIB)


def with_zarr(folder):
    import numpy
    import zarr

    arrays = []
    for name, mib in (("a", 8), ("b", 8), ("c", 4)):
        array = zarr.create_array(folder + "/" + name, shape=(mib * MIB,), chunks=(MIB,), dtype="u1")
        array[:] = numpy.zeros(mib * MIB, dtype="u1")
        arrays.append(array)
    first = arrays[0][:]  # MARK zarr first
    second = arrays[1][:]  # MARK zarr second
    third = arrays[2][:]  # MARK zarr third
    return [first, second, third]


def with_fsspec(folder):
    import asyncio

    from fsspec.asyn import AsyncFileSystem, get_loop, sync

    class Mine(AsyncFileSystem):
        protocol = "mine"

        async def _cat_file(self, path, start=None, end=None, **more):
            await asyncio.sleep(0)
            return bytes(take(int(path)))

        async def _info(self, path, **more):
            return {"name": path, "size": 1, "type": "file"}

    async def own(mib):
        return take(mib)

    files = Mine()
    kept = [files.cat_file("3")]  # MARK fsspec first
    kept.append(files.cat(["5", "6"]))  # MARK fsspec second
    kept.append(sync(get_loop(), own, 7))  # MARK fsspec third
    return kept


def with_dask_pool(folder):
    from distributed.threadpoolexecutor import ThreadPoolExecutor

    pool = ThreadPoolExecutor(2)
    kept = [pool.submit(take, 3).result()]  # MARK dask_pool first
    kept += [pool.submit(take, mib).result() for mib in (4, 5)]  # MARK dask_pool second
    kept += list(pool.map(take, [6]))  # MARK dask_pool third
    return kept


def with_cloudpickle(folder):
    import pickle

    import cloudpickle

    sent = pickle.loads(cloudpickle.dumps(take))
    assert "dynamic" in sent.__code__.co_filename, sent.__code__
    kept = [sent(3)]  # MARK cloudpickle first
    kept.append(sent(9))  # MARK cloudpickle second
    kept.append(sent(6))  # MARK cloudpickle third
    return kept


def with_dask_client(folder):
    """Tasks come as messages: they belong to the line that started the cluster, and in the end to the user's function."""
    import distributed

    with distributed.Client(processes=False, n_workers=1, threads_per_worker=2, dashboard_address=None) as client:
        kept = [client.submit(take, mib, pure=False).result() for mib in (5, 6, 7)]
    return kept


kept = globals()["with_" + sys.argv[1]](sys.argv[2])
at_the_end = bytearray(64 * MIB)  # so that the peak is here, not in the midst of the work
