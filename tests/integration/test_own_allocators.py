"""Real libraries with allocators or threads of their own: what is on which line, against what the libraries count.

By default a few of them under the Python that drives the tests; with FIL_TEST_LIBRARIES=all (`make test-libraries`)
all, under each Python for which there are wheels.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Dict, List

import pytest
import support
from environments import environment_with
from interpreters import Interpreter, find_interpreters

pytestmark = pytest.mark.slow

ALL = os.environ.get("FIL_TEST_LIBRARIES") == "all"
PROGRAMS = support.PROGRAMS / "libraries"
FRAMES = ["numpy", "pandas", "pyarrow", "polars", "duckdb"]

HERE = Interpreter(sys.version_info[:3], sys.executable)
INTERPRETERS = find_interpreters() if ALL else [HERE]
INTERPRETERS = [interpreter for interpreter in INTERPRETERS if interpreter.version >= (3, 8)]


@pytest.fixture(params=INTERPRETERS, ids=[interpreter.name for interpreter in INTERPRETERS])
def frames(request: pytest.FixtureRequest, package: Path, tmp_path: Path) -> support.Profiler:
    """The profiler where pyarrow, polars and duckdb are installed."""
    return profiler_with(request.param, FRAMES, package, tmp_path)


def profiler_with(interpreter: Interpreter, packages: List[str], package: Path, scratch: Path) -> support.Profiler:
    environment = environment_with(interpreter, packages)
    return support.Profiler(environment.python, interpreter.version, package, scratch)


def expectations(done: support.Profiled) -> Dict[str, int]:
    """What the program has printed of its marked lines: name -> bytes."""
    words = [line.split(" ", 2) for line in done.stdout.splitlines() if line.startswith("EXPECT ")]
    assert words, done.account()
    return {name: int(size) for _expect, size, name in words}


def through(done: support.Profiled, path: Path, name: str, innermost: str = "") -> int:
    """Bytes of the callstacks through the marked line that import nothing; `innermost`: in these libraries only."""
    line = support.marker(path, name)
    return sum(
        stack.bytes
        for stack in done.stacks
        if any(frame.line == line and frame.file == str(path) for frame in stack.frames)
        and not any(frame.function in ("<module>", "[module code]") for frame in stack.frames[1:])
        and innermost in stack.frames[-1].file
    )


def check_lines(done: support.Profiled, path: Path, share_more: float, bytes_more: int) -> None:
    """Each marked line holds what it must, or so much more."""
    wrong = []
    for name, expected in expectations(done).items():
        got = through(done, path, name)
        if not expected <= got <= expected * (1 + share_more) + bytes_more:
            wrong.append(f"{name}: {got} bytes, expected {expected}")
    assert not wrong, "\n".join(wrong) + "\n" + done.account()


THREADS = [[], ["--keep-thread-pools"]] if ALL else [[]]


@pytest.mark.parametrize("options", THREADS, ids=" ".join)
def test_arrow_to_the_byte(frames: support.Profiler, options: List[str], tmp_path: Path) -> None:
    """What Arrow's pool counts is on the line that asked, whichever of Arrow's threads has taken it."""
    program = PROGRAMS / "pyarrow_job.py"
    done = frames.run_well([program, tmp_path / "table.parquet"], options=options)
    pool, counted = done.stdout.splitlines()[-1].split()
    assert pool == "system"
    check_lines(done, program, 0, 96 << 10)  # more: Python's and C++'s objects round the buffers
    total = sum(through(done, program, name) for name in expectations(done))
    assert 0 <= total - int(counted) < 1 << 20, (total, counted)
    assert done.folder is not None
    page = (done.folder / "index.html").read_text()
    assert "ARROW_DEFAULT_MEMORY_POOL=system" in page
    assert "line inferred" in (done.folder / "peak-memory.prof").read_text()


def test_polars_releases_memory(frames: support.Profiler) -> None:
    program = PROGRAMS / "polars_job.py"
    done = frames.run_well([program], options=["--release-memory"])
    check_lines(done, program, 0.26, 4 << 20)  # jemalloc rounds up to the next quarter of a power of two


def test_polars_memory_is_labelled(frames: support.Profiler) -> None:
    """Without that option jemalloc keeps what was freed; the report tells that, and on whose line it was."""
    program = PROGRAMS / "polars_job.py"
    done = frames.run_well([program])
    held = {name: through(done, program, name, "polars") for name in expectations(done)}
    assert held["sorted"] >= 64000000 * 0.9, done.account()
    labels = {stack.frames[-1] for stack in done.stacks if stack.frames and "polars" in stack.frames[-1].file}
    assert {(frame.line, frame.function) for frame in labels if frame.file.endswith(".so")} == {(0, "held by jemalloc")}


def test_another_pool_of_arrow(frames: support.Profiler) -> None:
    """A pool that the user has chosen is replaced, and a line says so; or it is left alone."""
    code = "import pyarrow; print(pyarrow.default_memory_pool().backend_name)"
    chosen = {"ARROW_DEFAULT_MEMORY_POOL": "mimalloc"}
    done = frames.run_well(["-c", code], env=chosen)
    assert done.stdout == "system\n"
    (line,) = [line for line in done.own_lines() if "ARROW_DEFAULT_MEMORY_POOL" in line]
    assert "ARROW_DEFAULT_MEMORY_POOL=mimalloc" in line and "--keep-allocators" in line
    for options in (["--keep-allocators"], ["run", "--keep-allocators"]):
        command = [word for word in frames.command(["-c", code], frames.new_output())[1:] if word != "run"]
        at = command.index("-c")
        before_run = options[:1] == ["run"]
        command[at:at] = options if before_run else [*options, "run"]
        kept = frames.call(command, env=chosen)
        assert kept.stdout == b"mimalloc\n", kept.stderr
        assert b"ARROW_DEFAULT_MEMORY_POOL" not in kept.stderr


if ALL:

    @pytest.fixture(params=INTERPRETERS, ids=[interpreter.name for interpreter in INTERPRETERS])
    def interpreter_here(request: pytest.FixtureRequest) -> Interpreter:
        found: Interpreter = request.param
        return found

    def test_duckdb_releases_memory(frames: support.Profiler) -> None:
        """Its own account knows only its tables; the label tells what jemalloc holds beside them."""
        program = PROGRAMS / "duckdb_job.py"
        done = frames.run_well([program], options=["--release-memory"])
        check_lines(done, program, 0.5, 16 << 20)

    def test_pytorch(interpreter_here: Interpreter, package: Path, tmp_path: Path) -> None:
        program = PROGRAMS / "torch_job.py"
        done = profiler_with(interpreter_here, ["numpy", "torch==2.13.0+cpu"], package, tmp_path).run_well([program])
        check_lines(done, program, 0, 64 << 10)

    def test_numpy_scipy_numba(interpreter_here: Interpreter, package: Path, tmp_path: Path) -> None:
        program = PROGRAMS / "arrays_job.py"
        packages = ["numpy", "scipy", "numba", "scikit-learn", "Cython", "setuptools"]
        done = profiler_with(interpreter_here, packages, package, tmp_path).run_well([program])
        small = expectations(done)["small"]
        assert small <= through(done, program, "small") <= small + 20000 * 200, done.account()
        check_lines(done, program, 0, 20000 * 200)

    def test_rays_store_of_objects(interpreter_here: Interpreter, package: Path, tmp_path: Path) -> None:
        """One mapping of all that the store may have: the report tells its name, and how much of it was touched.

        Before, all 200 MiB were this program's, with no word of that.
        """
        profiler = profiler_with(interpreter_here, ["ray", "numpy"], package, tmp_path)
        settings = {"RAY_AUTH_MODE": "disabled", "RAY_USAGE_STATS_ENABLED": "0", "HOME": str(tmp_path)}
        done = profiler.run([PROGRAMS / "ray_job.py"], env=settings, options=["--format", "html", "--format", "json"])
        assert done.status == 0 and done.folder is not None, done.account()
        mappings = json.loads((done.folder / "peak-memory.json").read_text())["memory"]["large_mappings"]
        (store,) = [mapping for mapping in mappings if mapping["name"].startswith("/dev/shm/plasma")]
        assert store["mapped_bytes"] == 200 * support.MIB
        assert 40 * support.MIB <= store["touched_bytes"] < 48 * support.MIB
        assert store["name"] in (done.folder / "index.html").read_text(encoding="utf-8")

    def test_fortran(profiler: support.Profiler, tmp_path: Path) -> None:
        program = PROGRAMS / "compiled_job.py"
        source = support.C_SOURCES / "allocates.f90"
        library = support.compile_library(source, tmp_path / "liballocates.so", "gfortran", ["-J", str(tmp_path)])
        done = profiler.run_well([program, "fortran", library])
        check_lines(done, program, 0, 4096)

    def test_cython(interpreter_here: Interpreter, package: Path, tmp_path: Path) -> None:
        program = PROGRAMS / "compiled_job.py"
        packages = ["numpy", "scipy", "numba", "scikit-learn", "Cython", "setuptools"]
        profiler = profiler_with(interpreter_here, packages, package, tmp_path)
        shutil.copy(str(PROGRAMS / "takes_memory.pyx"), str(tmp_path))
        cythonize = [profiler.python, "-m", "Cython.Build.Cythonize", "-i", str(tmp_path / "takes_memory.pyx")]
        subprocess.run(cythonize, check=True, stdout=subprocess.DEVNULL, cwd=str(tmp_path))
        done = profiler.run_well([program, "cython", tmp_path])
        check_lines(done, program, 0, 4096)
