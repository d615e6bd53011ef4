"""Memory that C and C++ libraries take: every way, what is live of it, and the manners of malloc."""

from pathlib import Path

import support

PROGRAM = support.PROGRAMS / "c_ways.py"
EIGHTH = support.MIB // 8

# Marked line -> what is live of it at the end, in eighths of a MiB.
LIVE = {
    "malloc": 9,
    "calloc": 10,
    "realloc of null": 11,
    "realloc growing": 12,
    "realloc shrinking": 13,
    "small reallocs": 14,
    "reallocarray": 15,
    "posix_memalign": 16,
    "aligned_alloc": 17,
    "memalign": 18,
    "valloc": 19,
    "pvalloc": 20,
    "strdup": 21,
    "asprintf": 22,
    "mmap": 23,
    "mmap64": 24,
    "mmap shared": 25,
    "munmap of head": 26,
    "munmap of tail": 27,
    "munmap of hole": 28,
    "munmap of odd lengths": 29,
    "mremap growing": 32,
    "mremap moving": 34,
    "mremap shrinking": 9,
    "pthread": 10,
    "pthread of a pthread": 11,
    "free of a part": 12,
    "realloc to nothing": 0,
    "file mapping": 0,
    "mapped over": 20,
    "mapped over it": 12,
    "file over": 20,
    "file over it": 0,
    "across all": 0,
    "across first": 14,
    "across second": 0,
    "across third": 8,
    "holes": 24,
    "moved over": 22,
    "freed in a thread": 0,
    "used again and freed": 0,
    "used again": 0,
    "used again at last": 9,
    "freed from another line": 10,
    "failed realloc": 18,
    "failed mappings": 19,
    "failed malloc": 0,
    "last": 1024,
}

LIVE_PLUS_PLUS = {
    "new": 13,
    "new array": 14,
    "new nothrow": 15,
    "new aligned": 16,
    "vector": 17,
    "new that throws": 0,
}


def test_every_way_to_take_memory(profiler: support.Profiler, c_libraries: Path, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"x" * 4 * support.MIB)
    done = profiler.run_well([PROGRAM, c_libraries, file])
    expected = dict(LIVE)
    if (c_libraries / "libnewed.so").exists():
        expected.update(LIVE_PLUS_PLUS)
    wrong = []
    for name, eighths in expected.items():
        got = done.at_marker(PROGRAM, name)
        if not support.close_to(got, eighths * EIGHTH):
            wrong.append(f"{name}: {support.in_mib(got)} instead of {support.in_mib(eighths * EIGHTH)}")
    # Whose a mapping is after it was moved is not said; that it is counted once is.
    moved = done.at_marker(PROGRAM, "moved") + done.at_marker(PROGRAM, "moving")
    if not support.close_to(moved, 10 * EIGHTH):
        wrong.append(f"moved: {support.in_mib(moved)} instead of {support.in_mib(10 * EIGHTH)}")
    assert not wrong, "\n".join(wrong) + "\n" + done.account()
    total = (sum(expected.values()) + 10) * EIGHTH
    assert 0 <= done.peak - total < 4 * support.MIB, (support.in_mib(done.peak), support.in_mib(total))
    check_manners(done)


def check_manners(done: support.Profiled) -> None:
    """errno, failures, empty blocks and usable sizes are what they are without the profiler."""
    lines = [line for line in done.stdout.splitlines() if line.startswith("manners_")]
    assert len(lines) == 4, done.account()
    assert all(line.endswith(" right") for line in lines), done.account()
