"""The same source gives the same wheel, to the byte, wherever and however it lies; no path of the machine is in it."""

import sys
import zipfile
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "build_tools"))

from wheel_bytes import rewrite  # noqa: E402

pytestmark = pytest.mark.slow

LIBRARY = "filprofiler/_lib/libfil.so"


def test_the_same_source_gives_the_same_bytes(wheel: Path, wheel_again: Path, tmp_path: Path) -> None:
    assert wheel_again.name == wheel.name
    assert wheel_again.read_bytes() == wheel.read_bytes()
    with zipfile.ZipFile(str(wheel_again)) as archive:
        assert str(tmp_path).encode() not in archive.read(LIBRARY)
        entries = archive.infolist()
    assert {entry.external_attr >> 16 for entry in entries if entry.filename != LIBRARY} == {0o100644}
    assert entries[-1].filename.endswith(".dist-info/RECORD")


def test_its_entries_have_the_time_that_is_asked_for(
    wheel: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = tmp_path / wheel.name
    copy.write_bytes(wheel.read_bytes())
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    rewrite(str(copy))
    with zipfile.ZipFile(str(copy)) as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(2023, 11, 14, 22, 13, 20)}
        assert archive.testzip() is None
