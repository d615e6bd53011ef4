"""The other forms of the report, read by the programs that they are for, and `report` and `diff` on real results."""

import base64
import gzip
import importlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import Any, Dict, Iterator, List, Sequence

import pytest
import support
from caches import cache_folder, filling

USUAL = support.REPORT_FILES
ALL_NAMES = sorted([*USUAL, "peak-memory.json", "peak-memory.speedscope.json", "peak-memory.pb.gz"])

JOB = """
import csv, io, threading
def made(size):
    return bytearray(size)
def main():
    kept = [made(3000000), made(2000000)]
    worker = threading.Thread(target=lambda: kept.append(made(1000000)))
    worker.start()
    worker.join()
    exec(compile("kept.append(bytearray(500000))", "<gener\\u00e4ted \\udc80;\\x1b>", "exec"))
    return len(kept)
print(main())
"""


@pytest.fixture(scope="session")
def readers() -> Path:
    """A folder with the readers' own packages: FIL_TEST_READERS, or one that is kept between runs."""
    given = os.environ.get("FIL_TEST_READERS")
    home = Path(given) if given else cache_folder() / "fil-test-readers-{}.{}".format(*sys.version_info[:2])
    done = home / "complete"
    with filling(home):
        if not done.exists():
            home.mkdir(parents=True, exist_ok=True)
            if not (_fetch_speedscope(home) and _fetch_python(home)):
                pytest.skip("the readers' packages cannot be fetched (npm, package index?); set FIL_TEST_READERS")
            done.write_text("")
    return home


def _fetch_speedscope(home: Path) -> bool:
    if not shutil.which("npm"):
        return False
    if subprocess.run(["npm", "pack", "--silent", "speedscope"], cwd=str(home), stdout=subprocess.DEVNULL).returncode:
        return False
    (archive,) = home.glob("speedscope-*.tgz")
    with tarfile.open(str(archive)) as opened:
        opened.extractall(str(home))
    return True


def _fetch_python(home: Path) -> bool:
    """protobuf and selenium are installed; of the profiler of Google's only the definition of the format is taken."""
    pip = [sys.executable, "-m", "pip", "-q", "--disable-pip-version-check"]
    if subprocess.run([*pip, "install", "--target", str(home / "python"), "protobuf", "selenium"]).returncode:
        return False
    fetch = [*pip, "download", "--no-deps", "-d", str(home)]
    fetched = subprocess.run([*fetch, "google-cloud-profiler"], stderr=subprocess.DEVNULL)
    if fetched.returncode:
        return False
    for archive in [*home.glob("google*profiler*.tar.gz"), *home.glob("google*profiler*.whl")]:
        if archive.suffix == ".whl":
            with zipfile.ZipFile(str(archive)) as opened_zip:
                names = [name for name in opened_zip.namelist() if name.endswith("/profile_pb2.py")]
                content = opened_zip.read(names[0])
        else:
            with tarfile.open(str(archive)) as opened:
                names = [name for name in opened.getnames() if name.endswith("/profile_pb2.py")]
                member = opened.extractfile(names[0])
                assert member is not None
                content = member.read()
        (home / "python" / "profile_pb2.py").write_bytes(content)
        return True
    return False


@pytest.fixture
def with_readers(readers: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.syspath_prepend(str(readers / "python"))
    return readers


@pytest.fixture
def job(tmp_path: Path) -> Path:
    path = tmp_path / "job.py"
    path.write_text(JOB)
    return path


@pytest.fixture
def result(one_profiler: support.Profiler, job: Path) -> support.Profiled:
    """A run with every form of the report, and its recording."""
    options = ["--format", "json,speedscope", "--format=pprof", "--keep-recording"]
    done = one_profiler.run([job], options=options)
    assert done.status == 0 and done.folder is not None, done.account()
    assert sorted(p.name for p in done.folder.iterdir()) == sorted([*ALL_NAMES, "recording.fil", "recording.txt"])
    return done


def test_pprof_by_its_definition(result: support.Profiled, with_readers: Path) -> None:
    assert result.folder is not None
    module = importlib.import_module("profile_pb2")
    profile = module.Profile()
    profile.ParseFromString(gzip.decompress((result.folder / "peak-memory.pb.gz").read_bytes()))
    texts = profile.string_table
    assert [(texts[kind.type], texts[kind.unit]) for kind in profile.sample_type] == [("peak_memory", "bytes")]
    assert texts[0] == "" and sum(sample.value[0] for sample in profile.sample) == result.peak
    functions = {function.id: function for function in profile.function}
    locations = {location.id: location for location in profile.location}
    assert 0 not in functions and 0 not in locations
    stacks: List[Any] = []
    for sample in profile.sample:
        lines = [locations[number].line[0] for number in reversed(sample.location_id)]
        frames = [
            (texts[functions[line.function_id].filename], line.line, texts[functions[line.function_id].name])
            for line in lines
        ]
        stacks.append((frames, sample.value[0]))
    wanted = [
        ([tuple(frame) for frame in stack.frames] if stack.frames else [("", 0, stack.text)], stack.bytes)
        for stack in result.stacks
    ]
    plain = lambda told: sorted(item for item in told if "gener" not in repr(item))  # noqa: E731
    assert plain(stacks) == plain(wanted) and len(stacks) == len(wanted)


def browser(home: Path) -> Any:
    """Chromium, without a screen and without a network of its own."""
    driver_path, chromium = shutil.which("chromedriver"), shutil.which("chromium")
    if not (driver_path and chromium):
        pytest.skip("needs Debian's chromium and chromium-driver")
    webdriver = importlib.import_module("selenium.webdriver")
    service = importlib.import_module("selenium.webdriver.chrome.service")
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for argument in (
        "--headless",
        "--no-sandbox",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--enable-unsafe-swiftshader",
        "--use-gl=angle",
        "--use-angle=swiftshader",
        "--user-data-dir=%s" % home,
    ):
        options.add_argument(argument)
    driver = webdriver.Chrome(options=options, service=service.Service(driver_path))
    driver.set_page_load_timeout(60)
    driver.set_script_timeout(60)
    return driver


@pytest.fixture
def speedscope(with_readers: Path, tmp_path: Path) -> Iterator[Any]:
    """A function that has speedscope import a file and export what it has understood."""
    driver = browser(tmp_path / "browser")
    wait = importlib.import_module("selenium.webdriver.support.ui").WebDriverWait(driver, 60)
    page = (with_readers / "package" / "dist" / "release" / "index.html").as_uri()

    def load(path: Path) -> Dict[str, Any]:
        driver.get("about:blank")
        driver.get(page + "#localProfilePath=none.js")
        wait.until(lambda d: d.execute_script("return !!window.speedscope"))
        driver.execute_script(
            "window.kept = [];"
            "URL.createObjectURL = blob => { blob.text().then(text => window.kept.push(text)); return 'data:,'; };"
            "HTMLAnchorElement.prototype.click = function () {};"
            "window.speedscope.loadFileFromBase64(arguments[0], arguments[1]);",
            path.name,
            base64.b64encode(path.read_bytes()).decode("ascii"),
        )
        button = (
            "return [...document.querySelectorAll('div')]"
            ".filter(e => e.textContent.endsWith('Export') && e.children.length < 2).pop()"
        )
        wait.until(lambda d: d.execute_script(button)).click()
        return json.loads(wait.until(lambda d: d.execute_script("return window.kept[0]")))  # type: ignore[no-any-return]

    try:
        yield load
    finally:
        driver.quit()


def own_bytes(told: Dict[str, Any]) -> Dict[str, int]:
    """Bytes by the name of the innermost frame, of a file that speedscope has exported."""
    (profile,) = told["profiles"]
    frames = told["shared"]["frames"]
    assert profile["type"] == "evented" and profile["unit"] == "bytes"
    stack: List[int] = []
    at: int = 0
    sums: "Dict[str, int]" = {}
    for event in profile["events"]:
        if event["at"] > at:
            name = frames[stack[-1]]["name"]
            sums[name] = sums.get(name, 0) + event["at"] - at
            at = event["at"]
        if event["type"] == "O":
            stack.append(event["frame"])
        else:
            assert stack.pop() == event["frame"]
    assert not stack
    return sums


def test_speedscope_imports_its_own_format(result: support.Profiled, speedscope: Any) -> None:
    assert result.folder is not None
    told = speedscope(result.folder / "peak-memory.speedscope.json")
    (profile,) = told["profiles"]
    assert profile["endValue"] - profile["startValue"] == result.peak
    sums = own_bytes(told)
    assert sum(sums.values()) == result.peak
    wanted: Dict[str, int] = {}
    for stack in result.stacks:
        leaf = stack.frames[-1] if stack.frames else support.Frame("", 0, stack.text)
        name = "%s:%d" % (leaf.function, leaf.line) if leaf.file else leaf.function
        wanted[name] = wanted.get(name, 0) + stack.bytes
    assert sums == wanted


@pytest.mark.slow
def test_speedscope_imports_pprof(result: support.Profiled, speedscope: Any) -> None:
    assert result.folder is not None
    told = speedscope(result.folder / "peak-memory.pb.gz")
    (profile,) = told["profiles"]
    assert profile["endValue"] - profile["startValue"] == result.peak == sum(own_bytes(told).values())


def contents(folder: Path, names: Sequence[str]) -> Dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in names}


def test_the_report_again(one_profiler: support.Profiler, result: support.Profiled, job: Path, tmp_path: Path) -> None:
    """From the kept recording, and from the JSON file after the script is gone: the same files."""
    assert result.folder is not None
    first = contents(result.folder, ALL_NAMES)
    command = ["-m", "filprofiler", "--no-browser", "report"]
    everything = ["--complete", "--format", "html,svg,prof,json,speedscope,pprof"]
    for source in (result.folder, result.folder / "recording.fil"):
        out = tmp_path / ("again-" + source.suffix)
        done = one_profiler.call([*command, source, "-o", out, *everything])
        assert done.returncode == 0, done.stderr
        assert contents(out, ALL_NAMES) == first
    os.remove(str(result.folder / "recording.fil"))
    job.unlink()
    for source in (result.folder, result.folder / "peak-memory.json"):
        out = tmp_path / ("saved-" + source.suffix)
        done = one_profiler.call([*command, *everything, "-o", out, source])
        assert done.returncode == 0, done.stderr
        assert contents(out, ALL_NAMES) == first
    done = one_profiler.call([*command, result.folder / "peak-memory.json", "--format", "svg", "-o", tmp_path / "one"])
    assert sorted(os.listdir(str(tmp_path / "one"))) == ["peak-memory-reversed.svg", "peak-memory.svg"]


def test_forms_keep_the_recording_and_a_plain_report_does_not(one_profiler: support.Profiler, job: Path) -> None:
    done = one_profiler.run([job], options=["--keep-recording"])
    assert done.folder is not None
    command = ["-m", "filprofiler", "--no-browser", "report", done.folder]
    assert one_profiler.call([*command, "--format", "json"]).returncode == 0
    assert (done.folder / "recording.fil").exists() and (done.folder / "peak-memory.json").exists()
    assert one_profiler.call(command).returncode == 0
    assert sorted(os.listdir(str(done.folder))) == sorted([*USUAL, "peak-memory.json"])


def test_diff(one_profiler: support.Profiler, job: Path, tmp_path: Path) -> None:
    """On ordinary results, which hold no more than the four files, and on those with JSON."""
    plain = [one_profiler.run_well([job])]
    rich = [one_profiler.run([job], options=["--format", "json"])]
    job.write_text(JOB.replace("made(3000000)", "made(5000000)").replace("made(2000000)", "made(1500000)"))
    plain.append(one_profiler.run_well([job]))
    rich.append(one_profiler.run([job], options=["--format=json"]))
    line = next(number for number, text in enumerate(JOB.split("\n"), 1) if "return bytearray" in text)
    for results, source in ((plain, ""), (rich, "return bytearray(size)")):
        folders = [done.folder for done in results]
        assert folders[0] is not None and folders[1] is not None
        growth = results[1].peak - results[0].peak
        assert abs(growth - 1500000) < 20000
        command = ["-m", "filprofiler", "--no-browser", "diff", *folders]
        done = one_profiler.call(command)
        table = done.stdout.decode()
        assert done.returncode == 0, done.stderr
        assert "job.py:%d %s" % (line, source or "(made)") in table and "+1.4 MiB" in table, table
        page = folders[1] / "peak-memory-diff.html"
        assert done.stderr.decode() == "=fil-profile= Report: %s\n" % page
        assert "+1.4 MiB" in page.read_text(encoding="utf-8")
        assert one_profiler.call([*command, "--fail-over", "1MB"]).returncode == 6
        assert one_profiler.call([*command, "--fail-over=2MB"]).returncode == 0
        assert one_profiler.call([*command, "--fail-over=99%", "-o", tmp_path / "out"]).returncode == 0
        assert (tmp_path / "out" / "peak-memory-diff.html").exists()
        backwards = ["-m", "filprofiler", "--no-browser", "diff", folders[1], folders[0], "--fail-over", "0%"]
        assert one_profiler.call(backwards).returncode == 0
        files = [folder / "peak-memory.prof" for folder in folders if folder]
        assert one_profiler.call(["-m", "filprofiler", "--no-browser", "diff", *files]).returncode == 0


def refusals(folder: Path) -> Dict[str, Any]:
    """Command lines that cannot work: their words, the status, and a part of the sentence."""
    (folder / "empty").mkdir()
    (folder / "bad.json").write_text("{")
    (folder / "other.json").write_text('{"format": "filprofiler-profile", "version": 99}')
    (folder / "bad.prof").write_text("nonsense\n")
    (folder / "bad.fil").write_text("nonsense" * 9999)
    (folder / "ok.prof").write_text("a.py:1 (f) 5\n")
    (folder / "file").write_text("")
    ok = folder / "ok.prof"
    return {
        "no such format": (["report", "x", "--format", "pdf"], 2, "Unknown format 'pdf'"),
        "no format": (["report", "x", "--format"], 2, "--format: expected one argument"),
        "an empty format": (["report", "x", "--format="], 2, "Unknown format ''"),
        "no such folder": (["report", folder / "none"], 5, "There is no"),
        "an empty folder": (
            ["report", folder / "empty"],
            5,
            "There is no recording.fil, peak-memory.json or out-of-memory.json",
        ),
        "half a JSON file": (["report", folder / "bad.json"], 5, "is not a complete JSON file"),
        "JSON of another version": (["report", folder / "other.json"], 5, "has format version 99"),
        "a bad recording": (["report", folder / "bad.fil"], 5, "is not a recording"),
        "a report from .prof": (["report", ok], 5, "does not hold enough"),
        "one result": (["diff", ok], 2, "required: RESULT"),
        "three results": (["diff", ok, ok, ok], 2, "unrecognized arguments"),
        "a bad threshold": (["diff", ok, ok, "--fail-over", "much"], 2, "--fail-over takes"),
        "a threshold for run": (["--fail-over", "5%", "run", "x.py"], 2, "belongs to fil-profile diff"),
        "a format for diff": (["--format", "json", "diff", ok, ok], 2, "belongs to fil-profile run and report"),
        "a bad .prof": (["diff", ok, folder / "bad.prof"], 5, "line 1 is not one of its lines"),
        "a folder without results": (["diff", ok, folder / "empty"], 5, "There is no"),
        "a file in the way": (["diff", ok, ok, "-o", folder / "file"], 5, "Cannot create the folder"),
    }


def test_refusals_are_one_sentence_and_a_status(one_profiler: support.Profiler, tmp_path: Path) -> None:
    for name, (words, status, sentence) in refusals(tmp_path).items():
        done = one_profiler.call(["-m", "filprofiler", "--no-browser", *words])
        error = done.stderr.decode()
        assert (done.returncode, done.stdout) == (status, b""), (name, error)
        assert error.startswith("=fil-profile= ") and error.count("\n") == 1 and sentence in error, (name, error)
