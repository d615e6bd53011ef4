"""The launcher where Python and the system have less than on Linux: no /proc, no sigtimedwait ... As on macOS."""

import json
import signal
import subprocess
from pathlib import Path

import pytest
import support

# Hides what is not everywhere, then is the command.
LESS = """
import builtins, os, resource, sys
import _signal
del _signal.sigtimedwait, os.waitid, os.posix_fallocate, resource.prlimit

def hide(module, name):
    usual = getattr(module, name)
    def hidden(path, *more, **others):
        if isinstance(path, str) and path.startswith("/proc"):
            raise FileNotFoundError(2, "No such file or directory", path)
        return usual(path, *more, **others)
    setattr(module, name, hidden)

for module, name in ((builtins, "open"), (os, "open"), (os, "listdir"), (os, "stat")):
    hide(module, name)
from filprofiler.cli import main
sys.exit(main())
"""

PROGRAM = """
import os, signal, sys, threading
held = [bytes(1 << 20) for _ in range(30)]  # MARK: held
def more():
    held.append(bytes(8 << 20))
thread = threading.Thread(target=more)
thread.start()
thread.join()
if "end" in sys.argv:
    print("ready", flush=True)
    signal.sigwait([signal.SIGTERM]) if "wait" in sys.argv else os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "job.py"
    path.write_text(PROGRAM)
    return path


def command(profiler: support.Profiler, results: Path, *words: object) -> "subprocess.Popen[str]":
    environment = profiler.environment()
    arguments = ["--no-browser", "--format=json", "-o", str(results), *map(str, words)]
    return subprocess.Popen(
        [str(profiler.python), "-c", LESS, *arguments],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def assert_reported(results: Path) -> None:
    (written,) = results.glob("*/*.json")
    peak = json.loads(written.read_text())["peak_bytes"]
    assert 38 * support.MIB < peak < 40 * support.MIB


def test_a_program_is_profiled(profiler: support.Profiler, script: Path, tmp_path: Path) -> None:
    process = command(profiler, tmp_path / "results", "run", script)
    _said, told = process.communicate()
    assert process.returncode == 0, told
    assert "Traceback" not in told
    assert_reported(tmp_path / "results")


def test_a_killed_program_is_reported(one_profiler: support.Profiler, script: Path, tmp_path: Path) -> None:
    process = command(one_profiler, tmp_path / "results", "run", script, "end")
    _said, told = process.communicate()
    assert process.returncode == -signal.SIGKILL, told
    assert_reported(tmp_path / "results")


def test_a_signal_reaches_the_program(one_profiler: support.Profiler, script: Path, tmp_path: Path) -> None:
    script.write_text("import signal; signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])\n" + PROGRAM)
    process = command(one_profiler, tmp_path / "results", "run", script, "end", "wait")
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    process.send_signal(signal.SIGTERM)
    _said, told = process.communicate()
    assert process.returncode == 0, told
    assert_reported(tmp_path / "results")
