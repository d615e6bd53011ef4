"""A report is asked for while the program runs: by SIGUSR2, to the supervisor or to the program itself."""

import os
import signal
import sys
from pathlib import Path
from typing import IO, Tuple

import pytest
import support

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="waits in the C library's getchar")

# The main thread stands in C and keeps the GIL: no Python code of the program can run until the byte comes.
WAITS_IN_C = """
import ctypes, os
print(os.getpid(), flush=True)
kept = bytearray(40 << 20)
print("ready", flush=True)
byte = ctypes.PyDLL(None).getchar()
more = bytearray(20 << 20)
print(byte, flush=True)
"""


def report_told(stream: "IO[bytes]") -> "Tuple[str, Path]":
    """Read the profiler's lines up to the one that names a report: what they say, and the report's folder."""
    said = []
    while True:
        line = support.text_of(stream.readline())
        assert line, "the end came without a report: " + "".join(said)
        said.append(line)
        if line.startswith(support.PREFIX + "Report: "):
            return "".join(said), Path(line[len(support.PREFIX + "Report: ") :].strip()).parent


def bytes_at_line(folder: Path, line: int) -> int:
    """What a report's `.prof` says of a line of the program; the report must be whole."""
    assert set(support.REPORT_FILES) <= {path.name for path in folder.iterdir()}
    stacks = support.parse_prof((folder / "peak-memory.prof").read_text())
    last = [(stack.bytes, stack.frames[-1]) for stack in stacks if stack.frames]
    return sum(bytes for bytes, frame in last if (frame.file, frame.line) == ("<string>", line))


@pytest.mark.parametrize("receiver", ["supervisor", "program"])
def test_while_the_main_thread_is_in_c(profiler: support.Profiler, receiver: str) -> None:
    output = profiler.new_output()
    command = profiler.command(["-c", WAITS_IN_C], output)
    with support.running(profiler, command) as process:
        program = int(process.stdout.readline())
        assert process.stdout.readline() == b"ready\n"
        os.kill(process.pid if receiver == "supervisor" else program, signal.SIGUSR2)
        said, folder = report_told(process.stderr)
        assert "Peak so far " in said and "; still running" in said  # else it reads as the result of the whole run
        folders = [folder]
        assert process.poll() is None
        process.stdin.write(b"g")
        process.stdin.close()
        said, folder = report_told(process.stderr)
        assert "so far" not in said
        folders.append(folder)
        assert process.stdout.read() == b"%d\n" % ord("g")  # the wait was not cut short
        assert process.wait(timeout=60) == 0
    assert sorted(folders) == sorted(path for path in output.iterdir()) and len(set(folders)) == 2
    lines = WAITS_IN_C.splitlines()
    kept, more = [lines.index(line) + 1 for line in lines if "bytearray" in line]
    for folder in folders:
        assert support.close_to(bytes_at_line(folder, kept), 40 * support.MIB)
    assert bytes_at_line(folders[0], more) == 0
    assert support.close_to(bytes_at_line(folders[1], more), 20 * support.MIB)
