"""Mappings: shared memory counts, files and reservations do not, and what is made usable counts from then on."""

import json
import mmap
import os
import random
import re
from pathlib import Path

import pytest
import support

PROGRAM = support.PROGRAMS / "mappings.py"
SHARED_MEMORY = support.PROGRAMS / "shared_memory.py"
RANDOM = support.PROGRAMS / "random_mappings.py"
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
    "break": 25,
    "break lowered": 0,
    "given back": 27,
    "growing down": 28,
    "used with key": 29,
    "no replace": 30,
    "left behind": 32,
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


@pytest.fixture(scope="session")
def random_library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The C library of random mappings."""
    folder = tmp_path_factory.mktemp("random")
    return support.compile_library(support.C_SOURCES / "random_mappings.c", folder / "random.so")


@pytest.mark.parametrize("steps", [40, 3000])
def test_random_mappings(profiler: support.Profiler, random_library: Path, steps: int) -> None:
    """The kernel's own list of mappings tells what must be counted. To repeat a seed: FIL_TEST_SEEDS."""
    for seed in os.environ.get("FIL_TEST_SEEDS", str(random.randrange(1 << 60))).split(","):
        path = profiler.scratch / "mapped"
        done = profiler.run(
            [RANDOM, random_library, seed, steps, path], options=["--format", "json"], output=profiler.new_output()
        )
        assert done.status == 0, "seed %s: %s" % (seed, done.account())
        memory, files = map(int, done.stdout.split())
        assert done.folder is not None
        mapped = json.loads((done.folder / "peak-memory.json").read_text())["memory"]
        objects = done.at_marker(RANDOM, "mapped") - memory  # of the line's own
        # For callbacks, which ctypes makes when it is imported, libffi maps a page of its own file.
        callbacks = sum(file["mapped_bytes"] for file in mapped["mapped_files"] if "libffi" in file["path"])
        difference = (objects // mmap.PAGESIZE, mapped["mapped_files_bytes"] - callbacks - files)
        assert difference == (0, 0), f"{steps} steps with FIL_TEST_SEEDS={seed}"
        assert mapped["at_moment"]["mappings_bytes"] >= memory


def test_shared_memory_of_multiprocessing(profiler: support.Profiler) -> None:
    if profiler.version < (3, 8):
        pytest.skip("this Python does not know the feature: multiprocessing.shared_memory")
    done = profiler.run_well([SHARED_MEMORY])
    for name, expected in (("created", 20), ("closed", 0)):
        line = support.marker(SHARED_MEMORY, name)
        got = sum(stack.bytes for stack in done.stacks if stack.frames and stack.frames[0].line == line)
        assert support.close_to(got, expected * support.MIB), support.in_mib(got)
