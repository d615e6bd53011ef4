"""One wheel, built once, runs under every interpreter: the fixtures that see to it."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import List

import pytest
import support
from caches import cache_folder, filling
from interpreters import Interpreter, find_interpreters

NOT_PART_OF_A_BUILD = shutil.ignore_patterns(
    ".git", ".venv", "build", "dist", "*.egg-info", "*.so", "__pycache__", "fil-result"
)


def build_wheel(scratch: Path) -> Path:
    """Build the wheel from a copy of the source, so that nothing lying about in the tree can get into it."""
    source = scratch / "source"
    shutil.copytree(str(support.ROOT), str(source), ignore=NOT_PART_OF_A_BUILD)
    wheels = scratch / "wheels"
    command = [sys.executable, "-m", "pip", "wheel", str(source), "--no-deps", "-w", str(wheels)]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert done.returncode == 0, "the wheel does not build:\n" + done.stdout.decode("utf-8", "replace")[-6000:]
    (wheel,) = wheels.glob("*.whl")
    return wheel


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel under test: FIL_TEST_WHEEL, or built here; by one of several workers, for all."""
    given = os.environ.get("FIL_TEST_WHEEL")
    if given:
        return Path(given)
    if "PYTEST_XDIST_WORKER" not in os.environ:
        return build_wheel(tmp_path_factory.mktemp("wheel"))
    shared = tmp_path_factory.getbasetemp().parent / "wheel"
    with filling(shared):
        built = list(shared.glob("wheels/*.whl"))
        if not built:
            if shared.exists():
                shutil.rmtree(str(shared))  # another worker has failed with it: its words are to be seen here too
            shared.mkdir()
            built = [build_wheel(shared)]
    return built[0]


@pytest.fixture
def wheel_again(tmp_path: Path) -> Path:
    """A second wheel of the same source: built in another place, where new files are nobody else's to read."""
    if "FIL_TEST_WHEEL" in os.environ:
        pytest.skip("FIL_TEST_WHEEL: a wheel was given, none is built here")
    kept = os.umask(0o077)
    try:
        return build_wheel(tmp_path / "a longer path than before")
    finally:
        os.umask(kept)


@pytest.fixture(scope="session")
def package(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that holds the wheel's files: the same ones for every interpreter."""
    folder = tmp_path_factory.mktemp("package")
    with zipfile.ZipFile(str(wheel)) as archive:
        archive.extractall(str(folder))
    compile_for_here = [
        sys.executable,
        "-m",
        "compileall",
        "-q",
        str(folder),
    ]  # many tests let Python write no bytecode
    subprocess.run(compile_for_here, check=True)
    return folder


INTERPRETERS = find_interpreters()


@pytest.fixture(params=INTERPRETERS, ids=[interpreter.name for interpreter in INTERPRETERS])
def profiler(request: pytest.FixtureRequest, package: Path, tmp_path: Path) -> support.Profiler:
    """The profiler under each interpreter in turn."""
    interpreter: Interpreter = request.param
    return support.Profiler(interpreter.path, interpreter.version, package, tmp_path)


@pytest.fixture
def one_profiler(package: Path, tmp_path: Path) -> support.Profiler:
    """The profiler under one interpreter: the one that drives the tests, or FIL_TEST_ONE_PYTHON."""
    given = os.environ.get("FIL_TEST_ONE_PYTHON")
    if given:  # the wheel is for another processor than the one that drives
        (interpreter,) = [interpreter for interpreter in INTERPRETERS if interpreter.path == given]
        return support.Profiler(interpreter.path, interpreter.version, package, tmp_path)
    return support.Profiler(sys.executable, sys.version_info[:3], package, tmp_path)


@pytest.fixture(scope="session")
def c_libraries(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the compiled C sources of these tests."""
    folder = tmp_path_factory.mktemp("c")
    built: "List[Path]" = []
    for source in sorted(support.C_SOURCES.glob("*.c")):
        built.append(support.compile_library(source, folder / ("lib" + source.stem + ".so")))
    if shutil.which("g++"):
        for source in sorted(support.C_SOURCES.glob("*.cpp")):
            built.append(support.compile_library(source, folder / ("lib" + source.stem + ".so"), "g++"))
    assert built, f"no C sources in {support.C_SOURCES}"
    return folder


@pytest.fixture(scope="session")
def scientific_python() -> str:
    """An interpreter with NumPy and pandas: FIL_TEST_VENV, or a virtual environment kept between runs."""
    given = os.environ.get("FIL_TEST_VENV")
    home = Path(given) if given else cache_folder() / "fil-test-venv-{}.{}".format(*sys.version_info[:2])
    python = home / "bin" / "python"
    with filling(home):
        if not python.exists() or not has_both(str(python)):
            if given:
                pytest.fail(f"FIL_TEST_VENV={given} has no NumPy and pandas")
            subprocess.run([sys.executable, "-m", "venv", str(home)], check=True)
            install = [str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check", "numpy", "pandas"]
            if subprocess.run(install).returncode != 0:
                pytest.skip("NumPy and pandas cannot be installed here (no package index?); set FIL_TEST_VENV")
    return str(python)


def has_both(python: str) -> bool:
    return subprocess.run([python, "-c", "import numpy, pandas"], stderr=subprocess.DEVNULL).returncode == 0


@pytest.fixture
def scientific(scientific_python: str, package: Path, tmp_path: Path) -> support.Profiler:
    return support.Profiler(scientific_python, sys.version_info[:3], package, tmp_path)
