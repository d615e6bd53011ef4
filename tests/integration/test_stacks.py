"""The ways in which callstacks are found: which one is chosen, what is said of it, and what the program sees of it."""

import re
from pathlib import Path
from typing import List

import pytest
import support

SHOW_ENVIRONMENT = """
import os, sys
print(sorted(name for name in os.environ if name.startswith("FIL_") or "JIT" in name))
print(os.environ.get("PYTHON_JIT"), sys._jit.is_enabled() if hasattr(sys, "_jit") else False)
import subprocess
ask = "import os; print([name for name in os.environ if name.startswith('FIL_')])"
print(subprocess.check_output([sys.executable, "-c", ask]))
"""

FOLLOWED = (
    "This Python's own call stacks cannot be read: a profile function follows every call instead, which is slower."
)
REPLACED = (
    "The program has set a profile function of its own: what it asks for from now on, in the thread that did and those "
    "it starts, has no callstack."
)


@pytest.mark.parametrize("way", support.UNWIND_METHODS)
def test_the_program_does_not_see_which_way_was_asked_for(profiler: support.Profiler, way: str) -> None:
    profiler.stacks = way
    done = profiler.run_well(["-c", SHOW_ENVIRONMENT])
    assert done.stdout == "[]\nNone False\nb'[]\\n'\n", done.account()


@pytest.mark.parametrize("value", ["0", "1"])
def test_the_program_runs_without_the_jit_and_sees_its_variable(profiler: support.Profiler, value: str) -> None:
    done = profiler.run_well(["-c", SHOW_ENVIRONMENT], env={"PYTHON_JIT": value})
    assert done.stdout.splitlines()[:2] == ["['PYTHON_JIT']", "%s False" % value], done.account()


def test_a_way_that_is_none_is_refused(one_profiler: support.Profiler) -> None:
    one_profiler.stacks = "guessed"
    done = one_profiler.run(["-c", "print(1)"])
    assert done.status == 3 and done.stdout == "", done.account()
    assert done.own_lines() == ["Cannot profile: FIL_STACKS is guessed instead of known, measured, profiled."]


def lines_about_profile_functions(done: support.Profiled) -> List[str]:
    return [line for line in done.own_lines() if "profile function" in line]


@pytest.mark.parametrize("way", support.UNWIND_METHODS)
def test_only_a_profile_function_is_announced(profiler: support.Profiler, way: str) -> None:
    profiler.stacks = way
    done = profiler.run_well(["-c", "kept = bytearray(5 << 20)"])
    assert lines_about_profile_functions(done) == [FOLLOWED] * (way == "profiled"), done.account()
    assert done.folder is not None
    page = (done.folder / "index.html").read_text(encoding="utf-8")
    assert ("A profile function followed the calls" in page) == (way == "profiled")
    assert "Exact: every allocation" in page, "a whole recording is exact whatever way was taken"


UNPROVED = """
import sys
from filprofiler.in_process import stacks
from filprofiler.errors import LibraryError
from filprofiler.library import Library
tried = []
def refuse(name):
    def select(library):
        tried.append(name)
        raise LibraryError("not this one")
    return select
for name in sys.argv[1:]:
    setattr(stacks, "_select_" + name, refuse(name))
print(stacks.choose_stacks(Library()), tried)
"""


@pytest.mark.parametrize(
    ("refused", "expected"),
    [
        ([], "known []"),
        (["known"], "measured ['known']"),
        (["known", "measured"], "profiled ['known', 'measured']"),
    ],
)
def test_the_best_way_that_is_proved_is_taken(profiler: support.Profiler, refused: List[str], expected: str) -> None:
    done = profiler.call(["-c", UNPROVED, *refused], support.preloaded(profiler))
    assert support.text_of(done.stdout).strip() == expected, done


WRONG = """
import sys
from filprofiler.in_process import measure_layout as measure, stacks
from filprofiler.library import Library
right = measure.measure_layout
def wrong(library):
    fields = right(library)
    fields[sys.argv[1]] += int(sys.argv[2])
    return fields
measure.measure_layout = wrong
def unknown(library):
    raise stacks.LibraryError("not known")
stacks._select_known = unknown
print(stacks.choose_stacks(Library()))
"""


@pytest.mark.parametrize(
    "field",
    ["frame_previous", "frame_code", "frame_instruction", "state_frame", "code_name", "text_length", "bytes_data"],
)
def test_a_wrong_measurement_is_found_out(profiler: support.Profiler, field: str) -> None:
    done = profiler.call(["-c", WRONG, field, 8], support.preloaded(profiler))
    assert support.text_of(done.stdout).strip() == "profiled", done


OWN_PROFILE_FUNCTION = """import sys, threading
def ours(frame, event, argument):
    pass
def take(mib):
    return bytearray(mib << 20)  # MARK take
def in_thread():
    global third
    third = take(16)  # MARK third
first = take(3)  # MARK first
before = sys.getprofile()
sys.setprofile(ours)
second = take(7)  # MARK second
thread = threading.Thread(target=in_thread)
thread.start()  # MARK start
thread.join()
sys.setprofile(before)
fourth = take(11)  # MARK fourth
"""


def test_a_profile_function_of_the_programs_own(profiler: support.Profiler, tmp_path: Path) -> None:
    """It wins; what is taken meanwhile is counted, but has no callstack. Put back, ours goes on.

    Before CPython 3.8 nothing tells of it, and the callstacks end where the last call was heard of.
    """
    program = tmp_path / "program.py"
    program.write_text(OWN_PROFILE_FUNCTION)
    profiler.stacks = "profiled"
    done = profiler.run_well([program])
    told = profiler.version >= (3, 8)
    assert lines_about_profile_functions(done) == [FOLLOWED, REPLACED][: 1 + told], done.account()
    amounts = {}
    for stack in done.stacks:
        if stack.bytes > support.MIB:
            amounts[tuple(frame.line for frame in stack.frames)] = stack.bytes >> 20
    names = ("first", "second", "start", "third", "fourth", "take")
    first, second, start, third, fourth, taken = (support.marker(program, name) for name in names)
    expected = {(first, taken): 3, (fourth, taken): 11}
    expected.update({(): 7 + 16} if told else {(second,): 7, (start, third, taken): 16})
    assert amounts == expected, done.account()
    if not told:
        return
    assert done.folder is not None
    page = (done.folder / "index.html").read_text(encoding="utf-8")
    assert re.search("Incomplete: [0-9,]+ events? could not be recorded .*its own profile function", page)


@pytest.mark.parametrize("way", support.UNWIND_METHODS)
def test_profilers_of_the_standard_library_work(profiler: support.Profiler, tmp_path: Path, way: str) -> None:
    profiler.stacks = way
    (tmp_path / "job.py").write_text("def f():\n    return bytearray(5 << 20)\nkept = f()\n")
    done = profiler.run_well(["-m", "cProfile", "job.py"], cwd=tmp_path)
    assert "job.py:1(f)" in done.stdout, done.account()
    if way != "profiled":
        assert any(stack.frames[-2:] == (("job.py", 3, "<module>"), ("job.py", 2, "f")) for stack in done.stacks)
