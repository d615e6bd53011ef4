"""Programs whose source is edited while they run, or before their report is made."""

import json
import os
from pathlib import Path

import pytest
import support

JOB = """import os, sys, time
def keep():
    return bytearray(7 << 20)
KEPT = keep()
def edit():
    with open(__file__ + ".new", "w") as file:
        file.write("innocent = 1\\n" * 3 + open(__file__).read())
    os.utime(__file__ + ".new", (10**9, 10**9)) if "old" in sys.argv else None
    os.replace(__file__ + ".new", __file__)
if "edit" in sys.argv:
    edit()
"""
SENTENCE = "Changed since the run began, so not shown: "


@pytest.mark.parametrize("arguments", [["edit"], ["edit", "old"]])
def test_a_script_that_is_edited_while_it_runs(
    profiler: support.Profiler, tmp_path: Path, arguments: "list[str]"
) -> None:
    """At 67b2bf6 `innocent = 1` stood beside the 7 MiB, in the summary, the page and the pictures."""
    script = tmp_path / "job.py"
    script.write_text(JOB)
    done = profiler.run_well([script, *arguments])
    assert done.folder is not None
    assert SENTENCE + "job.py" in done.own_lines(), done.account()
    assert support.close_to(done.at_line(script, 3), 7 << 20)
    for name in support.REPORT_FILES:
        assert "innocent" not in (done.folder / name).read_text(), name
    assert SENTENCE + str(script) in (done.folder / "index.html").read_text()


def test_a_report_that_is_made_later(one_profiler: support.Profiler, tmp_path: Path) -> None:
    script = tmp_path / "job.py"
    script.write_text(JOB)
    done = one_profiler.run([script], options=["--format", "json", "--keep-recording"])
    assert done.status == 0 and done.folder is not None, done.account()
    assert "return bytearray(7 << 20)" in done.stderr and SENTENCE not in done.stderr
    script.write_text("innocent = 1\n" * 3 + JOB)
    os.utime(str(script), (10**9, 10**9))
    saved = tmp_path / "saved.json"
    saved.write_text((done.folder / "peak-memory.json").read_text())
    for source, changed in ((done.folder / "recording.fil", True), (saved, False)):
        output = tmp_path / ("from " + source.name)
        call = ["-m", "filprofiler", "--no-browser", "-o", output, "--format", "json,html", "report", source]
        made = one_profiler.call(call)
        text = support.text_of(made.stderr)
        assert (SENTENCE + "job.py" in text) == changed, text
        assert "innocent" not in text and "innocent" not in (output / "index.html").read_text()
        assert ("return bytearray(7" in (output / "index.html").read_text()) != changed
        data = json.loads((output / "peak-memory.json").read_text())
        assert data["changed_files"] == ([str(script)] if changed else [])


RELEASES = """import os, sys
sys.path.insert(0, os.path.abspath("current"))
import now
os.symlink(os.path.abspath("two"), "next")
os.replace("next", "current")
"""


def test_a_link_that_is_made_to_lead_elsewhere(one_profiler: support.Profiler, tmp_path: Path) -> None:
    """As releases are put in place: both files are older than the run. Before, the other one's line was shown."""
    for release, text in (("one", "KEPT = bytearray(7 << 20)\n"), ("two", "innocent = 1\n")):
        (tmp_path / release).mkdir()
        (tmp_path / release / "now.py").write_text(text)
        os.utime(str(tmp_path / release / "now.py"), (10**9, 10**9))
    (tmp_path / "current").symlink_to("one")
    script = tmp_path / "job.py"
    script.write_text(RELEASES)
    done = one_profiler.run([script], cwd=tmp_path)
    assert done.status == 0 and done.folder is not None, done.account()
    assert any(SENTENCE in line and "now.py" in line for line in done.own_lines()), done.account()
    assert "innocent" not in done.stderr + (done.folder / "index.html").read_text()


def test_an_edit_that_is_dated_in_the_future(one_profiler: support.Profiler, tmp_path: Path) -> None:
    """What it says of its content is no sign then, when it was put there is. Before, the other line was shown."""
    script = tmp_path / "job.py"
    edited = JOB.replace(
        '"innocent = 1\\n" * 3 + open(__file__).read()', 'open(__file__).read().replace("bytearray", "innocent ")'
    )
    script.write_text(edited.replace("10**9, 10**9", "10**10, 10**10"))
    done = one_profiler.run([script, "edit", "old"])
    assert done.status == 0 and SENTENCE + "job.py" in done.own_lines(), done.account()
    assert "innocent (7" not in done.stderr
