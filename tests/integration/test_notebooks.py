"""Real notebooks in real kernels: with the newest Jupyter and with an old one."""

import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any, Dict, List

import pytest
import support
from notebook import AGES, KERNEL, Jupyter, jupyter_environment, pages_in, peak_of

pytestmark = pytest.mark.slow

CELLS = int(os.environ.get("FIL_TEST_CELLS", "40"))
LOAD = "%load_ext filprofiler"
HELPER = "def helper(n):\n    data = bytearray(n)\n    return data"
NEAR = 50000  # bytes that the cells need for themselves


ALL = os.environ.get("FIL_TEST_NOTEBOOKS") == "all"  # as `make test-notebooks` sets it


@pytest.fixture(params=AGES if ALL else ["newest"])
def jupyter(request: pytest.FixtureRequest, package: Path, tmp_path: Path) -> Jupyter:
    """Jupyter, the newest and, if all is to be tested, an old one."""
    return Jupyter(jupyter_environment(request.param), package, tmp_path)


@pytest.fixture(params=AGES)
def any_jupyter(request: pytest.FixtureRequest, package: Path, tmp_path: Path) -> Jupyter:
    """Jupyter, the newest and an old one."""
    return Jupyter(jupyter_environment(request.param), package, tmp_path)


def life(jupyter: Jupyter, scenario: str, cells: int = 10) -> Dict[str, Any]:
    """What happened in a scenario of tests/programs/kernel_life.py."""
    command = [jupyter.python, str(support.PROGRAMS / "kernel_life.py"), KERNEL, str(jupyter.folder), scenario]
    environment = dict(jupyter.environment, FIL_TEST_CELLS=str(cells))
    done = subprocess.run(command, env=environment, capture_output=True, timeout=1800)
    assert done.returncode == 0, support.text_of(done.stdout + done.stderr)
    result = json.loads(done.stdout.splitlines()[-1])
    assert isinstance(result, dict)
    return result


def stacks_of(folder: Path) -> List[support.Stack]:
    return support.parse_prof((folder / "peak-memory.prof").read_text())


def test_cells(any_jupyter: Jupyter) -> None:
    cells = [
        LOAD,
        HELPER,
        "%%filprofile --top 2\nx = helper(20_000_000)\ny = bytearray(5_000_000)\nlen(x)",
        "len(x) + len(y)",
        "%%filprofile\nz = bytearray(3_000_000)\nraise ValueError('boom')",
        "len(z)",
        "%%filprofile\nimport asyncio\nawait asyncio.sleep(0.01)\nw = helper(9_000_000)\nlen(w)",
        "len(w)",
        "%filprofile v = bytearray(4_000_000)",
        "len(v)",
        "%%filprofile\n%time u = bytearray(2_000_000)\nlen(u);",
    ]
    out = any_jupyter.execute(cells)
    assert [cell.value for cell in out] == ["", "", "20000000", "25000000", "", "3000000", "9000000", "9000000"] + [
        "",
        "4000000",
        "",
    ]
    assert [cell.error for cell in out if cell.error] == ["ValueError: boom"]
    assert [len(cell.pages) for cell in out] == [0, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1]
    for number, size in ((2, 25_000_000), (4, 3_000_000), (6, 9_000_000), (8, 4_000_000), (10, 2_000_000)):
        assert size <= peak_of(out[number].shown[0]) < size + (NEAR if number < 10 else size), out[number].shown
    first = out[2]
    assert "In [2]:2 (helper)  data = bytearray(n)" in first.shown[0]
    assert re.search(r"In \[3\]:3 \(<(module|cell line: \d+)>\)  y = bytearray\(5_000_000\)", first.shown[0])
    assert "/ipykernel_" not in "".join(first.shown + first.pages), "cells are told by their numbers, not their files"
    page = first.pages[0]
    assert "23.8 MiB" in page and "In [3]" in page
    assert "y = bytearray(5_000_000)" in page and "data = bytearray(n)" in page, "the source of all cells"


def test_callstacks_begin_at_the_cell_with_its_line_numbers(jupyter: Jupyter) -> None:
    jupyter.execute(
        [
            LOAD,
            HELPER,
            "%%filprofile\n\nx = helper(20_000_000)",
            "%%filprofile\nimport asyncio\nawait asyncio.sleep(0)\nw = helper(9_000_000)",
        ]
    )
    for folder, line, size in zip(jupyter.results(), (3, 4), (20_000_000, 9_000_000)):
        largest = max(stacks_of(folder), key=lambda stack: stack.bytes)
        assert largest.bytes >= size
        places = [(frame.line, frame.function) for frame in largest.frames]
        assert places == [(line, "<module>"), (2, "helper")] or places[0][1].startswith("<cell line"), largest
        assert sorted(path.name for path in folder.iterdir()) == support.REPORT_FILES


FAILS = """%%filprofile
def fails():
    y = bytearray(1_000_000)
    raise KeyError("in cell")

fails()"""


def test_tracebacks_are_the_users(any_jupyter: Jupyter) -> None:
    cells = [
        LOAD,
        FAILS,
        FAILS.replace("fails()\n", "fails()\n").replace(
            "%%filprofile\n", "%%filprofile\nimport asyncio\nawait asyncio.sleep(0)\n"
        ),
        "%filprofile fails()",
        "error = KeyError('kept')",
        "%%filprofile\nraise error",
        "raise error",
        "%%filprofile\nx = 1\nreturn x",
    ]
    out = any_jupyter.execute(cells)
    for number, line in ((1, "fails()"), (2, "fails()"), (3, "fails()"), (5, "raise error")):
        trace = out[number].trace
        assert re.search(r"^-+> *\d+ %s" % re.escape(line), trace, re.MULTILINE), trace
        assert len(out[number].pages) == 1
    assert re.search(r"^-+> *1 raise error", out[6].trace, re.MULTILINE), "it is not shown as it was before"
    for cell in out[1:6] + out[7:]:
        for ours in ("filprofiler", "run_cell_magic", "_filprofile_begin", "hidden"):
            assert ours not in cell.trace, cell.trace
    assert "--> 4 " in out[1].trace and re.search(r"-> *6 *raise|--> 6 ", out[2].trace), "line numbers are the cell's"
    assert out[7].error.startswith("SyntaxError") and not out[7].pages
    peaks = [peak_of(out[number].shown[0]) for number in (1, 2, 3)]
    assert all(1_000_000 <= peak < 1_000_000 + NEAR for peak in peaks), peaks


def test_the_curve(jupyter: Jupyter) -> None:
    grows = "import time\nheld = []\nfor n in range(20):\n    held.append(bytearray(500_000))\n    time.sleep(0.01)"
    out = jupyter.execute([LOAD, "%%filprofile\n" + grows])
    assert '<section class="over-time"' in out[1].pages[0]


def test_mistakes(jupyter: Jupyter) -> None:
    out = jupyter.execute(
        [
            LOAD,
            "%%filprofile --bad\n1",
            "%%filprofile --top many\n1",
            "%filprofile",
            "%%filprofile\n1 +",
            "%%filprofile --output 'an other'\n1",
        ]
    )
    assert "no option --bad" in out[1].text and "takes a number" in out[2].text and "needs a statement" in out[3].text
    assert out[4].error.startswith("SyntaxError") and not any(cell.pages for cell in out[1:5])
    assert out[5].value == "1" and (jupyter.folder / "an other").is_dir()
    assert not (jupyter.folder / "fil-result").exists(), "what did not run has left nothing"


def test_a_report_that_cannot_be_written_is_shown(jupyter: Jupyter) -> None:
    """Before, the reason was all that was shown. The limit on files' sizes is as good as a full disk."""
    limit = "import resource\nhard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]\n"
    limit += "resource.setrlimit(resource.RLIMIT_FSIZE, (%s, hard))\n"
    out = jupyter.execute(
        [LOAD, "%%filprofile\n" + limit % "0" + "x = bytearray(20_000_000)\nlen(x)", limit % "hard", "len(x)"]
    )
    assert out[1].text.count("=fil-profile= The report cannot be written") == 1 and out[1].value == "20000000"
    assert 20_000_000 <= peak_of(out[1].shown[0]) < 21_000_000 and "Report:" not in out[1].shown[0]
    assert len(out[1].pages) == 1 and out[3].value == "20000000"


def test_an_ordinary_kernel(jupyter: Jupyter) -> None:
    out = jupyter.execute([LOAD, "%%filprofile\nx = 1", "%filprofile x = 1", "x"], kernel="python3")
    for cell in out[1:3]:
        assert cell.text.count("UsageError") == 1 and "Python 3 with Fil" in cell.text and "Traceback" not in cell.text
    assert out[3].error.startswith("NameError")


def test_an_ordinary_kernel_where_ours_is_not_installed(jupyter: Jupyter) -> None:
    jupyter.environment["JUPYTER_PATH"] = str(jupyter.folder / "nothing")
    out = jupyter.execute([LOAD, "%%filprofile\nx = 1"], kernel="python3")
    assert "install-kernel" in out[1].text and "-m filprofiler" in out[1].text


def test_an_interrupted_cell_shows_its_report(jupyter: Jupyter) -> None:
    told = life(jupyter, "interrupted")
    assert told["errors"] == ["KeyboardInterrupt"]
    assert peak_of(told["shown"][0]) >= 30_000_000
    assert 7_000_000 <= peak_of(told["after"][0]) < 8_000_000 and told["after"][1] == "30000000"


def test_after_a_restart_in_the_middle_of_a_cell(jupyter: Jupyter) -> None:
    told = life(jupyter, "restarted")
    assert 7_000_000 <= peak_of(told["after"][0]) < 8_000_000 and told["after"][1] == "7000000"


def test_the_report_of_a_killed_kernel_is_recovered(jupyter: Jupyter) -> None:
    life(jupyter, "killed")
    (folder,) = jupyter.results()
    assert (folder / "recording.fil").exists() and not (folder / "index.html").exists()
    command = [sys.executable, "-m", "filprofiler", "--no-browser", "report", str(folder)]
    done = subprocess.run(command, env=jupyter.environment, capture_output=True)
    assert done.returncode == 0, support.text_of(done.stderr)
    assert sorted(path.name for path in folder.iterdir()) == support.REPORT_FILES
    largest = max(stacks_of(folder), key=lambda stack: stack.bytes)
    assert largest.bytes >= 30_000_000 and [frame.line for frame in largest.frames] == [2]
    page = (folder / "index.html").read_text()
    assert "held = bytearray(30_000_000)" in page and "In [" in page


def test_many_cells_leave_nothing_behind(package: Path, tmp_path: Path) -> None:
    told = life(Jupyter(jupyter_environment("newest"), package, tmp_path), "many", CELLS)["resident"]
    print(told)
    half, end = told[4], told[-1]
    # IPython itself keeps every cell's text, code and output.
    assert end - half < 4 * support.MIB + CELLS * 10000, told


def test_as_html(package: Path, tmp_path: Path) -> None:
    jupyter = Jupyter(jupyter_environment("newest"), package, tmp_path)
    notebook = jupyter.notebook([LOAD, "%%filprofile\nx = bytearray(3_000_000)"])
    (tmp_path / "a.ipynb").write_text(json.dumps(notebook))
    command = [jupyter.python, "-m", "nbconvert", "--to", "html", str(tmp_path / "a.ipynb")]
    subprocess.run(command, env=jupyter.environment, check=True, capture_output=True)
    (page,) = pages_in((tmp_path / "a.html").read_text())
    assert "2.9 MiB" in page and "x = bytearray(3_000_000)" in page


def test_the_wheel_installs_the_kernel(wheel: Path) -> None:
    with zipfile.ZipFile(str(wheel)) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith("/kernels/filprofile/kernel.json")]
        assert ".data/data/share/jupyter/" in name
        assert json.loads(archive.read(name))["display_name"] == "Python 3 with Fil"
