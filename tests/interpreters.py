"""The CPythons on this machine that filprofiler supports: one for each minor version, from 3.6 on.

They are looked for in $FIL_TEST_PYTHONS (paths, separated by colons; if set, nowhere else), among pyenv's versions,
and on PATH. Run as a program, this prints them.
"""

import functools
import glob
import os
import shutil
import subprocess
from typing import Iterator, List, NamedTuple, Optional, Tuple

OLDEST = (3, 6)
_NEWEST_TRIED = 30

_PROBE = "import sys; print(sys.implementation.name, *sys.version_info[:3])"


class Interpreter(NamedTuple):
    """A CPython: its version as three numbers, and the path of its executable."""

    version: Tuple[int, int, int]
    path: str

    @property
    def name(self) -> str:
        """The minor version, such as "3.11"."""
        return "%d.%d" % self.version[:2]


@functools.lru_cache(maxsize=None)
def find_interpreters() -> List[Interpreter]:
    """The interpreters, oldest first. Of several with the same minor version, the first that is found."""
    found = {}
    for path in _candidates():
        version = _version(path)
        if version is not None and version >= OLDEST:
            found.setdefault(version[:2], Interpreter(version, path))
    return [found[minor] for minor in sorted(found)]


def _candidates() -> Iterator[str]:
    named = os.environ.get("FIL_TEST_PYTHONS", "")
    if named:
        yield from filter(None, named.split(os.pathsep))
        return
    root = os.environ.get("PYENV_ROOT") or os.path.expanduser("~/.pyenv")
    yield from sorted(glob.glob(os.path.join(root, "versions", "*", "bin", "python3")))
    for minor in range(OLDEST[1], _NEWEST_TRIED):
        path = shutil.which("python3.%d" % minor)
        if path:
            yield path
    path = shutil.which("python3")
    if path:
        yield path


def _version(path: str) -> Optional[Tuple[int, int, int]]:
    """The version of the CPython at `path`; None if it is something else, or does not run."""
    try:
        done = subprocess.run([path, "-I", "-c", _PROBE], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return None
    words = done.stdout.decode("ascii", "replace").split()
    if done.returncode != 0 or len(words) != 4 or words[0] != "cpython":
        return None
    return int(words[1]), int(words[2]), int(words[3])


if __name__ == "__main__":
    for interpreter in find_interpreters():
        print(interpreter.name, interpreter.path)
