"""Get a CPython for another platform than this machine's into a cache: `make test-platforms`.

    python build_tools/fetch_platforms.py NAME      prints the path of its executable, or why there is none (status 1)

NAME is one of PLATFORMS, named as the wheels in cross_wheels.py:

* manylinux-aarch64: Debian's packages for arm64, unpacked into a folder (by mmdebstrap); nothing is installed.
* musllinux-x86_64, musllinux-aarch64: built here, see musl_python.py.

In place of an executable for another processor stands a small program for this machine, which runs the real one through
qemu's user mode: so a test, and the interpreter itself, starts it like any other. Needed: mmdebstrap; a C compiler and
qemu-aarch64-static (Debian: qemu-user-static) for aarch64; curl, make and the package ziglang for musl.
"""

import os
import shutil
import subprocess
import sys
from typing import List

import musl_python
from fetch_interpreters import UnavailableError, mirror, run

SUITE, VERSION = "bookworm", "3.11"
PLATFORMS = ("manylinux-aarch64", "musllinux-x86_64", "musllinux-aarch64")
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


def works(python: str, platform: str) -> bool:
    """Whether it runs, and is for that platform."""
    kind, machine = platform.split("-")
    check = "import ctypes, zlib, platform, sys; sys.exit((platform.machine(), platform.libc_ver()[0]) != ('%s', '%s'))"
    # Of musl, Python knows no name but that of the C library's file.
    wanted = check % (machine, "libc" if kind == "musllinux" else "glibc")
    try:
        return subprocess.call([python, "-I", "-c", wanted], stderr=subprocess.DEVNULL) == 0
    except OSError:
        return False


def run_through_qemu(python: str, root: str, log: str) -> None:
    """Put a program for this machine in the executable's place. Raises UnavailableError.

    root: where its dynamic linker is looked for.
    """
    os.rename(python, python + ".arm64")
    source = python + "-starter.c"
    with open(source, "w") as file:
        file.write(STARTER % {"qemu": qemu(), "root": root, "python": python})
    run([os.environ.get("CC") or "cc", "-static", "-o", python, source], log)


def qemu() -> str:
    """qemu's user mode for aarch64. Raises UnavailableError."""
    found = next(filter(None, map(shutil.which, QEMU)), None)
    if found is None:
        raise UnavailableError("qemu's user mode is not installed (Debian: qemu-user-static)")
    return found


def fetch_from_debian(folder: str, log: str) -> str:
    """Debian's CPython for aarch64; the path of its executable. Raises UnavailableError."""
    qemu()
    if shutil.which("mmdebstrap") is None:
        raise UnavailableError("mmdebstrap is not installed (Debian: mmdebstrap)")
    shutil.rmtree(folder, ignore_errors=True)
    mode = "root" if os.geteuid() == 0 else "unshare"
    command = ["mmdebstrap", "--mode=" + mode, "--variant=extract", "--architectures=arm64"]
    run([*command, "--include=python" + VERSION, SUITE, folder, mirror()], log)
    python = os.path.join(folder, "usr", "bin", "python" + VERSION)
    run_through_qemu(python, folder, log)
    return python


def build_for_musl(platform: str, folder: str, log: str) -> str:
    """CPython linked to musl; the path of its executable. Raises UnavailableError."""
    machine = platform.split("-")[1]
    if machine == os.uname().machine:
        return musl_python.build(folder, machine, log)
    qemu()
    python = musl_python.build(folder, machine, log, fetch("musllinux-" + os.uname().machine))
    run_through_qemu(python, folder, log)
    return python


def fetch(platform: str) -> str:
    """The path of an executable CPython for one of PLATFORMS. Raises UnavailableError."""
    debian = platform.startswith("manylinux")
    name = "debian-%s-arm64" % SUITE if debian else platform
    path = ["usr", "bin", "python" + VERSION] if debian else ["bin", "python" + musl_python.VERSION]
    folder = os.path.join(cache_folder(), name)
    python = os.path.join(folder, *path)
    if not works(python, platform):
        os.makedirs(cache_folder(), exist_ok=True)
        log = folder + ".log"
        python = fetch_from_debian(folder, log) if debian else build_for_musl(platform, folder, log)
        if not works(python, platform):
            raise UnavailableError("it is there, but does not run, see %s" % log)
    return python


def main(arguments: List[str]) -> int:
    """See the module's text."""
    if len(arguments) != 1 or arguments[0] not in PLATFORMS:
        sys.stderr.write("usage: fetch_platforms.py NAME, one of: %s\n" % ", ".join(PLATFORMS))
        return 2
    try:
        print(fetch(arguments[0]))
    except UnavailableError as error:
        print("no CPython for %s here: %s" % (arguments[0], error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
