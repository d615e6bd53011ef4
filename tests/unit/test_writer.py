"""Writing the four files."""

import os
import re
import resource
import sys

import pytest
from recording_builder import profile_of

from filprofiler.errors import ReportError
from filprofiler.profile.model import OUT_OF_MEMORY, PEAK
from filprofiler.profile.top import TopLines
from filprofiler.report import formats, writer

FILES = ["peak-memory.prof", "peak-memory.svg", "peak-memory-reversed.svg", "index.html"]


def small_profile():
    return profile_of([([("/a.py", 1, "f"), ("/\udc80\u4e2d.py", 2, "g")], 12345678)])


def write_small_report(folder):
    """The paths of the files of a report on a profile of one callstack."""
    profile = small_profile()
    return writer.write_report(profile, TopLines(profile), folder)


def test_four_files_in_order(tmp_path):
    paths = write_small_report(str(tmp_path))
    assert paths == [str(tmp_path / name) for name in FILES]
    assert sorted(os.listdir(str(tmp_path))) == sorted(FILES)
    assert (tmp_path / "peak-memory.prof").read_text(encoding="utf-8").endswith(" 12345678\n")
    picture = (tmp_path / "peak-memory.svg").read_text(encoding="utf-8")
    assert picture.startswith('<?xml version="1.0" encoding="UTF-8"?>\n<svg ')
    assert "<title>Peak Tracked Memory Usage (11.8 MiB)</title>" in picture
    turned = (tmp_path / "peak-memory-reversed.svg").read_text(encoding="utf-8")
    assert "<title>Peak Tracked Memory Usage (11.8 MiB), Reversed</title>" in turned
    page = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert page.startswith("<!DOCTYPE html>")
    assert page.count("<svg ") == 1


@pytest.mark.parametrize("forms", [formats.USUAL, (formats.HTML,), (formats.JSON, formats.HTML), formats.ALL])
@pytest.mark.parametrize("moment", [PEAK, OUT_OF_MEMORY])
def test_the_page_links_to_the_files_beside_it(tmp_path, forms, moment):
    profile = small_profile()
    profile.moment = moment
    writer.write_report(profile, TopLines(profile), str(tmp_path), forms)
    page = (tmp_path / "index.html").read_text(encoding="utf-8")
    links = re.findall('<a href="([^"#]+)"', page)
    assert sorted(links) == sorted(name for name in os.listdir(str(tmp_path)) if name != "index.html")


@pytest.mark.parametrize("obstacle", range(4))
def test_a_file_that_cannot_be_written_leaves_the_earlier(tmp_path, obstacle):
    (tmp_path / FILES[obstacle]).mkdir()
    with pytest.raises(ReportError, match=r"cannot be written .*: Is a directory") as raised:
        write_small_report(str(tmp_path))
    assert raised.value.written == tuple(str(tmp_path / name) for name in FILES[:obstacle])
    assert sorted(os.listdir(str(tmp_path))) == sorted(FILES[: obstacle + 1])


def test_full_disk(tmp_path):
    """As a limit on the size of files has it: the first file fits, of the second nothing is left."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        with pytest.raises(ReportError, match="File too large") as raised:
            write_small_report(str(tmp_path))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert raised.value.written == (str(tmp_path / FILES[0]),)
    assert os.listdir(str(tmp_path)) == FILES[:1]


def test_folder_that_is_not_there(tmp_path):
    with pytest.raises(ReportError, match="No such file"):
        write_small_report(str(tmp_path / "absent"))


def test_whole_road_under_each_interpreter(tmp_path, interpreter):
    """Recording to files, with the syntax and the library of each version; the files are the same everywhere."""
    import subprocess

    from recording_builder import RecordingBuilder

    script = tmp_path / "job.py"
    script.write_text("x = 1\n" * 60)
    builder = RecordingBuilder()
    for number in range(1, 60):
        builder.stack([(str(script), "<module>", number), ("/x/\u4e2d.py", "f\udc80", 1)], number * 1000)
    recording = builder.write(tmp_path / "recording.fil")
    results = []
    for executable in (interpreter.path, sys.executable):
        folder = tmp_path / str(len(results))
        folder.mkdir()
        code = (
            "import sys; recording, script, folder = sys.argv[1:]\n"
            "from filprofiler.recording.reader import read_recording\n"
            "from filprofiler.profile.build import build_profile\n"
            "from filprofiler.profile.model import Program\n"
            "from filprofiler.profile.top import TopLines\n"
            "from filprofiler.report.writer import write_report\n"
            "from filprofiler.report.summary import summary_lines\n"
            "profile = build_profile(read_recording(recording), Program(script='job.py', script_absolute=script))\n"
            "top = TopLines(profile)\n"
            "write_report(profile, top, folder)\n"
            "print(ascii(summary_lines(profile, top, 'index.html', False)))\n"
        )
        environment = dict(os.environ, PYTHONPATH=os.path.dirname(os.path.dirname(os.path.dirname(writer.__file__))))
        environment["PYTHONDONTWRITEBYTECODE"] = "1"
        command = [executable, "-W", "error", "-c", code, recording, str(script), str(folder)]
        output = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True).stdout
        results.append((output, [(folder / name).read_bytes() for name in FILES]))
    assert results[0] == results[1]
