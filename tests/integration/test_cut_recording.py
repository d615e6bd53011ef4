"""Somebody cuts the recording of a running program short: the program goes on, and we say that there is no report.

Before, the program died by SIGBUS at its next request for memory. Its own bus errors are none of our business.
"""

import json
from pathlib import Path
from typing import Any, List

import pytest
import support

PROGRAM = support.PROGRAMS / "cut_recording.py"
BUS_ERRORS = support.PROGRAMS / "bus_errors.py"


def check_goes_on(profiler: support.Profiler, length: int, way: str, flags: List[str]) -> None:
    """Run it with and without us."""
    bare = support.run_bare(profiler.python, [*flags, PROGRAM, "-", length, way])
    assert bare.returncode == 5, bare
    output = profiler.new_output()
    command = profiler.command([PROGRAM, output, length, way], output)
    run = profiler.call([*flags, *command[1:]])
    done = support.Profiled(run.returncode, support.text_of(run.stdout), support.text_of(run.stderr), output)
    assert (done.status, done.stdout.encode(), done.program_stderr()) == (5, bare.stdout, ""), done.account()
    said = [line for line in done.own_lines() if "cut" in line and str(output) in line]
    assert len(said) == 1, done.account()
    assert "There is no report" in done.stderr and not list(output.glob("*/index.html")), done.account()


@pytest.mark.parametrize("length", [0, 200000])
def test_the_program_goes_on(profiler: support.Profiler, length: int) -> None:
    check_goes_on(profiler, length, "here", [])


@pytest.mark.parametrize("way", ["here", "thread", "handled"])
@pytest.mark.parametrize("length", [1, 131072, 300000, 700000])
def test_wherever_it_is_cut(one_profiler: support.Profiler, length: int, way: str) -> None:
    """In the header, behind it, in a piece in use, or in one that is full. With other threads, with faulthandler."""
    check_goes_on(one_profiler, length, way, [])


def test_with_faulthandler_from_the_start(profiler: support.Profiler) -> None:
    check_goes_on(profiler, 4096, "here", ["-X", "faulthandler"])


IN_PARTS = """
import json, os, sys
sys.path.insert(0, sys.argv[1])
import cut_recording
from filprofiler.api import profile
from filprofiler.errors import FilError
told = []
def part(folder):
    held = cut_recording.work()
    if folder is not None:
        cut_recording.cut(folder, 0)
    return held, cut_recording.work()
for round in range(3):
    folder = os.path.join(sys.argv[2], str(round))
    try:
        told.append([profile(lambda: part(folder if round == 1 else None), folder), sorted(os.listdir(folder))])
    except FilError as error:
        told.append(str(error))
print(json.dumps(told))
"""


def test_parts_of_a_program(profiler: support.Profiler, tmp_path: Path) -> None:
    """By the API, where there is no supervisor: the next part is profiled as ever."""
    arguments = ["-m", "filprofiler", "python", "-c", IN_PARTS, support.PROGRAMS, tmp_path]
    done = profiler.call(arguments)
    assert done.returncode == 0 and done.stderr.count(b"Traceback") == 0, done
    first, cut, last = json.loads(done.stdout.decode())
    assert first == last and "index.html" in first[1], first
    assert "cut" in cut and str(tmp_path / "1") in cut, cut


@pytest.mark.parametrize("kind", ["fault", "sent", "told", "told no more", "caught", "ignored", "forked"])
def test_the_program_s_own_bus_errors(profiler: support.Profiler, tmp_path: Path, kind: str) -> None:
    scratches = [tmp_path / "bare", tmp_path / "profiled"]
    for scratch in scratches:
        scratch.mkdir()
    bare = support.run_bare(profiler.python, ["-S", BUS_ERRORS, kind, scratches[0]])
    done = profiler.run([BUS_ERRORS, kind, scratches[1]])
    assert (done.status, done.stdout.encode()) == (bare.returncode, bare.stdout), (bare, done.account())
    assert first_line(done.program_stderr()) == first_line(support.text_of(bare.stderr)), (bare, done.account())


def first_line(text: Any) -> str:
    return (str(text).splitlines() or [""])[0]
