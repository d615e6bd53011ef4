"""Files are made in the folder that was opened, under names that nobody can guess, and never through a link."""

import os
from pathlib import Path
from typing import Iterator, List

import pytest

from filprofiler.opened_folder import OpenedFolder

NAME = "index.html"


def names(folder: Path) -> List[str]:
    return sorted(os.listdir(str(folder)))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "folder"
    made.mkdir()
    return made


@pytest.fixture
def victim(tmp_path: Path) -> Iterator[Path]:
    """A file that stays as it is, whatever leads to it."""
    path = tmp_path / "victim"
    path.write_bytes(b"somebody's")
    yield path
    assert path.read_bytes() == b"somebody's"


@pytest.mark.parametrize("link", [os.symlink, os.link])
def test_a_link_is_replaced_and_not_followed(folder: Path, victim: Path, link: "os.symlink") -> None:  # type: ignore[valid-type]
    link(str(victim), str(folder / NAME))  # type: ignore[operator]
    with OpenedFolder(str(folder)) as opened:
        opened.write(NAME, [b"one", b"two"])
        with pytest.raises(FileExistsError):
            opened.create(NAME, 0o600)
    assert (folder / NAME).read_bytes() == b"onetwo" and names(folder) == [NAME]


def test_nothing_is_created_through_a_link(folder: Path, tmp_path: Path) -> None:
    (folder / NAME).symlink_to(tmp_path / "elsewhere")
    with OpenedFolder(str(folder)) as opened, pytest.raises(FileExistsError):
        opened.create(NAME, 0o600)
    assert not (tmp_path / "elsewhere").exists()


def test_the_name_while_it_is_written_is_another_each_time(folder: Path) -> None:
    """So nothing can be put there before, and two who write the same file do not meet."""
    seen = set()

    def parts(opened: OpenedFolder, depth: int) -> Iterator[bytes]:
        seen.update(name for name in names(folder) if name.endswith(".part"))
        if depth:
            opened.write(NAME, parts(opened, depth - 1))
        yield b"%d" % depth

    with OpenedFolder(str(folder)) as opened:
        opened.write(NAME, parts(opened, 3))
    assert len(seen) == 4 and all(name.startswith(NAME + ".") and len(name) >= len(NAME) + 20 for name in seen)
    assert names(folder) == [NAME] and (folder / NAME).read_bytes() == b"3"


def test_what_is_not_written_to_its_end_leaves_nothing(folder: Path) -> None:
    (folder / NAME).write_bytes(b"before")

    def parts() -> Iterator[bytes]:
        yield b"half"
        raise KeyboardInterrupt

    with OpenedFolder(str(folder)) as opened, pytest.raises(KeyboardInterrupt):
        opened.write(NAME, parts())
    assert names(folder) == [NAME] and (folder / NAME).read_bytes() == b"before"


def test_what_is_no_file_stays(folder: Path) -> None:
    os.mkfifo(str(folder / NAME))
    (folder / "sub").mkdir()
    with OpenedFolder(str(folder)) as opened:
        with pytest.raises(OSError, match="it is a pipe, not a regular file"):
            opened.write(NAME, [b""])
        with pytest.raises(IsADirectoryError):
            opened.write("sub", [b""])
        opened.remove("sub")
        opened.remove("absent")
    assert names(folder) == [NAME, "sub"] and (folder / NAME).is_fifo()


def test_another_folder_in_its_place_is_left_alone(folder: Path, tmp_path: Path) -> None:
    other, moved = tmp_path / "other", tmp_path / "moved"
    other.mkdir()
    (other / "kept").write_bytes(b"")
    with OpenedFolder(str(folder)) as opened:
        folder.rename(moved)
        folder.symlink_to(other)
        opened.write(NAME, [b""])
        os.close(opened.create("kept", 0o600))
        opened.remove("kept")
        opened.make_folder("sub")
    assert names(moved) == [NAME, "sub"] and names(other) == ["kept"]


def test_a_folder_that_cannot_be_opened(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        OpenedFolder(str(tmp_path / "absent"))
    os.mkfifo(str(tmp_path / "pipe"))
    with pytest.raises(NotADirectoryError):
        OpenedFolder(str(tmp_path / "pipe"))
