"""Installing where nothing is: no compiler, an old pip; and the wheels of all platforms. Slow: `make test-packaging`.

Needs a package index. What is downloaded (the package ziglang has 100 MB) stays in pip's cache.
"""

import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Dict, List

import pytest
from interpreters import Interpreter, find_interpreters

ROOT = Path(__file__).resolve().parents[2]
BACKEND_PIP = "pip==21.3.1"  # the last for CPython 3.6, whose own knows no such backend; newer Pythons keep theirs
FOR_OLD_PYTHON = "threadpoolctl<3.2"  # not every index tells an old pip what a version needs
OLD_PIP = "pip==19.3"  # the first that knows manylinux2014
TARGETS = (
    "manylinux-x86_64",
    "manylinux-aarch64",
    "musllinux-x86_64",
    "musllinux-aarch64",
    "macos-x86_64",
    "macos-arm64",
)


def run(command: List[str], **options: object) -> str:
    """Run a command that must succeed; what it says."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **options)  # type: ignore[call-overload]
    said: str = done.stdout.decode("utf-8", "replace")
    assert done.returncode == 0, said[-6000:]
    return said


def environment_of(interpreter: Interpreter, folder: Path) -> Path:
    """A fresh virtual environment's Python."""
    run([interpreter.path, "-m", "venv", str(folder)])
    return folder / "bin" / "python"


def without_compiler(tmp_path: Path) -> Dict[str, str]:
    """An environment where no compiler is found: nothing is."""
    (tmp_path / "no programs").mkdir()
    environment = dict(os.environ, PATH=str(tmp_path / "no programs"))
    for name in ("CC", "CFLAGS", "LDFLAGS"):
        environment.pop(name, None)
    return environment


def assert_profiles(python: Path, tmp_path: Path) -> None:
    """The installed package profiles a program, and finds its memory."""
    assert "LD_PRELOAD" not in run([str(python), str(Path(__file__).parent / "smoke.py")], cwd=str(tmp_path))


def by_version(*names: str) -> List[Interpreter]:
    return [interpreter for interpreter in find_interpreters() if interpreter.name in names]


@pytest.fixture(scope="session")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The source distribution of this tree."""
    folder = tmp_path_factory.mktemp("sdist")
    run([sys.executable, "setup.py", "--quiet", "sdist", "--dist-dir", str(folder)], cwd=str(ROOT))
    (archive,) = folder.glob("*.tar.gz")
    return archive


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheels of all platforms, checked: FIL_TEST_WHEELS, or made here."""
    given = os.environ.get("FIL_TEST_WHEELS")
    if given:
        run([sys.executable, str(ROOT / "build_tools" / "check_wheel.py"), *map(str, Path(given).glob("*.whl"))])
        return Path(given)
    folder = tmp_path_factory.mktemp("wheels")
    run([sys.executable, str(ROOT / "build_tools" / "cross_wheels.py"), "-o", str(folder)])
    return folder


@pytest.mark.parametrize("which", by_version("3.6", "3.13"), ids=lambda which: which.name)
def test_the_sdist_installs_without_a_compiler(which: Interpreter, sdist: Path, tmp_path: Path) -> None:
    python = environment_of(which, tmp_path / "environment")
    run([str(python), "-m", "pip", "install", "-q", BACKEND_PIP if which.version < (3, 7) else "pip"])
    said = run([str(python), "-m", "pip", "install", "-v", str(sdist)], env=without_compiler(tmp_path))
    assert "-m ziglang cc" in said
    assert_profiles(python, tmp_path)


@pytest.mark.parametrize("options", [[], ["--editable"]], ids=["plain", "editable"])
@pytest.mark.parametrize("which", by_version("3.6", "3.13"), ids=lambda which: which.name)
def test_the_tree_installs_without_a_compiler(
    which: Interpreter, options: List[str], sdist: Path, tmp_path: Path
) -> None:
    run(["tar", "xf", str(sdist), "-C", str(tmp_path)])
    (tree,) = tmp_path.glob("filprofiler-*")
    python = environment_of(which, tmp_path / "environment")
    run([str(python), "-m", "pip", "install", "-q", BACKEND_PIP if which.version < (3, 7) else "pip"])
    run([str(python), "-m", "pip", "install", *options, "."], cwd=str(tree), env=without_compiler(tmp_path))
    assert_profiles(python, tmp_path)


@pytest.mark.parametrize("which", by_version("3.6"), ids=lambda which: which.name)
def test_an_old_pip_installs_the_wheel(which: Interpreter, wheels: Path, tmp_path: Path) -> None:
    python = environment_of(which, tmp_path / "environment")
    run([str(python), "-m", "pip", "install", "-q", OLD_PIP])
    assert run([str(python), "-m", "pip", "--version"]).startswith("pip 19.3 ")
    (wheel,) = wheels.glob("*manylinux*x86_64.whl")
    version = wheel.name.split("-")[1]  # which no package index has, so it is the wheel in the folder
    wanted = ["--find-links", str(wheels), "filprofiler==" + version, FOR_OLD_PYTHON]
    run([str(python), "-m", "pip", "install", *wanted], cwd=str(tmp_path))
    assert_profiles(python, tmp_path)


@pytest.fixture(scope="session")
def other_installers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the programs uv and pipx."""
    folder = tmp_path_factory.mktemp("installers")
    run([sys.executable, "-m", "venv", str(folder)])
    run([str(folder / "bin" / "python"), "-m", "pip", "install", "-q", "uv", "pipx"])
    return folder / "bin"


PROFILE = ["fil-profile", "--no-browser", "run", "job.py"]
ARRAY_JOB = "import numpy\nheld = numpy.ones(5 << 20)\n"


def assert_says_array(said: str) -> None:
    assert re.search(r"^=fil-profile= +40\.\d MiB +\d+% job\.py:2 ", said, re.MULTILINE), said


def test_uv(other_installers: Path, wheels: Path, tmp_path: Path) -> None:
    (wheel,) = wheels.glob("*manylinux*x86_64.whl")
    uv = str(other_installers / "uv")
    (tmp_path / "job.py").write_text(ARRAY_JOB)
    python = tmp_path / "environment" / "bin" / "python"
    run([uv, "venv", "--no-python-downloads", "--python", sys.executable, "environment"], cwd=str(tmp_path))
    run([uv, "pip", "install", "--python", str(python), str(wheel), "numpy"], cwd=str(tmp_path))
    assert_says_array(run([str(python.parent / PROFILE[0]), *PROFILE[1:]], cwd=str(tmp_path)))
    (tmp_path / "pyproject.toml").write_text(
        '[project]\nname = "job"\nversion = "0"\nrequires-python = ">=3.9"\ndependencies = ["numpy"]\n'
    )
    once = [uv, "run", "--no-python-downloads", "--python", sys.executable, "--with", str(wheel), *PROFILE]
    assert_says_array(run(once, cwd=str(tmp_path)))


def test_pipx(other_installers: Path, wheels: Path, tmp_path: Path) -> None:
    (wheel,) = wheels.glob("*manylinux*x86_64.whl")
    pipx = str(other_installers / "pipx")
    (tmp_path / "job.py").write_text(ARRAY_JOB)
    environment = dict(os.environ, PIPX_HOME=str(tmp_path / "home"), PIPX_BIN_DIR=str(tmp_path / "bin"))
    run([pipx, "install", str(wheel)], env=environment)
    run([pipx, "inject", "filprofiler", "numpy"], env=environment)
    assert_says_array(run([str(tmp_path / "bin" / PROFILE[0]), *PROFILE[1:]], cwd=str(tmp_path)))


def test_all_wheels_are_what_they_say(wheels: Path) -> None:
    assert len(list(wheels.glob("*.whl"))) == len(TARGETS)  # the fixture has checked each


@pytest.mark.parametrize("target", TARGETS)
def test_a_cross_built_wheel_repeats(target: str, wheels: Path, tmp_path: Path) -> None:
    run([sys.executable, str(ROOT / "build_tools" / "cross_wheels.py"), "-o", str(tmp_path), target])
    (again,) = tmp_path.glob("*.whl")
    assert again.read_bytes() == (wheels / again.name).read_bytes()


def test_the_check_finds_what_is_wrong(wheels: Path, tmp_path: Path) -> None:
    from check_wheel import library_of, problems

    library = library_of("manylinux_2_17_x86_64")
    (right,) = wheels.glob("*manylinux*x86_64.whl")
    (other,) = wheels.glob("*manylinux*aarch64.whl")
    with zipfile.ZipFile(str(right)) as archive:
        contents = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(str(other)) as archive:
        contents[library] = archive.read(library) + b"/home/somebody/file.c"
    wrong = tmp_path / right.name
    with zipfile.ZipFile(str(wrong), "w") as archive:
        for name, content in contents.items():
            archive.writestr(name, content)
    found = problems(str(wrong))
    assert "it is for the processor EM_AARCH64" in found
    assert "it holds the path /home/somebody/file.c" in found
    assert any("auditwheel" in sentence for sentence in found)


@pytest.mark.skipif(not shutil.which("musl-gcc"), reason="needs musl-gcc (Debian: musl-tools)")
def test_the_musl_wheels_library_works_in_a_program(wheels: Path, tmp_path: Path) -> None:
    (wheel,) = wheels.glob("*musllinux*x86_64.whl")
    with zipfile.ZipFile(str(wheel)) as archive:
        library = archive.extract("filprofiler/_lib/libfil.so", str(tmp_path))
    program = tmp_path / "preloaded"
    run(["musl-gcc", "-D_GNU_SOURCE", "-o", str(program), str(Path(__file__).parent / "preloaded.c")])
    assert run([str(program)], env={"LD_PRELOAD": library}) == "0 text libfil.so\n"
