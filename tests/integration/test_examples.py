"""The examples do what their README says: they print something useful, and their main line is found."""

import json
import shutil
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Tuple

import pytest
import support

EXAMPLES = support.ROOT / "examples"


class Expected(NamedTuple):
    """A line of the output; the source text of the line that holds most and the least share of it; kinds of hints."""

    output: str
    source: str
    share: float
    hints: Tuple[str, ...]


PURE: Dict[str, Expected] = {
    "sales_report.py": Expected(
        '"sales": 100000', "return list(csv.DictReader(file))", 0.5, ("largest-line", "whole-file")
    ),
    "parallel_sales.py": Expected(
        "Zagreb       12488 sales", "return list(csv.DictReader(file))", 0.6, ("largest-line",)
    ),
    "log_parser.py": Expected("requests: 80000", "return found.groupdict() if found else None", 0.7, ("largest-line",)),
}
SCIENTIFIC: Dict[str, Expected] = {
    "image_pipeline.py": Expected("24 frames of 640 x 480", "light = frames.astype(float)", 0.5, ("float64",)),
    "pandas_sales.py": Expected("Best month: 2024-", "return pd.concat([", 0.05, ()),
}


@pytest.fixture(scope="session")
def examples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the examples, so that their data are made anew."""
    copy = tmp_path_factory.mktemp("examples") / "examples"
    shutil.copytree(str(EXAMPLES), str(copy), ignore=shutil.ignore_patterns("data", "fil-result", "__pycache__"))
    return copy


def check(profiler: support.Profiler, examples: Path, name: str, expected: Expected) -> None:
    """Run an example twice, the first time to make its data, and look for the line."""
    script = examples / name
    bare = support.run_bare(profiler.python, [script])
    assert bare.returncode == 0, bare.stderr
    done = profiler.run([script], options=["--format", "json"])
    assert done.status == 0 and done.folder is not None, done.account()
    assert done.stdout.encode() == bare.stdout and expected.output in done.stdout
    data = json.loads((done.folder / "peak-memory.json").read_text(encoding="ascii"))
    lines: List[Any] = [line for line in data["top_lines"] if line["source"].startswith(expected.source)]
    assert lines and lines[0]["held_bytes"] > expected.share * data["peak_bytes"], done.account()
    if expected.share >= 0.5:
        assert data["top_lines"][0] == lines[0], done.account()
    assert max(point["tracked_bytes"] for point in data["timeline"]) <= data["peak_bytes"]
    kinds = [hint["kind"] for hint in data["hints"]]
    assert set(expected.hints) <= set(kinds), kinds


@pytest.mark.parametrize("name", PURE)
def test_pure_python(one_profiler: support.Profiler, examples: Path, name: str) -> None:
    check(one_profiler, examples, name, PURE[name])


@pytest.mark.parametrize("name", SCIENTIFIC)
def test_with_numpy_and_pandas(scientific: support.Profiler, examples: Path, name: str) -> None:
    check(scientific, examples, name, SCIENTIFIC[name])


def test_every_example_is_described_and_tested() -> None:
    table = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    scripts = [path.name for path in EXAMPLES.glob("*.py")]
    for name in scripts:
        assert "| `%s` |" % name in table, name
    jobs = {name for name in scripts if not name.startswith("make_")}
    assert jobs == set(PURE) | set(SCIENTIFIC) | {"sales_report_streaming.py"}


def test_streaming_needs_little(one_profiler: support.Profiler, examples: Path) -> None:
    peaks = []
    for name in ("sales_report.py", "sales_report_streaming.py"):
        done = one_profiler.run_well([examples / name])
        peaks.append((done.peak, done.stdout))
    assert peaks[0][1] == peaks[1][1] and peaks[0][0] > 15 * peaks[1][0]
