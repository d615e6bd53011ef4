"""Results touch nobody else's files, whatever is in their way; what cannot be written is told on the terminal."""

import os
import subprocess
from pathlib import Path
from typing import Dict, List

import pytest
import support

# Each is run by the program in its own result folder, whose path is `here`; `other` is a folder of someone else's.
DEEDS = {
    "a file of its own beside the recording": "open(here + '/results.csv', 'w').write('1,2')",
    "the recording is gone": "open(here + '/results.csv', 'w').write('1,2'); os.unlink(here + '/recording.fil')",
    "a link in place of the folder": "os.rename(here, here + '.moved'); os.symlink(other, here)",
    "links in place of files": """
for name in ("recording.txt", "index.html", "index.html.part", "peak-memory.prof", "peak-memory.prof.part"):
    if os.path.lexists(here + "/" + name):
        os.unlink(here + "/" + name)
    os.symlink(other + "/index.html", here + "/" + name)
""",
    "a pipe in place of the recording": "os.unlink(here + '/recording.fil'); os.mkfifo(here + '/recording.fil')",
    "a pipe in place of the description": "os.unlink(here + '/recording.txt'); os.mkfifo(here + '/recording.txt')",
    "a pipe in place of the page": "os.mkfifo(here + '/index.html')",
}


def contents(folder: Path) -> Dict[str, str]:
    """Each file's text, by its name."""
    return {path.name: path.read_text() for path in folder.iterdir()}


@pytest.mark.parametrize("deed", sorted(DEEDS))
def test_what_a_program_does_to_its_result_folder(one_profiler: support.Profiler, tmp_path: Path, deed: str) -> None:
    """Before: its file beside the recording, and all that was in the other folder, were removed or written over."""
    other, output = tmp_path / "other", tmp_path / "out"
    other.mkdir()
    theirs = dict.fromkeys(("recording.fil", "recording.txt", "index.html", "notes.txt"), "theirs")
    for name, text in theirs.items():
        (other / name).write_text(text)
    source = "import glob, os, sys\nhere, other = glob.glob(sys.argv[1] + '/*')[0], sys.argv[2]\n" + DEEDS[deed]
    done = one_profiler.call(one_profiler.command(["-c", source + "\nprint('ran')", output, other], output)[1:])
    assert (done.returncode, done.stdout) == (0, b"ran\n"), done.stderr
    assert b"Traceback" not in done.stderr
    assert contents(other) == theirs
    results = list(output.glob("*/results.csv"))
    assert len(results) == deed.count("its own") + deed.count("is gone"), (deed, results)
    assert [path.read_text() for path in results] in ([], ["1,2"])


def left_over(profiler: support.Profiler) -> Path:
    """A folder with the recording of a run whose report is still to be made."""
    done = profiler.run(["-c", "kept = [bytearray(9 << 20)]"], options=["--keep-recording"])
    assert done.status == 0 and done.folder is not None, done.account()
    folder = done.folder
    for path in folder.iterdir():
        if not path.name.startswith("recording."):
            path.unlink()
    return folder


def report_command(profiler: support.Profiler, *words: object) -> List[str]:
    return [profiler.python, "-m", "filprofiler", "--no-browser", "report", *map(str, words)]


def test_four_reports_of_one_folder_at_once(profiler: support.Profiler) -> None:
    """Each says where the report is: also one that comes when the recording has made room for it."""
    folder = left_over(profiler)
    command = report_command(profiler, folder)
    environment = profiler.environment()
    running = [subprocess.Popen(command, env=environment, stderr=subprocess.PIPE) for _ in range(4)]
    for process in running:
        said = process.communicate(timeout=120)[1].decode()
        assert process.returncode == 0, said
        assert said.rstrip().endswith(str(folder / "index.html")), said
    assert sorted(path.name for path in folder.iterdir()) == support.REPORT_FILES


def test_a_report_that_was_made_before(one_profiler: support.Profiler) -> None:
    folder = left_over(one_profiler)
    said = []
    for words in ([folder], [folder], [folder / "recording.fil"]):
        done = one_profiler.call(report_command(one_profiler, *words)[1:])
        assert done.returncode == 0
        said.append(done.stderr.decode().splitlines())
    assert said[0][-1] == "=fil-profile= Report: %s" % (folder / "index.html")
    assert said[1] == said[2] == ["=fil-profile= The report already exists: %s" % (folder / "index.html")]
    done = one_profiler.call(report_command(one_profiler, folder, "--format", "json")[1:])
    assert done.returncode == 5 and b"There is no recording.fil" in done.stderr
    (folder / "peak-memory.prof").unlink()  # so this is somebody's page
    done = one_profiler.call(report_command(one_profiler, folder)[1:])
    assert done.returncode == 5 and b"There is no recording.fil" in done.stderr


NO_ROOM = {
    "no disk": "resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))",
    "no folder": "import shutil; shutil.rmtree('gone')",
    "a pipe": "os.unlink('gone/peak-memory.prof') if os.path.exists('gone/peak-memory.prof') else None;"
    "os.mkfifo('gone/peak-memory.prof')",
}


@pytest.mark.parametrize("reason", sorted(NO_ROOM))
def test_a_report_that_cannot_be_written_is_told(profiler: support.Profiler, tmp_path: Path, reason: str) -> None:
    """The peak and the lines that held it, and then why there is no report; before, the reason only."""
    folder = left_over(profiler)
    good = profiler.call(report_command(profiler, folder, "--keep-recording")[1:]).stderr.decode().splitlines()
    assert good[-1].startswith("=fil-profile= Report: ") and "Peak " in good[0] and len(good) >= 3, good
    (tmp_path / "gone").mkdir()
    # The folder is there when the options are looked at; what is done to it is done when the files are to be written.
    code = (
        "import os, resource, sys\nfrom filprofiler.profile import top\nfrom filprofiler.cli import command\n"
        "made = top.TopLines.__init__\n"
        "def make(*arguments):\n    made(*arguments)\n    %s\n"
        "top.TopLines.__init__ = make\ncommand()\n"
    ) % NO_ROOM[reason]
    words = ["-c", code, "--no-browser", "report", str(folder), "-o", "gone"]
    done = profiler.call(words, cwd=tmp_path)
    said = done.stderr.decode().splitlines()
    assert said[:-1] == good[:-1], said
    assert said[-1].startswith("=fil-profile= The report cannot be written (" + str(tmp_path / "gone")), said
    assert done.returncode == 5
    assert sorted(path.name for path in folder.glob("recording.*")) == ["recording.fil", "recording.txt"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can write where another user may, too")
def test_root_in_another_users_folder(one_profiler: support.Profiler, tmp_path: Path) -> None:
    """The owner of the output folder has put a folder of root's in place of the result's, by a link."""
    output, secret = tmp_path / "out", tmp_path / "secret"
    output.mkdir()
    secret.mkdir()
    os.chown(str(output), 65534, 65534)
    for name in ("index.html", "peak-memory.prof", "recording.txt"):
        (secret / name).write_text("root's")
    source = "import glob, os, sys\nhere = glob.glob(sys.argv[1] + '/*')[0]\nos.rename(here, here + '.moved')\n"
    source += "os.symlink(sys.argv[2], here)\n"
    done = one_profiler.call(one_profiler.command(["-c", source, output, secret], output)[1:])
    assert done.returncode == 0 and b"Traceback" not in done.stderr, done.stderr
    assert set(contents(secret).values()) == {"root's"} and len(contents(secret)) == 3
