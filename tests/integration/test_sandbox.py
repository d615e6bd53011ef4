"""Programs that shut themselves in, or change what the recording needs: they end as without us, and every byte is told.

Before, each piece of the recording was opened by its path: a filter that kills on `openat` killed the program (status
159), and after setuid or chroot the callstacks of most blocks were lost.
"""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any, List, Optional

import pytest
import support

PROGRAM = support.PROGRAMS / "sandboxed.py"
FUNCTIONS = 1500

# What the program does, and whether it needs to be root for it.
WAYS = {
    "kill_on_open": False,
    "kill_on_open directly": False,
    "refuse_open": False,
    "only_compute": False,
    "only_compute directly": False,
    "kill_on_open directly as root": True,
    "kill_on_open prctl as root": True,
    "kill_on_links": False,
    "kill_on_links directly": False,
    "nobody": True,
    "chroot": True,
    "close": False,
    "few descriptors": False,
    "another": False,
}

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="filters of system calls are Linux's")


@pytest.fixture
def open_scratch(tmp_path: Path) -> Path:
    """An empty folder, for the program's own files."""
    folder = tmp_path / "own"
    folder.mkdir()
    return folder


def run_both(profiler: support.Profiler, way: str, scratch: Path, libraries: Path) -> support.Profiled:
    """Run the program bare and profiled, and compare how it ends."""
    arguments = [PROGRAM, way, scratch, libraries / "libsandbox.so"]
    bare = support.run_bare(profiler.python, arguments)
    done = profiler.run(arguments)
    assert bare.returncode == 5, bare
    assert (done.status, done.stdout.encode(), done.program_stderr().encode()) == (5, bare.stdout, bare.stderr), (
        done.account()
    )
    support.check_report(done)
    return done


def in_functions(done: support.Profiled) -> int:
    """Bytes whose callstack ends in one of the functions that the program has made."""
    leaves = [(stack.frames[-1].function, stack.bytes) for stack in done.stacks if stack.frames]
    return sum(size for name, size in leaves if name.startswith("made_"))


def check_every_byte(profiler: support.Profiler, c_libraries: Path, open_scratch: Path, way: str) -> None:
    if WAYS[way] and os.geteuid() != 0:
        pytest.skip("only root may do this")
    done = run_both(profiler, way, open_scratch, c_libraries)
    assert "Incomplete" not in done.stderr and "not recorded" not in done.stderr, done.account()
    block = int(done.stdout.split()[3])
    for told in in_functions(done), done.at_marker(PROGRAM, "deep"):
        assert FUNCTIONS * block <= told < (FUNCTIONS + 1) * block, done.account()
    assert support.close_to(done.at_marker(PROGRAM, "kept"), 20 * support.MIB)
    assert support.close_to(done.at_marker(PROGRAM, "mapped"), 5 * support.MIB)
    if not way.startswith(("only", "close")):
        assert support.close_to(done.at_marker(PROGRAM, "shared"), 3 * support.MIB), done.account()
        assert done.at_marker(PROGRAM, "of file") < support.MIB // 10


@pytest.mark.parametrize("way", sorted(WAYS))
def test_every_byte_has_its_callstack(
    one_profiler: support.Profiler, c_libraries: Path, open_scratch: Path, way: str
) -> None:
    check_every_byte(one_profiler, c_libraries, open_scratch, way)


@pytest.mark.parametrize("way", ["only_compute", "refuse_open", "kill_on_open directly as root"])
def test_every_interpreter(profiler: support.Profiler, c_libraries: Path, open_scratch: Path, way: str) -> None:
    check_every_byte(profiler, c_libraries, open_scratch, way)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may become another user")
def test_what_is_lost_is_told(one_profiler: support.Profiler, c_libraries: Path, open_scratch: Path) -> None:
    """Without the descriptor, and without the right to open the file again."""
    done = run_both(one_profiler, "close and nobody", open_scratch, c_libraries)
    assert "Incomplete: " in done.stderr, done.account()
    lost = sum(stack.bytes for stack in done.stacks if stack.text == "[Callstack not recorded]")
    told = in_functions(done) + done.at_marker(PROGRAM, "deep")
    blocks = 2 * FUNCTIONS * int(done.stdout.split()[3])
    # The code objects and names of functions that found no room are lost with them: some 1.5 KiB for each.
    assert blocks <= lost + told < blocks + 2 * support.MIB + 2 * FUNCTIONS * 2048, done.account()


# Compares its descriptors before and after memory was taken on many callstacks; then it prints those that a program
# gets which it starts.
DESCRIPTORS = """
import os, subprocess, sys
sys.path.insert(0, sys.argv[1])
import sandboxed
def numbers():
    return sorted(set(os.listdir("/proc/self/fd")))
opened = os.open("/dev/null", os.O_RDONLY)
before, own = numbers(), sandboxed.of_recording()
keep = [None] * (2 * sandboxed.FUNCTIONS)
sandboxed.on_many_callstacks(keep, 0, sandboxed.FUNCTIONS)
print(opened, before == numbers(), own == sandboxed.of_recording())
assert all(60 <= number < 1024 for number in own) and len(own) <= 1, own
for close_fds in (True, False):
    code = "import sys; sys.path.insert(0, sys.argv[1]); import sandboxed; print(sandboxed.of_recording())"
    print(subprocess.check_output([sys.executable, "-c", code, sys.argv[1]], close_fds=close_fds).decode())
"""


@pytest.mark.parametrize("limit", [None, 256, 64, 24])
def test_descriptors_are_as_without_us(one_profiler: support.Profiler, limit: Optional[int]) -> None:
    """The program's files get the numbers that they get anyway, their count does not change meanwhile, and no other
    program gets the recording's."""
    arguments: List[Any] = ["-c", DESCRIPTORS, support.PROGRAMS]
    if limit is not None:
        limited = "import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (%d, %d))\n" % (limit, limit)
        arguments[1] = limited + DESCRIPTORS
    bare = support.run_bare(one_profiler.python, arguments)
    done = one_profiler.run_well(arguments)
    assert bare.stdout.startswith(b"3 True True"), bare
    assert done.stdout.encode() == bare.stdout, done.account()


def test_few_descriptors_from_the_start(one_profiler: support.Profiler, c_libraries: Path, open_scratch: Path) -> None:
    """No high number is possible: then the path is used, as long as that leads there."""
    program = [PROGRAM, "nothing", open_scratch, c_libraries / "libsandbox.so"]
    command = one_profiler.command(program, one_profiler.new_output())
    run = subprocess.run(
        ["sh", "-c", 'ulimit -n 40; exec "$@"', "sh", *command],
        env=one_profiler.environment(),
        cwd=str(one_profiler.scratch),
        capture_output=True,
        timeout=120,
    )
    assert run.returncode == 5 and b"Incomplete" not in run.stderr, run


FORKS = """
import os, sys
sys.path.insert(0, sys.argv[1])
import sandboxed
keep = [None] * (2 * sandboxed.FUNCTIONS)
sandboxed.on_many_callstacks(keep, 0, 10)
child = os.fork()
if child == 0:
    sandboxed.on_many_callstacks(keep, 10, sandboxed.FUNCTIONS - 10)
    size = [os.fstat(number).st_size for number in sandboxed.of_recording()]
    os._exit(0 if len(size) <= 1 else 9)
sizes = [os.fstat(number).st_size for number in sandboxed.of_recording()]
status = os.waitpid(child, 0)[1]
held = bytes(5 << 20)
print(sys.getsizeof(keep[0]), status, sizes == [os.fstat(number).st_size for number in sandboxed.of_recording()])
"""


def test_a_fork_leaves_the_recording_alone(profiler: support.Profiler) -> None:
    """It has the descriptor too."""
    done = profiler.run_well(["-c", FORKS, support.PROGRAMS])
    block = int(done.stdout.split()[0])
    assert done.stdout == "%d 0 True\n" % block, done.account()
    assert 10 * block <= in_functions(done) < 11 * block, done.account()


CALLS = """
import ctypes, sys
library = ctypes.CDLL(sys.argv[1])
library.go_through.argtypes = [ctypes.c_char_p, ctypes.c_long]
print(library.go_through(sys.argv[2].encode(), int(sys.argv[3])), library.seen_of_three(), flush=True)
"""


@pytest.mark.parametrize("is_preloaded", [False, True])
def test_other_system_calls_go_through(
    one_profiler: support.Profiler, c_libraries: Path, tmp_path: Path, is_preloaded: bool
) -> None:
    """And to whoever else stands in front of the function `syscall`, as some tools do to lead connections elsewhere."""
    script, file, library = tmp_path / "calls.py", tmp_path / "pages", c_libraries / "libown_syscall.so"
    script.write_text(CALLS)
    offset = os.sysconf("SC_PAGESIZE")
    file.write_bytes(bytes(offset) + b"behind it ")
    environment = {"LD_PRELOAD": str(library)} if is_preloaded else {}
    done = one_profiler.run_well([script, library, file, offset], env=environment)
    assert done.stdout == "0 %d\n" % (3 if is_preloaded else 0), done.account()
