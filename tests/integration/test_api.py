"""`fil-profile python` and the API: parts of a program profiled from inside it."""

import json
import sys
from pathlib import Path
from typing import Any, Dict

import pytest
import support
from environments import environment_with, interpreter_named

PROGRAM = support.PROGRAMS / "api_program.py"
FEW = 4096  # bytes that the interpreter needs for a call on its own account
IN_FRONT = "fil-profile python"


def told(profiler: support.Profiler, mode: str, folder: Path, profiles: int = 0, threads: int = 0) -> Dict[str, Any]:
    """What the program prints in one of its modes."""
    environment = {"FIL_TEST_PROFILES": str(profiles), "FIL_TEST_THREADS": str(threads)}
    done = profiler.call(["-m", "filprofiler", "python", PROGRAM, mode, folder], env=environment, timeout=300)
    assert done.returncode == 0, support.text_of(done.stdout + done.stderr)
    result = json.loads(done.stdout.decode())
    assert isinstance(result, dict)
    return result


def at_marker(folder: Path, name: str) -> int:
    stacks = support.parse_prof((folder / "peak-memory.prof").read_text())
    line = support.marker(PROGRAM, name)
    return sum(stack.bytes for stack in stacks if stack.frames and stack.frames[-1].line == line)


def test_forms(profiler: support.Profiler, tmp_path: Path) -> None:
    found = told(profiler, "forms", tmp_path)
    mib = support.MIB
    assert found["returned"] == 5 * mib and found["decorated"] == 4 * mib + 1 and found["value"] == 6 * mib
    assert "nothing" in found["raised"]
    for name, size in (("function", 5), ("decorated", 4), ("raised", 14)):
        assert sorted(path.name for path in (tmp_path / name).iterdir()) == support.REPORT_FILES
        stacks = support.parse_prof((tmp_path / name / "peak-memory.prof").read_text())
        assert support.close_to(sum(stack.bytes for stack in stacks), size * mib), name
    for name, size in (("function", 5), ("decorated", 4), ("raised", 7), ("block", 2)):
        assert support.close_to(at_marker(tmp_path / name, "take"), size * mib), name
    assert support.close_to(found["block"]["peak"], 2 * mib)
    assert support.close_to(found["peak"]["peak"], 6 * mib)
    path, line, function, size, source = found["peak"]["top"][0]
    assert (path, line, function) == (str(PROGRAM), support.marker(PROGRAM, "take"), "take")
    assert support.close_to(size, 6 * mib) and source.startswith("return bytearray")


def test_callstacks_begin_at_the_code_that_is_profiled(profiler: support.Profiler, tmp_path: Path) -> None:
    told(profiler, "forms", tmp_path)
    stacks = support.parse_prof((tmp_path / "function" / "peak-memory.prof").read_text())
    largest = max(stacks, key=lambda stack: stack.bytes)
    assert [frame.function for frame in largest.frames] == ["<lambda>", "take"]
    assert all("filprofiler" not in frame.file for stack in stacks for frame in stack.frames)


def test_blocks_from_before_and_blocks_that_stay(profiler: support.Profiler, tmp_path: Path) -> None:
    found = told(profiler, "borders", tmp_path)
    mib = support.MIB
    text = 20000 * (sys.getsizeof("") + 20)
    assert 5 * mib + text < found["first"] < 5 * mib + 3 * text
    assert 2 * mib <= found["second"] < 2 * mib + FEW
    assert mib <= found["third"] < mib + FEW
    # What is enlarged while memory is profiled counts whole, as a new block does.
    assert 3 * mib <= found["grown"] < 3 * mib + mib // 2


def test_refusals(profiler: support.Profiler, tmp_path: Path) -> None:
    found = told(profiler, "refusals", tmp_path)
    assert "already" in found["nested"] and "already" in found["other thread"]
    assert not (tmp_path / "x").exists()
    assert "child" in found["child"] and IN_FRONT in found["child"]
    assert IN_FRONT in found["spawned"]
    assert support.close_to(found["after"], support.MIB)


def test_where_every_call_has_to_be_followed(profiler: support.Profiler, tmp_path: Path) -> None:
    """One profile is possible, with the callstacks of the thread that begins it and of those that it starts."""
    command = ["-m", "filprofiler", "python", PROGRAM, "once", tmp_path]
    done = profiler.call(command, env={"FIL_STACKS": "profiled"})
    assert done.returncode == 0, support.text_of(done.stderr)
    found = json.loads(done.stdout.decode())
    assert found["value"] == 2 * support.MIB and found["profile function"] == "True"
    assert "once per process" in found["again"]
    assert support.close_to(at_marker(tmp_path / "report", "take"), 5 * support.MIB)
    stacks = support.parse_prof((tmp_path / "report" / "peak-memory.prof").read_text())
    assert any(support.marker(PROGRAM, "in thread") == frame.line for stack in stacks for frame in stack.frames)


def test_a_forked_child_leaves_its_parents_profile_alone(profiler: support.Profiler, tmp_path: Path) -> None:
    found = told(profiler, "forks", tmp_path)
    assert support.close_to(found["peak"], 2 * support.MIB)
    assert sorted(path.name for path in (tmp_path / "block").iterdir()) == support.REPORT_FILES


def test_nothing_of_ours_counts(profiler: support.Profiler, tmp_path: Path) -> None:
    peaks = told(profiler, "nothing", tmp_path)["peaks"]
    assert max(peaks) <= 64, "CPython 3.9 and 3.10 take one small object to call the end of the profile"


def test_after_an_interrupt_the_next_profile_can_be_made(one_profiler: support.Profiler, tmp_path: Path) -> None:
    found = told(one_profiler, "interrupted", tmp_path)
    assert 0 < found["in the code"] < found["interrupts"] and found["interrupts"] > 100, found
    assert support.close_to(found["after"], support.MIB)


OVER_OTHERS = """
import os, sys
from filprofiler import api
name, folder = sys.argv[1:]
try:
    api.profile(lambda: None, folder)
except api.TrackingError as error:
    print(error)
assert open(os.path.join(folder, name)).read() == "my notes"
os.unlink(os.path.join(folder, name))
left = {"recording.fil": b"FILREC\\r\\n and more", "recording.txt": b"script 'x'\\nscript_absolute None"}
open(os.path.join(folder, name), "wb").write(left[name])
try:
    api.profile(lambda: None, folder)
except api.TrackingError as error:
    print(error)
print(sorted(os.listdir(folder)))
"""


@pytest.mark.parametrize("name", ["recording.fil", "recording.txt"])
def test_a_file_of_the_users_that_has_a_name_of_ours(one_profiler: support.Profiler, tmp_path: Path, name: str) -> None:
    """Before, it was removed when a profile was to be written into its folder. What an earlier one has left goes."""
    (tmp_path / name).write_text("my notes")
    done = one_profiler.call(["-m", "filprofiler", "python", "-c", OVER_OTHERS, name, tmp_path])
    assert done.returncode == 0, done.stderr
    said = support.text_of(done.stdout).splitlines()
    assert said[0].endswith("%s is not ours, and a file of that name is needed." % (tmp_path / name)), said
    assert said[1:] == [repr(support.REPORT_FILES)], said


THREADS_AT_ONCE = """
import sys, threading
from filprofiler.in_process import tracking
from filprofiler.in_process.verify_layout import prove
gate, failed = threading.Barrier(4), []
def work():
    try:
        gate.wait()
        library = tracking.check_ready()
        for _ in range(50 if "t" in sys.abiflags else 0):
            prove(library)
    except Exception as error:
        failed.append(error)
threads = [threading.Thread(target=work) for _ in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(failed, tracking._follows_calls)
"""


def test_threads_that_are_the_first_at_the_same_time(profiler: support.Profiler) -> None:
    """Without the GIL they really are: each looks at its own stack."""
    for _ in range(3):
        done = profiler.call(["-m", "filprofiler", "python", "-c", THREADS_AT_ONCE])
        assert done.returncode == 0 and done.stdout.split() == [b"[]", b"False"], done


def test_other_tools_that_wrap_the_allocators(profiler: support.Profiler, tmp_path: Path) -> None:
    found = told(profiler, "other_allocators", tmp_path)
    least = 20000 * sys.getsizeof("123")
    assert found["begun inside"] >= least, found
    if profiler.version >= (3, 8):  # before, nobody can tell whose allocator stands there
        assert all(size >= least for size in found.values()), found


@pytest.mark.slow
@pytest.mark.parametrize(("profiles", "threads"), [(1000, 0), (10 * support.repeats(), 6)])
def test_many_profiles_leave_nothing_behind(
    one_profiler: support.Profiler, tmp_path: Path, profiles: int, threads: int
) -> None:
    resident = told(one_profiler, "thousand", tmp_path, profiles, threads)["resident"]
    print(resident)
    assert resident[-1] - resident[1] < 2 * support.MIB, resident  # pieces of the program's own heap come and go


@pytest.mark.parametrize("start", [[], ["-m", "filprofiler", "run"]])
def test_where_it_cannot_work(one_profiler: support.Profiler, tmp_path: Path, start: Any) -> None:
    script = tmp_path / "script.py"
    script.write_text("from filprofiler import api\ntry: api.peak(int)\nexcept RuntimeError as error: print(error)\n")
    done = one_profiler.call([*start, script], cwd=tmp_path)
    assert done.returncode == 0
    assert (b"fil-profile run" if start else IN_FRONT.encode()) in done.stdout


def test_python_is_python(one_profiler: support.Profiler, tmp_path: Path) -> None:
    """Arguments, flags, standard input and the exit status are those of `python`."""
    source = "import sys; print(sys.argv, sys.flags.optimize, sys.stdin.read()); sys.exit(7)"
    bare = support.run_bare(one_profiler.python, ["-O", "-c", source, "a", "-m"], stdin=b"typed")
    command = ["-m", "filprofiler", "python", "-O", "-c", source, "a", "-m"]
    done = one_profiler.call(command, stdin=b"typed")
    assert (done.returncode, done.stdout, done.stderr) == (bare.returncode, bare.stdout, bare.stderr)
    flags = one_profiler.call(["-O", *command[:3], *command[4:]], stdin=b"typed")
    assert (flags.returncode, flags.stdout) == (bare.returncode, bare.stdout)


def test_children_start_without_the_library(one_profiler: support.Profiler) -> None:
    look = "print('libfil' in open('/proc/self/maps').read())"
    source = "import subprocess, sys; %s; sys.stdout.flush(); subprocess.run([sys.executable, '-c', %r])" % (look, look)
    done = one_profiler.call(["-m", "filprofiler", "python", "-c", source])
    assert done.stdout.split() == [b"True", b"False"]


ARROW = """
import os, sys, types
from filprofiler import api
with api.profile(sys.argv[1] + "/without") as found:
    held = bytearray(1000000)
sys.modules["pyarrow"] = types.ModuleType("pyarrow")
with api.profile(sys.argv[1] + "/with") as found:
    held = bytearray(1000000)
print(os.environ.get("ARROW_DEFAULT_MEMORY_POOL"))
"""


def test_arrow_uses_the_systems_allocator(one_profiler: support.Profiler, tmp_path: Path) -> None:
    command = ["python", "-c", ARROW, tmp_path]
    done = one_profiler.call(["-m", "filprofiler", *command])
    assert (done.stdout, done.stderr) == (b"system\n", b"")
    said = [
        b"ARROW_DEFAULT_MEMORY_POOL=system" in (tmp_path / name / "index.html").read_bytes()
        for name in ("without", "with")
    ]
    assert said == [False, True], "it is told where it matters"
    kept = one_profiler.call(["-m", "filprofiler", "--keep-allocators", *command])
    assert (kept.stdout, kept.stderr) == (b"None\n", b"")
    own = one_profiler.call(["-m", "filprofiler", *command], env={"ARROW_DEFAULT_MEMORY_POOL": "mimalloc"})
    assert own.stdout == b"system\n" and own.stderr.count(b"\n") == 1 and b"--keep-allocators" in own.stderr


CURVE = """
import os, sys, threading, warnings
from filprofiler import api
warnings.simplefilter("error")
held = []
def grow(seconds):
    import time
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        held.append(bytearray(200000))
        time.sleep(0.01)
api.profile(lambda: grow(0.5), sys.argv[1] + "/alone")
def fork():
    thread = threading.Thread(target=int)
    thread.start()
    thread.join()
    while len(os.listdir("/proc/self/task")) > 2:  # this one, and the one that draws the timeline
        os.sched_yield()
    if os.fork() == 0:
        os._exit(0)
    os.wait()  # and in Python from 3.12 on, a warning if the process had threads
api.profile(fork, sys.argv[1] + "/forked")
api.peak(int)
print(len(os.listdir("/proc/self/task")))
"""


def test_reports_have_a_curve(profiler: support.Profiler, tmp_path: Path) -> None:
    """A thread of the library takes its points; it is gone afterwards, and when the program forks."""
    done = profiler.call(["-m", "filprofiler", "python", "-c", CURVE, tmp_path])
    assert done.returncode == 0, support.text_of(done.stderr)
    pages = [(tmp_path / name / "index.html").read_text() for name in ("alone", "forked")]
    assert '<section class="over-time"' in pages[0]
    assert done.stdout == b"1\n"


FORKING_CHILDREN = """
import os, threading
from filprofiler import api
end = threading.Event()
threading.Thread(target=end.wait).start()
def fork(times):
    for _ in range(times):
        if os.fork() == 0:
            fork(times - 1 if times < 3 else 1)
            os._exit(0)
        os.wait()
api.peak(lambda: fork(200))
end.set()
"""


def test_children_that_fork_do_not_wait_for_the_thread_that_only_their_parent_has(
    one_profiler: support.Profiler,
) -> None:
    done = one_profiler.call(["-m", "filprofiler", "python", "-c", FORKING_CHILDREN])
    assert (done.returncode, done.stderr) == (0, b"")


NUMBERS = """
import os
from filprofiler import api
def number():
    descriptor = os.open("/dev/null", os.O_RDONLY)
    os.close(descriptor)
    return descriptor
print(api.peak(lambda: len({number() for _ in range(600000)})).value)
"""


def test_the_program_gets_the_descriptors_that_it_expects(one_profiler: support.Profiler) -> None:
    done = one_profiler.call(["-m", "filprofiler", "python", "-c", NUMBERS])
    assert (done.stdout, done.stderr) == (b"1\n", b"")


POOLS = """
import numpy, os
from filprofiler import api
from threadpoolctl import threadpool_info
def pools(): return [one["num_threads"] for one in threadpool_info()]
before = pools()
during = api.peak(pools).value
assert during and set(during) == {1}, during
assert pools() == before
"""


OTHER_POOLS = """
import blosc, blosc2, numexpr, numpy
from filprofiler import api
numexpr.set_num_threads(2); blosc.set_nthreads(2); blosc2.set_nthreads(2)
def pools(): return [numexpr.get_num_threads(), blosc.nthreads, blosc2.nthreads]
before = pools()
assert before == [2, 2, 2], before
assert api.peak(pools).value == [1, 1, 1]
assert pools() == before
a = numpy.ones(5_000_000)
found = api.peak(lambda: numexpr.evaluate("a * 2 + 1", {"a": a}))
assert a.nbytes <= found.peak_bytes < 1.2 * a.nbytes and found.top(1)[0].bytes >= a.nbytes, found.top()
"""


@pytest.mark.slow
def test_pools_of_other_libraries(package: Path, tmp_path: Path) -> None:
    interpreter = interpreter_named("3.11")
    python = environment_with(interpreter, ("numpy", "numexpr", "blosc", "blosc2", "threadpoolctl")).python
    profiler = support.Profiler(python, interpreter.version, package, tmp_path)
    done = profiler.call(["-m", "filprofiler", "python", "-c", OTHER_POOLS])
    assert done.returncode == 0, support.text_of(done.stderr)


def test_thread_pools_are_limited_while_profiling_only(scientific: support.Profiler) -> None:
    control = "import threadpoolctl"
    if scientific.call(["-c", control]).returncode != 0:
        scientific.call(["-m", "pip", "install", "-q", "threadpoolctl"])
    if scientific.call(["-c", control]).returncode != 0:
        pytest.skip("threadpoolctl cannot be installed here (no package index?)")
    done = scientific.call(["-m", "filprofiler", "python", "-c", POOLS], env={"OPENBLAS_NUM_THREADS": "2"})
    assert done.returncode == 0, support.text_of(done.stderr)


WARNING = r"""
import sys, warnings
from filprofiler import api
pattern = "\\d"
def noisy():
    warnings.warn("the program's own")
for number in range(3):
    noisy()
    api.profile(lambda: bytearray(50_000_000), "%s/%d" % (sys.argv[1], number))
"""


def test_the_programs_warnings_are_left_alone(profiler: support.Profiler, tmp_path: Path) -> None:
    """A report parses the program's source: what is warned of in it is not told, and what was told once not again."""
    (tmp_path / "job.py").write_text(WARNING.replace("\\\\", "\\"))
    done = profiler.call(["-m", "filprofiler", "python", tmp_path / "job.py", tmp_path])
    said = support.text_of(done.stderr)
    assert done.returncode == 0 and said.count("the program's own") == 2, said  # the message, and the line of source
    assert said.count("SyntaxWarning") == (profiler.version >= (3, 12)), said
