"""Run the test suites of other projects bare and under the profiler, and compare the outcome of every test.

    compare_suites.py [SUITE...]        (default: all of them; --list prints their names)

CPython's own tests run with the interpreters that have them installed, the packages' in an environment that is made for
it and kept in the cache. Exit status 1 if a test has another outcome under the profiler than without, and is not among
the differences that KNOWN explains. Standard output has a line for each suite and for each difference.
"""

import os
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Dict, List, NamedTuple, Tuple

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from caches import cache_folder, filling  # noqa: E402
from interpreters import find_interpreters  # noqa: E402

VERSIONS = ((3, 8), (3, 11), (3, 13))
HOME = cache_folder() / "fil-test-others"
SECONDS = 900

CPYTHON_TESTS = [
    "test_gc",
    "test_threading",
    "test_thread",
    "test_asyncio",
    "test_subprocess",
    "test_mmap",
    "test_ctypes",
    "test_signal",
    "test_os",
    "test_sys",
    "test_generators",
    "test_traceback",
    "test_weakref",
    "test_memoryview",
    "test_json",
    "test_pickle",
    "test_multiprocessing_fork",
    "test_fork1",
    "test_atexit",
    "test_exceptions",
    "test_io",
    "test_tracemalloc",
    "test_sys_setprofile",
    "test_sys_settrace",
    "test_code",
    "test_frame",
    "test_coroutines",
    "test_runpy",
    "test_cmd_line",
    "test_faulthandler",
    "test_concurrent_futures",
    "test_capi",
    "test_embed",
]

# Package -> the tests that are run, below the folder of packages. They come with the wheel.
_NUMPY = (
    "multiarray",
    "numeric",
    "dtype",
    "nditer",
    "memmap",
    "multithreading",
    "stringdtype",
    "regression",
)
PACKAGES = {
    "numpy": [f"numpy/_core/tests/test_{name}.py" for name in _NUMPY],
    "pandas": ["pandas/tests/frame/methods"],
    "sympy": ["sympy/core/tests"],
}

# Tests that see the profiler at work: (pattern of the test's name, why).
KNOWN: "List[Tuple[str, str]]" = []


class Suite(NamedTuple):
    """One suite: how to run it, after `python` or after `fil-profile run`."""

    name: str
    python: str
    arguments: List[str]
    is_pytest: bool


def environment(home: Path) -> Dict[str, str]:
    env = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "FIL_"))}
    # Found by the supervisor alone: a test may start Python with -I or with other paths.
    env.update({"HOME": str(home), "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONHASHSEED": "0"})
    return env


def suites() -> List[Suite]:
    """All suites that can be run here."""
    make_environment()
    found = []
    for interpreter in find_interpreters():
        if interpreter.version[:2] not in VERSIONS or interpreter.free_threaded:
            continue
        for test in CPYTHON_TESTS:
            installed = subprocess.run(
                [interpreter.path, "-c", f"import importlib.util; assert importlib.util.find_spec('test.{test}')"],
                stderr=subprocess.DEVNULL,
            )
            if installed.returncode == 0:
                arguments = ["-m", "test", "-v", "-u", "none", test]
                found.append(Suite(f"cpython-{interpreter.name}-{test}", interpreter.path, arguments, False))
    for package, selection in PACKAGES.items():
        (folder,) = HOME.glob("lib/python*/site-packages")
        paths = [str(folder / path) for path in selection]
        arguments = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:randomly", *paths]
        found.append(Suite(package, str(HOME / "bin" / "python"), arguments, True))
    return found


def make_environment() -> None:
    """The packages and pytest, in an environment of their own that is kept."""
    with filling(HOME):
        if not (HOME / "complete").exists():
            subprocess.run([sys.executable, "-m", "venv", str(HOME)], check=True)
            install = [str(HOME / "bin" / "python"), "-m", "pip", "install", "-q", "--disable-pip-version-check"]
            subprocess.run([*install, "pytest", "hypothesis", *PACKAGES], check=True)
            (HOME / "complete").touch()


UNITTEST_LINE = re.compile(r"^(\w+) \(([\w.<>]+)\)(?:.*?) \.\.\. ", re.MULTILINE | re.DOTALL)
OUTCOME = re.compile(r"(ok|FAIL|ERROR|skipped\b.*|expected failure|unexpected success)\s*$", re.MULTILINE)


def unittest_outcomes(text: str) -> Dict[str, str]:
    """Test -> outcome, from what `python -m test -v` prints. What a test prints itself may stand between the two."""
    outcomes = {}
    starts = list(UNITTEST_LINE.finditer(text))
    for match, following in zip(starts, [*starts[1:], None]):
        rest = text[match.end() : following.start() if following else len(text)]
        outcome = OUTCOME.search(rest)
        outcomes[f"{match.group(2)}.{match.group(1)}"] = outcome.group(1).split(" ")[0] if outcome else "none"
    return outcomes


def junit_outcomes(path: Path) -> Dict[str, str]:
    """Test -> outcome, from pytest's account."""
    outcomes = {}
    if path.exists():
        for case in ElementTree.parse(str(path)).iter("testcase"):
            kinds = [child.tag for child in case if child.tag in ("failure", "error", "skipped")]
            outcomes[f"{case.get('classname')}::{case.get('name')}"] = kinds[0] if kinds else "passed"
    return outcomes


def run(suite: Suite, front: List[str], scratch: Path) -> Tuple[int, Dict[str, str], str]:
    """Exit status, outcome of each test, and all that was printed."""
    scratch.mkdir()
    junit = scratch / "junit.xml"
    command = [suite.python, *front, *suite.arguments] + ([f"--junitxml={junit}"] if suite.is_pytest else [])
    env = environment(scratch)
    if front:
        env["PYTHONPATH"] = str(ROOT)
    output = scratch / "output"
    with output.open("wb") as file:
        try:
            status = subprocess.run(
                command, env=env, cwd=str(scratch), stdin=subprocess.DEVNULL, stdout=file, stderr=file, timeout=SECONDS
            ).returncode
        except subprocess.TimeoutExpired:
            status = -1000
    text = output.read_text(encoding="utf-8", errors="replace")
    own = "\n".join(line for line in text.splitlines() if not line.startswith("=fil-profile= "))
    return status, junit_outcomes(junit) if suite.is_pytest else unittest_outcomes(own), text


def compare(suite: Suite, scratch: Path) -> int:
    """Print how the two runs of a suite differ; how many differences nobody can explain."""
    bare = run(suite, [], scratch / "bare")
    front = ["-m", "filprofiler", "--no-browser", "-o", str(scratch / "result"), "run"]
    ours = run(suite, front, scratch / "ours")
    differing = {name for name in bare[1].keys() | ours[1].keys() if bare[1].get(name) != ours[1].get(name)}
    unexplained = 0
    lines = []
    for name in sorted(differing):
        why = [text for pattern, text in KNOWN if re.search(pattern, f"{suite.name} {name}")]
        unexplained += not why
        lines.append(
            f"    {name}: {bare[1].get(name)} bare, {ours[1].get(name)} profiled; {why[0] if why else 'UNEXPLAINED'}"
        )
    if bare[0] != ours[0] and not differing:
        unexplained += 1
        lines.append(f"    exit status {bare[0]} bare, {ours[0]} profiled; UNEXPLAINED")
    if not bare[1]:
        unexplained += 1
        lines.append(f"    no test was run: {bare[2][-300:]!r}")
    if "Report: " not in ours[2]:
        unexplained += 1
        lines.append("    no report was written; UNEXPLAINED")
    print(f"{suite.name}: {len(bare[1])} tests, {len(differing)} differ", *lines, sep="\n", flush=True)
    return unexplained


def main(wanted: List[str]) -> int:
    found = suites()
    if wanted == ["--list"]:
        print(*(suite.name for suite in found), sep="\n")
        return 0
    chosen = [suite for suite in found if not wanted or any(re.fullmatch(word, suite.name) for word in wanted)]
    unexplained = 0
    with tempfile.TemporaryDirectory() as scratch:
        for number, suite in enumerate(chosen):
            own = Path(scratch).resolve() / str(number)
            own.mkdir()
            unexplained += compare(suite, own)
    print(f"{unexplained} differences that nobody has explained" if unexplained else "no unexplained difference")
    return 1 if unexplained else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
