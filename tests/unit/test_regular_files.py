"""Files that may be anybody's are opened only if they are regular: nothing that stands in their place makes us wait."""

import os
import socket
import stat
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Callable, Dict

import pytest
from recording_builder import RecordingBuilder

from filprofiler import _abi
from filprofiler.profile.program import Program
from filprofiler.profile.source import SourceReader
from filprofiler.regular_files import open_regular, open_to_read, read_regular
from filprofiler.result_folder import DESCRIPTION_NAME

SECONDS = 60  # an end for what would wait for ever


def listen(path: str) -> None:
    """Leave a socket at a path. It is bound by a short name: the system allows a hundred characters."""
    before = os.getcwd()
    os.chdir(os.path.dirname(path))
    try:
        socket.socket(socket.AF_UNIX).bind(os.path.basename(path))
    finally:
        os.chdir(before)


KINDS: Dict[str, Callable[[str], None]] = {
    "a pipe": os.mkfifo,
    "a socket": listen,
    "a device": lambda path: os.symlink("/dev/zero", path),
}

kinds = pytest.mark.parametrize("kind", list(KINDS))


@kinds
def test_what_is_no_file_is_refused_and_named(kind: str, tmp_path: Path) -> None:
    path = str(tmp_path / "it")
    KINDS[kind](path)
    for opens in (open_regular, open_to_read, read_regular):
        with pytest.raises(OSError) as raised:
            opens(path)  # type: ignore[operator]
        assert raised.value.strerror == "it is %s, not a regular file" % kind


@kinds
def test_nothing_is_written_into_what_is_no_file(kind: str, tmp_path: Path) -> None:
    path = str(tmp_path / "it")
    KINDS[kind](path)
    before = os.lstat(path)
    with pytest.raises(OSError, match="it is %s" % kind):
        open_regular(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    assert os.path.samestat(os.lstat(path), before)


def test_a_file_is_opened_as_it_was_asked_for(tmp_path: Path) -> None:
    """Its bytes are read, by its name in an opened folder too; a new one has the mode that was given."""
    (tmp_path / "file").write_bytes(b"content")
    assert read_regular(str(tmp_path / "file")) == b"content"
    folder = os.open(str(tmp_path), os.O_RDONLY)
    assert read_regular("file", folder) == b"content"
    made = open_regular("new", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640, folder)
    assert not os.get_inheritable(made)
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o640
    os.symlink("file", str(tmp_path / "link"))
    with pytest.raises(OSError):
        open_regular("link", os.O_RDONLY | os.O_NOFOLLOW, folder=folder)
    with pytest.raises(FileExistsError):
        open_regular("new", os.O_WRONLY | os.O_CREAT | os.O_EXCL, folder=folder)
    with pytest.raises(IsADirectoryError):
        read_regular(".", folder)
    with pytest.raises(FileNotFoundError):
        read_regular("absent", folder)
    os.close(made)
    os.close(folder)


@pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="this system has no files without a size")
def test_a_file_without_a_size_is_read(tmp_path: Path) -> None:
    assert read_regular("/proc/self/status").startswith(b"Name:")


def leave_recording(folder: Path, source: str) -> None:
    """A recording and its description, by which a source file is named."""
    builder = RecordingBuilder()
    kind = _abi.FIL_CODE_LIBRARY if source.endswith(".so") else _abi.FIL_CODE_FUNCTION
    main = builder.node(_abi.FIL_NODE_ROOT, builder.code(source.replace(".so", ".py"), "<module>"), 0)
    builder.node(main, builder.code(source, "<module>", kind=kind), 0, 1 << 20)
    (folder / "recording.fil").write_bytes(builder.build())
    (folder / DESCRIPTION_NAME).write_text("script %s\n" % ascii(source))


@kinds
@pytest.mark.parametrize(
    "name", ["recording.fil", "recording.txt", "peak-memory.json", "peak-memory.prof", "source.py", "library.so"]
)
@pytest.mark.parametrize("command", ["report", "diff"])
def test_no_command_waits_for_what_is_no_file(command: str, name: str, kind: str, tmp_path: Path) -> None:
    """Before: `report` and `diff` waited for ever on a pipe, and read /dev/zero until memory was full."""
    folder = tmp_path / "result"
    folder.mkdir()
    source = str(folder / name) if name == "source.py" else str(tmp_path / "site-packages" / name)
    leave_recording(folder, source)
    (tmp_path / "site-packages").mkdir()
    path = source if name == "library.so" else str(folder / name)
    if os.path.exists(path):
        os.unlink(path)
    KINDS[kind](path)
    given = str(folder) if name in ("source.py", "library.so", DESCRIPTION_NAME) else path
    words = [command, "--no-browser"] + [given] * (1 if command == "report" else 2)
    done = subprocess.run([sys.executable, "-m", "filprofiler"] + words, capture_output=True, timeout=SECONDS)
    told = done.stderr.decode()
    assert "Traceback" not in told
    if given == path and not (command == "report" and name.endswith(".prof")):  # of those none is read
        assert done.returncode == 5
        assert "cannot be read: it is %s, not a regular file.\n" % kind in told
    elif given != path:
        assert done.returncode == 0, told


def test_a_zip_that_is_no_file_holds_no_source(tmp_path: Path) -> None:
    os.mkfifo(str(tmp_path / "pipe"))
    reader = SourceReader(Program(cwd=str(tmp_path)))
    assert reader.lines("pipe/a.py") == []
    with zipfile.ZipFile(str(tmp_path / "it.zip"), "w") as archive:
        archive.writestr("a.py", "pass")
    assert reader.lines("it.zip/a.py") == ["pass"]


def test_a_large_hole_is_not_read(tmp_path: Path) -> None:
    """Some hundred bytes on disk took 23 GB of memory."""
    path = tmp_path / "sparse"
    path.write_bytes(b"begins")
    os.truncate(str(path), 20 << 30)
    with pytest.raises(OSError, match="hole"):
        read_regular(str(path))
    os.truncate(str(path), 1 << 20)
    assert read_regular(str(path)) == b"begins".ljust(1 << 20, b"\0")
