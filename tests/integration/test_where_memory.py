"""The memory breakdown: by kind, with the kernel's own account and malloc's as oracles; mapped files beside it."""

import json
import mmap
import os
from pathlib import Path
from typing import Any, Dict, List, Sequence, Tuple

import pytest
import support
from environments import environment_with
from interpreters import Interpreter, find_interpreters

from filprofiler.errors import RecordingError
from filprofiler.profile.memory_breakdown import PARTS
from filprofiler.recording.reader import read_recording

WHERE = support.PROGRAMS / "where_memory.py"
ARRAYS = support.PROGRAMS / "mapped_arrays.py"
MIB = support.MIB


def run_until_seen(
    profiler: support.Profiler, args: Sequence[Any], lines: int, tracked: Sequence[int]
) -> Tuple[List[str], Dict[str, Any], str]:
    """Run a program that stays at its peak while its input is open, until what is resident then was read.

    It says `lines` lines, and waits, each time that so many MiB are `tracked`.
    Returns its lines of output, the JSON file, and the page.
    """
    output = profiler.new_output()
    command = profiler.command(args, output, ["--format", "json"])
    with support.running(profiler, command) as process:
        said = []
        for mib in tracked:
            said += [process.stdout.readline().decode() for _ in range(lines)]
            seen = False
            while not seen and process.poll() is None:
                try:
                    near = read_recording(str(next(output.glob("*/recording.fil")))).memory.near_peak
                except (RecordingError, StopIteration):
                    continue
                seen = near is not None and near.tracked_bytes >= mib * MIB and near.mapped_files_bytes is not None
            if mib != tracked[-1]:
                process.go_on()
        process.stdin.close()
        said += process.stdout.read().decode().splitlines()
        told = process.stderr.read().decode()
        process.wait(60)
    (folder,) = output.iterdir()
    assert seen, told
    data = json.loads((folder / "peak-memory.json").read_text())
    return [line.strip() for line in said], data, (folder / "index.html").read_text()


def adds_up(data: Dict[str, Any]) -> None:
    """In every column, the parts that are known add up to what the kernel counted, and the tracked ones to the peak."""
    memory = data["memory"]
    at_moment = memory["at_moment"]
    assert at_moment["blocks_bytes"] + at_moment["mappings_bytes"] == data["peak_bytes"]
    for use in (at_moment, memory["at_end"]):
        if use["resident_bytes"] is not None:
            assert sum(use[part] or 0 for part in PARTS) == use["resident_bytes"]


def with_pages_of_ctypes(size: int) -> List[int]:
    """The program imports ctypes, which maps a page or two for its callbacks."""
    return [size + pages * mmap.PAGESIZE for pages in range(3)]


def test_every_kind_at_the_peak_and_at_the_end(profiler: support.Profiler) -> None:
    path = profiler.scratch / "mapped \u4e2d\nfile"
    said, data, page = run_until_seen(profiler, [WHERE, path], 1, [88, 90])
    resident, copied, everything = map(int, said[1].split())
    memory, use, end = data["memory"], data["memory"]["at_moment"], data["memory"]["at_end"]
    adds_up(data)
    assert use["mappings_bytes"] in with_pages_of_ctypes(24 * MIB)
    assert 66 * MIB < use["blocks_bytes"] < 69 * MIB
    callbacks = [file for file in memory["mapped_files"] if "libffi" in file["path"]]  # a page of its own file
    pages, touched = (sum(file[what] for file in callbacks) for what in ("mapped_bytes", "resident_bytes"))
    assert memory["mapped_files_bytes"] == 64 * MIB + pages
    (file,) = [file for file in memory["mapped_files"] if file not in callbacks]
    assert file["path"] == str(path.resolve())
    assert [(mapping["bytes"], mapping["private"]) for mapping in file["mappings"]] == [
        (48 * MIB, False),
        (16 * MIB, True),
    ]
    for mapping, name in zip(file["mappings"], ("shared", "private")):
        assert data["sites"][mapping["stack"][-1]]["line"] == support.marker(WHERE, name)
    assert (file["resident_bytes"], file["written_bytes"]) == (resident, copied)
    assert (resident, copied) == (10 * MIB, 2 * MIB)
    assert use["mapped_files_bytes"] == resident + touched
    assert abs(use["resident_bytes"] - everything) < 4 * MIB  # the program went on a little between the two readings
    assert "Memory breakdown" in page
    assert end["at_end"] and end["mappings_bytes"] in with_pages_of_ctypes(24 * MIB)
    assert end["mapped_files_bytes"] == (None if pages else 0)
    assert end["blocks_bytes"] < 4 * MIB
    free = int(said[2])
    if free < 0:
        pytest.skip("this C library does not tell how much malloc keeps free")
    assert 0 <= free - end["allocator_free_bytes"] < 2 * MIB  # what was free before the start is no part of it


def test_a_killed_program_has_what_was_seen_last(one_profiler: support.Profiler) -> None:
    path = one_profiler.scratch / "file"
    _said, data, page = run_until_seen(one_profiler, [WHERE, path, "kill"], 1, [88, 90])
    adds_up(data)
    end = data["memory"]["at_end"]
    assert data["program"]["outcome"] == "killed by SIGKILL"
    assert not end["at_end"] and end["allocator_free_bytes"] is None
    assert end["mappings_bytes"] + end["blocks_bytes"] >= 88 * MIB
    assert "At the last sample" in page


COUNTED = "kept = [bytearray(5000) for _ in [None] * %d]; del kept"


def test_allocations_of_the_whole_run(one_profiler: support.Profiler) -> None:
    counts = []
    for number in (0, 20000):
        done = one_profiler.run(
            ["-c", COUNTED % number], options=["--format", "json"], output=one_profiler.new_output()
        )
        assert done.status == 0 and done.folder is not None, done.account()
        memory = json.loads((done.folder / "peak-memory.json").read_text())["memory"]
        counts.append((memory["allocations"], memory["allocated_bytes"]))
    more, more_bytes = counts[1][0] - counts[0][0], counts[1][1] - counts[0][1]
    # each is a bytearray and its contents; the list is made larger some hundred times
    assert 40000 <= more < 41000
    assert 20000 * 5000 < more_bytes < 20000 * 5120 + 100 * 20000 * 8


SCIENTIFIC = [found for found in find_interpreters() if found.name in ("3.8", "3.11", "3.13")]


@pytest.mark.slow
@pytest.mark.parametrize("python", SCIENTIFIC, ids=[found.name for found in SCIENTIFIC])
def test_arrays_in_files(python: Interpreter, package: Path, tmp_path: Path) -> None:
    """NumPy's memmap and pyarrow's memory_map are told with the line that mapped them, and are no part of the peak."""
    environment = environment_with(python, ["numpy", "pandas", "pyarrow", "polars", "duckdb"])
    profiler = support.Profiler(environment.python, python.version, package, tmp_path)
    said, data, _page = run_until_seen(profiler, [ARRAYS, tmp_path, "pyarrow"], 2, [100])
    adds_up(data)
    files = {Path(file["path"]).name: file for file in data["memory"]["mapped_files"]}
    array, table = files["array.bin"], files["table.arrow"]
    assert array["mapped_bytes"] == int(said[1]) == 24 * MIB
    assert array["resident_bytes"] == 8 * MIB and array["written_bytes"] == 0
    size = int(said[0])
    assert 0 <= table["mapped_bytes"] - size < 4096
    assert 0 < table["resident_bytes"] <= table["mapped_bytes"]
    for file, name in ((array, "memmap"), (table, "pyarrow")):
        lines = {data["sites"][site]["line"] for site in file["mappings"][0]["stack"]}
        assert support.marker(ARRAYS, name) in lines
    totals = {line["site"]: line["total_bytes"] for line in data["lines"]}
    for name, most in (("memmap", 2 * MIB), ("pyarrow", 2 * MIB), ("block", 101 * MIB)):
        marked = support.marker(ARRAYS, name)
        assert (
            sum(
                totals.get(n, 0)
                for n, site in enumerate(data["sites"])
                if site["line"] == marked and site["path"] == str(ARRAYS)
            )
            < most
        ), name


def test_what_is_reserved_is_told_as_that(profiler: support.Profiler) -> None:
    """Mappings that nobody touches count, since they were asked for, and are shown as what they are.

    Before, OpenBLAS's 32 MiB were the first line of nearly every job, and a store of objects in shared memory that of
    each of its workers.
    """
    name = "fil-test-%d" % os.getpid()
    args = [support.PROGRAMS / "large_mappings.py", name]
    _said, data, page = run_until_seen(profiler, args, 1, [350])
    adds_up(data)
    large = {}
    for mapping in data["memory"]["large_mappings"]:
        site = data["sites"][mapping["stack"][-1]]
        large[site["line"]] = (mapping["name"], mapping["mapped_bytes"] / MIB, mapping["touched_bytes"] / MIB)
    at = {
        mark: support.marker(support.PROGRAMS / "large_mappings.py", mark) for mark in ("store", "untouched", "little")
    }
    shown = "/dev/shm/%s (deleted)" % name
    assert large[at["store"]][:2] == (shown, 200) and large.pop(at["store"])[2] <= 40  # less if the kernel reclaims
    assert large == {at["untouched"]: ("", 64, 0), at["little"]: ("", 40, 2)}
    assert shown in page and page.count("Reserved, not touched") >= 2
    assert all("including %s reserved, not touched" % size in page for size in ("64.0 MiB", "38.0 MiB"))
