"""Somebody cuts the recording of a running program short, or writes over it: it goes on, and we say what is lost.

Before, the program died by SIGBUS at its next request for memory; of a recording that was written over nothing was
said, or "Exact", or the program died by SIGSEGV. The program's own bus errors are none of our business.
"""

import json
import random
import signal
import struct
from pathlib import Path
from typing import Any, Dict, List, Tuple

import pytest
import support

from filprofiler import _abi

PROGRAM = support.PROGRAMS / "cut_recording.py"
BUS_ERRORS = support.PROGRAMS / "bus_errors.py"
KINDS = ["fault", "sent", "told", "told no more", "caught", "ignored", "forked", "caught in C", "caught in C once"]
KINDS += ["set by old functions", "to interrupt"]


def go_on(profiler: support.Profiler, damage: str, way: str, flags: List[str]) -> Tuple[support.Profiled, Path]:
    """Run it with and without us; what came of that, and the folder of its results."""
    bare = support.run_bare(profiler.python, [*flags, PROGRAM, "-", damage, way])
    assert bare.returncode == 5, bare
    output = profiler.new_output()
    command = profiler.command([PROGRAM, output, damage, way], output)
    run = profiler.call([*flags, *command[1:]])
    done = support.Profiled(run.returncode, support.text_of(run.stdout), support.text_of(run.stderr), output)
    assert (done.status, done.stdout.encode(), done.program_stderr()) == (5, bare.stdout, ""), done.account()
    return done, output


def check_goes_on(profiler: support.Profiler, length: int, way: str, flags: List[str]) -> None:
    done, output = go_on(profiler, str(length), way, flags)
    said = [line for line in done.own_lines() if "cut" in line and str(output) in line]
    assert len(said) == 1, done.account()
    assert "There is no report" in done.stderr and not list(output.glob("*/index.html")), done.account()


@pytest.mark.parametrize("length", [0, 200000])
def test_the_program_goes_on(profiler: support.Profiler, length: int) -> None:
    check_goes_on(profiler, length, "here", [])


@pytest.mark.parametrize("way", ["here", "thread", "handled", "handled in C", "handled by an old one"])
@pytest.mark.parametrize("length", [1, 131072, 300000, 700000])
def test_wherever_it_is_cut(one_profiler: support.Profiler, length: int, way: str) -> None:
    """In the header, behind it, in a piece in use, or in one that is full.

    With other threads, with faulthandler, with a handler of the program's own, by which it died before (status 134).
    """
    check_goes_on(one_profiler, length, way, [])


@pytest.mark.parametrize("way", ["caught before", "sent"])
def test_signals_that_the_program_sends_itself(profiler: support.Profiler, way: str) -> None:
    """Each arrives, as the first after the cut did not; and one that was caught before leaves the program no worse off.

    Before, it stood still where it next asked for memory: its own handler came back to the same access again and again.
    """
    check_goes_on(profiler, 0, way, [])


def test_a_signal_of_its_own_ends_it(profiler: support.Profiler) -> None:
    """Before, it went on."""
    bare = support.run_bare(profiler.python, [PROGRAM, "-", "0", "sent, fatal"])
    output = profiler.new_output()
    done = profiler.run([PROGRAM, output, "0", "sent, fatal"], output=output)
    assert done.status == bare.returncode == -signal.SIGBUS, (bare, done.account())
    assert any("cut" in line for line in done.own_lines()), done.account()


def test_with_faulthandler_from_the_start(profiler: support.Profiler) -> None:
    check_goes_on(profiler, 4096, "here", ["-X", "faulthandler"])


@pytest.mark.parametrize("damage", ["0-131072=0", "0-131072=255", "0-64=120", "0-655360=0", "0-655360=random"])
def test_its_beginning_is_written_over(one_profiler: support.Profiler, damage: str) -> None:
    """Before, there was no report, and nothing was said."""
    check_beginning(one_profiler, damage, "here")


def test_its_beginning_is_written_over_with_every_python(profiler: support.Profiler) -> None:
    check_beginning(profiler, "0-131072=255", "thread")


def check_beginning(profiler: support.Profiler, damage: str, way: str) -> None:
    done, output = go_on(profiler, damage, way, [])
    said = [line for line in done.own_lines() if "was overwritten by something else" in line]
    assert len(said) == 1 and str(output) in said[0], done.account()
    assert "There is no report" in said[0], done.account()


def first_segment(recording: Path, kind: int) -> Tuple[int, int]:
    """Where the first segment of that kind is in the file: from, to."""
    data = recording.read_bytes()
    (count,) = struct.unpack_from("<I", data, _abi.HEADER_OFFSETS["segment_count"])
    segment = struct.Struct(_abi.SEGMENT_FORMAT)
    table = data[_abi.HEADER_OFFSETS["segments"] :][: count * segment.size]
    found = [
        (offset, offset + size) for offset, size, its_kind, _rest in segment.iter_unpack(table) if its_kind == kind
    ]
    return found[0]


@pytest.mark.parametrize("what", ["counters", "callstacks", "functions and texts", "texts alone"])
@pytest.mark.parametrize("byte", ["0", "255"])
def test_a_part_of_it_is_written_over(one_profiler: support.Profiler, another: Path, what: str, byte: str) -> None:
    """Another run of the program has shown what is where."""
    texts, codes = first_segment(another, _abi.FIL_SEGMENT_TEXT), first_segment(another, _abi.FIL_SEGMENT_CODES)
    places = {
        "counters": (128, 192),
        "callstacks": first_segment(another, _abi.FIL_SEGMENT_NODES),
        "functions and texts": (min(texts[0], codes[0]), max(texts[1], codes[1])),
        "texts alone": (texts[0] + 8192, texts[0] + 16384),
    }
    check_part(one_profiler, "%d-%d=%s" % (*places[what], byte), "here" if byte == "0" else "thread")


def test_a_part_of_it_is_written_over_with_every_python(profiler: support.Profiler) -> None:
    check_part(profiler, "150000-340000=255", "thread")


def check_part(profiler: support.Profiler, damage: str, way: str) -> None:
    """Before, the page said "Exact" where texts were damaged."""
    done, output = go_on(profiler, damage, way, [])
    (page,) = output.glob("*/index.html")
    (said,) = [line for line in done.own_lines() if line.startswith("Incomplete: ")]
    for told in said, page.read_text():
        assert "part of the recording is damaged, as if something else had overwritten it" in told, done.account()
    assert "Exact" not in page.read_text()


HEADER_BYTES, EVERYTHING = _abi.FIL_HEADER_BYTES, 1 << 40


@pytest.fixture
def another(one_profiler: support.Profiler) -> Path:
    """The whole recording of another run of the same program."""
    done = one_profiler.run([PROGRAM, "-", "0", "here"], options=["--keep-recording"])
    (recording,) = done.output.glob("*/recording.fil")
    return recording


def test_another_recording_is_in_its_place(one_profiler: support.Profiler, another: Path) -> None:
    """It is not told as that of this run."""
    check_beginning(one_profiler, "0-%d=%s" % (EVERYTHING, another), "here")


# All but the number of the process, which can be the same by chance; the header alone; all else; callstacks.
@pytest.mark.parametrize(
    "first, end",
    [
        (_abi.HEADER_OFFSETS["started_unix_ns"], EVERYTHING),
        (_abi.HEADER_OFFSETS["started_unix_ns"], HEADER_BYTES),
        (HEADER_BYTES, EVERYTHING),
        (HEADER_BYTES, HEADER_BYTES + 8192),
    ],
)
@pytest.mark.parametrize("way", ["here", "thread"])
def test_a_part_of_another_recording(
    one_profiler: support.Profiler, another: Path, first: int, end: int, way: str
) -> None:
    check_part(one_profiler, "%d-%d=%s" % (first, end, another), way)


def test_anywhere(one_profiler: support.Profiler, another: Path) -> None:
    """Whatever is written over it and where: it is told, or what was lost is nothing that the report holds."""
    chance = random.Random(20)
    size = another.stat().st_size
    whole = stacks_of(go_on(one_profiler, "0-0=0", "here", [])[0])
    told = 0
    for _ in range(4 * support.repeats()):
        first = chance.choice([chance.randrange(300), chance.randrange(2 * HEADER_BYTES), chance.randrange(size)])
        length = chance.choice([1, 8, chance.randrange(10000), chance.randrange(size)])
        what = chance.choice(["0", "255", "random", str(another)])
        done, _output = go_on(one_profiler, "%d-%d=%s" % (first, first + length, what), "here", [])
        tells = any(part in done.stderr for part in ("Incomplete: ", "There is no report", " is damaged: "))
        told += tells
        assert tells or far_apart(stacks_of(done), whole) == {}, (first, length, what, done.account())
    assert told  # else the rest was about nothing


def stacks_of(done: support.Profiled) -> Dict[Any, int]:
    return {str(stack.frames): stack.bytes for stack in done.stacks}


def far_apart(found: Dict[Any, int], expected: Dict[Any, int]) -> Dict[Any, Tuple[int, int]]:
    """Callstacks whose sizes differ by more than what differs from run to run."""
    pairs = {stack: (found.get(stack, 0), expected.get(stack, 0)) for stack in {*found, *expected}}
    return {stack: pair for stack, pair in pairs.items() if abs(pair[0] - pair[1]) > 4096}


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
        cut_recording.damage(folder, "0")
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


@pytest.mark.parametrize("kind", KINDS)
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
