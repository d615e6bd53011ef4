"""Memory runs out: the report tells the moment at which a request failed, and who has the memory then."""

import os
import re
import signal
import subprocess
from pathlib import Path
from typing import Iterator

import pytest
import support

PROGRAM = support.PROGRAMS / "out_of_memory.py"
GROWING = support.PROGRAMS / "growing.py"
STATUS = 53
ABSURD = 3 << 45
FILES = ["index.html", "out-of-memory-reversed.svg", "out-of-memory.prof", "out-of-memory.svg"]

SURVIVED = (
    "malloc",
    "calloc",
    "memalign",
    "aligned_alloc",
    "valloc",
    "realloc",
    "reallocarray",
    "posix_memalign",
    "mmap",
    "mremap",
    "new_nothrow",
)
DEADLY = {"new": signal.SIGABRT, "abort": signal.SIGABRT, "crash": signal.SIGSEGV}


@pytest.fixture(scope="session")
def starved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The library of failing requests."""
    source = support.ROOT / "tests" / "c" / "starved.cpp"
    return support.compile_library(source, tmp_path_factory.mktemp("starved") / "starved.so", "c++")


def check_out_of_memory(done: support.Profiled, live_mib: float, requested: str, asked: str) -> None:
    assert done.status == STATUS, done.account()
    assert done.folder is not None
    assert sorted(path.name for path in done.folder.iterdir()) == FILES, done.account()
    (headline,) = [line for line in done.own_lines() if "Out of memory" in line]
    match = re.search(r"Out of memory: ([0-9.]+) MiB live when a request for (.*) failed$", headline)
    assert match, done.account()
    assert match.group(2) == requested
    assert abs(float(match.group(1)) - done.peak / support.MIB) < 0.06
    assert live_mib <= done.peak / support.MIB < live_mib + 12, support.in_mib(done.peak)
    line = support.marker(PROGRAM, asked)
    assert any("Requested by out_of_memory.py:%d " % line in said for said in done.own_lines()), done.account()
    assert support.close_to(done.at_marker(PROGRAM, "kept"), 12 * support.MIB), done.account()


@pytest.mark.parametrize("kind", ["absurd", "list"])
def test_an_absurd_request_that_nobody_catches(profiler: support.Profiler, kind: str) -> None:
    done = profiler.run([PROGRAM, kind])
    bare = support.run_bare(profiler.python, [PROGRAM, kind])
    assert bare.returncode == 1
    assert done.program_stderr() == bare.stderr.decode()  # the traceback is Python's own
    check_out_of_memory(done, 12, "96.0 TiB", kind)


def test_a_request_that_python_refuses_itself(profiler: support.Profiler) -> None:
    done = profiler.run([PROGRAM, "impossible"])
    assert done.status == STATUS, done.account()
    assert any(re.search(r"Out of memory: 1[2-5]\.\d MiB live at the end", line) for line in done.own_lines())
    assert support.close_to(done.at_marker(PROGRAM, "kept"), 12 * support.MIB), done.account()


def test_slow_growth_up_to_a_limit(profiler: support.Profiler) -> None:
    done = profiler.run([PROGRAM, "slow"])
    slow = done.at_marker(PROGRAM, "slow")
    check_out_of_memory(done, 12 + slow / support.MIB, "10.0 MiB", "slow")
    assert slow > 300 * support.MIB
    assert (slow + support.MIB // 2) % (10 * support.MIB) < support.MIB  # whole requests; the failed one is not there
    limit = re.compile(r"Limit: .* of address space \(ulimit -v\)\.$")
    assert any(limit.search(line) for line in done.own_lines()), done.account()


def test_small_objects_up_to_a_limit(profiler: support.Profiler) -> None:
    """The tables do not fit under the limit either: what is missing is said. Objects count, though they are gone."""
    done = profiler.run([PROGRAM, "small"])
    assert done.status == STATUS, done.account()
    assert done.peak > 200 * support.MIB, done.account()


@pytest.mark.parametrize("kind", ["handled", "thread"])
def test_a_program_that_goes_on(profiler: support.Profiler, kind: str) -> None:
    done = profiler.run([PROGRAM, kind])
    assert done.status == 0, done.account()
    assert done.stdout == "went on\n"
    support.check_report(done)
    failed = {"handled": "40 requests", "thread": "1 request"}[kind]
    assert any(f"{failed} for memory failed; the program went on." in line for line in done.own_lines()), done.account()
    kept = {"handled": 15, "thread": 12}[kind]
    assert support.close_to(done.at_marker(PROGRAM, "kept"), kept * support.MIB), done.account()
    assert done.peak < 40 * support.MIB


def test_an_old_failure_is_not_what_it_dies_of(one_profiler: support.Profiler) -> None:
    """Wherever it was: the error has another place. Before, so was a failure of the last 2 seconds."""
    done = one_profiler.run([PROGRAM, "handled, then impossible"])
    assert done.status == STATUS, done.account()
    assert any(re.search(r"Out of memory: 3[56]\.\d MiB live at the end", line) for line in done.own_lines()), (
        done.account()
    )
    assert support.close_to(done.at_marker(PROGRAM, "kept"), 35 * support.MIB), done.account()


def test_a_failure_of_which_it_dies_late(one_profiler: support.Profiler) -> None:
    """Before, what was live at the end was shown if the failure was 2 seconds old."""
    done = one_profiler.run([PROGRAM, "raised again late"])
    check_out_of_memory(done, 12, "96.0 TiB", "absurd")


def test_the_last_of_many_quick_failures_is_told(profiler: support.Profiler) -> None:
    done = profiler.run([PROGRAM, "handled, then larger"])
    assert any("live when a request for 192.0 TiB failed" in line for line in done.own_lines()), done.account()
    line = support.marker(PROGRAM, "larger")
    assert any("Requested by out_of_memory.py:%d " % line in said for said in done.own_lines()), done.account()
    assert support.close_to(done.at_marker(PROGRAM, "kept"), 30 * support.MIB), done.account()


def test_a_moment_is_kept_where_no_descriptor_is_left(one_profiler: support.Profiler) -> None:
    """What is live is written by the descriptor that the library has had since tracking began."""
    done = one_profiler.run([PROGRAM, "no descriptors"])
    assert done.status == STATUS, done.account()
    assert any(
        re.search(r"Out of memory: 1\d\.\d MiB live when a request for 96.0 TiB", line) for line in done.own_lines()
    )
    assert not any("Incomplete" in line for line in done.own_lines()), done.account()
    assert support.close_to(done.at_marker(PROGRAM, "kept"), 12 * support.MIB), done.account()


def test_a_limit_on_files_does_not_kill(one_profiler: support.Profiler) -> None:
    done = one_profiler.run([PROGRAM, "file size"])
    assert done.status == 0, done.account()
    assert done.stdout == "went on\n"


def test_its_own_status_counts_if_it_handled_the_error(one_profiler: support.Profiler) -> None:
    done = one_profiler.run([PROGRAM, "handled, then status 9"])
    assert done.status == 9, done.account()
    support.check_report(done)


def test_an_error_that_a_tool_has_shown(profiler: support.Profiler) -> None:
    """A test runner keeps the MemoryError of a test that failed in `sys`, and ends with status 1 by itself."""
    done = profiler.run([PROGRAM, "shown"])
    assert (done.status, done.stdout) == (1, "went on\n"), done.account()
    support.check_report(done)


def test_a_program_in_which_somebody_looks_around(one_profiler: support.Profiler) -> None:
    """With -i Python goes on after the error, and ends well."""
    output = one_profiler.new_output()
    front = ["-i", "-m", "filprofiler", "--no-browser", "-o", str(output), "run"]
    done = one_profiler.call([*front, str(PROGRAM), "impossible"])
    bare = support.run_bare(one_profiler.python, ["-i", PROGRAM, "impossible"])
    assert b"MemoryError" in done.stderr and done.returncode == bare.returncode == 0, done.stderr
    support.check_report(support.Profiled(0, "", support.text_of(done.stderr), output))


@pytest.mark.parametrize("way", SURVIVED)
def test_a_c_library_that_handles_null(one_profiler: support.Profiler, starved: Path, way: str) -> None:
    done = one_profiler.run([PROGRAM, "C " + way, starved])
    assert done.status == 0, done.account()
    assert done.stdout == "went on\n"
    assert any("1 request for memory failed; the program went on." in line for line in done.own_lines()), done.account()
    assert support.close_to(done.at_marker(PROGRAM, "kept"), 15 * support.MIB), done.account()
    assert done.peak < 40 * support.MIB


@pytest.mark.parametrize("way", sorted(DEADLY))
def test_a_c_library_that_dies_of_null(profiler: support.Profiler, starved: Path, way: str) -> None:
    bare = support.run_bare(profiler.python, [PROGRAM, "C " + way, starved])
    assert bare.returncode == -DEADLY[way]
    done = profiler.run([PROGRAM, "C " + way, starved])
    check_out_of_memory(done, 12, "96.0 TiB", "C")


def test_what_is_wrong_is_no_want_of_memory(one_profiler: support.Profiler, starved: Path) -> None:
    done = one_profiler.run_well([PROGRAM, "wrong", starved])
    assert not any("failed" in line for line in done.own_lines()), done.account()


@pytest.fixture
def memory_group(tmp_path: Path) -> Iterator[Path]:
    """A control group for memory, made for the test."""
    for top in (Path("/sys/fs/cgroup/memory"), Path("/sys/fs/cgroup")):
        group = top / ("filprofiler-test-%d" % os.getpid())
        try:
            group.mkdir()
        except OSError:
            continue
        if (group / "memory.limit_in_bytes").exists() or (group / "memory.max").exists():
            break
        group.rmdir()
    else:
        pytest.skip("no control group for memory can be made here")
    yield group
    group.rmdir()


def in_group(group: Path, limit_mib: int, command: "list[str]") -> "list[str]":
    """The command, run in a control group that allows so much."""
    name = "memory.limit_in_bytes" if (group / "memory.limit_in_bytes").exists() else "memory.max"
    (group / name).write_text(str(limit_mib * support.MIB))
    swap = group / "memory.swap.max"
    if swap.exists():
        swap.write_text("0")
    return ["sh", "-c", 'echo $$ > "$0"/cgroup.procs; exec "$@"', str(group)] + command


def run_in_group(
    profiler: support.Profiler, group: Path, limit_mib: int, stdin: bytes, arguments: "list[str]"
) -> support.Profiled:
    output = profiler.new_output()
    command = in_group(group, limit_mib, profiler.command(arguments, output))
    done = subprocess.run(
        command, input=stdin, capture_output=True, env=profiler.environment(), cwd=str(profiler.scratch), timeout=120
    )
    return support.Profiled(done.returncode, support.text_of(done.stdout), support.text_of(done.stderr), output)


def test_killed_by_the_kernel(one_profiler: support.Profiler, memory_group: Path) -> None:
    done = run_in_group(one_profiler, memory_group, 200, b"", [str(GROWING), "0"])
    assert done.status == STATUS, done.account()
    assert done.folder is not None
    assert sorted(path.name for path in done.folder.iterdir()) == FILES, done.account()
    assert any("when the kernel killed the program" in line for line in done.own_lines()), done.account()
    assert any("Limit: 200.0 MiB for the control group" in line for line in done.own_lines()), done.account()
    assert 100 * support.MIB < done.at_marker(GROWING, "growing") < 200 * support.MIB


def test_killed_by_hand_is_no_want_of_memory(one_profiler: support.Profiler, memory_group: Path) -> None:
    output = one_profiler.new_output()
    command = in_group(memory_group, 400, one_profiler.command([GROWING, "20"], output))
    with support.running(one_profiler, command) as process:
        assert process.stdout.readline() == b"grown\n"
        children = Path("/proc/%d/task/%d/children" % (process.pid, process.pid)).read_text().split()
        os.kill(int(children[0]), signal.SIGKILL)
        errors = process.stderr.read()
        status = process.wait(60)
    done = support.Profiled(status, "", support.text_of(errors), output)
    assert status == -signal.SIGKILL, done.account()
    support.check_report(done)


def test_a_report_while_it_lives_when_little_is_left(one_profiler: support.Profiler, memory_group: Path) -> None:
    """Then the whole group is killed: that report is there, and the recording can still be rendered."""
    output = one_profiler.new_output()
    command = in_group(memory_group, 400, one_profiler.command([GROWING, "360"], output))
    with support.running(one_profiler, command) as process:
        said = []
        for line in process.stderr:
            said.append(line.decode())
            if "Report: " in said[-1]:
                break
        assert any("Memory is running low" in line for line in said), said
        for pid in (memory_group / "cgroup.procs").read_text().split():
            os.kill(int(pid), signal.SIGKILL)
        process.wait(60)
        while (memory_group / "cgroup.procs").read_text():
            continue  # the program is being torn down
    (folder,) = output.iterdir()
    names = {path.name for path in folder.iterdir()}
    assert set(support.REPORT_FILES) < names and "recording.fil" in names
    rendered = one_profiler.call(["-m", "filprofiler", "--no-browser", "report", str(folder)])
    assert rendered.returncode == 0, rendered.stderr
    done = support.Profiled(0, "", support.text_of(rendered.stderr), output)
    support.check_report(done)
    assert support.close_to(done.at_marker(GROWING, "growing"), 360 * support.MIB), done.account()
