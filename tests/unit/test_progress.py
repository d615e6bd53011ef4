"""What is said while a report takes long."""

import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import List, Tuple

import pytest
from recording_builder import profile_of

from filprofiler.cli.progress import Progress
from filprofiler.profile.top import TopLines
from filprofiler.report import writer

ROOT = Path(__file__).resolve().parents[2]
INTERRUPTED = "Interrupted; these files of the report are finished:"


def said(progress: Progress, close: bool = True) -> bytes:
    """Go through a report's stages; what has come to the descriptor 2."""
    kept = os.dup(2)
    read, write = os.pipe()
    os.dup2(write, 2)
    try:
        progress.reading("reading the recording", 0, 2)
        progress.reading("finding call stacks", 1, 2)
        progress.callstacks = 12345
        progress.writing("peak-memory.prof", 0, 4)
        progress.writing("index.html", 3, 4)
        if close:
            progress.close()
            progress.close()
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(write)
    with open(read, "rb") as file:
        return file.read()


def test_nothing_in_the_first_second() -> None:
    assert said(Progress(terminal=True, quiet_seconds=1e9)) == said(Progress(terminal=False, quiet_seconds=1e9)) == b""


def test_one_line_a_stage() -> None:
    lines = said(Progress(terminal=False, quiet_seconds=0)).decode().splitlines()
    assert lines == [
        "=fil-profile= Report 0%: reading the recording",
        "=fil-profile= Report 15%: finding call stacks",
        "=fil-profile= Report 30%: writing peak-memory.prof, 12,345 call stacks",
        "=fil-profile= Report 82%: writing index.html, 12,345 call stacks",
    ]


def test_on_a_terminal_one_line_that_is_gone_at_the_end() -> None:
    output = said(Progress(terminal=True, quiet_seconds=0)).decode()
    assert "\n" not in output
    parts = output.split("\r\x1b[K")
    assert parts[0] == parts[-1] == "" and len(parts) == 6
    assert max(map(len, parts)) < 80


def test_it_knows_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    main, terminal = pty.openpty()
    kept = os.dup(2)
    monkeypatch.setenv("TERM", "xterm")
    os.dup2(terminal, 2)
    try:
        progress = Progress(quiet_seconds=0)
        progress.writing("index.html", 0, 1)
    finally:
        os.dup2(kept, 2)
        os.close(kept)
    assert os.read(main, 1000).startswith(b"\r\x1b[K=fil-profile= Report 30%: writing index.html")
    os.close(main)
    os.close(terminal)


def test_the_writer_tells_each_file(tmp_path: Path) -> None:
    told: List[Tuple[str, int, int]] = []
    profile = profile_of([([("/a.py", 1, "f")], 10)])
    names = ["svg", "pprof", "json"]
    written = writer.write_report(
        profile,
        TopLines(profile),
        str(tmp_path),
        names,
        lambda *stage: told.append(stage),  # type: ignore[arg-type]
    )
    assert told == [
        ("peak-memory.svg", 0, 4),
        ("peak-memory-reversed.svg", 1, 4),
        ("peak-memory.json", 2, 4),
        ("peak-memory.pb.gz", 3, 4),
    ]
    assert [os.path.basename(path) for path in written] == [name for name, _done, _count in told]


# Presses Ctrl-C, as it were, in the middle of the last file: where its third piece is asked for.
INTERRUPTS_ITSELF = """
import os, signal, sys
from filprofiler.command import command
from filprofiler.report import json_writer

written = json_writer.json_pieces

def interrupted(*arguments):
    for number, piece in enumerate(written(*arguments)):
        if number == 2:
            os.kill(os.getpid(), signal.SIGINT)
        yield piece

json_writer.json_pieces = interrupted
command()
"""


def test_an_interrupt_keeps_the_finished_files_and_names_them(tmp_path: Path) -> None:
    source, out = tmp_path / "source", tmp_path / "out"
    for folder in (source, out):
        folder.mkdir()
    profile = profile_of([([("/jobs/a%04d.py" % n, 1, "function")], 1000 + n) for n in range(300)])
    writer.write_report(profile, TopLines(profile), str(source), ["json"])
    command = [sys.executable, "-c", INTERRUPTS_ITSELF, "--no-browser", "report", str(source)]
    command += ["--format", "prof,svg,json", "-o", str(out)]
    done = subprocess.run(command, stderr=subprocess.PIPE, cwd=str(ROOT))
    lines = done.stderr.decode().splitlines()
    names = ["peak-memory.prof", "peak-memory.svg", "peak-memory-reversed.svg"]
    assert lines[-4:] == ["=fil-profile= " + line for line in [INTERRUPTED, *(str(out / name) for name in names)]]
    assert done.returncode == 5
    assert sorted(os.listdir(str(out))) == sorted(names)
