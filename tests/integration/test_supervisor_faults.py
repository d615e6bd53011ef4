"""Whatever becomes of the supervisor and of the report, the program goes on and ends as it would have ended."""

import os
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import List, Optional

import pytest
import support
from test_refusals import small_disk

ROOM = support.PROGRAMS / "leaves_room.py"


def fil_report(profiler: support.Profiler, folder: Path) -> "subprocess.CompletedProcess[bytes]":
    return profiler.call(["-m", "filprofiler", "--no-browser", "report", folder])


# 4 KiB pieces, so that the disk is full at the description, at the first file, within it, at the second, ...
@pytest.mark.parametrize("room", [0, 4096, 12288, 28672, 49152, 81920, 131072, 262144])
def test_the_disk_is_full_when_the_report_is_written(one_profiler: support.Profiler, tmp_path: Path, room: int) -> None:
    with small_disk(tmp_path / "disk", "size=4m") as disk:
        done = one_profiler.run([ROOM, disk, room], output=disk / "out")
        assert (done.status, done.stdout, done.program_stderr()) == (5, "kept 10 200\n", ""), done.account()
        assert done.folder is not None, done.account()
        names = {path.name for path in done.folder.iterdir()}
        if names != set(support.REPORT_FILES):
            assert "recording.fil" in names and not [name for name in names if name.endswith(".part")], names
            said = [line for line in done.own_lines() if "No space left" in line]
            assert len(said) == 1 and "The recording was kept" in done.own_lines()[-1], done.account()
            (disk / "filler").unlink()
            again = fil_report(one_profiler, done.folder)
            assert again.returncode == 0, again.stderr
        support.check_report(done)
        assert support.close_to(done.at_marker(ROOM, "kept"), 10 * support.MIB) or room == 0, done.account()


WAITS_THEN_WORKS = """
import sys
kept = bytearray(20 << 20)
print("ready", flush=True)
sys.stdin.readline()
more = bytearray(30 << 20)
with open(sys.argv[1], "w") as file:
    file.write("%d\\n" % (len(kept) + len(more)))
print("done", flush=True)
sys.exit(5)
"""


class Waiting:
    """A profiled program that waits for a line, and then goes on."""

    def __init__(
        self, profiler: support.Profiler, output: Path, result: Path, front: Optional[List[str]] = None
    ) -> None:
        self.profiler = profiler
        self.output = output
        self.result = result
        command = profiler.command(["-c", WAITS_THEN_WORKS, result], output)
        self.process = subprocess.Popen(
            (front or command[:3]) + command[3:],
            env=profiler.environment(),
            cwd=str(profiler.scratch),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == b"ready\n"

    def finish(self) -> support.Profiled:
        stdout, stderr = self.process.communicate(b"go\n", timeout=60)
        done = support.Profiled(self.process.returncode, support.text_of(stdout), support.text_of(stderr), self.output)
        assert done.stdout == "done\n" and self.result.read_text() == f"{50 << 20}\n", done.account()
        return done


@pytest.mark.skipif(sys.platform != "linux", reason="a folder whose process is gone")
def test_the_supervisor_is_killed_and_the_program_goes_on(one_profiler: support.Profiler, tmp_path: Path) -> None:
    waiting = Waiting(one_profiler, tmp_path / "out", tmp_path / "result")
    waiting.process.kill()
    waiting.process.wait()
    done = waiting.finish()
    assert done.program_stderr() == "", done.account()
    assert done.folder is not None
    report = fil_report(one_profiler, done.folder)
    assert report.returncode == 0, report.stderr
    support.check_report(done)
    assert 50 * support.MIB <= done.peak < 55 * support.MIB


def test_the_supervisor_is_stopped_and_continued(one_profiler: support.Profiler, tmp_path: Path) -> None:
    """While it waits: CPython then reports a signal that is none, and the supervisor died of it in most runs."""
    waiting = Waiting(one_profiler, tmp_path / "out", tmp_path / "result")
    pid = waiting.process.pid
    for _ in range(10):
        os.kill(pid, signal.SIGSTOP)
        assert os.WIFSTOPPED(os.waitpid(pid, os.WUNTRACED)[1])
        threading.Event().wait(0.2)  # longer than it waits at a time: that this is over is what it is about
        os.kill(pid, signal.SIGCONT)
        os.waitpid(pid, os.WCONTINUED)
    done = waiting.finish()
    assert done.status == 5, done.account()  # the program's own
    support.check_report(done)


def test_what_fails_while_the_program_is_looked_at_ends_nothing(one_profiler: support.Profiler, tmp_path: Path) -> None:
    """Even an import: there is no timeline then, but a report."""
    package = tmp_path / "package"
    shutil.copytree(str(one_profiler.package), str(package))
    (package / "filprofiler" / "supervisor" / "watch.py").unlink()
    profiler = support.Profiler(one_profiler.python, one_profiler.version, package, tmp_path)
    done = Waiting(profiler, tmp_path / "out", tmp_path / "result").finish()
    assert done.status == 5 and "Traceback" not in done.stderr, done.account()  # the program's own
    support.check_report(done)


IDENTICAL = """
import os, signal
from filprofiler.supervisor.signals import take_signals
signals = take_signals((signal.SIGUSR1, signal.SIGTERM, signal.SIGRTMAX))
for number in signal.SIGUSR1, signal.SIGTERM:
    for _ in range(50):
        os.kill(os.getpid(), number)
        assert signals.take(0) == (number, True)
for _ in range(3):
    os.kill(os.getpid(), signal.SIGRTMAX)
print([signals.take(0.001) == (signal.SIGRTMAX, True) for _ in range(3)], signals.take(0), signals.take(0.001))
signals.leave(())
"""


def test_signals_that_are_identical_are_all_received(profiler: support.Profiler) -> None:
    """Also just when the time to wait is over. Before, the second was taken for what CPython has left on its stack."""
    done = profiler.call(["-c", IDENTICAL])
    assert (done.returncode, done.stdout) == (0, b"[True, True, True] None None\n"), done


def test_the_package_is_removed_while_the_program_runs(one_profiler: support.Profiler, tmp_path: Path) -> None:
    """As by an upgrade: what was loaded goes on, and what comes too late is said in a sentence."""
    package = tmp_path / "package"
    shutil.copytree(str(one_profiler.package), str(package))
    profiler = support.Profiler(one_profiler.python, one_profiler.version, package, tmp_path)
    waiting = Waiting(profiler, tmp_path / "out", tmp_path / "result")
    shutil.rmtree(str(package))
    done = waiting.finish()
    assert done.status == 5 and "Traceback" not in done.stderr and done.program_stderr() == "", done.account()
    assert "The recording was kept" in done.own_lines()[-1], done.account()
    assert done.folder is not None
    assert fil_report(one_profiler, done.folder).returncode == 0
    assert 50 * support.MIB <= done.peak < 55 * support.MIB


SECOND_FORK_FAILS = """
import os, sys
really, forks = os.fork, []
def fork():
    forks.append(1)
    if len(forks) == 2:
        raise BlockingIOError(11, "Resource temporarily unavailable")
    return really()
os.fork = fork
from filprofiler.cli import main
sys.exit(main())
"""


def test_no_process_can_be_made_for_a_report(one_profiler: support.Profiler, tmp_path: Path) -> None:
    """The fork for a report that was asked for fails, as at a limit on processes (which does not hold for root)."""
    front = [one_profiler.python, "-c", SECOND_FORK_FAILS]
    waiting = Waiting(one_profiler, tmp_path / "out", tmp_path / "result", front)
    waiting.process.send_signal(signal.SIGUSR2)
    assert waiting.process.stderr is not None
    said = [waiting.process.stderr.readline() for _ in range(3)]
    assert b"No report can be written now (Resource temporarily unavailable); the program continues." in said[-1], said
    done = waiting.finish()
    assert done.status == 5, done.account()
    support.check_report(done)


@pytest.mark.parametrize("hidden", ["/proc", "/sys"])
def test_nothing_can_be_read_from_the_system(one_profiler: support.Profiler, tmp_path: Path, hidden: str) -> None:
    """A sandbox without /proc: numbers that come from there are missing, nothing else."""
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        pytest.skip("only root can take /proc away")
    output = one_profiler.new_output()
    command = one_profiler.command([support.PROGRAMS / "under_faults.py"], output)
    script = f'mount -t tmpfs none {hidden} && exec "$@"'
    bare = support.run_bare(one_profiler.python, [support.PROGRAMS / "under_faults.py"])
    run = subprocess.run(
        ["unshare", "-m", "sh", "-c", script, "sh", *command],
        env=one_profiler.environment(),
        cwd=str(tmp_path),
        capture_output=True,
        timeout=120,
    )
    if b"unshare" in run.stderr or b"mount" in run.stderr:
        pytest.skip("may not mount here: " + support.text_of(run.stderr))
    done = support.Profiled(run.returncode, support.text_of(run.stdout), support.text_of(run.stderr), output)
    assert (done.status, done.stdout.encode(), done.program_stderr()) == (5, bare.stdout, ""), done.account()
    support.check_report(done)
    assert support.close_to(done.at_marker(support.PROGRAMS / "under_faults.py", "kept"), 20 * support.MIB)


def test_a_package_that_is_broken_is_refused_in_one_sentence(profiler: support.Profiler, tmp_path: Path) -> None:
    package = tmp_path / "package"
    shutil.copytree(str(profiler.package), str(package))
    (package / "filprofiler" / "in_process" / "stacks.py").unlink()
    for cached in (package / "filprofiler" / "in_process").glob("__pycache__/stacks.*"):
        cached.unlink()
    broken = support.Profiler(profiler.python, profiler.version, package, tmp_path)
    done = broken.run(["-c", "print('ran')"])
    assert (done.status, done.stdout, done.program_stderr()) == (3, "", ""), done.account()
    assert len(done.own_lines()) == 1 and "stacks" in done.own_lines()[0], done.account()
    assert done.folder is None


TRICKS = {
    "os.environ is cleared": "import os; os.environ.clear()",
    "os.environ is a dict": "import os; os.environ = {}",
    "no modules are kept": "import sys; sys.modules.clear()",
    "sys.path is empty": "import sys; sys.path[:] = []",
    "builtins.open is gone": "import builtins; del builtins.open",
    "imports fail": "import builtins; builtins.__import__ = None",
    "atexit is emptied": "import atexit; atexit._clear()",
    "descriptors are closed": "import os; os.closerange(3, 100)",
    "stderr is closed": "import os; os.close(2)",
    "no descriptor may be opened": "import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))",
    "files may not grow": "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))",
    "the recording is removed": "import glob, os, sys; [os.unlink(p) for p in glob.glob(sys.argv[1] + '/*/*.fil')]",
    "the folder is removed": "import shutil, sys; shutil.rmtree(sys.argv[1])",
}


@pytest.mark.parametrize("trick", sorted(TRICKS))
def test_a_program_that_turns_its_surroundings_over(one_profiler: support.Profiler, tmp_path: Path, trick: str) -> None:
    source = TRICKS[trick] + "\nkept = [bytes(n % 900) for n in range(5000)]\nmore = bytearray(9 << 20)\n"
    source += "print(len(kept), len(more), flush=True)\nraise SystemExit(5)\n"
    output = tmp_path / "out"
    bare = support.run_bare(one_profiler.python, ["-c", source, tmp_path / "none"])
    if bare.returncode != 5 and trick == "the folder is removed":
        (tmp_path / "none").mkdir()
        bare = support.run_bare(one_profiler.python, ["-c", source, tmp_path / "none"])
    done = one_profiler.run(["-c", source, output], output=output)
    assert (done.status, done.stdout.encode()) == (bare.returncode, bare.stdout), done.account()
    assert done.program_stderr() == support.text_of(bare.stderr), done.account()
    if "removed" in trick:
        assert len([line for line in done.own_lines() if "There is no report" in line]) == 1, done.account()
    else:
        support.check_report(done)
        assert 9 * support.MIB <= done.peak < 13 * support.MIB, done.account()
