"""What the integration tests share: running a program under the profiler, and reading what came out.

Nothing here knows how the profiler works inside: it starts `python -m filprofiler run` and reads the files that the
documentation promises.
"""

import os
import re
import shutil
import subprocess
import threading
from collections import defaultdict
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Dict, Iterator, List, NamedTuple, Optional, Sequence, Tuple

TESTS = Path(__file__).resolve().parent.parent
ROOT = TESTS.parent
PROGRAMS = TESTS / "programs"
C_SOURCES = TESTS / "c"

MIB = 1 << 20
TOLERANCE = MIB // 20
"""What a line may be off by, bytes: 0.05 MiB."""

PREFIX = "=fil-profile= "
PROF_FRAME = re.compile(r"(?P<file>.*?):(?P<line>-?\d+) \((?P<function>.*?)\)(?:;|$)", re.DOTALL)

IMPORT_MACHINERY = ("<frozen importlib._bootstrap>", "<frozen importlib._bootstrap_external>")
"""The files of the frames that are left out of callstacks, as they are out of Python's own tracebacks."""

WITHOUT_CALLSTACK = ("[No Python stack]", "[Callstack not recorded]")
"""What the `.prof` has in place of a callstack."""

ARENA_MAP = 131072
"""From CPython 3.10 on pymalloc takes a piece of its map of arenas, by malloc, on whatever line it needs an arena in a
part of the address space where it has had none: where that is changes from run to run."""

UNWIND_METHODS = ("known", "measured", "profiled")
"""How callstacks can be found: docs/how-it-works.md. The first is the best, and taken where it is possible."""

# What must not steer a program under test from outside.
CLEANED_VARIABLES = [
    "LD_PRELOAD",
    "DYLD_INSERT_LIBRARIES",
    "FIL_STACKS",
    "PYTHON_JIT",
    "PYTHONPATH",
    "PYTHONMALLOC",
    "PYTHONTRACEMALLOC",
    "PYTHONHOME",
    "PYTHONDONTWRITEBYTECODE",
    "BROWSER",
    "COLUMNS",
    "NO_COLOR",
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "BLOSC_NTHREADS",
    "NUMEXPR_NUM_THREADS",
]


class Frame(NamedTuple):
    """One callsite of a callstack in the `.prof` file."""

    file: str
    line: int
    function: str


class Stack(NamedTuple):
    """One line of the `.prof` file: frames outermost first, and the bytes live at the peak."""

    frames: Tuple[Frame, ...]
    bytes: int
    text: str


def parse_prof(text: str) -> List[Stack]:
    """Read the text of a `peak-memory.prof`; a line that is not in the documented form fails the test."""
    stacks = []
    for line in text.split("\n"):
        if not line:
            continue
        where, _, amount = line.rpartition(" ")
        assert amount.isdigit(), f"not a line of a .prof file: {line!r}"
        frames = []
        at = 0
        while at < len(where) and not where.startswith("[", at):
            match = PROF_FRAME.match(where, at)
            assert match, f"cannot read the frames of {line!r} from column {at}"
            frames.append(Frame(match.group("file"), int(match.group("line")), match.group("function")))
            at = match.end()
        if at < len(where) and (at or where not in WITHOUT_CALLSTACK):
            frames.append(Frame("", 0, where[at:]))  # such as [module code]: no line, so not those of the line above it
        stacks.append(Stack(tuple(frames), int(amount), where))
    return stacks


class Profiled:
    """How one run under the profiler ended and what it left.

    `status` is the exit status as subprocess gives it (negative: the signal), `stdout` and `stderr` are bytes decoded
    as UTF-8, `folder` is the result folder of the run or None, `stacks` the lines of its `.prof`.
    """

    def __init__(self, status: int, stdout: str, stderr: str, output: Path) -> None:
        self.status = status
        self.stdout = stdout
        self.stderr = stderr
        self.output = output
        folders = sorted(p for p in output.iterdir() if p.is_dir()) if output.is_dir() else []
        assert len(folders) <= 1, f"more than one result folder: {folders}"
        self.folder: "Optional[Path]" = folders[0] if folders else None

    @property
    def prof_path(self) -> Path:
        assert self.folder is not None, "no result folder was written\n" + self.account()
        (path,) = self.folder.glob("*.prof")
        return path

    @property
    def stacks(self) -> List[Stack]:
        if not hasattr(self, "_stacks"):
            path = self.prof_path
            assert path.exists(), (
                f"no .prof in {path.parent}: {sorted(p.name for p in path.parent.iterdir())}\n{self.account()}"
            )
            self._stacks = parse_prof(path.read_bytes().decode("utf-8", "surrogateescape"))
        return self._stacks

    @property
    def peak(self) -> int:
        """Bytes live at the peak: the sum of the `.prof`."""
        return sum(stack.bytes for stack in self.stacks)

    def own_lines(self) -> List[str]:
        """The profiler's own lines on stderr, without their prefix."""
        return [line[len(PREFIX) :] for line in self.stderr.splitlines() if line.startswith(PREFIX)]

    def program_stderr(self) -> str:
        """What the program itself wrote to stderr."""
        lines = self.stderr.splitlines(True)
        return "".join(line for line in lines if not line.startswith(PREFIX) and line.strip("\n") != PREFIX.strip())

    def at_line(self, path: Path, line: int, function: Optional[str] = None) -> int:
        """Bytes that the callstacks ending at this line (of this function, if given) held at the peak."""
        total = 0
        for stack in self.stacks:
            leaf = stack.frames[-1] if stack.frames else None
            if leaf and leaf.line == line and same_file(leaf.file, path) and function in (None, leaf.function):
                total += stack.bytes
        return total

    def at_marker(self, path: Path, name: str, function: Optional[str] = None) -> int:
        """Bytes of the callstacks that end at the line of `path` marked `# MARK name`."""
        return self.at_line(path, marker(path, name), function)

    def by_leaf(self, path: Path) -> Dict[Tuple[int, str], int]:
        """(line, function) -> bytes for all callstacks that end in this file."""
        result: "Dict[Tuple[int, str], int]" = defaultdict(int)
        for stack in self.stacks:
            if stack.frames and same_file(stack.frames[-1].file, path):
                result[stack.frames[-1].line, stack.frames[-1].function] += stack.bytes
        return dict(result)

    def account(self) -> str:
        """The run in words, for a failing test."""
        return f"status {self.status}\n--- stdout\n{self.stdout[-4000:]}\n--- stderr\n{self.stderr[-6000:]}"


def same_file(reported: str, path: Path) -> bool:
    return reported == str(path)


def marker(path: Path, name: str) -> int:
    """The number of the one line of `path` that ends in the comment `# MARK name`."""
    lines = [
        number
        for number, text in enumerate(path.read_text().splitlines(), 1)
        if text.rstrip().endswith("# MARK " + name)
    ]
    assert len(lines) == 1, f"{len(lines)} lines of {path} are marked {name!r}"
    return lines[0]


def clean_environment(package: Optional[Path], extra: Optional[Dict[str, str]] = None) -> Dict[str, str]:
    """This process's environment without what would steer the program, with `package` importable."""
    kept = [key for key in os.environ if key not in CLEANED_VARIABLES and not key.startswith("FIL_TEST_")]
    env = {key: os.environ[key] for key in kept}
    env["PYTHONHASHSEED"] = "0"
    if package is not None:
        env["PYTHONPATH"] = str(package)
    env.update(extra or {})
    return env


def run_bare(
    python: str,
    args: Sequence[Any],
    env: Optional[Dict[str, str]] = None,
    stdin: bytes = b"",
    cwd: Optional[Path] = None,
    timeout: float = 120,
) -> "subprocess.CompletedProcess[bytes]":
    """Run a program without the profiler: what a profiled run must look like from outside."""
    return subprocess.run(
        [str(python)] + [str(arg) for arg in args],
        env=clean_environment(None, env),
        input=stdin,
        capture_output=True,
        cwd=str(cwd) if cwd else None,
        timeout=timeout,
    )


class Profiler:
    """The profiler under one interpreter: the wheel's files in `package`, run with `python`.

    `complete`: whether the `.prof` has all callstacks; else small ones are told together.
    `alone`: whether the processes that the program starts are left out.
    `stacks` may be set to one of UNWIND_METHODS: then callstacks are found in that way, not in the best.
    """

    alone = False

    def __init__(self, python: str, version: Tuple[int, ...], package: Path, scratch: Path) -> None:
        self.python = python
        self.version = version
        self.package = package
        self.scratch = scratch
        self.stacks = ""
        self.complete = True  # most tests look at single callstacks, however small
        self._runs = 0

    def never_run(self, folder: Path) -> "Profiler":
        """The same profiler from a copy in that folder, without any bytecode."""
        package = folder / "copy"
        shutil.copytree(str(self.package), str(package), ignore=shutil.ignore_patterns("__pycache__"))
        return Profiler(self.python, self.version, package, folder)

    def new_output(self) -> Path:
        """A result folder's path that nothing has used yet."""
        self._runs += 1
        return self.scratch / f"out-{self._runs}"

    def command(self, args: Sequence[Any], output: Path, options: Sequence[Any] = ()) -> List[str]:
        """The command line that profiles `run ARGS` into `output`."""
        front = [self.python, "-m", "filprofiler", "--no-browser", "-o", str(output)]
        front += ["--complete"] if self.complete else []
        front += ["--no-children"] if self.alone else []
        return front + [str(option) for option in options] + ["run"] + [str(arg) for arg in args]

    def environment(self, extra: Optional[Dict[str, str]] = None) -> Dict[str, str]:
        forced = {"FIL_STACKS": self.stacks} if self.stacks else {}
        return clean_environment(self.package, dict(forced, **(extra or {})))

    def run(
        self,
        args: Sequence[Any],
        env: Optional[Dict[str, str]] = None,
        stdin: bytes = b"",
        cwd: Optional[Path] = None,
        timeout: float = 120,
        output: Optional[Path] = None,
        options: Sequence[Any] = (),
    ) -> Profiled:
        """Profile `args` (what stands after `run`) and wait for the end; a hang fails the test."""
        output = output or self.new_output()
        done = self.call(self.command(args, output, options)[1:], env, stdin, cwd, timeout)
        return Profiled(done.returncode, text_of(done.stdout), text_of(done.stderr), output)

    def run_well(self, args: Sequence[Any], **others: Any) -> Profiled:
        """Like `run`, for a program that must end with status 0 and a whole report."""
        done = self.run(args, **others)
        assert done.status == 0, done.account()
        assert "Traceback" not in done.stderr, done.account()
        check_report(done)
        return done

    def call(
        self,
        arguments: Sequence[Any],
        env: Optional[Dict[str, str]] = None,
        stdin: bytes = b"",
        cwd: Optional[Path] = None,
        timeout: float = 120,
    ) -> "subprocess.CompletedProcess[bytes]":
        """Run the interpreter with these arguments and the package importable."""
        return subprocess.run(
            [self.python] + [str(argument) for argument in arguments],
            env=self.environment(env),
            input=stdin,
            capture_output=True,
            cwd=str(cwd) if cwd else str(self.scratch),
            timeout=timeout,
        )


class Running(subprocess.Popen):  # type: ignore[type-arg]
    """A process with pipes for its standard streams, of which the test reads and writes lines."""

    stdin: IO[bytes]
    stdout: IO[bytes]
    stderr: IO[bytes]

    def go_on(self) -> None:
        """Write the line for which the process waits."""
        self.stdin.write(b"\n")
        self.stdin.flush()


@contextmanager
def running(profiler: "Profiler", command: Sequence[str], seconds: int = 90) -> Iterator[Running]:
    """Start a command; at the block's end, or after `seconds`, it is killed if it has not ended."""
    process = Running(
        list(command),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=profiler.environment(),
        cwd=str(profiler.scratch),
    )

    def give_up() -> None:
        process.kill()
        process.stdin.close()  # the program itself may wait for it, and keep the other streams open

    hangs = threading.Timer(seconds, give_up)
    hangs.start()
    try:
        yield process
    finally:
        hangs.cancel()
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout, process.stderr):
            stream.close()


def run_profiled(profiler: Profiler, args: Sequence[Any], **others: Any) -> Profiled:
    """Profile a program: see Profiler.run."""
    return profiler.run(args, **others)


def preloaded(profiler: Profiler) -> Dict[str, str]:
    """Variables that let the library be loaded before the program, as `fil-profile` does; musl loads it no later."""
    return {"LD_PRELOAD": str(profiler.package / "filprofiler" / "_lib" / "libfil.so")}


def text_of(output: bytes) -> str:
    return output.decode("utf-8", "backslashreplace")


REPORT_FILES = ["index.html", "peak-memory-reversed.svg", "peak-memory.prof", "peak-memory.svg"]


def check_report(done: Profiled) -> None:
    """The result folder is named and filled as documented."""
    assert done.folder is not None, "no result folder\n" + done.account()
    assert re.match(r"^\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d_\d{3}$", done.folder.name), done.folder
    assert sorted(p.name for p in done.folder.iterdir()) == REPORT_FILES, done.account()


def close_to(actual: int, expected: int, tolerance: int = TOLERANCE) -> bool:
    return abs(actual - expected) <= tolerance


def in_mib(amount: int) -> str:
    return f"{amount / MIB:.3f} MiB"


def repeats() -> int:
    """How often a test that looks for rare failures repeats: FIL_TEST_REPEAT, else 3."""
    return int(os.environ.get("FIL_TEST_REPEAT", "3"))


def compile_library(source: Path, output: Path, compiler: str = "cc", flags: Sequence[str] = ()) -> Path:
    """Compile one C or C++ file to a shared library, unoptimised so that no allocation is dropped."""
    assert shutil.which(compiler), f"these tests need the compiler {compiler!r}"
    command = [compiler, "-shared", "-fPIC", "-O0", "-g", "-Wall", "-o", str(output), str(source), "-pthread"]
    subprocess.run(command + list(flags), check=True)
    return output


def dynamic_linker(program: str) -> str:
    """The path in its PT_INTERP."""
    done = subprocess.run(["readelf", "-l", program], stdout=subprocess.PIPE, text=True, check=True)
    found = re.search(r"program interpreter: (.*)\]", done.stdout)
    assert found is not None, done.stdout
    return found.group(1)
