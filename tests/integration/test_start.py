"""How a program begins under the profiler is how it begins under Python alone: frames, state, flags, odd surroundings.

Before, our own functions ran the program: `sys:1` of a warning was become.py:60, 996 calls fitted where 998 do, and
modules that we had imported were in its sys.modules. Each test compares with the bare program, which is the oracle.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence, Tuple

import pytest
import support

FRAMES = support.PROGRAMS / "frames_shown.py"
STATE = support.PROGRAMS / "start_state.py"

Outcome = Tuple[int, List[str], List[str]]


def both(
    profiler: support.Profiler,
    flags: Sequence[str],
    program: Sequence[Any],
    cwd: Path,
    env: Optional[Dict[str, str]] = None,
) -> Tuple[Outcome, Outcome]:
    """What the program says and how it ends, bare and profiled."""
    variables = {"PYTHONPATH": str(profiler.package), "PYTHONHASHSEED": "0", **(env or {})}
    bare = support.run_bare(profiler.python, [*flags, *program], cwd=cwd, env=variables)
    front = [*flags, "-m", "filprofiler", "--no-browser", "-o", str(profiler.new_output()), "run"]
    done = profiler.call([*front, *program], cwd=cwd, env=variables)
    return outcome(bare), outcome(done)


def outcome(done: "subprocess.CompletedProcess[bytes]") -> Outcome:
    lines = re.sub(r"0x[0-9a-f]+", "0x", support.text_of(done.stderr)).splitlines()
    said = [line for line in lines if not line.startswith(support.PREFIX)]
    return done.returncode, support.text_of(done.stdout).splitlines(), said


def modes(program: Path, folder: Path) -> List[List[str]]:
    """Every way in which Python runs a program that is in a file."""
    (folder / "package").mkdir()
    (folder / "package" / "__main__.py").write_text(program.read_text())
    (folder / "job.py").write_text(program.read_text())
    with zipfile.ZipFile(str(folder / "job.zip"), "w") as archive:
        archive.write(str(program), "__main__.py")
    return [["job.py"], ["-m", "job"], ["-c", program.read_text()], ["package"], ["job.zip"]]


def ours_in(profiler: support.Profiler, lines: List[str]) -> List[int]:
    """Which lines that the interpreter tells are about our package."""
    words = (str(profiler.package) + "/filprofiler", "'filprofiler", "| filprofiler")
    return [number for number, line in enumerate(lines) if any(word in line for word in words)]


def test_no_frame_of_ours_is_below_the_programs(profiler: support.Profiler, tmp_path: Path) -> None:
    for program in modes(FRAMES, tmp_path)[: None if profiler.version == (3, 11) else 3]:
        bare, done = both(profiler, [], program, tmp_path)
        assert bare[0] == 0 and len(bare[1]) == 9, bare
        assert done == bare, program[0]


def states(profiler: support.Profiler, flags: List[str], program: List[str], folder: Path) -> List[Dict[str, Any]]:
    results = []
    for number, done in enumerate(both(profiler, flags, [*program, "account"], folder)):
        assert done[0] == 0, done
        results.append(json.loads((folder / "account").read_text()))
        assert len(results[number]) > 30
    return results


@pytest.mark.parametrize("flags", [[], ["-S"]], ids=["usual", "-S"])
def test_a_start_leaves_nothing_behind(profiler: support.Profiler, tmp_path: Path, flags: List[str]) -> None:
    for program in modes(STATE, tmp_path)[: 1 if flags else 2]:
        bare, profiled = states(profiler, flags, program, tmp_path)
        for name in bare:
            if name == "descriptors":
                continue  # a recording that the library holds open is none of the program's business
            assert profiled[name] == bare[name], "%s: %s" % (program[0], name)


def test_a_program_on_standard_input(profiler: support.Profiler) -> None:
    """Before, that was refused."""
    text = b"import sys\nprint(sys.argv, __name__)\nkept = bytearray(30 << 20)\nsys.exit(5)\n"
    bare = support.run_bare(profiler.python, ["-", "a"], stdin=text)
    done = profiler.run(["-", "a"], stdin=text)
    assert (done.status, done.stdout) == (bare.returncode, support.text_of(bare.stdout)), done.account()
    assert done.stdout == "['-', 'a'] __main__\n"
    support.check_report(done)
    (stack,) = [stack for stack in done.stacks if stack.bytes > 29 * support.MIB]
    assert [(frame.file, frame.line) for frame in stack.frames] == [("<stdin>", 3)]
    assert any("<stdin>:3" in line for line in done.own_lines()), done.account()


SHADOWS = """
import sys
for name in sys.argv[1:]:
    try:
        module = __import__(name)
        print(name, getattr(module, "whose", "not ours"))
    except Exception as error:
        print(name, type(error))
"""
SHADOWED = [
    "_ctypes", "_struct", "atexit", "collections", "copyreg", "ctypes", "decimal", "enum", "environment", "errors",
    "functools", "gc", "json", "library", "linecache", "os", "posix", "re", "resource", "runpy", "select",
    "signal", "stacks", "start", "struct", "subprocess", "tempfile", "threading", "traceback", "types", "typing",
    "warnings", "weakref",
]  # fmt: skip


def test_a_program_may_have_files_of_the_names_of_our_modules(profiler: support.Profiler, tmp_path: Path) -> None:
    folder = tmp_path / "folder"  # not the working directory: `python -m` itself would take them for its own
    folder.mkdir()
    for name in SHADOWED:
        (folder / (name + ".py")).write_text("whose = %r\n" % name)
    (folder / "job.py").write_text(SHADOWS)
    bare = support.run_bare(profiler.python, [folder / "job.py", *SHADOWED], cwd=tmp_path)
    done = profiler.run_well([folder / "job.py", *SHADOWED], cwd=tmp_path)
    assert "\nctypes ctypes\n" in done.stdout, done.account()
    assert done.stdout == support.text_of(bare.stdout)


HOOKS = """
import ctypes, re, sys
def pointers(start, size):
    return (ctypes.c_size_t * (size // 8)).from_address(start)
ranges = {}
for line in open("/proc/self/maps"):
    words = line.split()
    low, high = [int(word, 16) for word in words[0].split("-")]
    ranges.setdefault(words[-1].rpartition("/")[2], []).append((low, high, "x" in words[1]))
runtime = ctypes.addressof(ctypes.c_char.in_dll(ctypes.pythonapi, "_PyRuntime"))
((end),) = [high for all in ranges.values() for low, high, code in all if low <= runtime < high]
# A function: the table of pymalloc's arenas holds the end of each, and the library may be mapped exactly there.
heap, ours = ranges["[heap]"], [piece for piece in ranges["libfil.so"] if piece[2]]
def inside(address, pieces):
    return any(low <= address < high - 24 for low, high, code in pieces)
entries = [word for word in pointers(runtime, end - runtime) if word % 8 == 0 and inside(word, heap)]
print(len(entries) > 5, [word for word in entries if inside(pointers(word, 24)[1], ours)])
"""


def test_the_audit_hook_is_gone(profiler: support.Profiler) -> None:
    """The interpreter's variables lead to no pair of words of which the second is a function of ours."""
    if profiler.version < (3, 8):
        pytest.skip("this Python does not know the feature: audit hooks")
    done = profiler.run_well(["-c", HOOKS])
    assert done.stdout == "True []\n", done.account()


# A flag, or a variable of Python's documentation, at a time; and what may stand together, together.
FLAGS = [
    ["-b"], ["-bb"], ["-B"], ["-d"], ["-E"], ["-i"], ["-O"], ["-OO"], ["-q"], ["-R"], ["-s"], ["-S"], ["-u"], ["-x"],
    ["-W", "error"], ["-W", "default"], ["-X", "dev"], ["-X", "dev", "-W", "error"], ["-X", "faulthandler"],
    ["-X", "tracemalloc=3"], ["-X", "utf8"], ["-X", "utf8=0"], ["-X", "pycache_prefix=cache"], ["-X", "showrefcount"],
    ["--check-hash-based-pycs", "always"],
]  # fmt: skip
NEWER_FLAGS = {
    (3, 10): [["-X", "warn_default_encoding", "-W", "error"]],
    (3, 11): [["-P"], ["-X", "int_max_str_digits=700"], ["-X", "no_debug_ranges"], ["-X", "frozen_modules=off"]],
    (3, 12): [["-X", "perf"]],
    (3, 13): [["-X", "cpu_count=3"]],
    (3, 14): [["-X", "context_aware_warnings=1"], ["-X", "thread_inherit_context=1"], ["-X", "disable-remote-debug"]],
}
VARIABLES = {
    "PYTHONSTARTUP": "no_such_file.py",
    "PYTHONOPTIMIZE": "2",
    "PYTHONBREAKPOINT": "0",
    "PYTHONINSPECT": "1",
    "PYTHONUNBUFFERED": "1",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONPYCACHEPREFIX": "cache",
    "PYTHONIOENCODING": "latin-1:replace",
    "PYTHONNOUSERSITE": "1",
    "PYTHONUSERBASE": "base",
    "PYTHONWARNINGS": "error::DeprecationWarning",
    "PYTHONFAULTHANDLER": "1",
    "PYTHONTRACEMALLOC": "2",
    "PYTHONASYNCIODEBUG": "1",
    "PYTHONMALLOC": "malloc",
    "PYTHONCOERCECLOCALE": "0",
    "PYTHONDEVMODE": "1",
    "PYTHONUTF8": "1",
    "PYTHONPLATLIBDIR": "lib",
    "PYTHONDEBUG": "1",
    "PYTHONSAFEPATH": "1",
    "PYTHONINTMAXSTRDIGITS": "700",
    "PYTHONNODEBUGRANGES": "1",
    "PYTHONWARNDEFAULTENCODING": "1",
    "PYTHON_CPU_COUNT": "3",
    "PYTHON_FROZEN_MODULES": "off",
    "PYTHON_COLORS": "1",
    "PYTHON_JIT": "1",
    "LC_ALL": "POSIX",
    "HOME": "/nonexistent",
    "PATH": "",
}
SAYS = """\
print("the first line")  # which -x skips
import os, sys, warnings
print(sys.argv, sys.path, sys.flags, sys.warnoptions, sorted(sys._xoptions.items()), sys.stdout.encoding, __debug__)
print(sorted((key, value) for key, value in os.environ.items() if key.startswith("PYTHON")), os.environ.get("PATH"))
print(getattr(sys, "orig_argv", None) and sys.orig_argv[1:], sys.path_importer_cache.keys(), sys.dont_write_bytecode)
warnings.warn("something")
print(sys.stdin.readline(), file=sys.stderr)
raise SystemExit(7)
"""


def bears(profiler: support.Profiler, tmp_path: Path, flags: List[str], env: Dict[str, str]) -> None:
    """The program says and does the same. Thread pools and their variables aside, of which it says nothing."""
    bare, done = both(profiler, flags, ["job.py", "a b"], tmp_path, env)
    assert done == bare, "%s %s" % (flags, env)


def flags_of(version: Tuple[int, int]) -> List[List[str]]:
    return FLAGS + [flags for since, newer in NEWER_FLAGS.items() if since <= version for flags in newer]


@pytest.mark.parametrize("number", range(4))
def test_each_flag_and_variable_that_python_bears(one_profiler: support.Profiler, tmp_path: Path, number: int) -> None:
    (tmp_path / "job.py").write_text(SAYS)
    cases: "List[Tuple[List[str], Dict[str, str]]]" = [(flags, {}) for flags in flags_of(one_profiler.version)]
    cases += [([], {name: value}) for name, value in VARIABLES.items()]
    for flags, env in cases[number::4]:
        bears(one_profiler, tmp_path, flags, env)


def test_flags_and_variables_together(profiler: support.Profiler, tmp_path: Path) -> None:
    (tmp_path / "job.py").write_text(SAYS)
    bears(profiler, tmp_path, ["-bbdiOquxB", "-W", "error::BytesWarning", "-X", "dev", "-X", "faulthandler"], {})
    bears(profiler, tmp_path, ["-s"], {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONMALLOC": "debug", "LC_ALL": "POSIX"})


IMPORTS = "import sys\nimport wave\nprint('ran', file=sys.stderr)\n"


def is_of_start(line: str) -> bool:
    """Whether a line tells of a file that Python imports for `-m filprofiler` before any code of ours runs."""
    words = ("filprofiler/__", "filprofiler/command.", "import 'filprofiler' #", "import 'filprofiler.command' #")
    return any(word in line for word in words) or line.rstrip().endswith(("| filprofiler", " filprofiler.command"))


@pytest.mark.parametrize("flags", [["-v"], ["-X", "importtime"]], ids=["-v", "importtime"])
def test_what_an_interpreter_tells_is_told_of_the_program(
    profiler: support.Profiler, tmp_path: Path, flags: List[str]
) -> None:
    """Of our own process, only what Python imports before the first line of ours is told."""
    if flags[0] == "-X" and profiler.version < (3, 7):
        pytest.skip("this Python does not know the feature: -X importtime")
    (tmp_path / "job.py").write_text(IMPORTS)
    # That bytecode is written is told too, and so is that it was there the next time.
    bare, done = both(profiler, flags, ["job.py"], tmp_path, {"PYTHONDONTWRITEBYTECODE": "1"})
    told, expected = ([re.sub(r" *\d+ \| *\d+ \|", "|", line) for line in said] for said in (done[2], bare[2]))
    ours = ours_in(profiler, told)
    assert ours and all(is_of_start(told[number]) for number in ours), [told[number] for number in ours]
    told = told[-len(expected) :]
    assert ours[-1] < len(done[2]) - len(expected)
    ran = expected.index("ran")
    assert told[:ran] == expected[:ran]
    assert sorted(told[ran:]) == sorted(expected[ran:])  # at its end the interpreter takes things down in any order


def test_a_variable_that_lets_the_interpreter_tell(one_profiler: support.Profiler, tmp_path: Path) -> None:
    (tmp_path / "job.py").write_text(
        "import os\nprint(sorted(name for name in os.environ if 'PYTHON' in name or 'FIL' in name))\n"
    )
    for name in ("PYTHONVERBOSE", "PYTHONPROFILEIMPORTTIME", "PYTHONMALLOCSTATS"):
        bare, done = both(one_profiler, [], ["job.py"], tmp_path, {name: "1"})
        assert done[:2] == bare[:2]
        told = [done[2][number] for number in ours_in(one_profiler, done[2])]
        assert all(is_of_start(line) for line in told), told


def test_a_working_directory_that_is_gone(profiler: support.Profiler, tmp_path: Path) -> None:
    script = tmp_path / "job.py"
    script.write_text("import sys\nprint(sys.argv, sys.path, __file__)\nkept = bytearray(3000000)\n")
    gone = tmp_path / "gone"
    for program in ([str(script)], ["-m", "json.tool", "--help"]):
        outcomes = []
        for front in ([], ["-m", "filprofiler", "--no-browser", "-o", str(profiler.new_output()), "run"]):
            gone.mkdir()
            shell = ["sh", "-c", 'cd "$0" && rmdir "$0" && exec "$@"', str(gone), profiler.python, *front, *program]
            env = dict(os.environ, PYTHONPATH=str(profiler.package))
            done = subprocess.run(shell, env=env, capture_output=True)
            outcomes.append(outcome(done))
        assert outcomes[1] == outcomes[0], program
        assert outcomes[0][0] == 0, outcomes


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the variable is the system's own")
def test_a_name_for_the_interpreter_that_the_user_has_made_up(profiler: support.Profiler) -> None:
    environment = profiler.environment()
    environment["PYTHONEXECUTABLE"] = "/of/no/file"
    program = ["-c", "import sys; print(sys.executable)"]
    bare = subprocess.run([profiler.python, *program], env=environment, capture_output=True)
    if bare.returncode != 0:
        pytest.skip("this Python does not know the feature: it finds its own files by that name")
    command = profiler.command(program, profiler.new_output())
    done = subprocess.run(command, env=environment, capture_output=True)
    assert (done.returncode, done.stdout) == (0, bare.stdout), done.stderr


OWN_FILES = """
import sys
import heapq, keyword, reprlib, warnings
print([module.__file__ for module in (heapq, keyword, reprlib)], sys.path[0])
"""


@pytest.mark.parametrize("how", ["folder", "zip", "module"])
def test_modules_of_the_program_that_runpy_needs(profiler: support.Profiler, tmp_path: Path, how: str) -> None:
    """runpy, which the interpreter imports for such a program, finds the program's own files first, as without us.

    Before: in 3.6 and 3.7, the standard library's, and the program got these too.
    """
    folder = tmp_path / "program"
    folder.mkdir()
    library = subprocess.run(
        [profiler.python, "-c", "import heapq; print(heapq.__file__)"], stdout=subprocess.PIPE, text=True, check=True
    ).stdout.strip()
    for name in ("heapq", "keyword", "reprlib"):
        shutil.copy(str(Path(library).parent / (name + ".py")), str(folder))
    (folder / "__main__.py").write_text(OWN_FILES)
    (folder / "own.py").write_text(OWN_FILES)
    target = [str(folder)]
    if how == "zip":
        target = [shutil.make_archive(str(tmp_path / "archive"), "zip", str(folder))]
    if how == "module":
        target = ["-m", "own"]
    bare = subprocess.run([profiler.python, *target], stdout=subprocess.PIPE, text=True, check=True, cwd=str(folder))
    done = profiler.run_well(target, cwd=folder)
    assert done.stdout == bare.stdout and "program" in bare.stdout + how.replace("zip", "program")


@pytest.mark.parametrize("error", ["ImportError('mine')", "SystemExit('mine')"])
def test_a_runpy_of_the_program_that_fails(profiler: support.Profiler, tmp_path: Path, error: str) -> None:
    """It fails as without us, where it is found first. Before: "Cannot profile: ImportError: mine.", and status 3."""
    (tmp_path / "runpy.py").write_text("raise %s\n" % error)
    (tmp_path / "__main__.py").write_text("print('ran')\n")
    bare = subprocess.run([profiler.python, str(tmp_path)], capture_output=True, text=True)
    done = profiler.run([str(tmp_path)])
    theirs = [line for line in done.stderr.splitlines() if not line.startswith("=fil-profile=")]
    assert (done.status, done.stdout, theirs) == (bare.returncode, bare.stdout, bare.stderr.splitlines())


# Keeps the header of a file of bytecode, and replaces the code.
REWRITE = """
import marshal, sys
cache, source, path = sys.argv[1:]
header = 16 if sys.version_info >= (3, 7) else 12
with open(cache, "rb") as file:
    kept = file.read()[:header]
content = {"damaged": b"c", "a number": marshal.dumps(7)}.get(source) or marshal.dumps(compile(source, path, "exec"))
with open(cache, "wb") as file:
    file.write(kept + content)
"""


def test_the_bytecode_of_the_first_file_is_used_while_it_is_up_to_date(
    profiler: support.Profiler, tmp_path: Path
) -> None:
    copy = profiler.never_run(tmp_path)
    path = copy.package / "filprofiler" / "in_process" / "bootstrap.py"
    program = ["-c", "print('ran')"]
    assert copy.run_well(program).stdout == "ran\n"
    (cache,) = (path.parent / "__pycache__").glob("bootstrap.*.pyc")
    assert copy.run_well(program).stdout == "ran\n"

    def rewritten(source: str) -> str:
        subprocess.run([profiler.python, "-c", REWRITE, str(cache), source, str(path)], check=True)
        return copy.run_well(program).stdout

    other = "import posix; posix.write(1, b'other ')\n" + path.read_text()
    assert rewritten(other) == "other ran\n"
    assert rewritten("damaged") == rewritten("a number") == "ran\n"
    assert rewritten(other) == "other ran\n"
    damaged = path.with_name("start.py")  # and so for the others, which bootstrap.py loads
    (of_start,) = (path.parent / "__pycache__").glob("start.*.pyc")
    subprocess.run([profiler.python, "-c", REWRITE, str(of_start), "damaged", str(damaged)], check=True)
    assert copy.run_well(program).stdout == "other ran\n"
    facts = path.stat()
    os.utime(str(path), (facts.st_atime, facts.st_mtime + 5))
    assert copy.run_well(program).stdout == "ran\n"
    assert copy.run_well(program, env={"PYTHONDONTWRITEBYTECODE": "1"}).stdout == "ran\n"
