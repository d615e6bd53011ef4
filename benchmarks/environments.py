"""One virtual environment for each contender, kept from run to run.

All are installed from the package index, with the same NumPy and pandas. Ours is installed from a source tree, and
again whenever that tree has changed.
"""

import hashlib
import os
import shutil
import subprocess
import tempfile
from typing import List, NamedTuple, Tuple

from contenders import Contender

PACKAGES = {"filprofiler": "filprofiler==2024.11.2", "memray": "memray==1.20.0"}

# One pair for each version of Python: the newest that has wheels for it and for its neighbours.
NUMPY_PANDAS = {
    (3, 6): ("numpy==1.19.5", "pandas==1.1.5"),
    (3, 7): ("numpy==1.21.6", "pandas==1.3.5"),
    (3, 8): ("numpy==1.24.4", "pandas==2.0.3"),
    (3, 9): ("numpy==2.0.2", "pandas==2.3.3"),
    (3, 10): ("numpy==2.2.6", "pandas==2.3.3"),
    (3, 11): ("numpy==2.2.6", "pandas==2.3.3"),
    (3, 12): ("numpy==2.2.6", "pandas==2.3.3"),
    (3, 13): ("numpy==2.2.6", "pandas==2.3.3"),
}
NUMPY_PANDAS_NEWER = ("numpy==2.3.5", "pandas==2.3.3")

# What makes up our package: a change in any of it means a new installation.
SOURCES = (
    "filprofiler",
    "csrc",
    "build_tools",
    "setup.py",
    "setup.cfg",
    "pyproject.toml",
    "MANIFEST.in",
    "README.md",
    "LICENSE",
)
LEFT_OUT = shutil.ignore_patterns("__pycache__", "*.pyc", "*.so", "*.dylib", "*.egg-info", "build", "dist")
MARKER = "benchmark-environment.txt"


class Environment(NamedTuple):
    """A virtual environment that is ready."""

    python: str  # its interpreter
    installed: str  # what stands in it: a requirement, or the source tree's digest


class NotInstallableError(Exception):
    """A contender cannot be installed here; the text says why."""


def default_folder() -> str:
    """Where environments are kept unless --environments says otherwise."""
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return os.path.join(cache, "filprofiler-benchmarks")


def python_version(python: str) -> Tuple[int, int, int]:
    """Version of the interpreter `python`, three numbers."""
    text = subprocess.check_output([python, "-c", "import sys; print('%d.%d.%d' % sys.version_info[:3])"])
    major, minor, micro = text.decode("ascii").split(".")
    return int(major), int(minor), int(micro)


def prepare(contender: Contender, python: str, folder: str) -> Environment:
    """The contender's environment for the interpreter `python`, made in `folder` if it is not there yet.

    Raises NotInstallableError if pip fails, for instance because there is no release for this version of Python.
    """
    version = python_version(python)
    requirements = list(NUMPY_PANDAS.get(version[:2], NUMPY_PANDAS_NEWER))
    place = os.path.join(folder, "%s-%s" % (contender.environment, ".".join(str(part) for part in version)))
    digest = ""
    if contender.source is not None:
        digest = source_digest(contender.source)
    elif contender.environment in PACKAGES:
        requirements.append(PACKAGES[contender.environment])
    wanted = "\n".join([python] + requirements + [digest])
    environment = Environment(os.path.join(place, "bin", "python"), "source " + digest if digest else requirements[-1])
    marker = os.path.join(place, MARKER)
    if _read(marker) == wanted:
        return environment
    shutil.rmtree(place, ignore_errors=True)
    _run([python, "-m", "venv", place])
    # On 3.6 its own pip knows too few kinds of wheel. Elsewhere commands are to start as today's pip lets them start.
    pip = ["pip==21.3.1"] if version < (3, 7) else ["--upgrade", "pip"]
    _run([environment.python, "-m", "pip", "install", "--quiet"] + pip)
    _run([environment.python, "-m", "pip", "install", "--quiet", "--prefer-binary"] + requirements)
    if contender.source is not None:
        _install_source(environment.python, contender.source)
    with open(marker, "w") as file:
        file.write(wanted)
    return environment


def source_digest(source: str) -> str:
    """16 hexadecimal digits that change with any file of the package in the tree `source`."""
    digest = hashlib.sha256()
    for path in _source_files(source):
        digest.update(os.path.relpath(path, source).encode("utf-8") + b"\0")
        with open(path, "rb") as file:
            digest.update(file.read() + b"\0")
    return digest.hexdigest()[:16]


def _source_files(source: str) -> List[str]:
    found: List[str] = []
    for name in SOURCES:
        path = os.path.join(source, name)
        if os.path.isfile(path):
            found.append(path)
        for folder, folders, files in os.walk(path):
            left_out = LEFT_OUT(folder, folders + files)
            folders[:] = sorted(set(folders) - left_out)
            found += [os.path.join(folder, file) for file in sorted(set(files) - left_out)]
    return found


def _install_source(python: str, source: str) -> None:
    # From a copy: pip builds inside the tree it is given, and the developer's tree stays clean.
    with tempfile.TemporaryDirectory(prefix="fil-benchmark-source-") as folder:
        for path in _source_files(source):
            target = os.path.join(folder, os.path.relpath(path, source))
            os.makedirs(os.path.dirname(target), exist_ok=True)
            shutil.copy2(path, target)
        _run([python, "-m", "pip", "install", "--quiet", folder])


def _run(command: List[str]) -> None:
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode != 0:
        lines = done.stdout.decode("utf-8", "replace").strip().splitlines()
        errors = [line for line in lines if "error" in line.lower()] or lines[-1:] or ["no message"]
        raise NotInstallableError("%s: %s" % (" ".join(command[1:4]), errors[-1].strip()))


def _read(path: str) -> str:
    try:
        with open(path) as file:
            return file.read()
    except OSError:
        return ""
