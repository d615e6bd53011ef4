"""Whole programs under valgrind's memcheck: no error in which our library has a part. Run by `make test-memcheck`."""

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import List

import pytest
from interpreters import Interpreter

from filprofiler.environment import LIBRARY_PATH
from filprofiler.recording.reader import read_recording

HERE = Path(__file__).resolve().parent
PROGRAMS = HERE.parent / "programs"
PIECES = {
    "six threads": ["threads_and_forks.py", "six threads"],
    "freed by others": ["threads_and_forks.py", "freed by others"],
    "daemon threads": ["threads_and_forks.py", "daemon threads"],
    "forks": ["threads_and_forks.py", "forks"],
    "subprocesses": ["threads_and_forks.py", "subprocesses"],
    "random stacks": ["random_stacks.py", "bytes", "account.json", "1", "200", "3"],
}


def errors_of_ours(log: str) -> List[str]:
    """The errors that valgrind found, of which a frame is in our library."""
    blocks = re.split(r"(?m)^==\d+== \n", log)
    ours = os.path.basename(LIBRARY_PATH)
    return [block for block in blocks if ours in block and "LD_PRELOAD" not in block]


@pytest.mark.parametrize("piece", sorted(PIECES))
def test_no_error_of_ours(interpreter: Interpreter, piece: str, tmp_path: Path) -> None:
    valgrind = shutil.which("valgrind")
    assert valgrind, "valgrind is needed"
    recording = tmp_path / "recording.fil"
    program, *arguments = PIECES[piece]
    command = [valgrind, "--trace-children=no", "--num-callers=30", "--log-file=%s" % (tmp_path / "log.%p")]
    command += [interpreter.path, "-B", "-S", str(HERE / "started_by_hand.py"), str(recording), str(PROGRAMS / program)]
    environment = dict(os.environ, LD_PRELOAD=LIBRARY_PATH)
    command += arguments
    done = subprocess.run(
        command, env=environment, cwd=str(tmp_path), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
    )
    logs = [log.read_text() for log in tmp_path.glob("log.*")]
    if any("Fatal error at startup" in log for log in logs):
        pytest.skip("valgrind cannot run %s: its dynamic linker has no symbols" % interpreter.path)
    assert done.returncode == 0, done.stdout.decode("utf-8", "replace")
    found = [error for log in logs for error in errors_of_ours(log)]
    assert not found, "\n".join(found)
    assert read_recording(str(recording)).peak_bytes > 0


def test_errors_are_recognised() -> None:
    log = "==7== Invalid read of size 4\n==7==    at 0x1: f (x.c:1)\n==7==    by 0x2: g (in /a/%s)\n==7== \n==7== HEAP"
    assert len(errors_of_ours(log % os.path.basename(LIBRARY_PATH))) == 1
    assert errors_of_ours(log % "libc.so") == []
