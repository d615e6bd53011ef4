"""What every test may rely on: the package of this source tree, with its library built."""

import os
import signal
import sys
from pathlib import Path
from typing import Any, Generator, List

import pytest
from interpreters import Interpreter, find_interpreters

ROOT = Path(__file__).resolve().parent.parent
BUILT_LIBRARY = ROOT / "filprofiler" / "_lib" / "libfil.so"

if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))


def pytest_configure() -> None:
    """In the background of a shell, or behind nohup, the programs under test would ignore signals too."""
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if signal.getsignal(signal.SIGHUP) == signal.SIG_IGN:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test that asks for `interpreter` runs once with each that is found."""
    if "interpreter" in metafunc.fixturenames:
        found = find_interpreters()
        metafunc.parametrize("interpreter", found, ids=[interpreter.name for interpreter in found])


def pytest_collection_modifyitems(config: pytest.Config, items: List[pytest.Item]) -> None:
    """Leave out what is slow, unless it is asked for."""
    if os.environ.get("FIL_TEST_SLOW") == "1":
        return
    slow = [item for item in items if item.get_closest_marker("slow")]
    config.hook.pytest_deselected(items=slow)
    items[:] = [item for item in items if item not in slow]


@pytest.fixture
def newest_interpreter() -> Interpreter:
    """The newest interpreter: for tests that need not run with each."""
    return find_interpreters()[-1]


@pytest.fixture(scope="session")
def built_library() -> Path:
    """The library of this source tree, as `make build` puts it there."""
    if not BUILT_LIBRARY.exists():
        pytest.skip("the library is not built in this source tree: run `make build`")
    return BUILT_LIBRARY


@pytest.fixture(autouse=True)
def _no_surprises(monkeypatch: pytest.MonkeyPatch) -> None:
    """Variables of the developer's own that would change what a program under test prints."""
    python = ("PYTHONPATH", "PYTHONDONTWRITEBYTECODE", "PYTHONWARNINGS")
    for name in (*python, "BROWSER", "NO_COLOR", "FORCE_COLOR", "PYTEST_ADDOPTS"):
        monkeypatch.delenv(name, raising=False)


# With TESTS_FORBID_SKIPS a skipped test is a failed one, unless no package that could be installed would let it run.
ALWAYS_ALLOWED = (
    "this Python does not know the feature",
    "root can read everything",
    "no control group for memory can be made here",
    "only root can make a set-uid program",
)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: "pytest.CallInfo[None]") -> Generator[None, Any, None]:
    """Turn skips into failures where everything that tests need is said to be installed."""
    del item, call
    report = (yield).get_result()
    allowed = any(reason in str(report.longrepr) for reason in ALWAYS_ALLOWED)
    if report.skipped and os.environ.get("TESTS_FORBID_SKIPS") and not allowed:
        report.outcome = "failed"
        report.longrepr = "skipped, but this run forbids skips: %s" % (report.longrepr,)
