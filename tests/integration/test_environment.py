"""A program that is profiled sees what it would see without us."""

import json
import subprocess
import sys
import venv
import zipfile
from pathlib import Path
from typing import Any, Dict, List, Optional

import pytest
import support

PROGRAM = support.PROGRAMS / "surroundings.py"

THREAD_POOLS = [
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "BLOSC_NTHREADS",
    "NUMEXPR_NUM_THREADS",
]


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests here are about the program alone; what others see of children is in test_children.py."""
    monkeypatch.setattr(support.Profiler, "alone", True)


def seen(output: str) -> Dict[str, Any]:
    result = json.loads(output)
    assert isinstance(result, dict)
    return result


def compare_with_bare(
    profiler: support.Profiler,
    flags: List[str],
    args: List[Any],
    cwd: Path,
) -> Dict[str, Any]:
    """Run with and without the profiler; all that the program sees must be the same, but for thread pools."""
    path = {"PYTHONPATH": str(profiler.package)}
    bare = support.run_bare(profiler.python, flags + args, stdin=b"typed\n", cwd=cwd, env=path)
    assert bare.returncode == 0, bare.stderr
    front = flags + ["-m", "filprofiler", "--no-browser", "--no-children", "-o", str(profiler.new_output()), "run"]
    done = profiler.call(front + args, stdin=b"typed\n", cwd=cwd)
    assert done.returncode == 0, f"{done.stdout[-3000:]!r}\n{done.stderr[-3000:]!r}"
    got, expected = without_pools(seen(done.stdout.decode())), without_pools(seen(bare.stdout.decode()))
    assert got == expected, "\n".join(
        f"{key}: {got[key]!r} instead of {expected[key]!r}" for key in expected if got[key] != expected[key]
    )
    return got


def is_pool(variable: str) -> bool:
    """Whether a variable is one of those that limit thread pools, or a library's that the documentation names."""
    return variable.endswith(("_NUM_THREADS", "_MAX_THREADS", "_MAXIMUM_THREADS", "_NTHREADS")) or variable in (
        "PYTHON_JIT",
        "ARROW_DEFAULT_MEMORY_POOL",
    )


def without_pools(account: Dict[str, Any]) -> Dict[str, Any]:
    """The account without the variables that we set on purpose, in all three environments."""
    result = dict(account)
    for which in ("environ", "environ of a child"):
        result[which] = {key: value for key, value in account[which].items() if not is_pool(key)}
    lines = account["environ of a shell"].splitlines()
    result["environ of a shell"] = sorted(line for line in lines if not is_pool(line.partition("=")[0]))
    return result


@pytest.mark.parametrize(
    "args",
    [
        [str(PROGRAM), "one", "-o", "x", "-m", "--version", "", "a b"],
        ["surroundings.py", "one"],
        ["-m", "surroundings", "-o", "x"],
    ],
    ids=["absolute", "relative", "module"],
)
def test_the_program_sees_what_it_would_see(profiler: support.Profiler, args: List[str]) -> None:
    compare_with_bare(profiler, [], args, support.PROGRAMS)


def test_flags_of_the_interpreter(profiler: support.Profiler) -> None:
    flags = ["-O", "-u", "-W", "ignore::ImportWarning", "-X", "ours=1", "-B", "-b"]
    compare_with_bare(profiler, flags, ["surroundings.py", "one"], support.PROGRAMS)


@pytest.mark.parametrize("flags", [["-I"], ["-E", "-s"]], ids=["-I", "-E -s"])
def test_isolated(one_profiler: support.Profiler, tmp_path: Path, flags: List[str]) -> None:
    """Under -I and -E PYTHONPATH does not count, so the package must be in the interpreter's own folders."""
    home = tmp_path / "venv"
    venv.create(str(home), symlinks=True)
    python = home / "bin" / "python"
    folder = subprocess.check_output([str(python), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"])
    Path(folder.decode().strip(), "package.pth").write_text(str(one_profiler.package))
    profiler = support.Profiler(str(python), one_profiler.version, one_profiler.package, tmp_path)
    compare_with_bare(profiler, flags, ["surroundings.py", "one"], support.PROGRAMS)


def test_a_folder_and_a_zip_file(profiler: support.Profiler, tmp_path: Path) -> None:
    folder = tmp_path / "job"
    folder.mkdir()
    (folder / "__main__.py").write_text(PROGRAM.read_text())
    compare_with_bare(profiler, [], ["job", "x"], tmp_path)
    compare_with_bare(profiler, [], [str(folder), "x"], tmp_path)
    with zipfile.ZipFile(str(tmp_path / "job.zip"), "w") as archive:
        archive.write(str(PROGRAM), "__main__.py")
    compare_with_bare(profiler, [], ["job.zip", "x"], tmp_path)


def test_a_package_as_module(profiler: support.Profiler, tmp_path: Path) -> None:
    folder = tmp_path / "job"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "__main__.py").write_text(PROGRAM.read_text())
    (folder / "inner.py").write_text(PROGRAM.read_text())
    compare_with_bare(profiler, [], ["-m", "job", "x"], tmp_path)
    compare_with_bare(profiler, [], ["-m", "job.inner", "x"], tmp_path)


COMMAND = "import sys, json; print(json.dumps([sys.argv, sys.path, __name__, sorted(globals()), sys.stdin.read()]))"


def test_command_text(profiler: support.Profiler) -> None:
    bare = support.run_bare(
        profiler.python, ["-c", COMMAND, "one", "-c"], stdin=b"x", cwd=support.PROGRAMS,
        env={"PYTHONPATH": str(profiler.package)},
    )  # fmt: skip
    done = profiler.run_well(["-c", COMMAND, "one", "-c"], stdin=b"x", cwd=support.PROGRAMS)
    assert done.stdout.encode() == bare.stdout


PICKLES_MAIN = """
import pickle
class Thing:
    def __init__(self): self.x = 5
if __name__ == "__main__":
    print(pickle.loads(pickle.dumps(Thing())).x, pickle.dumps(Thing, 0))
"""


@pytest.mark.parametrize("as_module", [True, False])
def test_pickling_of_main(profiler: support.Profiler, tmp_path: Path, as_module: bool) -> None:
    (tmp_path / "job.py").write_text(PICKLES_MAIN)
    args = ["-m", "job"] if as_module else ["job.py"]
    bare = support.run_bare(profiler.python, args, cwd=tmp_path)
    done = profiler.run_well(args, cwd=tmp_path)
    assert done.stdout.encode() == bare.stdout and done.stdout.startswith("5 "), done.account()


def test_nothing_of_ours_in_the_environment(profiler: support.Profiler) -> None:
    done = profiler.run_well([PROGRAM])
    environ = seen(done.stdout)
    for which in ("environ", "environ of a child"):
        ours = [key for key in environ[which] if key.startswith("FIL") or key == "LD_PRELOAD"]
        assert not ours, f"{which}: {ours}"
    assert "LD_PRELOAD" not in environ["environ of a shell"] and "FIL_" not in environ["environ of a shell"]


def test_thread_pools_are_limited(one_profiler: support.Profiler) -> None:
    done = one_profiler.run_well([PROGRAM], env={"OMP_NUM_THREADS": "7"})
    environ = seen(done.stdout)["environ"]
    assert {name: environ.get(name) for name in THREAD_POOLS} == dict.fromkeys(THREAD_POOLS, "1")
    said = [line for line in done.own_lines() if "OMP_NUM_THREADS" in line]
    assert len(said) == 1, "a value that the user had set was overridden without a word\n" + done.account()
    kept = one_profiler.run_well([PROGRAM], env={"OMP_NUM_THREADS": "7"}, options=["--keep-thread-pools"])
    environ = seen(kept.stdout)["environ"]
    assert environ["OMP_NUM_THREADS"] == "7" and "MKL_NUM_THREADS" not in environ
    assert not [line for line in kept.own_lines() if "OMP_NUM_THREADS" in line]


USES_PRELOAD = """
import ctypes, os, subprocess, sys
print(os.environ["LD_PRELOAD"], ctypes.CDLL(None).user_preload_marker())
print(subprocess.check_output([sys.executable, "-c",
    "import ctypes, os; print(os.environ['LD_PRELOAD'], ctypes.CDLL(None).user_preload_marker())"]).decode())
kept = bytearray(6 << 20)
"""


@pytest.mark.parametrize("separator", [None, " ", ":"])
def test_a_preload_of_the_users_own(profiler: support.Profiler, c_libraries: Path, separator: Optional[str]) -> None:
    library = str(c_libraries / "libuser_preload.so")
    value = library if separator is None else library + separator + str(c_libraries / "libmanners.so")
    done = profiler.run_well(["-c", USES_PRELOAD], env={"LD_PRELOAD": value})
    assert done.stdout.split() == [*value.split(), "4711"] * 2, done.account()
    amounts = [stack.bytes for stack in done.stacks if stack.frames[-1:] == (("<string>", 6, "<module>"),)]
    assert len(amounts) == 1 and support.close_to(amounts[0], 6 << 20)


PASSES_THROUGH = """
import os, sys
data = sys.stdin.buffer.read()
sys.stdout.buffer.write(data[::-1])
os.write(2, b"from the program\\n")
"""


def test_standard_streams_pass_through(profiler: support.Profiler) -> None:
    data = bytes(range(256)) * 5000
    process = profiler.call(profiler.command(["-c", PASSES_THROUGH], profiler.new_output())[1:], stdin=data)
    assert process.returncode == 0, process.stderr
    assert process.stdout == data[::-1]
    lines = process.stderr.decode().splitlines()
    assert [line for line in lines if not line.startswith(support.PREFIX)] == ["from the program"], lines


def test_a_program_that_changes_its_folder(one_profiler: support.Profiler, tmp_path: Path) -> None:
    """A relative output folder is meant from where the command was started."""
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    there.mkdir()
    done = one_profiler.call(
        ["-m", "filprofiler", "-o", "res", "--no-browser", "run", "-c", f"import os; os.chdir({str(there)!r})"],
        cwd=here,
    )
    assert done.returncode == 0, done.stderr
    support.check_report(support.Profiled(0, "", support.text_of(done.stderr), here / "res"))
    assert list(there.iterdir()) == []


def test_the_default_folder_and_what_is_said(one_profiler: support.Profiler, tmp_path: Path) -> None:
    here = tmp_path / "here"
    here.mkdir()
    done = one_profiler.call(["-m", "filprofiler", "--no-browser", "run", "-c", "x = bytearray(9 << 20)"], cwd=here)
    result = support.Profiled(
        done.returncode, support.text_of(done.stdout), support.text_of(done.stderr), here / "fil-result"
    )
    support.check_report(result)
    lines = result.own_lines()
    assert "SIGUSR2" in " ".join(lines[:3]), lines
    headline = [number for number, line in enumerate(lines) if line.startswith("Peak ")]
    assert len(headline) == 1, lines
    summary = lines[headline[0] :]
    assert len(summary) <= 8 and max(len(line) for line in summary[:-1]) <= 80, lines
    assert result.folder is not None and str(result.folder.name) in " ".join(summary), lines
    assert "\x1b" not in result.stderr
    peak = float(summary[0].split()[1])
    assert summary[0].split()[2] == "MiB" and abs(peak - result.peak / support.MIB) < 0.06, lines


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_the_recording_is_gone_unless_kept(one_profiler: support.Profiler) -> None:
    done = one_profiler.run(["-c", "pass"], options=["--keep-recording"])
    assert done.status == 0 and done.folder is not None, done.account()
    names = {path.name for path in done.folder.iterdir()}
    assert names >= {"recording.fil", *support.REPORT_FILES}, names


def test_a_preloaded_library_that_takes_many_keys(profiler: support.Profiler, c_libraries: Path) -> None:
    """The C library allocates when a thread sets a key with a high number: ours too, in the midst of an allocation."""
    source = "import threading\nthreads = [threading.Thread(target=bytearray, args=(5000,)) for _ in range(9)]\n"
    source += "[t.start() for t in threads]\n[t.join() for t in threads]\nprint('done')\n"
    done = profiler.run_well(["-c", source], env={"LD_PRELOAD": str(c_libraries / "libmany_keys.so")})
    assert done.stdout == "done\n", done.account()


def test_an_empty_environment(profiler: support.Profiler) -> None:
    """The interpreter chooses UTF-8 by itself then. Before, it found LC_CTYPE, which our own had set, and did not."""
    program = ["-c", "import os, sys; print(getattr(sys.flags, 'utf8_mode', 0), os.environ.get('LC_CTYPE'))"]
    nothing = {"PYTHONPATH": str(profiler.package)}
    bare = subprocess.run([profiler.python, *program], env=nothing, capture_output=True, check=True)
    done = subprocess.run(
        profiler.command(program, profiler.new_output()), env=nothing, capture_output=True, check=True
    )
    assert done.stdout == bare.stdout
