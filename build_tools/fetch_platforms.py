"""Fetch a CPython for another processor, which runs here through qemu's user mode, into a cache: `make test-platforms`.

    python build_tools/fetch_platforms.py      prints the path of its executable, or why there is none (then status 1)

Debian's packages for arm64 are unpacked into a folder (by mmdebstrap); nothing is installed. In place of the executable
stands a small program for this machine, which runs the real one through qemu: so a test, and the interpreter itself,
starts it like any other. Needed: mmdebstrap, qemu-aarch64-static (Debian: qemu-user-static), a C compiler.
"""

import os
import shutil
import subprocess
import sys

from fetch_interpreters import UnavailableError, mirror, run

SUITE, VERSION = "bookworm", "3.11"
QEMU = ("qemu-aarch64-static", "qemu-aarch64")

# Arguments as they are, the name by which it was called kept: from that, Python finds its own files.
STARTER = """
#include <stdlib.h>
#include <unistd.h>
int main(int count, char **arguments)
{
    (void)count;
    size_t given = 0;
    while (arguments[given] != NULL) given++;
    const char **all = calloc(given + 8, sizeof *all);
    const char *first[] = {"%(qemu)s", "-L", "%(root)s", "-0", "%(python)s", "%(python)s.arm64"};
    size_t at = 0;
    for (size_t i = 0; i < sizeof first / sizeof *first; i++) all[at++] = first[i];
    for (size_t i = 1; i < given; i++) all[at++] = arguments[i];
    execv(first[0], (char **)all);
    return 127;
}
"""


def cache_folder() -> str:
    """Where what is fetched lies. Not where tests/interpreters.py looks: it is thirty times slower."""
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return os.path.join(cache, "filprofiler-platforms")


def works(python: str) -> bool:
    """Whether it runs, and is for the other processor."""
    check = "import ctypes, platform, sys; sys.exit(platform.machine() != 'aarch64')"
    try:
        return subprocess.call([python, "-I", "-c", check], stderr=subprocess.DEVNULL) == 0
    except OSError:
        return False


def fetch() -> str:
    """The path of an executable CPython for aarch64. Raises UnavailableError."""
    folder = os.path.join(cache_folder(), "debian-%s-arm64" % SUITE)
    python = os.path.join(folder, "usr", "bin", "python" + VERSION)
    log = folder + ".log"
    if works(python):
        return python
    qemu = next(filter(None, map(shutil.which, QEMU)), None)
    if qemu is None or shutil.which("mmdebstrap") is None:
        raise UnavailableError(
            "qemu's user mode and mmdebstrap must be installed (Debian: qemu-user-static, mmdebstrap)"
        )
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(cache_folder(), exist_ok=True)
    mode = "root" if os.geteuid() == 0 else "unshare"
    command = ["mmdebstrap", "--mode=" + mode, "--variant=extract", "--architectures=arm64"]
    run([*command, "--include=python" + VERSION, SUITE, folder, mirror()], log)
    os.rename(python, python + ".arm64")
    source = python + "-starter.c"
    with open(source, "w") as file:
        file.write(STARTER % {"qemu": qemu, "root": folder, "python": python})
    run([os.environ.get("CC") or "cc", "-static", "-o", python, source], log)
    if not works(python):
        raise UnavailableError("it was fetched, but does not run, see %s" % log)
    return python


def main() -> int:
    """See the module's text."""
    try:
        print(fetch())
    except UnavailableError as error:
        print("no CPython for aarch64 here: %s" % error)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
