"""Libraries that do their work in an event loop's thread or in a pool of their own: it belongs to the line that asked.

With FIL_TEST_LIBRARIES=all only (`make test-libraries`), under each Python for which there are wheels.
"""

import os
import sys
from pathlib import Path
from typing import Dict, List

import pytest
import support
from environments import environment_with
from interpreters import Interpreter, find_interpreters

pytestmark = pytest.mark.slow

ALL = os.environ.get("FIL_TEST_LIBRARIES") == "all"
PROGRAM = support.PROGRAMS / "libraries" / "loops_job.py"

# Kind of work -> packages, the oldest Python, and the MiB of the marked lines. Before, all stood at the first of them.
JOBS = {
    "zarr": (["zarr>=3", "numpy"], (3, 11), [8, 8, 4]),
    "fsspec": (["fsspec"], (3, 8), [3, 11, 7]),
    "dask_pool": (["distributed"], (3, 8), [3, 9, 6]),
    "cloudpickle": (["cloudpickle==3.1.3"], (3, 9), [3, 9, 6]),
}
CASES = [
    pytest.param(kind, interpreter, id=f"{kind}-{interpreter.name}")
    for kind, (_packages, oldest, _sizes) in JOBS.items()
    for interpreter in find_interpreters()
    if interpreter.version >= oldest
]


def below_marks(done: support.Profiled, kind: str) -> List[float]:
    """MiB of the callstacks of at least half a MiB that go through each of the marked lines."""
    lines = [support.marker(PROGRAM, f"{kind} {name}") for name in ("first", "second", "third")]
    found: Dict[int, int] = dict.fromkeys(lines, 0)
    for stack in done.stacks:
        own = [frame.line for frame in stack.frames if support.same_file(frame.file, PROGRAM)]
        for line in {*own} & {*lines}:
            found[line] += stack.bytes
    return [round(found[line] / support.MIB, 1) for line in lines]


def profiled(package: Path, folder: Path, interpreter: Interpreter, kind: str, packages: List[str]) -> support.Profiled:
    python = environment_with(interpreter, packages).python
    profiler = support.Profiler(python, interpreter.version, package, folder)
    scratch = folder / "scratch"
    scratch.mkdir()
    done = profiler.run([PROGRAM, kind, scratch])
    assert done.status == 0 and "Traceback" not in done.stderr, done.account()
    return done


if ALL:

    @pytest.mark.parametrize(("kind", "interpreter_"), CASES)
    def test_work_belongs_to_the_line_that_asked(
        package: Path, tmp_path: Path, kind: str, interpreter_: Interpreter
    ) -> None:
        packages, _oldest, sizes = JOBS[kind]
        done = profiled(package, tmp_path, interpreter_, kind, packages)
        assert below_marks(done, kind) == pytest.approx(sizes, abs=0.5), done.account()

    def test_tasks_of_a_local_cluster_end_at_the_user_s_function(package: Path, tmp_path: Path) -> None:
        """They come as messages, so nothing tells which line has submitted them."""
        (here,) = [
            one for one in find_interpreters() if one.path == sys.executable or one.version == sys.version_info[:3]
        ]
        done = profiled(package, tmp_path, here, "dask_client", ["distributed"])
        taken = sum(stack.bytes for stack in done.stacks if stack.frames and stack.frames[-1].function == "take")
        assert taken / support.MIB == pytest.approx(18, abs=0.1), done.account()
