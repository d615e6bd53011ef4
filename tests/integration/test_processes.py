"""One run, all its processes: what all of them together had at the moment when that was most, and which line had it."""

import json
import os
import select
import subprocess
from pathlib import Path
from typing import Any, Dict, List

import pytest
import support

from filprofiler.result_folder import PROCESSES_NAME

PROGRAM = support.PROGRAMS / "told_by_pipes.py"
WAYS = ["os.fork", "subprocess", "sh", "os.system", "fork", "spawn", "forkserver", "executor-fork", "executor-spawn"]
WITH_CONTEXT = 7  # the minor version from which on an executor takes a context
OPTIONS = ["--format", "json"]


def result(done: support.Profiled) -> Dict[str, Any]:
    assert done.status == 0 and done.folder is not None, done.account()
    found: Dict[str, Any] = json.loads((done.folder / "peak-memory.json").read_text())
    return found


def at_marker(found: Dict[str, Any], program: Path, name: str) -> int:
    """Bytes that all processes together have on a marked line."""
    line = support.marker(program, name)
    sites = found["sites"]
    return sum(
        one["own_bytes"]
        for one in found["lines"]
        if sites[one["site"]]["line"] == line and support.same_file(sites[one["site"]]["path"], program)
    )


def is_near(size: int, mib: float) -> bool:
    return abs(size - mib * support.MIB) < 0.05 * support.MIB


@pytest.mark.parametrize("way", WAYS)
def test_the_combined_peak(profiler: support.Profiler, way: str) -> None:
    """140 MiB and the modules: each line has what it had just then, and each process too."""
    if way.startswith("executor-") and profiler.version < (3, WITH_CONTEXT):
        pytest.skip("this Python does not know the feature: an executor's context")
    if way in ("sh", "os.system") and support.dynamic_linker(profiler.python) != support.dynamic_linker("/bin/sh"):
        pytest.skip("this Python does not know the feature: the shell's own C library")
    done = profiler.run([PROGRAM, way], options=OPTIONS)
    found = result(done)
    assert is_near(at_marker(found, PROGRAM, "parent"), 30), done.account()
    assert is_near(at_marker(found, PROGRAM, "child"), 110), done.account()
    parts = sorted(process["part_bytes"] / support.MIB for process in found["together"]["processes"])
    assert sum(process["part_bytes"] for process in found["together"]["processes"]) == found["peak_bytes"]
    assert 50 <= parts[-2] < 58 and 60 <= parts[-1] < 68 and max(parts[:-3]) < 8, parts
    assert found["together"]["more_bytes"] < 0.002 * found["peak_bytes"]
    peaks = sorted(process["peak_bytes"] / support.MIB for process in found["together"]["processes"])
    assert [int(peak / 10) for peak in peaks[-4:]] == [3, 4, 5, 6], peaks
    together = "%.1f MiB of all %d processes together" % (found["peak_bytes"] / support.MIB, len(peaks))
    assert any(line.startswith("Peak " + together) for line in done.own_lines()), done.own_lines()
    assert done.folder is not None
    assert not (done.folder / PROCESSES_NAME).exists() and not (done.folder / "recording.fil").exists()


@pytest.mark.parametrize("way", ["os.fork", "subprocess", "fork", "spawn"])
def test_a_child_that_is_killed(profiler: support.Profiler, way: str) -> None:
    """It had its 60 MiB when all had most; then it is gone, and counts no more."""
    done = profiler.run([PROGRAM, way, "killed"], options=OPTIONS)
    found = result(done)
    assert is_near(at_marker(found, PROGRAM, "child"), 110), done.account()
    killed = int(done.stdout.split()[1])
    (process,) = [one for one in found["together"]["processes"] if one["pid"] == killed]
    assert 60 * support.MIB <= process["part_bytes"] <= process["peak_bytes"] < 68 * support.MIB


@pytest.mark.slow
def test_many_children_that_are_killed(one_profiler: support.Profiler) -> None:
    """More processes than what they share has places for at a time, some killed in the middle of an event."""
    program = support.PROGRAMS / "many_children.py"
    done = one_profiler.run([program, 48, 1100], options=OPTIONS)
    found = result(done)
    assert "done" in done.stdout and found["exact"], done.account()
    processes = found["together"]["processes"]
    assert len(processes) == 1 + 48 + 1100
    assert sum(process["part_bytes"] for process in processes) == found["peak_bytes"]
    assert is_near(at_marker(found, program, "kept"), 20)
    assert found["peak_bytes"] >= (20 + 48) * support.MIB
    assert all(process["part_bytes"] <= process["peak_bytes"] for process in processes)
    assert found["together"]["more_bytes"] < 0.005 * found["peak_bytes"]
    assert done.folder is not None and not (done.folder / PROCESSES_NAME).exists()


OUTLIVES = """
import os
kept = bytearray(10 << 20)
reader, writer = os.pipe()
pid = os.fork()
if pid == 0:
    os.close(1)
    os.close(2)
    own = bytearray(20 << 20)
    os.write(writer, b"x")
    ends = os.open("go", os.O_RDONLY)  # a pipe: until the test opens it too
    own = [own, bytearray(20 << 20)]
    os._exit(0)
os.read(reader, 1)
print(pid, flush=True)
os._exit(0)
"""


LOOKS_LATE = """
import sys
from filprofiler.supervisor import supervisor
supervisor.FIRST_LOOK_SECONDS = 60
from filprofiler.cli import run
run.FIRST_LOOK_SECONDS = 60
from filprofiler.command import command
sys.argv[0] = "fil-profile"
command()
"""


@pytest.mark.parametrize("looks", ["at once", "never"])
def test_a_child_that_outlives_the_program(one_profiler: support.Profiler, looks: str) -> None:
    """The report is of all so far; another one can be made when it has ended, and then nothing is left.

    Also if the program ends so soon that it is never looked at: then the child's recording was removed.
    """
    os.mkfifo(str(one_profiler.scratch / "go"))
    if looks == "never":
        output = one_profiler.new_output()
        words = one_profiler.command(["-c", OUTLIVES], output, OPTIONS)[3:]
        ended = one_profiler.call(["-c", LOOKS_LATE, *words])
        done = support.Profiled(ended.returncode, ended.stdout.decode(), ended.stderr.decode(), output)
    else:
        done = one_profiler.run(["-c", OUTLIVES], options=OPTIONS)
    assert done.folder is not None and result(done)["peak_bytes"] >= 30 * support.MIB
    assert any("1 process that it started still runs" in line for line in done.own_lines()), done.account()
    end = os.pidfd_open(int(done.stdout))
    (one_profiler.scratch / "go").write_bytes(b"")
    select.select([end], [], [])
    os.close(end)
    command = [one_profiler.python, "-m", "filprofiler", "--no-browser", "report", str(done.folder)]
    again = subprocess.run(command, env=one_profiler.environment(), capture_output=True, text=True, timeout=120)
    assert again.returncode == 0 and "Peak 40.0 MiB of all 2 processes together" in again.stderr, again.stderr
    assert not (done.folder / PROCESSES_NAME).exists() and not (done.folder / "recording.fil").exists()


CUT = """
import glob, os, sys
pid = os.fork()
if pid == 0:
    own = bytearray(20 << 20)
    os._exit(0)
os.waitpid(pid, 0)
(shared,) = glob.glob(os.path.join(sys.argv[1], "*", "processes", "processes.fil"))
os.truncate(shared, 0)
kept = [bytearray(1 << 20) for _ in range(30)]
pid = os.fork()
if pid == 0:
    own = bytearray(20 << 20)
    os._exit(0)
print(os.waitpid(pid, 0)[1])
"""


def test_what_the_processes_share_is_truncated(profiler: support.Profiler) -> None:
    """The program and its children go on, and the report says that it is not known what all had together."""
    output = profiler.new_output()
    done = profiler.run(["-c", CUT, output], output=output, options=OPTIONS)
    found = result(done)
    assert done.stdout == "0\n" and not found["exact"], done.account()
    assert any("own peak" in missed["reason"] for missed in found["missed"])
    assert "Incomplete" in done.stderr and "Exact" not in done.stderr


NESTED = """
import subprocess, sys
kept = bytearray(10 << 20)
subprocess.check_call([sys.executable, "-m", "filprofiler", "--no-browser", "--format", "json", *sys.argv[1:]])
"""
INNER = """
import subprocess, sys
kept = bytearray(30 << 20)
subprocess.check_call([sys.executable, "-c", "import os; kept = bytearray(50 << 20); print(sorted(os.environ))"])
"""


@pytest.mark.parametrize("option", ["--children", "--no-children"])
def test_a_run_within_a_run_is_its_own(one_profiler: support.Profiler, tmp_path: Path, option: str) -> None:
    """What it starts is recorded by it or by none. Before, the child of the inner program was in the outer report."""
    (tmp_path / "inner.py").write_text(INNER)
    words = [option, "-o", str(tmp_path / "inner"), "run", str(tmp_path / "inner.py")]
    done = one_profiler.run(["-c", NESTED, *words], options=OPTIONS)
    assert done.status == 0 and done.folder is not None and "FIL_" not in done.stdout, done.account()
    (inner,) = (tmp_path / "inner").iterdir()
    peaks = [
        json.loads((folder / "peak-memory.json").read_text())["peak_bytes"] / support.MIB
        for folder in (done.folder, inner)
    ]
    assert 10 < peaks[0] < 50, peaks  # with what the inner report takes
    assert 80 < peaks[1] < 90 if option == "--children" else 30 < peaks[1] < 40, peaks


CHOOSES = """
import subprocess, sys
for word in sys.argv[1:]:
    code = "kept = bytearray(20 << 20)"
    if word == "above":
        code = "import subprocess, sys; subprocess.check_call([sys.executable, '-c', %r, 'below'])" % code
    subprocess.check_call([sys.executable, "-c", code, word])
"""


@pytest.mark.parametrize(
    "options, recorded",
    [
        ([], ["above", "below", "one", "other two"]),
        (["--skip", "one"], ["above", "below", "other two"]),
        (["--skip", " o?e", "--skip= below"], ["above", "other two"]),
        (["--only", "one", "--only", "t[vw]o"], ["one", "other two"]),
        (["--only", "other*", "--skip", "two"], []),
        (["--skip", " above"], ["below", "one", "other two"]),
        (["--only", "\udc80"], []),
    ],
)
def test_the_user_chooses(one_profiler: support.Profiler, options: List[str], recorded: List[str]) -> None:
    """By the command. What a skipped process starts may still be recorded."""
    words = ["one", "above", "other two"]
    done = one_profiler.run(["-c", CHOOSES, *words], options=[*OPTIONS, *options])
    assert done.status == 0 and done.folder is not None, done.account()
    together = json.loads((done.folder / "peak-memory.json").read_text()).get("together")
    commands = [one["command"] for one in together["processes"]] if together else []
    assert sorted(command[-1] for command in commands if len(command) > 2) == recorded
    assert sorted(path.name for path in done.folder.iterdir()) == sorted([*support.REPORT_FILES, "peak-memory.json"])


def test_helpers_are_not_recorded(profiler: support.Profiler, tmp_path: Path) -> None:
    path = tmp_path / "spawns.py"
    path.write_text(
        "import multiprocessing\n"
        "def work(size):\n    return len(bytearray(size))\n"
        "if __name__ == '__main__':\n"
        "    with multiprocessing.get_context('spawn').Pool(1) as pool:\n        print(pool.map(work, [30 << 20]))\n"
    )
    done = profiler.run([path], options=OPTIONS)
    assert done.status == 0 and done.folder is not None, done.account()
    together = json.loads((done.folder / "peak-memory.json").read_text())["together"]
    assert len(together["processes"]) == 2, [one["command"] for one in together["processes"]]


SHORT = """
import glob, os, sys
kept = bytearray(60 << 20)
del kept
for number in range(400):
    pid = os.fork()
    if pid == 0:
        kept = bytearray((number % 7 + 1) << 20)
        os._exit(0)
    os.waitpid(pid, 0)
kept = bytearray(30 << 20)
while len(glob.glob(sys.argv[1] + "/*/processes/*-*.fil")) >= 200:
    os.sched_yield()  # they are removed from outside
"""


def test_the_disk_holds_few_recordings_of_ended_processes(one_profiler: support.Profiler) -> None:
    """A recording takes 640 KiB. What is told of a process that is gone is the same."""
    output = one_profiler.new_output()
    done = one_profiler.run(["-c", SHORT, output], output=output, options=OPTIONS)
    assert done.status == 0 and done.folder is not None, done.account()
    data = json.loads((done.folder / "peak-memory.json").read_text())
    assert 60 * support.MIB <= data["peak_bytes"] < 62 * support.MIB
    assert "Exact: " in (done.folder / "index.html").read_text()
    forks = data["together"]["processes"][1:]
    assert len(forks) == 400
    for number, fork in enumerate(forks):
        assert support.close_to(fork["peak_bytes"], (number % 7 + 1) * support.MIB), (number, fork)
        assert fork["part_bytes"] == 0 and fork["forked"] and fork["role"] == "fork of the program"
    assert sorted(path.name for path in done.folder.iterdir()) == sorted([*support.REPORT_FILES, "peak-memory.json"])


AT_ONCE = """
import os
reader, writer = os.pipe()
ends, end = os.pipe()
for number in range(100):
    if os.fork() == 0:
        os.close(end)
        kept = bytearray(1 << 20)
        os.write(writer, b"x")
        os.read(ends, 1)
        os._exit(0)
got = 0
while got < 100:
    got += len(os.read(reader, 100))
kept = bytearray(10 << 20)
os.close(end)
for number in range(100):
    os.wait()
del kept
"""


def test_recordings_that_are_part_of_the_peak_stay(one_profiler: support.Profiler) -> None:
    done = one_profiler.run(["-c", AT_ONCE], options=OPTIONS)
    assert done.status == 0 and done.folder is not None, done.account()
    data = json.loads((done.folder / "peak-memory.json").read_text())
    parts = [one["part_bytes"] for one in data["together"]["processes"]]
    assert len(parts) == 101 and sum(parts) == data["peak_bytes"]
    assert sum(support.MIB <= part < 1.1 * support.MIB for part in parts) == 100
