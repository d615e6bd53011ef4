"""The libraries for macOS, looked at from here, and run as far as that goes: `make test-packaging`. It needs no Mac."""

import os
import platform
import re
import struct
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Dict, List, Sequence

import pytest

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
LIBRARY = "filprofiler/_lib/libfil.dylib"
TARGETS = {"macos-x86_64": "macosx_11_0_x86_64", "macos-arm64": "macosx_11_0_arm64"}


@pytest.fixture(scope="session")
def libraries(tmp_path_factory: pytest.TempPathFactory) -> Dict[str, bytes]:
    """The library for each target, compiled here; or from the wheels in FIL_TEST_WHEELS."""
    folder = Path(os.environ.get("FIL_TEST_WHEELS", "")) if "FIL_TEST_WHEELS" in os.environ else None
    if folder is None:
        folder = tmp_path_factory.mktemp("macos")
        command = [sys.executable, str(ROOT / "build_tools" / "cross_wheels.py"), "-o", str(folder), *TARGETS]
        subprocess.run(command, check=True)
    found = {}
    for tag in TARGETS.values():
        (wheel,) = folder.glob("*%s.whl" % tag)
        with zipfile.ZipFile(str(wheel)) as archive:
            found[tag] = archive.read(LIBRARY)
    return found


@pytest.mark.parametrize("tag", TARGETS.values())
def test_each_function_of_the_list_is_replaced_by_its_hook(tag: str, libraries: Dict[str, bytes]) -> None:
    from check_macho import macho_problems, pairs, read_libraries

    assert list(macho_problems(libraries[tag], tag)) == []
    (library,) = read_libraries(libraries[tag])
    found = pairs(library)
    # Beside the list: what has to be there, and what must not.
    assert {("hook_malloc", "malloc"), ("hook_mmap", "mmap"), ("hook_pthread_create", "pthread_create")} <= set(found)
    assert not {"memalign", "mremap", "brk"} & {theirs for _ours, theirs in found}


@pytest.mark.parametrize("tag", TARGETS.values())
def test_all_that_is_needed_is_in_the_systems_library(tag: str, libraries: Dict[str, bytes]) -> None:
    import ziglang  # type: ignore[import-not-found,import-untyped,unused-ignore]
    from check_macho import bindings, read_libraries

    exported = Path(ziglang.__file__).parent / "lib" / "libc" / "darwin" / "libSystem.tbd"
    known = set(re.findall(r"[\w$]+", exported.read_text()))
    (library,) = read_libraries(libraries[tag])
    needed = set(bindings(library).values())
    assert "_mmap" in needed and "_pthread_getspecific" in needed
    assert needed - known == set()


def test_no_function_is_looked_up_inside_a_hook(libraries: Dict[str, bytes]) -> None:
    """On arm64 the oldest system looks all up when the library is loaded; the others may do it at the first call."""
    from check_macho import read_libraries

    (library,) = read_libraries(libraries["macosx_11_0_x86_64"])
    late = {binding.symbol.name for binding in library.bindings if binding.binding_class.name == "LAZY"}
    assert late <= {"_memcpy", "_memmove", "___bzero"}  # which platform_loaded calls, or nothing does after it


def test_the_check_finds_what_is_wrong(libraries: Dict[str, bytes]) -> None:
    from check_macho import macho_problems, read_libraries

    intel, arm = libraries["macosx_11_0_x86_64"], libraries["macosx_11_0_arm64"]
    assert "it is for the processor ARM64" in list(macho_problems(arm, "macosx_11_0_x86_64"))
    assert list(macho_problems(intel, "macosx_12_0_x86_64")) == ["it is for macOS 11.0 or later"]
    (library,) = read_libraries(intel)
    at = library.get_section("__interpose").offset
    (first,), (second,) = struct.unpack_from("<Q", intel, at), struct.unpack_from("<Q", intel, at + 16)
    exchanged = bytearray(intel)
    struct.pack_into("<Q", exchanged, at, second)
    struct.pack_into("<Q", exchanged, at + 16, first)
    found = list(macho_problems(bytes(exchanged), "macosx_11_0_x86_64"))
    assert found == ["hook_calloc stands for malloc", "hook_malloc stands for calloc"]
    renamed = intel.replace(b"/usr/lib/libSystem.B.dylib", b"/usr/lib/libSomeone.dylib\0")
    assert "it needs /usr/lib/libSomeone.dylib" in list(macho_problems(renamed, "macosx_11_0_x86_64"))


# The part of the library that is plain POSIX, csrc/platform/macos_own.c, runs here, with the same flag of the compiler.
COMPILE = [sys.executable, "-m", "ziglang", "cc", "-target", platform.machine() + "-linux-gnu.2.17"]
COMPILE += [
    "-std=c11",
    "-O2",
    "-fPIC",
    "-D_GNU_SOURCE",
    "-Icsrc",
    "-femulated-tls",
    "-fvisibility=hidden",
    "-fno-sanitize=undefined",
]
OWN = "csrc/platform/macos_own.c"


def compile_here(*arguments: object) -> None:
    subprocess.run([*COMPILE, *map(str, arguments), "-pthread", "-ldl"], cwd=str(ROOT), check=True)


def test_thread_variables_without_the_systems(tmp_path: Path) -> None:
    program = tmp_path / "own_variables"
    compile_here("-o", program, HERE / "own_variables.c")
    done = subprocess.run([str(program)], stdout=subprocess.PIPE)
    assert (done.returncode, done.stdout) == (0, b"0 mistakes, 24000 ends\n")


@pytest.fixture(scope="session")
def usual_wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """This tree's wheel for this machine."""
    made = tmp_path_factory.mktemp("usual")
    command = [sys.executable, "-m", "pip", "wheel", ".", "--quiet", "--no-deps", "--wheel-dir", str(made)]
    subprocess.run(command, cwd=str(ROOT), check=True)
    (wheel,) = made.glob("*.whl")
    return wheel


CORE_TESTS = ["tests/integration/test_%s.py" % name for name in ("peak", "attribution", "threads")]

# It takes memory by calls that macOS has not: mremap, brk.
OF_LINUX = "tests/integration/test_threads.py::test_a_thread_is_where_it_took_memory_last_by_any_call"


def assert_profiles(
    usual: Path, folder: Path, names: List[str], python: str = sys.executable, tests: Sequence[str] = CORE_TESTS
) -> None:
    """Tests of the integration pass with these libraries, which are in the folder, in the wheel's place for them.

    Tests may be options of pytest's, too."""
    wheel = folder / usual.name
    own = "filprofiler/_lib/"
    with zipfile.ZipFile(str(usual)) as contents, zipfile.ZipFile(str(wheel), "w") as changed:
        for name in contents.namelist():
            if not name.startswith(own):
                changed.writestr(name, contents.read(name))
        for name in names:
            changed.write(str(folder / name), own + name)
    environment = dict(os.environ, FIL_TEST_WHEEL=str(wheel), FIL_TEST_PYTHONS=python, FIL_TEST_ONE_PYTHON=python)
    assert subprocess.call([sys.executable, "-m", "pytest", "-q", *tests], cwd=str(ROOT), env=environment) == 0


def test_programs_are_profiled_with_those_thread_variables(usual_wheel: Path, tmp_path: Path) -> None:
    from native_library import c_files

    like = ["-include", HERE / "as_on_macos.h"]
    compile_here(*like, "-DUNUSED_HERE", "-c", "-o", tmp_path / "linux.o", "csrc/platform/linux.c")
    sources = [path for path in c_files(".c", "linux") if not path.endswith("platform/linux.c")]
    compile_here(*like, "-shared", "-o", tmp_path / "libfil.so", OWN, tmp_path / "linux.o", *sources)
    assert_profiles(usual_wheel, tmp_path, ["libfil.so"])


ARM64_PYTHON = os.environ.get("FIL_TEST_ARM64_PYTHON")
NEEDS_INTEL = pytest.mark.skipif(platform.machine() != "x86_64", reason="runs code for x86-64")
NEEDS_ARM = pytest.mark.skipif(not ARM64_PYTHON, reason="FIL_TEST_ARM64_PYTHON names no Python for that processor")


@pytest.mark.parametrize(
    ("tag", "target", "python", "tests"),
    [
        pytest.param("macosx_11_0_x86_64", "x86_64", sys.executable, CORE_TESTS, marks=NEEDS_INTEL, id="x86-64"),
        pytest.param("macosx_11_0_arm64", "aarch64", ARM64_PYTHON, CORE_TESTS[:2], marks=NEEDS_ARM, id="arm64"),
    ],
)
def test_programs_are_profiled_by_the_macos_library(
    tag: str,
    target: str,
    python: str,
    tests: List[str],
    libraries: Dict[str, bytes],
    usual_wheel: Path,
    tmp_path: Path,
) -> None:
    """The library as it is in the wheel for macOS, with Linux's functions in place of libSystem's: see mac_host.c."""
    from mac_host import image_header

    (tmp_path / "libfil.dylib").write_bytes(libraries[tag])
    (tmp_path / "mac_image.h").write_text(image_header(libraries[tag]))
    command = [sys.executable, "-m", "ziglang", "cc", "-target", target + "-linux-gnu.2.31"]
    command += [
        "-std=gnu11",
        "-O1",
        "-D_GNU_SOURCE",
        "-fno-sanitize=undefined",
        "-fPIC",
        "-shared",
        "-fvisibility=hidden",
    ]
    command += ["-I%s" % tmp_path, "-o", str(tmp_path / "libfil.so"), "-pthread", "-ldl"]
    subprocess.run(command + [str(HERE / name) for name in ("mac_host.c", "mac_calls.c")], check=True)
    assert_profiles(usual_wheel, tmp_path, ["libfil.so", "libfil.dylib"], python, [*tests, "--deselect", OF_LINUX])
