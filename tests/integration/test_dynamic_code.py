"""Functions sent by cloudpickle: their code names no file, but their globals do, and the lines are that file's."""

import pytest
import support

PROGRAM = support.PROGRAMS / "dynamic_code.py"


def test_the_file_comes_from_the_globals(profiler: support.Profiler) -> None:
    # Before, all 27 MiB stood at <dynamic-code>, and the program's first line was the one that called the function.
    done = profiler.run([PROGRAM])
    assert done.status == 0 and done.stdout == "done\n", done.account()
    mib = {name: done.at_marker(PROGRAM, name) / support.MIB for name in ("plain", "among many", "mixed keys")}
    assert mib == pytest.approx({"plain": 2, "among many": 3, "mixed keys": 4}, abs=0.05)
    leaves = {}
    for stack in done.stacks:
        if stack.bytes > support.MIB and stack.frames:
            leaves[stack.frames[-1].function] = stack.frames[-1].file
    assert leaves["elsewhere"] == "/somewhere/\u00e9lse/\u4e16.py"
    assert leaves["no_file"] == leaves["no_text"] == "<dynamic-code>"
