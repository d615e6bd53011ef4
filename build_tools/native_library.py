"""How the C library is compiled: by which compiler, with which flags, from which files. For setup.py and the backend.

No header of Python is used, so one file serves every Python.
"""

import glob
import importlib.util
import os
import shlex
import shutil
import subprocess
import sys
from typing import List

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

# A package that holds a compiler: asked for where there is no other.
COMPILER_PACKAGE = "ziglang"

FLAGS = shlex.split("""
    -std=c11 -O3 -fPIC -shared -fvisibility=hidden -D_GNU_SOURCE -Icsrc -g
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wmissing-prototypes
    -ftls-model=initial-exec
""")
# Zig would compile for this machine's own processor, and writes paths of its own into what debuggers read.
ZIG_FLAGS = ["-mcpu=baseline", "-fno-sanitize=undefined", "-g0", "-s"]
LIBRARIES = ["-pthread", "-ldl"]

# From the best to what every compiler knows. No path of the machine shall get into the library.
_REMAP = "=%s=." % ROOT
OPTIONAL_FLAGS = (
    ["-flto", "-frandom-seed=libfil", "-ffile-prefix-map" + _REMAP],
    ["-ffile-prefix-map" + _REMAP],
    ["-fdebug-prefix-map" + _REMAP],
)


def c_files(ending: str) -> List[str]:
    """All files of the library below csrc, in a fixed order, as paths from the tree's root."""
    found = glob.glob(os.path.join(ROOT, "csrc", "**", "*" + ending), recursive=True)
    return sorted(os.path.relpath(path, ROOT) for path in found)


def installed_compiler() -> List[str]:
    """The command of the machine's C compiler: $CC, else the first of the usual ones; empty if there is none."""
    if os.environ.get("CC"):
        return shlex.split(os.environ["CC"])
    return [name for name in ("cc", "gcc", "clang") if shutil.which(name)][:1]


def zig_compiler() -> List[str]:
    """The command of the compiler in the package ziglang; empty if that is not installed for this Python."""
    if importlib.util.find_spec(COMPILER_PACKAGE) is None:
        return []
    return [sys.executable, "-m", COMPILER_PACKAGE, "cc"]


def compiler() -> List[str]:
    """The command to compile with. Ends the program with a sentence if there is none."""
    found = installed_compiler() or zig_compiler()
    if not found:
        sys.exit(
            "filprofiler needs a C compiler to be built; install gcc, clang or the package %s, or name one in $CC."
            % COMPILER_PACKAGE
        )
    return found


def is_zig(command: List[str]) -> bool:
    """Whether a compiler's command is zig's."""
    return COMPILER_PACKAGE in command or os.path.basename(command[0]) == "zig"


def compile_library(target: str) -> None:
    """Compile the library into the file `target`, honouring CC, CFLAGS, LDFLAGS and FIL_WERROR=1.

    Ends the program with a sentence, after the compiler's own, if that fails.
    """
    command = compiler()
    zig = is_zig(command)
    command = command + FLAGS + (ZIG_FLAGS if zig else [])
    if os.environ.get("FIL_WERROR") == "1":
        command.append("-Werror")
    command += shlex.split(os.environ.get("CFLAGS", ""))
    # A program that is being profiled may have the old one mapped: replaced, not overwritten.
    rest = ["-o", target + ".new"] + c_files(".c") + LIBRARIES + shlex.split(os.environ.get("LDFLAGS", ""))
    tries = OPTIONAL_FLAGS[1:] if zig else OPTIONAL_FLAGS
    for number, optional in enumerate(tries, 1):
        if _run(command + optional + rest, quiet=number < len(tries)):
            os.replace(target + ".new", target)
            return
    sys.exit("filprofiler's C library could not be compiled; the compiler's message stands above.")


def _run(command: List[str], quiet: bool) -> bool:
    print(" ".join(command), flush=True)
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode == 0 or not quiet:
        sys.stdout.write(done.stdout.decode("utf-8", "replace"))
        sys.stdout.flush()
    return done.returncode == 0
