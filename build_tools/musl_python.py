"""Build a CPython that is linked to musl, as Alpine Linux has it, with the compiler of the package ziglang.

musl itself is Debian's package, unpacked into the folder and not installed; CPython, zlib and libffi are built from
Debian's sources. The executable names its dynamic linker in that folder, so it runs like any other program.
What needs more libraries (ssl, sqlite3, bz2, lzma, readline) is not there; ctypes and zlib are.
"""

import glob
import hashlib
import importlib.util
import os
import shutil
import stat
from typing import List, NamedTuple

from fetch_interpreters import UnavailableError, mirror, run
from native_library import COMPILER_PACKAGE

SUITE, VERSION = "trixie", "3.13"
JOBS = str(os.cpu_count() or 1)


class Source(NamedTuple):
    """A package's source: its path at a mirror of Debian, and what its bytes must be."""

    path: str
    sha256: str


PYTHON = Source(
    "pool/main/p/python3.13/python3.13_3.13.5.orig.tar.xz",
    "93e583f243454e6e9e4588ca2c2662206ad961659863277afcdb96801647d640",
)
ZLIB = Source(
    "pool/main/z/zlib/zlib_1.3.dfsg+really1.3.1.orig.tar.gz",
    "60dd315c07f616887caa029408308a018ace66e3d142726a97db164b3b8f69fb",
)
LIBFFI = Source(
    "pool/main/libf/libffi/libffi_3.4.4.orig.tar.gz",
    "d66c56ad259a82cf2a9dfc408b32bf5da52371500b84745f7fb8b645712df676",
)

# Alpine's own settings: musl would give a thread 128 KiB of stack, too little for Python's recursion.
STACK = "0x100000"


def unpack(source: Source, scratch: str, log: str) -> str:
    """Fetch and unpack a source; the path of its folder. Raises UnavailableError."""
    name = os.path.basename(source.path)
    archive, folder = os.path.join(scratch, name), os.path.join(scratch, name.partition("_")[0])
    run(["curl", "--silent", "--show-error", "--fail", "-o", archive, mirror() + "/" + source.path], log)
    with open(archive, "rb") as file:
        if hashlib.sha256(file.read()).hexdigest() != source.sha256:
            raise UnavailableError("%s is not the file that it was" % name)
    os.mkdir(folder)
    run(["tar", "xf", archive, "--strip-components=1"], log, folder)
    return folder


def write_program(path: str, command: List[str], cache: str) -> None:
    """A shell script that hands its arguments to a command of zig's; what that keeps is to be in the folder `cache`."""
    with open(path, "w") as file:
        file.write("#!/bin/sh\nexport ZIG_GLOBAL_CACHE_DIR='%s'\nexec '%s' \"$@\"\n" % (cache, "' '".join(command)))
    os.chmod(path, os.stat(path).st_mode | stat.S_IXUSR)


class Tools(NamedTuple):
    """The programs that compile for one processor: paths."""

    triplet: str
    cc: str
    ar: str

    def settings(self) -> List[str]:
        """As a configure script takes them."""
        return ["CC=" + self.cc, "AR=" + self.ar, "RANLIB=true"]


def make_tools(machine: str, linker: str, scratch: str) -> Tools:
    """Compiler and archiver for a processor, whose programs name `linker` as their dynamic linker."""
    package = importlib.util.find_spec(COMPILER_PACKAGE)
    if package is None or not package.submodule_search_locations:
        raise UnavailableError("the package %s is not installed" % COMPILER_PACKAGE)
    zig = os.path.join(package.submodule_search_locations[0], "zig")
    triplet = machine + "-linux-musl"
    tools = Tools(triplet, os.path.join(scratch, "cc"), os.path.join(scratch, "ar"))
    kept = os.path.join(scratch, "zig")
    options = ["-mcpu=baseline", "-dynamic", "-g0", "-Wno-date-time", "-Wl,--dynamic-linker=" + linker]
    write_program(tools.cc, [zig, "cc", "-target", triplet, *options], kept)
    write_program(tools.ar, [zig, "ar"], kept)
    return tools


def build(folder: str, machine: str, log: str, build_python: str = "") -> str:
    """Build CPython for `machine` (x86_64 or aarch64) in `folder`; the path of its executable.

    build_python: the same version for this machine, if that is another. Raises UnavailableError.
    """
    linker = os.path.join(folder, "lib", "ld-musl-%s.so.1" % machine)
    scratch = folder + ".build"
    for old in (folder, scratch):
        shutil.rmtree(old, ignore_errors=True)
    os.makedirs(scratch)
    install_musl(folder, machine, log)
    tools = make_tools(machine, linker, scratch)
    libraries = os.path.join(scratch, "libraries")
    build_libraries(tools, libraries, scratch, log)
    source = unpack(PYTHON, scratch, log)
    recognize_musl(source)
    options = ["--prefix=" + folder, "--disable-test-modules", "--without-ensurepip", "--without-static-libpython"]
    if build_python:
        options += ["--build=x86_64-linux-gnu", "--host=" + tools.triplet, "--with-build-python=" + build_python]
        options += ["ac_cv_file__dev_ptmx=yes", "ac_cv_file__dev_ptc=no", "ac_cv_buggy_getaddrinfo=no"]
    given = [
        "CFLAGS=-O2 -DTHREAD_STACK_SIZE=" + STACK,
        "LDFLAGS=-Wl,-z,stack-size=" + STACK,
        "ZLIB_CFLAGS=-I%s/include" % libraries,
        "ZLIB_LIBS=%s/lib/libz.a" % libraries,
        "LIBFFI_CFLAGS=-I%s/include" % libraries,
        "LIBFFI_LIBS=%s/lib/libffi.a" % libraries,
        "PKG_CONFIG_LIBDIR=/nowhere",  # what this machine has is for another C library
    ]
    run(["./configure", "-q", *options, *tools.settings(), *given], log, source)
    run(["nice", "-n", "19", "make", "-s", "-j", JOBS], log, source)
    run(["make", "-s", "install"], log, source)
    shutil.rmtree(scratch)
    return os.path.join(folder, "bin", "python" + VERSION)


def recognize_musl(source: str) -> None:
    """Let CPython's name for the platform be musl's: it looks for a macro that another compiler would have met."""
    path = os.path.join(source, "Misc", "platform_triplet.c")
    with open(path) as file:
        text = file.read()
    with open(path, "w") as file:
        file.write("#define __DEFINED_va_list\n" + text)


def install_musl(folder: str, machine: str, log: str) -> None:
    """Debian's musl, and the dynamic linker by its usual name. Raises UnavailableError."""
    if shutil.which("mmdebstrap") is None:
        raise UnavailableError("mmdebstrap is not installed (Debian: mmdebstrap)")
    debian = {"x86_64": "amd64", "aarch64": "arm64"}[machine]
    mode = "root" if os.geteuid() == 0 else "unshare"
    command = ["mmdebstrap", "--mode=" + mode, "--variant=extract", "--architectures=" + debian, "--include=musl"]
    run([*command, SUITE, folder, mirror()], log)
    found = glob.glob(os.path.join(folder, "**", machine + "-linux-musl", "libc.so"), recursive=True)
    if not found:
        raise UnavailableError("Debian's package has no libc.so where it was")
    linker = os.path.join(folder, "lib", "ld-musl-%s.so.1" % machine)
    os.makedirs(os.path.dirname(linker), exist_ok=True)
    if os.path.lexists(linker):
        os.remove(linker)
    shutil.copy(found[0], linker)


def build_libraries(tools: Tools, prefix: str, scratch: str, log: str) -> None:
    """zlib and libffi as static libraries that a shared one can hold. Raises UnavailableError."""
    zlib = unpack(ZLIB, scratch, log)
    run(["env", *tools.settings(), "CFLAGS=-O2 -fPIC", "./configure", "--static", "--prefix=" + prefix], log, zlib)
    run(["make", "-s", "install"], log, zlib)
    libffi = unpack(LIBFFI, scratch, log)
    options = [
        "--prefix=" + prefix,
        "--host=" + tools.triplet,
        "--disable-shared",
        "--with-pic",
        "--disable-docs",
        "--disable-exec-static-tramp",
        "lt_cv_prog_compiler_static_works=no",  # to find out, zig would compile the whole of a static musl
    ]
    run(["./configure", "-q", *options, *tools.settings(), "CFLAGS=-O2"], log, libffi)
    run(["make", "-s", "install"], log, libffi)
