"""What is removed with a result: the files that were made for it, in the folder that was made for it; nothing else."""

import os
from pathlib import Path
from typing import Callable, List

import pytest

from filprofiler.profile.program import Program, write_description
from filprofiler.report.formats import all_file_names
from filprofiler.result_folder import DESCRIPTION_NAME, GivenFolder, OutputError, ResultFolder


def names(folder: Path) -> List[str]:
    return sorted(os.listdir(str(folder)))


def filled(folder: ResultFolder) -> Path:
    """The path of a folder in which the recording and its description were made."""
    folder.create_recording()
    os.close(folder.create(DESCRIPTION_NAME))
    assert {"recording.fil", "recording.txt"} <= set(os.listdir(folder.path))
    return Path(folder.path)


ENDS: List[Callable[[ResultFolder], None]] = [
    lambda folder: folder.discard(),
    lambda folder: folder.discard(all_file_names()),
    lambda folder: folder.remove_made(),
]


@pytest.mark.parametrize("end", ENDS, ids=["discarded", "with the report", "only what was made"])
@pytest.mark.parametrize("given", [False, True])
def test_a_file_that_we_did_not_make_stays(tmp_path: Path, given: bool, end: Callable[[ResultFolder], None]) -> None:
    """Before: every file in the folder was removed, a program's own results too."""
    folder = GivenFolder(str(tmp_path / "out")) if given else ResultFolder(str(tmp_path / "out"))
    path = filled(folder)
    (path / "results.csv").write_text("1,2\n")
    end(folder)
    assert names(path) == ["results.csv"]


@pytest.mark.parametrize("end", ENDS, ids=["discarded", "with the report", "only what was made"])
@pytest.mark.parametrize("given", [False, True])
def test_a_folder_in_its_place_is_not_touched(tmp_path: Path, given: bool, end: Callable[[ResultFolder], None]) -> None:
    """Not even files of our own names: before, all that was in the folder behind the link was removed."""
    other = tmp_path / "other"
    other.mkdir()
    theirs = sorted(["recording.fil", "recording.txt", "notes", "index.html"])
    for name in theirs:
        (other / name).write_text("theirs")
    folder = GivenFolder(str(tmp_path / "out")) if given else ResultFolder(str(tmp_path / "out"))
    path = filled(folder)
    path.rename(tmp_path / "moved")
    path.symlink_to(other)
    end(folder)
    assert names(other) == theirs and path.is_symlink()
    assert names(tmp_path / "moved") == ["recording.fil", "recording.txt"]
    with pytest.raises(OSError, match="another folder is in its place"):
        folder.opened()


DESCRIPTION = b"script 'a.py'\nscript_absolute '/x/a.py'\n"


@pytest.mark.parametrize("name", ["recording.fil", "recording.txt"])
def test_what_was_planted_is_not_written_through(tmp_path: Path, name: str) -> None:
    victim = tmp_path / "victim"
    victim.write_text("somebody's")
    folder = ResultFolder(str(tmp_path / "out"))
    (Path(folder.path) / name).symlink_to(victim)
    with pytest.raises((OutputError, FileExistsError), match="File exists"):
        filled(folder)
    folder.discard()
    assert victim.read_text() == "somebody's"
    assert (Path(folder.path) / name).is_symlink()


def test_a_named_folder_keeps_what_is_in_it_but_for_an_old_recording(tmp_path: Path) -> None:
    for name, begins in (("recording.fil", b"FILREC\r\n"), ("recording.txt", DESCRIPTION), ("notes", b"")):
        (tmp_path / name).write_bytes(begins + b"old")
    folder = GivenFolder(str(tmp_path))
    filled(folder)
    assert names(tmp_path) == ["notes", "recording.fil", "recording.txt"]
    folder.discard()
    assert names(tmp_path) == ["notes"]


@pytest.mark.parametrize("content", [b"", b"notes", bytes(8), b"script of a play\n", b"script 'a.py'"])
@pytest.mark.parametrize("name", ["recording.fil", "recording.txt"])
def test_a_named_folder_with_a_file_that_only_has_a_name_of_ours(tmp_path: Path, name: str, content: bytes) -> None:
    """Before, an empty one, eight zeros and what begins with "script " were removed."""
    (tmp_path / name).write_bytes(content)
    with pytest.raises(OutputError, match="%s is not ours" % name):
        GivenFolder(str(tmp_path))
    assert (tmp_path / name).read_bytes() == content


def test_a_named_folder_in_which_a_start_was_killed(tmp_path: Path) -> None:
    """The recording is there as it is before tracking begins, and so is what write_description writes."""
    first = GivenFolder(str(tmp_path))
    first.create_recording()
    descriptor = first.create("recording.txt")
    write_description(Program(script="a.py"), descriptor)
    os.close(descriptor)
    GivenFolder(str(tmp_path))
    assert names(tmp_path) == []


@pytest.mark.parametrize("name", ["recording.fil", "recording.txt"])
def test_a_named_folder_with_a_link_that_has_a_name_of_ours(tmp_path: Path, name: str) -> None:
    (tmp_path / name).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OutputError, match="%s is not ours" % name):
        GivenFolder(str(tmp_path))
    assert (tmp_path / name).is_symlink()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_another_users_folder_in_place_of_the_new_one_is_refused(tmp_path: Path) -> None:
    """It was put there just when ours had been made, before anything could be known of ours."""
    folder = ResultFolder(str(tmp_path / "out"))
    os.chown(folder.path, 65534, -1)
    with pytest.raises(OutputError, match="another user's"):
        folder.create_recording()
    chosen = tmp_path / "chosen"
    chosen.mkdir()
    os.chown(str(chosen), 65534, -1)
    filled(GivenFolder(str(chosen)))  # a folder that was named may be anybody's


def test_a_file_in_place_of_the_folder_is_named_as_that(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("somebody's")
    with pytest.raises(OutputError, match="Not a directory"):
        ResultFolder(str(tmp_path / "file"))
