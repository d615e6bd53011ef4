"""What a report tells of small callstacks: together, so that its files stay small, and to the byte."""

import json
import re
from pathlib import Path

import support

PROGRAM = support.PROGRAMS / "small_callstacks.py"
MADE = "many lines.py"


def test_small_callstacks_are_told_together(profiler: support.Profiler, tmp_path: Path) -> None:
    """At 67b2bf6 each had a line of its own in the .prof file, which an import of pandas made 99 MB large."""
    profiler.complete = False
    done = profiler.run([PROGRAM], options=["--format", "json", "--keep-recording"])
    assert done.status == 0 and done.folder is not None, done.account()
    profile = json.loads((done.folder / "peak-memory.json").read_text())
    text = done.prof_path.read_text()
    assert done.peak == profile["peak_bytes"]
    # The lines that hold little are told together; the line that holds more than 0.1% in all keeps its callstacks.
    assert not [stack for stack in done.stacks if stack.frames and stack.frames[-1].file == MADE and stack.bytes < 6291]
    often_line = support.marker(PROGRAM, "often")
    often = [stack for stack in done.stacks if stack.frames[-1:] and stack.frames[-1].line == often_line]
    assert len(often) == 300 and {stack.frames[-2].file for stack in often} == {MADE}, text
    folds = re.findall(r"\[(\d+) smaller callstacks?\] (\d+)$", text, re.MULTILINE)
    assert sum(int(size) for _count, size in folds) > 300 * 500
    told = len(done.stacks) - len(folds) + sum(int(count) for count, _size in folds)
    assert told == profile["callstacks"]

    again = tmp_path / "complete"
    call = ["-m", "filprofiler", "--no-browser", "--complete", "-o", again, "report", done.folder]
    assert profiler.call(call).returncode == 0
    stacks = support.parse_prof((again / "peak-memory.prof").read_text())
    assert len(stacks) == profile["callstacks"] and sum(stack.bytes for stack in stacks) == profile["peak_bytes"]
    assert len([stack for stack in stacks if stack.frames[-1:] and stack.frames[-1].file == MADE]) >= 300
    whole = json.loads((done.folder / "peak-memory.json").read_text())["nodes"]["own_bytes"]
    assert sorted(size for size in whole if size) == sorted(stack.bytes for stack in stacks)
