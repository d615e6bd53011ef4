"""The peak is what was live at the moment of highest use: nothing from before, nothing from after."""

import re
from pathlib import Path
from xml.etree import ElementTree

import support

PROGRAM = support.PROGRAMS / "peaks.py"

# Marked line -> MiB live at the peak.
AT_PEAK = {
    "rising": 13,
    "before, all the time": 3,
    "gone before the peak": 0,
    "at the summit": 12,
    "at the summit too": 7,
    "after the summit": 0,
    "second rise": 0,
    "sawtooth": 0,
    "never at the summit": 0,
}


def test_what_was_live_at_the_peak(profiler: support.Profiler) -> None:
    done = profiler.run_well([PROGRAM])
    wrong = []
    for name, mib in AT_PEAK.items():
        got = done.at_marker(PROGRAM, name)
        if not support.close_to(got, mib * support.MIB):
            wrong.append(f"{name}: {support.in_mib(got)} instead of {mib} MiB")
    assert not wrong, "\n".join(wrong) + "\n" + done.account()
    assert support.close_to(done.peak, sum(AT_PEAK.values()) * support.MIB, support.MIB), support.in_mib(done.peak)


STILL_RISING = """
kept = []
for _ in range(30):
    kept.append(bytes(1 << 20))
import os
os.kill(os.getpid(), 9)
"""


def test_a_peak_that_is_still_rising_at_the_end(profiler: support.Profiler) -> None:
    done = profiler.run(["-c", STILL_RISING])
    support.check_report(done)
    amounts = [stack.bytes for stack in done.stacks if stack.frames == (("<string>", 4, "<module>"),)]
    assert len(amounts) == 1 and support.close_to(amounts[0], 30 << 20), done.account()


FROM_THE_C_LIBRARY = """
import ctypes
c = ctypes.CDLL(None)
line, one = ctypes.c_size_t(64), ctypes.c_size_t(1)
ways = {"malloc": (), "calloc": (one,), "aligned_alloc": (line,), "memalign": (line,), "valloc": ()}
there = [name for name in ways if hasattr(c, name)]
def ask(name, amount):
    function = getattr(c, name)
    function.restype = ctypes.c_void_p
    return function(*ways[name], ctypes.c_size_t(amount))
assert all(ask(name, 1 << 20) for name in there)
assert not any(ask(name, 1 << 62) for name in there)
place = ctypes.c_void_p()
def ask_for_place(amount):
    return c.posix_memalign(ctypes.byref(place), line, ctypes.c_size_t(amount)) == 0
assert ask_for_place(1 << 20) and not ask_for_place(1 << 62)
print(len(there) + 1)
"""


def test_a_request_to_the_c_library_is_one(profiler: support.Profiler) -> None:
    """Also where the C library makes one of these functions of another of them."""
    done = profiler.run_well(["-c", FROM_THE_C_LIBRARY])
    count = int(done.stdout)
    taken = sum(stack.bytes for stack in done.stacks if stack.frames and stack.frames[-1].function.startswith("ask"))
    assert support.close_to(taken, count << 20), done.account()
    assert f"{count} requests for memory failed; the program went on." in done.own_lines(), done.account()


def test_a_program_that_takes_nothing(profiler: support.Profiler, tmp_path: Path) -> None:
    empty = tmp_path / "empty.py"
    empty.write_text("")
    done = profiler.run_well([empty])
    assert done.peak < 2 * support.MIB, support.in_mib(done.peak)


def test_all_four_files_tell_the_same_total(profiler: support.Profiler) -> None:
    done = profiler.run_well([PROGRAM])
    assert done.folder is not None
    total = f"Peak Tracked Memory Usage ({done.peak / support.MIB:.1f} MiB)"
    for name, title in [("peak-memory.svg", total), ("peak-memory-reversed.svg", total + ", Reversed")]:
        root = ElementTree.parse(str(done.folder / name)).getroot()
        texts = [" ".join("".join(element.itertext()).split()) for element in root.iter()]
        assert title in texts, (name, texts[:10])
    page = (done.folder / "index.html").read_text(encoding="utf-8")
    assert f"{done.peak / support.MIB:.1f}" in page
    assert f"{done.peak:,}" in (done.folder / "peak-memory.svg").read_text(encoding="utf-8")
    assert "second = bytearray(7 * MIB)" in page, "the source of one of the three top lines is missing"
    assert not re.search(r"(src|href)\s*=\s*[\"']?https?:", page), "the page asks for something from elsewhere"
