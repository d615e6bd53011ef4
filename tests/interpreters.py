"""The CPythons that the tests use: the one that runs them, unless $FIL_TEST_PYTHONS says otherwise.

It holds paths, separated by colons, or "all": then, of all supported CPythons on this machine, one for each minor
version from 3.6 on. They are looked for among pyenv's versions, among those that build_tools/fetch_interpreters.py
fetched, and on PATH. A free-threaded build counts as a version of its own. Run as a program, this prints all of them.
"""

import functools
import glob
import os
import re
import shutil
import subprocess
import sys
from typing import Iterator, List, NamedTuple, Optional, Tuple

OLDEST = (3, 6)
_NEWEST_TRIED = 30

_PROBE = "import sys; print(sys.implementation.name, *sys.version_info[:3], sys.abiflags or '-')"


class Interpreter(NamedTuple):
    """A CPython: its version as three numbers, the path of its executable, and whether it was built without the GIL."""

    version: Tuple[int, int, int]
    path: str
    free_threaded: bool = False

    @property
    def name(self) -> str:
        """The minor version, such as "3.11", or "3.13t" if it was built without the GIL."""
        return "%d.%d%s" % (self.version[:2] + ("t" if self.free_threaded else "",))


def fetched_folder() -> str:
    """Where build_tools/fetch_interpreters.py puts what it fetches; FETCHED says where executables lie in it."""
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return os.path.join(cache, "filprofiler-interpreters")


FETCHED = (("debian-*", "usr", "bin", "python3.*"), ("free-threaded-*", "bin", "python3.*t"))


@functools.lru_cache(maxsize=None)
def find_interpreters() -> List[Interpreter]:
    """The interpreters, oldest first. Of several with the same minor version, the first that is found."""
    found = {}
    for path in _candidates():
        interpreter = _probe(path)
        if interpreter is not None and interpreter.version >= OLDEST:
            found.setdefault((interpreter.version[:2], interpreter.free_threaded), interpreter)
    return [found[key] for key in sorted(found)]


def _candidates() -> Iterator[str]:
    named = os.environ.get("FIL_TEST_PYTHONS", "") or sys.executable
    if named != "all":
        yield from filter(None, named.split(os.pathsep))
        return
    root = os.environ.get("PYENV_ROOT") or os.path.expanduser("~/.pyenv")
    yield from sorted(glob.glob(os.path.join(root, "versions", "*", "bin", "python3")))
    for pattern in FETCHED:
        yield from sorted(path for path in glob.glob(os.path.join(fetched_folder(), *pattern)) if _is_interpreter(path))
    for minor in range(OLDEST[1], _NEWEST_TRIED):
        path = shutil.which("python3.%d" % minor)
        if path:
            yield path
    path = shutil.which("python3")
    if path:
        yield path


def _is_interpreter(path: str) -> bool:
    return re.match(r"python3\.\d+t?$", os.path.basename(path)) is not None


def _probe(path: str) -> Optional[Interpreter]:
    """The CPython at `path`; None if it is something else, or does not run."""
    try:
        done = subprocess.run([path, "-I", "-c", _PROBE], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return None
    words = done.stdout.decode("ascii", "replace").split()
    if done.returncode != 0 or len(words) != 5 or words[0] != "cpython":
        return None
    return Interpreter((int(words[1]), int(words[2]), int(words[3])), path, "t" in words[4])


if __name__ == "__main__":
    os.environ.setdefault("FIL_TEST_PYTHONS", "all")
    for interpreter in find_interpreters():
        print(interpreter.name, interpreter.path)
