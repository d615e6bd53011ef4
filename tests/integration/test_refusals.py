"""What cannot be done is said in one sentence, with the documented status, and a program that runs is not harmed."""

import contextlib
import ctypes
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, Iterator, List, Sequence

import pytest
import support

SITES = support.PROGRAMS / "many_sites.py"

BAD_USAGE = 2
CANNOT_WORK_HERE = 3
CANNOT_WRITE = 4


def refused(done: "subprocess.CompletedProcess[bytes]", status: int, words: Sequence[str] = ()) -> None:
    """It ended with this status, said one sentence of ours and nothing else, and did not run the program."""
    account = f"status {done.returncode}\n{done.stdout!r}\n{done.stderr!r}"
    assert done.returncode == status, account
    assert done.stdout == b"", account
    lines = done.stderr.decode().splitlines()
    assert len(lines) == 1 and lines[0].startswith(support.PREFIX), account
    for word in words:
        assert word in lines[0], account


def fil(profiler: support.Profiler, *args: Any, **others: Any) -> "subprocess.CompletedProcess[bytes]":
    return profiler.call(["-m", "filprofiler"] + list(args), **others)


# Usage


def test_no_arguments_is_the_help(profiler: support.Profiler) -> None:
    none, asked = fil(profiler), fil(profiler, "--help")
    assert none.returncode == asked.returncode == 0
    assert none.stdout == asked.stdout and none.stderr == asked.stderr == b""
    text = none.stdout.decode()
    for word in ("run", "--version", "--license", "--no-browser", "--disable-oom-detection", "-o"):
        assert word in text, text


@pytest.mark.parametrize("args", [["run"], ["run", "-m"], ["--no-browser", "run"]])
def test_run_of_nothing_is_the_help_and_an_error(one_profiler: support.Profiler, args: List[str]) -> None:
    done = fil(one_profiler, *args)
    assert done.returncode == BAD_USAGE
    assert b"--no-browser" in done.stdout + done.stderr
    assert b"Traceback" not in done.stderr
    assert not (one_profiler.scratch / "fil-result").exists()


def test_version(profiler: support.Profiler) -> None:
    done = fil(profiler, "--version")
    assert done.returncode == 0 and done.stderr == b""
    (metadata,) = profiler.package.glob("*.dist-info/METADATA")
    (version,) = [line.split()[1] for line in metadata.read_text().splitlines() if line.startswith("Version: ")]
    assert version in done.stdout.decode(), done.stdout


def test_license(one_profiler: support.Profiler) -> None:
    done = fil(one_profiler, "--license")
    assert done.returncode == 0 and done.stderr == b""
    text = done.stdout.decode().split()
    assert len(text) > 50
    if (support.ROOT / "LICENSE").exists():
        assert " ".join((support.ROOT / "LICENSE").read_text().split()) in " ".join(text)


@pytest.mark.parametrize(
    "args",
    [
        ["--no-such-option", "run", "x.py"],
        ["--no-brow", "run", "x.py"],
        ["no-such-command"],
        ["-o"],
        ["run", "--no-such-option", "x.py"],
        ["run", "-c"],
    ],
)
def test_bad_usage(one_profiler: support.Profiler, args: List[str]) -> None:
    (one_profiler.scratch / "x.py").write_text("print('ran')\n")
    refused(fil(one_profiler, *args), BAD_USAGE)
    assert not (one_profiler.scratch / "fil-result").exists()


def test_a_missing_script(profiler: support.Profiler) -> None:
    done = fil(profiler, "--no-browser", "-o", "out", "run", "missing here.py")
    refused(done, BAD_USAGE, ["missing here.py"])
    assert not list(profiler.scratch.glob("out/*")), "an empty result was left behind"


def test_a_folder_as_a_script(profiler: support.Profiler, tmp_path: Path) -> None:
    (tmp_path / "some folder").mkdir()
    refused(fil(profiler, "--no-browser", "-o", "out", "run", "some folder"), BAD_USAGE, ["some folder"])


def test_a_missing_module(profiler: support.Profiler, tmp_path: Path) -> None:
    bare = support.run_bare(profiler.python, ["-m", "no_such_module_at_all"])
    done = fil(profiler, "--no-browser", "-o", "out", "run", "-m", "no_such_module_at_all")
    assert done.returncode in (BAD_USAGE, bare.returncode), done.stderr
    assert b"Traceback" not in done.stderr and b"no_such_module_at_all" in done.stderr, done.stderr


def test_a_syntax_error_is_the_programs_own(profiler: support.Profiler, tmp_path: Path) -> None:
    script = tmp_path / "wrong.py"
    script.write_text("x = 1\ndef f(:\n    pass\n")
    bare = support.run_bare(profiler.python, [script])
    done = profiler.run([script])
    assert done.status == bare.returncode == 1, done.account()
    assert done.program_stderr() == support.text_of(bare.stderr), done.account()


# What is quoted

# A terminal's title, an end of a line and a false line of ours, the line above rewritten, C1's CSI, a bidi override.
HOSTILE = "\x1b]0;x\x07\n=fil-profile= \x1b[A\x9b31m\u202e\u2028\r"
RAW = "\x1b\x07\x9b\u202e\u2028\r"

# Each command line quotes HOSTILE (or its name as that of a file) in a sentence of ours; the status that it ends with.
QUOTING = {
    "an option": (["--" + HOSTILE], BAD_USAGE),
    "a command": ([HOSTILE], BAD_USAGE),
    "one word too many": (["report", "x", HOSTILE], BAD_USAGE),
    "a format": (["report", "x", "--format", HOSTILE], BAD_USAGE),
    "a threshold": (["diff", "x", "y", "--fail-over", HOSTILE], BAD_USAGE),
    "install-kernel": (["install-kernel", HOSTILE], BAD_USAGE),
    "a kernel's folder": (["install-kernel", "--prefix", "file" + HOSTILE], CANNOT_WRITE),
    "a script": (["run", HOSTILE], BAD_USAGE),
    "a folder as a script": (["run", "folder" + HOSTILE], BAD_USAGE),
    "the output's folder": (["-o", "file" + HOSTILE, "run", "-c", "pass"], CANNOT_WRITE),
    "no such result": (["report", HOSTILE], 5),
    "a folder without a result": (["report", "folder" + HOSTILE], 5),
    "the report's folder": (["report", "ok.prof", "-o", "file" + HOSTILE], 5),
    "a recording": (["report", "bad%s.fil" % HOSTILE], 5),
    "a folder as a recording": (["report", "folder%s.fil" % HOSTILE, "--format", "json"], 5),
    "a JSON file": (["report", "bad%s.json" % HOSTILE], 5),
    "a .prof file": (["diff", "bad%s.prof" % HOSTILE, "ok.prof"], 5),
    "a .prof file that is no text": (["diff", "bytes%s.prof" % HOSTILE, "ok.prof"], 5),
    "a comparison": (["diff", "ok.prof", "hostile.prof"], 0),
    "where the comparison is": (["diff", "ok.prof", "ok.prof", "-o", "new" + HOSTILE], 0),
    "a report that is written": (["-o", "out" + HOSTILE, "run", HOSTILE + ".py"], 0),
    "the pools' variables": (["run", "-c", "pass"], 0),
    "a variable of ours": (["run", "-c", "pass"], CANNOT_WORK_HERE),
}


def hostile_files(folder: Path) -> None:
    for name in ("folder" + HOSTILE, "folder%s.fil" % HOSTILE):
        (folder / name).mkdir()
    for name in ("file" + HOSTILE, "bad%s.fil" % HOSTILE, "bad%s.json" % HOSTILE, "bad%s.prof" % HOSTILE):
        (folder / name).write_text("nonsense " * 100)
    (folder / (HOSTILE + ".py")).write_bytes(b"held = bytes(1 << 20)  # \x1b[2J\xc2\x9b31m\xe2\x80\xae\n")
    (folder / ("bytes%s.prof" % HOSTILE)).write_bytes(b"\xff 3\n")
    (folder / "ok.prof").write_text("a.py:1 (f) 5000000\n")
    (folder / "hostile.prof").write_text(
        "\x1b]0\\x3bx\x07\\x1b\\n\x9b\u202e.py:1 (f\x1b[2J) 9000000\n", encoding="utf-8"
    )


@pytest.mark.parametrize("name", QUOTING)
def test_what_we_quote_cannot_do_anything_to_a_terminal(
    one_profiler: support.Profiler, tmp_path: Path, name: str
) -> None:
    """Paths, arguments and values of the environment: before, ESC and ends of lines came out of 13 sentences raw."""
    hostile_files(tmp_path)
    words, status = QUOTING[name]
    pools = {"OMP_NUM_THREADS": HOSTILE, "ARROW_DEFAULT_MEMORY_POOL": HOSTILE}
    ours = {"FIL_STACKS": HOSTILE, "OMP_NUM_THREADS": "1", "ARROW_DEFAULT_MEMORY_POOL": "system"}
    variables = ours if name == "a variable of ours" else pools
    done = fil(one_profiler, "--no-browser", *words, env=variables)
    told = (done.stdout + done.stderr).decode("utf-8")
    assert done.returncode == status, told
    assert told and not set(RAW) & set(told), ascii(told)
    if words[0] != "diff":
        assert all(line.startswith(support.PREFIX) for line in told.splitlines()), ascii(told)
    if status:
        assert told.count("\n") == 1 and len(told) < 1000, ascii(told)


# Folders that cannot be written


@contextlib.contextmanager
def small_disk(folder: Path, options: str) -> Iterator[Path]:
    """A file system of its own at `folder`, as far as this machine lets us make one."""
    folder.mkdir()
    library = ctypes.CDLL(None, use_errno=True)
    if library.mount(b"none", str(folder).encode(), b"tmpfs", 0, options.encode()) != 0:
        pytest.skip("may not mount a small file system here: " + os.strerror(ctypes.get_errno()))
    try:
        yield folder
    finally:
        library.umount2(str(folder).encode(), 2)


def out_to(profiler: support.Profiler, output: Any) -> "subprocess.CompletedProcess[bytes]":
    return fil(profiler, "--no-browser", "-o", output, "run", "-c", "print('ran')")


def test_a_file_in_place_of_the_folder(profiler: support.Profiler, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    refused(out_to(profiler, tmp_path / "file"), CANNOT_WRITE, [str(tmp_path / "file")])
    refused(out_to(profiler, tmp_path / "file" / "below"), CANNOT_WRITE, ["file"])
    assert (tmp_path / "file").read_text() == "x"


def test_a_folder_that_cannot_be_made(one_profiler: support.Profiler) -> None:
    refused(out_to(one_profiler, "/proc/no-such-folder"), CANNOT_WRITE, ["/proc/no-such-folder"])


def test_a_read_only_folder(one_profiler: support.Profiler, tmp_path: Path) -> None:
    if os.geteuid() != 0:
        (tmp_path / "locked").mkdir(mode=0o500)
        refused(out_to(one_profiler, tmp_path / "locked"), CANNOT_WRITE, ["locked"])
        return
    with small_disk(tmp_path / "disk", "size=10m") as disk:
        library = ctypes.CDLL(None, use_errno=True)
        read_only, remount = 1, 32
        assert library.mount(b"none", str(disk).encode(), b"tmpfs", read_only | remount, b"size=10m") == 0
        refused(out_to(one_profiler, disk), CANNOT_WRITE, [str(disk)])
        refused(out_to(one_profiler, disk / "below"), CANNOT_WRITE, [str(disk)])


def test_a_full_disk_before_the_start(profiler: support.Profiler, tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "size=64k") as disk:
        refused(out_to(profiler, disk / "out"), CANNOT_WRITE, [str(disk)])
        left = [path for path in disk.rglob("*") if path.is_file()]
        assert not left, left


@pytest.mark.parametrize("size", ["700k", "1m", "2m"])
@pytest.mark.parametrize("fills_it_itself", [False, True])
def test_a_disk_that_fills_up(one_profiler: support.Profiler, tmp_path: Path, size: str, fills_it_itself: bool) -> None:
    """The program runs to its end as if nothing were wrong; what could not be kept is said."""
    with small_disk(tmp_path / "disk", "size=" + size) as disk:
        args = [SITES, 20000] + ([disk] if fills_it_itself else [])
        done = one_profiler.run(args, output=disk / "out")
        assert done.status == 5, done.account()
        assert done.stdout == "made 20000 blocks of 400000000 bytes\n", done.account()
        assert "Traceback" not in done.stderr, done.account()
        assert done.program_stderr() == "", done.account()
        prof = done.folder / "peak-memory.prof" if done.folder else None
        whole = prof is not None and prof.exists()
        words = " ".join(done.own_lines())
        assert "could not be" in words or "incomplete" in words or "No space left" in words, done.account()
        if whole and "incomplete" not in words:
            assert done.peak > 400000000, "a report that leaves bytes out and does not say so\n" + done.account()


def test_a_full_disk_under_each_interpreter(profiler: support.Profiler, tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "size=900k") as disk:
        done = profiler.run([SITES, 8000, disk], output=disk / "out")
        assert done.status == 5, done.account()
        assert done.stdout == "made 8000 blocks of 160000000 bytes\n", done.account()
        assert "Traceback" not in done.stderr, done.account()
        assert done.own_lines(), done.account()


# Interpreters and libraries that do not fit


def test_a_library_that_is_missing(one_profiler: support.Profiler, tmp_path: Path) -> None:
    broken = tmp_path / "package"
    copy_without_library(one_profiler.package, broken)
    done = out_to(support.Profiler(one_profiler.python, one_profiler.version, broken, tmp_path), tmp_path / "out")
    refused(done, CANNOT_WORK_HERE)


def copy_without_library(package: Path, target: Path) -> None:
    shutil.copytree(str(package), str(target), ignore=shutil.ignore_patterns("libfil*"))


def test_a_library_that_cannot_be_loaded(one_profiler: support.Profiler, tmp_path: Path) -> None:
    broken = tmp_path / "package"
    shutil.copytree(str(one_profiler.package), str(broken))
    (library,) = broken.glob("filprofiler/_lib/libfil*")
    library.write_bytes(b"this is no library")
    done = out_to(support.Profiler(one_profiler.python, one_profiler.version, broken, tmp_path), tmp_path / "out")
    assert done.returncode == CANNOT_WORK_HERE, done.stderr
    assert done.stdout == b"" and b"Traceback" not in done.stderr, done.stderr
    ours = [line for line in done.stderr.decode().splitlines() if line.startswith(support.PREFIX)]
    assert len(ours) == 1, done.stderr


def test_one_binary_serves_every_interpreter(package: Path, wheel: Path) -> None:
    libraries = [path for path in package.rglob("*") if path.suffix in (".so", ".dylib", ".pyd")]
    assert len(libraries) == 1 and libraries[0].parent == package / "filprofiler" / "_lib", libraries
    assert wheel.name.split("-")[2:4] == ["py3", "none"], wheel.name
    if sys.platform == "linux":
        needed = subprocess.run(["readelf", "-d", str(libraries[0])], stdout=subprocess.PIPE)
        assert b"libpython" not in needed.stdout
