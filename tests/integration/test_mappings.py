"""Mappings: shared memory counts, files and reservations do not, and what is made usable counts from then on."""

import re
from pathlib import Path

import pytest
import support

PROGRAM = support.PROGRAMS / "mappings.py"
SHARED_MEMORY = support.PROGRAMS / "shared_memory.py"
EIGHTH = support.MIB // 8

# Marked line -> what is live of it at the end, in eighths of a MiB.
LIVE = {
    "memfd": 9,
    "memfd high": 10,
    "POSIX shared": 11,
    "private of memfd": 0,
    "zero device": 13,
    "shared file": 0,
    "System V": 15,
    "System V detached": 0,
    "reserved": 0,
    "used": 18,
    "decommitted": 0,
    "used again": 20,
    "used after moving": 21,
    "file over reserved": 0,
    "twice": 23,
    "Python's mmap": 24,
    "last": 1024,
}


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The C library of mappings."""
    return support.compile_library(
        support.ROOT / "tests" / "c" / "mappings.c", tmp_path_factory.mktemp("maps") / "maps.so"
    )


def test_every_kind_of_mapping(profiler: support.Profiler, library: Path, tmp_path: Path) -> None:
    functions = re.findall(r"C\.(map_\w+)", PROGRAM.read_text())
    done = profiler.run_well([PROGRAM, library, tmp_path / "file"] + functions)
    wrong = []
    for name, eighths in LIVE.items():
        got = done.at_marker(PROGRAM, name)
        if not support.close_to(got, eighths * EIGHTH):
            wrong.append(f"{name}: {support.in_mib(got)} instead of {support.in_mib(eighths * EIGHTH)}")
    assert not wrong, "\n".join(wrong) + "\n" + done.account()


def test_shared_memory_of_multiprocessing(profiler: support.Profiler) -> None:
    if profiler.version < (3, 8):
        pytest.skip("this Python does not know the feature: multiprocessing.shared_memory")
    done = profiler.run_well([SHARED_MEMORY])
    for name, expected in (("created", 20), ("closed", 0)):
        line = support.marker(SHARED_MEMORY, name)
        got = sum(stack.bytes for stack in done.stacks if stack.frames and stack.frames[0].line == line)
        assert support.close_to(got, expected * support.MIB), support.in_mib(got)
