"""The real NumPy and pandas: arrays to the byte, and a pandas job whose peak tracemalloc confirms."""

import random
from pathlib import Path

import support

NUMPY_JOB = support.PROGRAMS / "numpy_job.py"
PANDAS_JOB = support.PROGRAMS / "pandas_job.py"

# Marked line -> MiB live at the peak.
ARRAYS = {
    "ones, 8": 8,
    "product, 8": 8,
    "gone": 0,
    "concatenate, 16": 16,
    "cast, 8": 8,
    "full, 3": 3,
    "arange, 4": 4,
}


def below_marker(done: support.Profiled, path: Path, name: str) -> int:
    """Bytes of all callstacks that go through the marked line, NumPy's own Python code below it included."""
    line = support.marker(path, name)
    return sum(
        stack.bytes
        for stack in done.stacks
        if any(frame.line == line and frame.file == str(path) for frame in stack.frames)
    )


def test_numpy_arrays(scientific: support.Profiler) -> None:
    done = scientific.run_well([NUMPY_JOB])
    wrong = []
    for name, mib in ARRAYS.items():
        got = below_marker(done, NUMPY_JOB, name)
        if not 0 <= got - mib * support.MIB < 4096:
            wrong.append(f"{name}: {got - mib * support.MIB} bytes more than {mib} MiB")
    ordered = below_marker(done, NUMPY_JOB, "sort, 4") + below_marker(done, NUMPY_JOB, "resize, 8")
    if not 0 <= ordered - 8 * support.MIB < 4096:
        wrong.append(f"sort and resize: {support.in_mib(ordered)}")
    assert not wrong, "\n".join(wrong) + "\n" + done.account()


def write_orders(path: Path) -> None:
    chance = random.Random(1)
    with path.open("w") as file:
        file.write("order,customer,amount,note\n")
        for order in range(60000):
            file.write(f"{order},{chance.randrange(2000)},{chance.randrange(100)},note {order % 77}\n")


def test_a_pandas_job(scientific: support.Profiler, c_libraries: Path, tmp_path: Path) -> None:
    """Two other judges: tracemalloc, which sees less, and a count of the C heap, which sees rounded sizes."""
    path = tmp_path / "orders.csv"
    write_orders(path)
    one_thread = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    bare = support.run_bare(scientific.python, [PANDAS_JOB, path], env=one_thread)
    traced = support.run_bare(scientific.python, [PANDAS_JOB, path, "tracemalloc"], env=one_thread)
    counted = support.run_bare(
        scientific.python,
        [PANDAS_JOB, path, "counting"],
        env={"LD_PRELOAD": str(c_libraries / "libcounting.so"), "PYTHONMALLOC": "malloc", **one_thread},
    )
    assert bare.returncode == traced.returncode == counted.returncode == 0, bare.stderr + traced.stderr + counted.stderr
    done = scientific.run_well([PANDAS_JOB, path])
    assert done.stdout.encode() == bare.stdout
    job = done.peak - below_marker(done, PANDAS_JOB, "imports")
    assert job > 0.95 * int(traced.stdout), (job, int(traced.stdout))
    assert abs(job - int(counted.stdout)) < 0.03 * int(counted.stdout), (job, int(counted.stdout))
    assert below_marker(done, PANDAS_JOB, "concatenated") > 15 * support.MIB, done.account()
    assert support.MIB < below_marker(done, PANDAS_JOB, "read") < 8 * support.MIB, done.account()


def test_a_lot_of_small_arrays(scientific: support.Profiler) -> None:
    code = "import numpy\nkept = []\nfor n in range(20000):\n    kept.append(numpy.full(n % 300, 1.5))\n"
    done = scientific.run_well(["-c", code])
    data = sum(8 * (n % 300) for n in range(20000))
    got = sum(stack.bytes for stack in done.stacks if stack.frames[:1] == (("<string>", 4, "<module>"),))
    assert 0 <= got - data < 20000 * 150 + 400000, (got, data)
