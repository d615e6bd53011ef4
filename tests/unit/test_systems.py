"""What the launcher chooses by the operating system, as far as that can be looked at on this one."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Dict

import pytest
from interpreters import Interpreter, find_interpreters

from filprofiler.cli.report import _is_alive
from filprofiler.result_folder import ResultFolder
from filprofiler.supervisor.child_environment import Preload
from filprofiler.supervisor.interpreter import LAUNCHER_VARIABLE, executable_to_start, proper_executable
from filprofiler.systems import LINUX, MACOS, system_of

ROOT = Path(__file__).resolve().parents[2]
MACHO_64 = b"\xcf\xfa\xed\xfe"


def test_each_system_is_known_by_pythons_name_for_it() -> None:
    assert system_of("darwin") is MACOS
    assert system_of("linux") is LINUX


def macos_library(folder: Path, begins: bytes = MACHO_64) -> Path:
    folder.mkdir(exist_ok=True)
    library = folder / MACOS.library
    library.write_bytes(begins + b" and more")
    return library


def test_macos_loads_our_library_before_the_users(tmp_path: Path) -> None:
    library = macos_library(tmp_path / "with blank")  # which does not end an entry there
    preload = Preload(str(library), MACOS)
    environment: Dict[str, str] = {}
    preload.put_first(environment)
    assert environment == {"DYLD_INSERT_LIBRARIES": str(library), "FIL_CHILDREN": ""}
    others = {"LD_PRELOAD": "not ours", "FIL_CHILDREN": "/folder"}
    environment = {"DYLD_INSERT_LIBRARIES": "a.dylib:b.dylib", **others}
    preload.put_first(environment)
    assert environment == {"DYLD_INSERT_LIBRARIES": "%s:a.dylib:b.dylib" % library, **others}
    preload.outlive_exec()
    preload.close()


def test_macos_cannot_name_a_library_in_a_folder_with_a_colon(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="a path with a colon cannot be listed in DYLD_INSERT_LIBRARIES"):
        Preload(str(macos_library(tmp_path / "with:colon")), MACOS)


@pytest.mark.parametrize("begins", [b"\x7fELF", b"text"])
def test_another_systems_library_is_refused(tmp_path: Path, begins: bytes) -> None:
    with pytest.raises(OSError, match="it is not a library"):
        Preload(str(macos_library(tmp_path, begins)), MACOS)


def test_a_frameworks_interpreter_is_started_itself(tmp_path: Path) -> None:
    proper = tmp_path / "Resources" / "Python.app" / "Contents" / "MacOS" / "Python"
    proper.parent.mkdir(parents=True)
    proper.write_text("the interpreter")
    environment = {"PATH": "/bin"}
    assert proper_executable("/some/venv/bin/python3", str(tmp_path), environment) == str(proper)
    assert environment == {"PATH": "/bin", LAUNCHER_VARIABLE: "/some/venv/bin/python3"}


def test_any_other_interpreter_is_what_it_is(tmp_path: Path) -> None:
    environment: Dict[str, str] = {}
    assert proper_executable("/usr/local/bin/python3", str(tmp_path), environment) == "/usr/local/bin/python3"
    assert executable_to_start(environment) == sys.executable
    assert environment == {}


ARGUMENTS = """
from filprofiler.foreign import original_arguments
words = open("/proc/self/cmdline", "rb").read().split(b"\\0")[:-1]
assert [word.encode("utf-8", "surrogateescape") for word in original_arguments()] == words, words
print(len(words))
"""


@pytest.mark.parametrize("which", find_interpreters(), ids=lambda which: which.name)
def test_an_interpreter_knows_how_it_was_called(which: Interpreter, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(ARGUMENTS)
    command = [which.path, "-X", "faulthandler", "-uB", str(script), "", "-W", "\u00e9"]
    environment = dict(os.environ, LC_ALL="C.UTF-8", PYTHONPATH=str(ROOT))
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, env=environment)
    assert done.stdout == b"8\n"


def test_the_first_room_is_written_where_it_cannot_be_set_aside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = ResultFolder(str(tmp_path))
    usual.create_recording()
    monkeypatch.delattr(os, "posix_fallocate")
    folder = ResultFolder(str(tmp_path))
    folder.create_recording()
    contents = [Path(each.recording_path).read_bytes() for each in (usual, folder)]
    assert contents[0] == contents[1] == bytes(len(contents[0]))
    assert os.stat(folder.recording_path).st_blocks * 512 >= len(contents[1]) > 0


def test_whether_a_process_is_alive_without_proc() -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    assert _is_alive(os.getpid()) and _is_alive(1)
    assert not _is_alive(ended.pid)
