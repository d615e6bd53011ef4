"""The loaded library: the handshake, the proof of the frame layout, and what is refused."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import List

import pytest
from interpreters import Interpreter, find_interpreters

from filprofiler import _abi
from filprofiler.errors import LibraryError
from filprofiler.library import Library

ROOT = Path(__file__).resolve().parent.parent.parent

PROVE = """
import sys
from filprofiler.errors import LibraryError
from filprofiler.library import Library
from filprofiler.in_process.verify_layout import prove
library = Library()
library.check_preloaded()
for version in sys.argv[1:]:
    try:
        library.select_layout(int(version, 16), "t" in sys.abiflags)
        prove(library)
        print("proved")
    except LibraryError as error:
        print("refused", error.exit_status)
"""

OBSERVE = """
# A comment of several lines, so that
# the function stands on a line of its own.
import sys
from filprofiler.library import Library
library = Library()
library.select_layout(sys.hexversion, "t" in sys.abiflags)
def caller(depth):
    return library.observe_stack(capacity) if depth == 0 else caller(depth - 1)
capacity = int(sys.argv[1])
frames = caller(30)
print(len(frames), [frame[4] for frame in frames[:3]], frames[1][3], frames[1][2], frames[1][0] == id(caller.__code__))
"""


def run(python: str, code: str, arguments: List[str], preload: str = "") -> List[str]:
    """Run source text with our package in reach; the lines that it prints."""
    environment = dict(os.environ, PYTHONPATH=str(ROOT), PYTHONDONTWRITEBYTECODE="1")
    if preload:
        environment["LD_PRELOAD"] = preload
    done = subprocess.run([python, "-c", code, *arguments], env=environment, stdout=subprocess.PIPE, check=True)
    return done.stdout.decode().splitlines()


def test_each_interpreters_own_layout_alone_is_proved(interpreter: Interpreter, built_library: Path) -> None:
    code = "import sys; print('%x' % sys.hexversion)"
    (own,) = run(interpreter.path, code, [])
    # Versions that share a layout are proved by each other; one from elsewhere must be refused, without a crash.
    others = ["30600f0", "30a00f0", "30b00f0", "30c00f0", "30d00f0", "3ff00f0"]
    results = run(interpreter.path, PROVE, [own, *others, own], str(built_library))
    assert results[0] == results[-1] == "proved"
    assert results.count("refused 3") >= len(others) - 1, results


@pytest.mark.parametrize(("capacity", "seen"), [(64, 33), (5, 5)])
def test_what_is_observed(interpreter: Interpreter, built_library: Path, capacity: int, seen: int) -> None:
    (line,) = run(interpreter.path, OBSERVE, [str(capacity)], str(built_library))
    assert line == "%d ['observe_stack', 'caller', 'caller'] <string> 8 True" % seen


def test_a_library_that_is_not_preloaded(interpreter: Interpreter, built_library: Path) -> None:
    code = (
        "from filprofiler.library import Library, LibraryError\n"
        "try: Library().check_preloaded()\n"
        "except LibraryError as error: print(error.exit_status)"
    )
    assert run(interpreter.path, code, []) == ["3"]


def test_a_file_that_is_no_library(tmp_path: Path) -> None:
    path = tmp_path / "libfil.so"
    path.write_text("text")
    with pytest.raises(LibraryError) as caught:
        Library(str(path))
    assert caught.value.exit_status == 3 and "\n" not in str(caught.value)


@pytest.mark.parametrize("build", ["another version", "a function too few"])
@pytest.mark.skipif(not shutil.which("cc"), reason="needs a C compiler")
def test_a_library_of_another_build(tmp_path: Path, build: str) -> None:
    functions = [name for name in _abi.FUNCTIONS if name != "fil_abi_version"]
    if build == "a function too few":
        functions.pop()
    source = "unsigned fil_abi_version(void) { return 4711; }\n" + "".join("void %s(void) {}\n" % f for f in functions)
    (tmp_path / "other.c").write_text(source)
    subprocess.run(["cc", "-shared", "-fPIC", "-o", "other.so", "other.c"], cwd=str(tmp_path), check=True)
    with pytest.raises(LibraryError) as caught:
        Library(str(tmp_path / "other.so"))
    assert "install filprofiler again" in str(caught.value)


def test_there_is_an_interpreter_to_test_with() -> None:
    assert find_interpreters(), "no CPython of a supported version was found"
