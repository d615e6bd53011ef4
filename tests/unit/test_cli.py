"""The parts of the command: result folders, descriptions, environments, targets. No program is run here."""

import os
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import Dict

import pytest
from recording_builder import describe_into

from filprofiler import _abi, result_folder
from filprofiler.cli import browser
from filprofiler.cli.arguments import COMMAND, MODULE, SCRIPT, Target
from filprofiler.cli.target import check_target, describe, output_folder
from filprofiler.environment import BOOTSTRAP_PATH, OWN_FILES, PACKAGE_FOLDER
from filprofiler.errors import UsageError
from filprofiler.messages import color_wanted, encoded
from filprofiler.profile.program import Program, read_description
from filprofiler.result_folder import OutputError, ResultFolder
from filprofiler.supervisor.child_environment import POOL_VARIABLES, Preload, limit_thread_pools, overridden_sentence
from filprofiler.supervisor.outcome import Outcome

NOON = 1592224653.033


def test_folder_names_are_the_local_time_and_unique(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    folders = [ResultFolder(str(tmp_path / "out"), NOON) for _ in range(3)]
    names = [os.path.basename(folder.path) for folder in folders]
    assert names == ["2020-06-15T12-37-33_033", "2020-06-15T12-37-33_034", "2020-06-15T12-37-33_035"]


def test_a_recording_is_the_users_own_and_has_its_first_room(tmp_path: Path) -> None:
    folder = ResultFolder(str(tmp_path / "out"), NOON)
    folder.create_recording()
    status = os.stat(folder.recording_path)
    assert stat.S_IMODE(status.st_mode) == 0o600
    assert status.st_size == 640 * 1024 and status.st_blocks * 512 >= status.st_size
    assert not result_folder.was_started(folder.recording_path)
    with open(folder.recording_path, "r+b") as file:
        file.write(b"FILREC\r\n")
        for state in (_abi.FIL_STATE_CREATED, _abi.FIL_STATE_TRACKING, _abi.FIL_STATE_STOPPED):
            file.seek(_abi.HEADER_OFFSETS["state"])
            file.write(state.to_bytes(4, "little"))
            file.flush()
            assert result_folder.was_started(folder.recording_path) == (state != _abi.FIL_STATE_CREATED)


@pytest.mark.parametrize("existed", [False, True])
def test_a_discarded_folder_leaves_what_there_was(tmp_path: Path, existed: bool) -> None:
    output = tmp_path / "out"
    if existed:
        output.mkdir()
    folder = ResultFolder(str(output))
    folder.create_recording()
    folder.discard()
    assert output.exists() == existed
    folder.discard()


def test_a_file_in_the_way_of_the_output(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("")
    with pytest.raises(OutputError) as caught:
        ResultFolder(str(tmp_path / "out"))
    assert str(tmp_path / "out") in str(caught.value)


def test_a_full_disk_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(result_folder, "_FIRST_BYTES", 1 << 62)  # no disk has so much room
    folder = ResultFolder(str(tmp_path / "out"))
    with pytest.raises(OutputError):
        folder.create_recording()
    assert not (tmp_path / "out").exists()


def test_a_description_survives_its_file(tmp_path: Path) -> None:
    program = Program(
        script="a b\n\udc80\u00e9.py",
        script_absolute="/x/a.py",
        cwd="/x",
        own_files=("/y",),
        arguments=["-o", "'\"\n", "\U00010400"],
    )
    describe_into(program, tmp_path)
    read = read_description(str(tmp_path))
    for name in ("script", "script_absolute", "command", "module", "cwd", "own_files", "arguments"):
        assert getattr(read, name) == getattr(program, name), name


def test_a_description_is_written_over_the_one_before(tmp_path: Path) -> None:
    describe_into(Program(cwd="/x" * 100), tmp_path)
    describe_into(Program(cwd="/y", outcome="exited with status 0"), tmp_path)
    read = read_description(str(tmp_path))
    assert (read.cwd, read.outcome) == ("/y", "exited with status 0")
    assert "/x" not in (tmp_path / "recording.txt").read_text()


def test_a_full_disk_does_not_empty_the_description(tmp_path: Path) -> None:
    code = """
import os, resource, sys
from filprofiler.profile.program import Program
from filprofiler.profile.program import write_description

file = os.open(os.path.join(sys.argv[1], "recording.txt"), os.O_WRONLY | os.O_CREAT)
write_description(Program(script="a.py"), file)
resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
try:
    write_description(Program(script="a.py", outcome="exited with status 0"), file)
except OSError:
    print("full")
"""
    assert subprocess.check_output([sys.executable, "-c", code, str(tmp_path)], text=True) == "full\n"
    assert read_description(str(tmp_path)).script == "a.py"


def test_a_line_of_a_description_that_was_cut_off_does_not_count(tmp_path: Path) -> None:
    (tmp_path / "recording.txt").write_text("script 'a.py'\nresident_peak_bytes 1234")
    read = read_description(str(tmp_path))
    assert (read.script, read.resident_peak_bytes) == ("a.py", None)


@pytest.mark.parametrize("text", ["", "script\n", "script 1 +\nnonsense\n\0", "cwd __import__('os')\nscript 'a.py'\n"])
def test_a_damaged_description_is_no_error(tmp_path: Path, text: str) -> None:
    (tmp_path / "recording.txt").write_text(text)
    assert read_description(str(tmp_path)).cwd == ""


def test_no_description_is_no_error(tmp_path: Path) -> None:
    assert read_description(str(tmp_path)).script is None


def test_thread_pools() -> None:
    environment = {"OMP_NUM_THREADS": "4", "MKL_NUM_THREADS": "1", "PATH": "/bin"}
    overridden = limit_thread_pools(environment)
    assert overridden == {"OMP_NUM_THREADS": "4"}
    assert environment == dict(dict.fromkeys(POOL_VARIABLES, "1"), PATH="/bin")
    assert "OMP_NUM_THREADS=4" in overridden_sentence(overridden)


def test_our_library_comes_before_the_users() -> None:
    environment: Dict[str, str] = {}
    preload = Preload(_some_library())
    preload.put_first(environment)
    assert environment == {"LD_PRELOAD": preload.entry, "FIL_CHILDREN": ""}
    environment = {"LD_PRELOAD": "a.so b.so", "FIL_CHILDREN": "/folder"}
    preload.put_first(environment)
    assert environment == {"LD_PRELOAD": preload.entry + ":a.so b.so", "FIL_CHILDREN": "/folder"}
    preload.close()


@pytest.mark.parametrize("name", ["with blank", "with:colon"])
def test_a_library_whose_path_the_list_cannot_hold(tmp_path: Path, name: str) -> None:
    library = tmp_path / name / "libfil.so"
    library.parent.mkdir()
    library.write_bytes(b"\x7fELF and more")
    preload = Preload(str(library))
    assert " " not in preload.entry and ":" not in preload.entry
    assert Path(preload.entry).read_bytes() == library.read_bytes()
    preload.close()


def test_what_is_no_library_is_refused(tmp_path: Path) -> None:
    (tmp_path / "libfil.so").write_text("text")
    with pytest.raises(OSError):
        Preload(str(tmp_path / "libfil.so"))
    with pytest.raises(OSError):
        Preload(str(tmp_path / "missing.so"))


def _some_library() -> str:
    """A library that is there in any case: this Python's own C library, or ours."""
    return next(line.split()[-1] for line in open("/proc/self/maps") if "/libc" in line)


def test_targets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.py").write_text("")
    (tmp_path / "empty").mkdir()
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "__main__.py").write_text("")
    for name in ("a.py", "package", str(tmp_path / "a.py"), "-"):
        check_target(Target(SCRIPT, name, ()))
    for name in ("missing.py", "empty", "a.py/x", ""):
        with pytest.raises(UsageError):
            check_target(Target(SCRIPT, name, ()))
    for mode in (MODULE, COMMAND):
        check_target(Target(mode, "no.such.thing", ()))


@pytest.mark.skipif(os.geteuid() == 0, reason="root can read everything")
def test_a_script_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("")
    (tmp_path / "a.py").chmod(0)
    with pytest.raises(UsageError):
        check_target(Target(SCRIPT, str(tmp_path / "a.py"), ()))


def test_descriptions_of_targets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    program = describe(Target(SCRIPT, "./a.py", ["x"]))
    assert (program.script, program.script_absolute) == ("./a.py", "%s/./a.py" % tmp_path)
    assert (program.command, program.module, program.cwd) == (None, None, str(tmp_path))
    assert program.own_files == OWN_FILES and BOOTSTRAP_PATH in OWN_FILES
    assert describe(Target(MODULE, "p.m", ())).module == "p.m"
    program = describe(Target(COMMAND, "pass", ()))
    assert (program.command, program.script) == ("pass", None)


def test_a_working_directory_that_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "gone").mkdir()
    os.chdir(str(tmp_path / "gone"))
    os.rmdir(str(tmp_path / "gone"))
    program = describe(Target(SCRIPT, "/there/a.py", ()))
    assert (program.cwd, program.script_absolute) == ("", "/there/a.py")
    assert output_folder(program, "/results") == "/results"
    with pytest.raises(UsageError, match="name a folder for the results with -o"):
        output_folder(program, "fil-result")


@pytest.mark.parametrize(
    ("environment", "possible"),
    [
        ({}, False),
        ({"DISPLAY": ""}, False),
        ({"DISPLAY": ":0"}, True),
        ({"WAYLAND_DISPLAY": "w"}, True),
        ({"BROWSER": "b"}, True),
    ],
)
@pytest.mark.skipif(os.uname().sysname != "Linux", reason="elsewhere there is always a display")
def test_when_a_browser_is_tried(environment: Dict[str, str], possible: bool) -> None:
    assert browser.browser_possible(environment) == possible


def test_a_browser_gets_the_page_and_not_our_stdout(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    script = tmp_path / "browser"
    script.write_text("#!/bin/sh\necho opened $1\n")
    script.chmod(0o755)
    code = "from filprofiler.cli.browser import open_in_browser; open_in_browser('/tmp/a b.html'); print('ours')"
    environment = dict(os.environ, BROWSER="%s %%s" % script, PYTHONPATH=os.path.dirname(PACKAGE_FOLDER))
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True)
    assert done.stdout == b"ours\n"
    assert done.stderr == b"opened file:///tmp/a%20b.html\n"


def test_outcomes_in_words() -> None:
    assert Outcome(0, None, 1.0, None).text == "exited with status 0"
    assert Outcome(None, 9, 1.0, None).text == "killed by SIGKILL"
    assert Outcome(None, 40, 1.0, None).text == "killed by signal 40"


def test_messages_come_out_whatever_is_in_them() -> None:
    assert encoded("a\udc80") == b"a\x80"
    assert encoded("\ud800") == b"\\ud800"


def test_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "isatty", lambda descriptor: True)
    monkeypatch.setenv("TERM", "xterm")
    assert color_wanted()
    monkeypatch.setenv("NO_COLOR", "1")
    assert not color_wanted()
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("TERM", "dumb")
    assert not color_wanted()
