"""Code in another interpreter of the process: what it takes belongs to the line that runs it there."""

from collections import defaultdict
from typing import Dict, List

import pytest
import support

PROGRAM = support.PROGRAMS / "interpreters.py"

# Marked line that runs code there -> MiB that the code keeps. Before, from 3.12 on, no frame of the program was above
# it, and the pool's jobs all stood at the first line. Commit 67b2bf6, in place of the marked lines: with 3.12 and 3.13
# {"<string>:6 (<module>);<string>:5 (work)": 10, "<string>:1 (<module>)": 6, ...}; with 3.14 also {"job first": 6}.
EXPECTED: Dict[str, Dict[str, int]] = {
    "execute": {"exec first": 1, "exec second": 2, "exec third": 3, "exec in a loop": 3},
    "short": {"short setup": 1, "short one": 4, "short two": 2},
    "in thread": {"in a thread": 8, "in a thread again": 6},
    "own thread": {"thread of its own": 2},
    "pool": {"job first": 1, "job second": 2, "job third": 3},
}
SINCE = {"execute": (3, 8), "short": (3, 8), "in thread": (3, 12), "own thread": (3, 12), "pool": (3, 14)}
SCRIPTS = ("<string>", "<script>")


def by_line(done: support.Profiled, kinds: List[str]) -> Dict[str, int]:
    """MiB, of callstacks that hold half a MiB or more each and end in code that was run there, by marked line."""
    lines = {support.marker(PROGRAM, name): name for kind in kinds for name in EXPECTED[kind]}
    found: Dict[str, int] = defaultdict(int)
    for stack in done.stacks:
        own = [frame.line for frame in stack.frames if support.same_file(frame.file, PROGRAM)]
        leaf = stack.frames[-1] if stack.frames else None
        there = leaf is not None and (leaf.file in SCRIPTS or leaf.function in ("take", "<lambda>"))
        if there and stack.bytes >= support.MIB // 2:
            marked = [lines[line] for line in own if line in lines]
            found[marked[-1] if marked else stack.text] += stack.bytes
    return {name: round(size / support.MIB) for name, size in found.items()}


def test_code_there_belongs_to_the_line_that_runs_it(profiler: support.Profiler) -> None:
    kinds = [kind for kind in EXPECTED if profiler.version >= SINCE[kind]]
    if not kinds:
        pytest.skip("this Python does not know the feature: further interpreters")
    done = profiler.run([PROGRAM, *kinds])
    assert done.status == 0 and done.stdout == "done\n", done.account()
    assert by_line(done, kinds) == {name: mib for kind in kinds for name, mib in EXPECTED[kind].items()}
