"""The pytest plugin, in real runs of pytest."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import List, NamedTuple, Sequence

import pytest
import support
from environments import environment_with, interpreter_named

TESTS = """
import pytest

def test_small():
    data = bytearray(1_000_000)

@pytest.mark.fil_limit("2 MB")
def test_large():
    data = bytearray(5_000_000)
    assert data is not None

@pytest.mark.fil_limit("2 MB")
def test_within():
    data = bytearray(1_500_000)

@pytest.mark.parametrize("count", [1, 2])
def test_parts(count):
    data = [bytearray(300_000) for _ in range(count)]

def test_wrong():
    data = bytearray(400_000)
    raise ValueError("wrong")
"""
SIZES = {"test_small": 1_000_000, "test_large": 5_000_000, "test_within": 1_500_000, "test_wrong": 400_000}
SIZES.update({"test_parts[1]": 300_000, "test_parts[2]": 600_000})
NEAR = 30000  # bytes that pytest and the tests need for themselves
PEAK = re.compile(r"^ *([\d.]+) (MB|kB)  test_a\.py::(\S+)$", re.MULTILINE)


class Run(NamedTuple):
    """A run of pytest: its exit status, what it printed, the peaks that it told, in bytes."""

    status: int
    text: str
    peaks: "dict[str, float]"


NEWEST = ("%d.%d" % sys.version_info[:2], ("pytest", "pytest-xdist"))


class Pytest:
    """pytest and pytest-xdist, the newest or others, with the plugin in `package`."""

    def __init__(self, package: Path, folder: Path, version: str = NEWEST[0], packages: Sequence[str] = NEWEST[1]):
        self.python = environment_with(interpreter_named(version), packages).python
        self.folder = folder
        self.environment = support.clean_environment(package, {"PYTHONDONTWRITEBYTECODE": "1"})
        self.write(TESTS)

    def write(self, tests: str) -> None:
        (self.folder / "test_a.py").write_text(tests)

    def run(self, *arguments: str, start: "List[str] | None" = None) -> Run:
        command = [self.python, "-m", "pytest"] if start is None else start
        done = subprocess.run(
            [*command, "-p", "no:cacheprovider", *arguments],
            cwd=str(self.folder),
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=300,
        )
        text = support.text_of(done.stdout)
        scale = {"MB": 1e6, "kB": 1e3}
        peaks = {name: float(number) * scale[unit] for number, unit, name in PEAK.findall(text)}
        return Run(done.returncode, text, peaks)


@pytest.fixture
def runner(package: Path, tmp_path: Path) -> Pytest:
    return Pytest(package, tmp_path)


def check_peaks(run: Run) -> None:
    assert set(run.peaks) == set(SIZES), run.text
    for name, size in SIZES.items():
        assert abs(run.peaks[name] - size) < 60000, run.text
    assert "test_a.py:9 (test_large) 5.0 MB: data = bytearray(5_000_000)" in run.text
    assert "The peak of 5.0 MB is over the limit of 2 MB." in run.text
    assert "2 failed, 4 passed" in run.text and run.status == 1


def test_off_it_does_nothing(runner: Pytest) -> None:
    run = runner.run()
    assert "1 failed, 5 passed" in run.text and "peak" not in run.text
    look = (
        "import sys, filprofiler.pytest_plugin; print([name for name in sys.modules if name.startswith('filprofiler')])"
    )
    done = subprocess.run([runner.python, "-c", look], env=runner.environment, stdout=subprocess.PIPE, check=True)
    loaded = ["filprofiler", "filprofiler.pytest_plugin"]
    assert sorted(eval(done.stdout)) == loaded


@pytest.mark.parametrize("start", ["-m pytest", "pytest", "fil-profile python"])
def test_each_test_tells_its_peak(runner: Pytest, start: str) -> None:
    command = {
        "-m pytest": [runner.python, "-m", "pytest"],
        "pytest": [str(Path(runner.python).parent / "pytest")],
        "fil-profile python": [runner.python, "-m", "filprofiler", "python", "-m", "pytest"],
    }
    run = runner.run("--fil", start=command[start])
    check_peaks(run)
    assert run.text.count("test session starts") == 1, "it starts itself anew before it has said anything"


HOSTILE = """
import importlib.util, pytest
spec = importlib.util.spec_from_file_location("named", "named\\x1b[2J\\n=fil-profile= \\u202e.py")
named = importlib.util.module_from_spec(spec)
spec.loader.exec_module(named)

def test_names():
    assert len(named.held("x")) == 3_000_000

@pytest.mark.fil_limit("1 \\x1b[2J")
def test_limit():
    assert len(named.held("x")) == 3_000_000

@pytest.mark.fil_limit("1 MB")
def test_large():
    assert len(named.held("x")) == 3_000_000
"""
NAMED = (
    "def held(x):  # \x1b[2J\x9b31m\u202e\n    return bytes(3_000_000)  # \x1b[2J\x0c\x9b31m\u202e" + "-" * 5000 + "\n"
)


@pytest.mark.parametrize("workers", [[], ["-n", "2"]])
def test_nothing_that_is_told_can_do_anything_to_a_terminal(runner: Pytest, workers: List[str]) -> None:
    """Names of files and lines of source came out raw: a false line of ours, and what clears the terminal."""
    (runner.folder / "named\x1b[2J\n=fil-profile= \u202e.py").write_text(NAMED, encoding="utf-8")
    runner.write(HOSTILE)
    run = runner.run("--fil", "--color=no", "-rN", "--tb=short", *workers)
    told = run.text[run.text.index("peak memory of each test") :]
    assert "return bytes(3_000_000)  # \u241b[2J" in told and "fil_limit takes one size" in run.text, ascii(run.text)
    assert "The peak of 3.0 MB is over the limit of 1 MB." in run.text, ascii(run.text)
    assert not set("\x1b\x9b\u202e\x0c") & set(run.text), ascii(run.text)
    assert not re.search("^=fil-profile=", run.text, re.MULTILINE), ascii(run.text)
    assert max(map(len, told.split("\n"))) < 500


def test_with_workers(runner: Pytest) -> None:
    check_peaks(runner.run("--fil", "-n", "2"))


@pytest.mark.parametrize("workers", [[], ["-n", "2"]])
def test_reports_of_the_worst(runner: Pytest, workers: List[str]) -> None:
    runner.run("--fil-report", "reports", *workers)
    folders = sorted((runner.folder / "reports").iterdir())
    assert [re.sub(r"^test_a\.py--(\w+)-.*$", r"\1", one.name) for one in folders] == [
        "test_large",
        "test_small",
        "test_within",
    ]
    for folder in folders:
        assert sorted(path.name for path in folder.iterdir()) == support.REPORT_FILES
    stacks = support.parse_prof((folders[0] / "peak-memory.prof").read_text())
    largest = max(stacks, key=lambda stack: stack.bytes)
    assert [(frame.line, frame.function) for frame in largest.frames] == [(9, "test_large")]
    assert 0 <= sum(stack.bytes for stack in stacks) - 5_000_000 < NEAR


@pytest.mark.parametrize("workers", [[], ["-n", "2"]])
def test_what_is_beside_a_report_stays(runner: Pytest, workers: List[str]) -> None:
    """A report makes room for that of a worse test; before, its whole folder went."""
    runner.run("--fil-report", "reports", "-k", "test_parts or test_small", *workers)
    folders = list((runner.folder / "reports").iterdir())
    assert len(folders) == 3
    for folder in folders:
        (folder / "notes.txt").write_text("mine")
    runner.run("--fil-report", "reports", *workers)
    for folder in folders:
        worst = "test_small" in folder.name
        assert sorted(path.name for path in folder.iterdir()) == sorted(["notes.txt"] + support.REPORT_FILES * worst)


def test_baseline(runner: Pytest) -> None:
    first = runner.run("--fil-fail-on-increase", "5%", "-k", "small or within")
    assert first.status == 0, first.text
    baseline = json.loads((runner.folder / ".fil-baseline.json").read_text())
    assert set(baseline) == {"test_a.py::test_small", "test_a.py::test_within"}
    assert runner.run("--fil-fail-on-increase", "5%", "-k", "small or within").status == 0
    runner.write(TESTS.replace("1_000_000", "1_100_000"))
    assert runner.run("--fil-fail-on-increase", "20%", "-k", "small or within").status == 0
    grown = runner.run("--fil-fail-on-increase", "50kB", "-k", "small or within")
    assert grown.status == 1 and "The peak has grown from 1.0 MB to 1.1 MB, by more than 50kB." in grown.text
    assert runner.run("--fil-save-baseline", "-k", "small").status == 0
    assert runner.run("--fil-fail-on-increase", "50kB", "-k", "small or within").status == 0


def test_a_baseline_that_is_a_link_or_no_file(runner: Pytest) -> None:
    """What the link leads to is the baseline; a pipe is refused, and before was waited for."""
    path, kept = runner.folder / ".fil-baseline.json", runner.folder / "kept.json"
    kept.write_text("{}")
    path.symlink_to("kept.json")
    assert runner.run("--fil-save-baseline", "-k", "small").status == 0
    assert path.is_symlink() and set(json.loads(kept.read_text())) == {"test_a.py::test_small"}
    path.unlink()
    os.mkfifo(str(path))
    run = runner.run("--fil-save-baseline", "-k", "small")
    assert run.status == 4 and "cannot be read: it is a pipe, not a regular file." in run.text, run.text


LIMITS = """
import pytest

@pytest.mark.fil_limit("a lot")
def test_word(): pass

@pytest.mark.fil_limit("5%")
def test_share(): pass

@pytest.mark.fil_limit()
def test_nothing(): pass

@pytest.mark.fil_limit("1.5 GiB")
def test_right(): pass

@pytest.mark.fil_limit(50_000)
def test_number():
    data = bytearray(100_000)
"""


@pytest.mark.parametrize("workers", [[], ["-n", "2"]])
def test_limits(runner: Pytest, workers: List[str]) -> None:
    runner.write(LIMITS)
    run = runner.run("--fil", *workers)
    assert run.status == 1 and "4 failed, 1 passed" in run.text and "Warning" not in run.text
    for given in ("'a lot'", "'5%'", "nothing"):
        assert "fil_limit takes one size, such as 200 MB or 1.5 GiB, not %s.\n" % given in run.text
    assert "The peak of 0.1 MB is over the limit of 50000." in run.text
    assert "5 passed" in runner.run().text, "the marker does nothing where nothing is measured"


KINDS = """
import os, unittest
import pytest

@pytest.fixture(scope="class")
def shared():
    return bytearray(9_000_000)

class TestClass:
    def test_method(self, shared):
        data = bytearray(1_000_000)

class Case(unittest.TestCase):
    def setUp(self):
        self.data = bytearray(3_000_000)

    def test_case(self):
        data = bytearray(1_000_000)

    def test_wrong(self):
        self.fail("wrong")

def test_skipped():
    pytest.skip("not now")

@pytest.mark.xfail
def test_expected():
    raise ValueError

def test_own_profile():
    from filprofiler import api
    with pytest.raises(RuntimeError):
        api.peak(int)

def test_forks():
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
"""


def test_kinds_of_tests(runner: Pytest) -> None:
    """Fixtures of pytest do not count, what unittest calls itself does."""
    runner.write(KINDS)
    run = runner.run("--fil")
    assert run.status == 1 and "1 failed, 4 passed, 1 skipped, 1 xfailed" in run.text
    assert {round(run.peaks[name] / 1e6, 1) for name in ("TestClass::test_method",)} == {1.0}
    assert [round(run.peaks[name] / 1e6, 1) for name in ("Case::test_case", "Case::test_wrong")] == [4.0, 3.0]
    assert "test_skipped" in run.text


FORKED = """
import os, sys

def test_in_child():
    data = bytearray(2_000_000)
    child = os.fork()
    if child == 0:
        return
    os.waitpid(child, 0)
"""


def test_a_child_that_goes_on_as_pytest_leaves_its_parents_profile_alone(runner: Pytest) -> None:
    runner.write(FORKED)
    run = runner.run("--fil", "--fil-report", "reports")
    assert run.status == 0 and run.text.count("2.0 MB  test_a.py::test_in_child") == 1, run.text
    assert run.text.count("not measured  test_a.py::test_in_child") == 1 and "Error" not in run.text
    (folder,) = (runner.folder / "reports").iterdir()
    assert sorted(path.name for path in folder.iterdir()) == support.REPORT_FILES


def test_what_cannot_be_measured_or_written_fails_no_test(runner: Pytest) -> None:
    runner.write("def test_one(): pass\ndef test_two(): pass\n")
    (runner.folder / "file").write_text("")
    start = (
        "from filprofiler.measurement import Measurement; measurement = Measurement('all of it'); measurement.begin()"
    )
    start += "; import pytest; pytest.main(['--fil'])"
    run = runner.run(start=[runner.python, "-m", "filprofiler", "python", "-c", start])
    assert "2 passed" in run.text and run.text.count("not measured  test_a.py::test_") == 2
    run = runner.run("--fil-report", "file/reports", "--fil-save-baseline", "--fil-baseline", "file/baseline")
    assert run.status == 4 and "The baseline" in run.text and "Traceback" not in run.text
    run = runner.run("--fil-report", "file/reports", "--fil-save-baseline", "--fil-baseline", "none/baseline")
    assert run.status == 0 and "2 passed" in run.text and "Traceback" not in run.text
    assert run.text.count("Cannot create the folder file/reports") == 2 and run.text.count("cannot be written") == 1


# The last for 3.6, with all that it needs: the pip of 3.6 does not ask every index which Python a version is for.
NEWEST_FOR_3_6 = (
    "pytest==7.0.1 attrs==22.2.0 iniconfig==1.1.1 packaging==21.3 pluggy==1.0.0 py==1.11.0 tomli==1.2.3 "
    "importlib-metadata==4.8.3 pyparsing==3.0.7 typing-extensions==4.1.1 zipp==3.6.0"
)


@pytest.mark.parametrize(
    ("version", "wanted"),
    [
        ("3.6", NEWEST_FOR_3_6),
        ("3.7", "pytest==3.10.1"),
        ("3.7", "pytest"),
        ("3.8", "pytest==3.10.1"),
        ("3.8", "pytest==4.6.11"),
        ("3.8", "pytest"),
    ],
    ids=lambda text: text.partition(" ")[0],
)
def test_older_versions(package: Path, tmp_path: Path, version: str, wanted: str) -> None:
    runner = Pytest(package, tmp_path, version, wanted.split())
    assert "1 failed, 5 passed" in runner.run().text
    check_peaks(runner.run("--fil"))


def test_a_version_that_is_too_old(package: Path, tmp_path: Path) -> None:
    runner = Pytest(package, tmp_path, "3.8", ["pytest==3.6.0"])
    assert "1 failed, 5 passed" in runner.run("-p", "filprofiler.pytest_plugin").text
    run = runner.run("-p", "filprofiler.pytest_plugin", "--fil")
    assert run.status == 4 and "needs pytest 3.10 or later, not 3.6.0." in run.text and "Traceback" not in run.text


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--fil-fail-on-increase", "much"], "takes a number"),
        (["--fil", "--fil-baseline", "test_a.py"], "cannot be read"),
    ],
)
def test_mistakes(runner: Pytest, arguments: List[str], sentence: str) -> None:
    run = runner.run(*arguments)
    assert run.status == 4 and sentence in run.text and "Traceback" not in run.text
