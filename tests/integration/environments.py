"""Virtual environments with real packages, for tests that need those: one for each interpreter and list of packages.

They are kept between runs, in $FIL_TEST_CACHE or ~/.cache/fil-test-environments: making one takes minutes. What cannot
be installed (no wheel for that Python, no package index) is told to the test, which says so when it skips.
"""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Dict, NamedTuple, Sequence

import pytest
from caches import cache_folder, filling
from interpreters import Interpreter, find_interpreters

_COMPLETE = "installed.txt"  # written last: names and versions of what is installed
_REFUSED = "refused.txt"  # what pip said when it could not


class Environment(NamedTuple):
    """An environment: its interpreter, the path of its Python, and what is installed: name in lower case -> version."""

    interpreter: Interpreter
    python: str
    versions: Dict[str, str]


def interpreter_named(name: str) -> Interpreter:
    """The interpreter "3.8", say. Skips the calling test if it is none of those that the tests use."""
    found = [one for one in find_interpreters() if one.name == name]
    if not found:
        pytest.skip("there is no Python %s here" % name)
    return found[0]


def environment_with(interpreter: Interpreter, packages: Sequence[str], options: Sequence[str] = ()) -> Environment:
    """An environment of this interpreter with these packages (as pip is given them), made if it is not there yet.

    options: for pip, such as "--no-deps". Skips the calling test if the packages cannot be installed.
    """
    words = "-".join(re.sub(r"[^A-Za-z0-9.]+", "_", word) for word in [*packages, *options])
    home = cache_folder() / "fil-test-environments" / f"{interpreter.name}-{words}"
    python = home / "bin" / "python"
    with filling(home):
        if not ((home / _COMPLETE).exists() and _runs(python)):
            _make(interpreter, home, packages, options)
    lines = (home / _COMPLETE).read_text().split()
    return Environment(interpreter, str(python), dict(line.lower().split("==") for line in lines if "==" in line))


def _runs(python: Path) -> bool:
    return subprocess.run([str(python), "-c", "pass"], stderr=subprocess.DEVNULL).returncode == 0


def _make(interpreter: Interpreter, home: Path, packages: Sequence[str], options: Sequence[str]) -> None:
    """Make the environment, or skip: wheels only, so that no test waits for a compiler."""
    if home.exists():
        shutil.rmtree(str(home))
    made = subprocess.run([interpreter.path, "-m", "venv", str(home)], stdout=subprocess.DEVNULL)
    if made.returncode != 0:
        pytest.skip(f"Python {interpreter.name} cannot make a virtual environment")
    pip = [str(home / "bin" / "python"), "-m", "pip", "--disable-pip-version-check"]
    install = [*pip, "install", "-q", "--only-binary", ":all:", *options, *packages]
    done = subprocess.run(install, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode != 0:
        said = done.stdout.decode("utf-8", "replace")
        (home / _REFUSED).write_text(said)
        pytest.skip(f"{' '.join(packages)} cannot be installed for Python {interpreter.name}: {_last_error(said)}")
    listed = subprocess.run([*pip, "list", "--format=freeze"], stdout=subprocess.PIPE, check=True)
    (home / _COMPLETE).write_bytes(listed.stdout)


def _last_error(said: str) -> str:
    errors = [line for line in said.splitlines() if line.startswith("ERROR")]
    return errors[-1] if errors else "pip said nothing"
