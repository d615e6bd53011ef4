"""Text is shown only of files that are what ran."""

import os
import time
import zipfile

import pytest
from recording_builder import RecordingBuilder

from filprofiler import _abi
from filprofiler.profile.build import build_profile
from filprofiler.profile.program import Program
from filprofiler.profile.source import SourceReader
from filprofiler.profile.top import TopLines
from filprofiler.recording.reader import Recording
from filprofiler.report.content import Drawn
from filprofiler.report.html import html_page
from filprofiler.report.summary import summary_lines

TEXT = "import x\n@x.decorated\ndef keep():\n    return bytearray(5)\n\nkept = keep()\n"
HOUR_NS = 3600 * 10**9


def profile_of(path, started_ns=None):
    """The profile of a file with that text, whose run began an hour from now: before it, all was written."""
    builder = RecordingBuilder()
    builder.header["started_unix_ns"] = int(time.time() * 1e9) + HOUR_NS if started_ns is None else started_ns
    line = builder.node(_abi.FIL_NODE_ROOT, builder.code(str(path), "<module>", first_line=1), 5)
    builder.node(line, builder.code(str(path), "keep", first_line=2), 2, current=5 << 20)
    return build_profile(Recording(builder.build()), Program(script=str(path)))


def shown(profile, path):
    """The lines that are shown of a file; and those that changed."""
    sources = SourceReader(profile.program, profile)
    return [sources.line(str(path), number) for number in (4, 6)], list(sources.changed)


RIGHT = ["return bytearray(5)", "kept = keep()"]


def test_the_text_that_ran(tmp_path):
    (tmp_path / "job.py").write_text(TEXT)
    assert shown(profile_of(tmp_path / "job.py"), tmp_path / "job.py") == (RIGHT, [])


@pytest.mark.parametrize("library", [False, True])
@pytest.mark.parametrize("old_time", [False, True])
def test_a_file_that_is_newer_than_the_run(tmp_path, library, old_time):
    """One of the user's own with an older time in its place is seen too; a package manager's link is no change."""
    folder = tmp_path / ("site-packages" if library else "own")
    folder.mkdir()
    path = folder / "job.py"
    path.write_text(TEXT)
    if old_time:
        os.utime(str(path), (10**9, 10**9))
    started = int(time.time() * 1e9) - HOUR_NS
    profile = profile_of(path, started)
    profile.program.script = None
    profile.main_paths = frozenset()
    expected = (RIGHT, []) if library and old_time else (["", ""], [str(path)])
    assert shown(profile, path) == expected


@pytest.mark.parametrize(
    "text",
    [
        "import y\n" + TEXT,
        TEXT.replace("keep():", "other():"),
        TEXT.replace("kept = keep()\n", "\n"),
        "\n".join(TEXT.split("\n")[:4]),
        "",
    ],
)
def test_a_file_that_does_not_fit_whatever_its_time(tmp_path, text):
    path = tmp_path / "job.py"
    path.write_text(text)
    future = time.time() + 7200  # a clock that is ahead
    os.utime(str(path), (future, future))
    assert shown(profile_of(path), path) == (["", ""], [str(path)])


def test_a_time_in_the_future_tells_nothing(tmp_path):
    path = tmp_path / "job.py"
    path.write_text(TEXT)
    future = time.time() + 7200
    os.utime(str(path), (future, future))
    begun = path.stat().st_ctime_ns
    assert shown(profile_of(path, begun), path) == (RIGHT, [])
    while path.stat().st_ctime_ns == begun:  # the kernel's clock for files goes in steps
        os.utime(str(path), (future, future))
    assert shown(profile_of(path, begun), path)[1] == [str(path)], "when the file was changed is no time in the future"


def test_a_file_that_is_gone_and_one_in_a_zip(tmp_path):
    assert shown(profile_of(tmp_path / "gone.py"), tmp_path / "gone.py") == (["", ""], [])
    archive = tmp_path / "app.zip"
    with zipfile.ZipFile(str(archive), "w") as file:
        file.writestr("job.py", TEXT)
    path = archive / "job.py"
    assert shown(profile_of(path), path) == (RIGHT, [])
    assert shown(profile_of(path, int(time.time() * 1e9) - HOUR_NS), path) == (["", ""], [str(path)])


def test_page_and_summary_say_so(tmp_path):
    path = tmp_path / "job.py"
    path.write_text("import y\n" + TEXT.replace("return bytearray(5)", "innocent = True"))
    profile = profile_of(path)
    sources = SourceReader(profile.program, profile)
    page = html_page(profile, TopLines(profile), Drawn(sources))
    assert "innocent" not in page
    assert "Changed since the run began, so not shown: %s." % path in page
    assert "(the file has changed since the run began: its text is not the code that ran)" in page
    lines = summary_lines(profile, TopLines(profile), "/x/index.html", False, sources)
    assert "Changed since the run began, so not shown: job.py" in lines
    assert not any("innocent" in line for line in lines)
