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
import sysconfig
from typing import Dict, List, Optional

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

# A package that holds a compiler: asked for where there is no other.
COMPILER_PACKAGE = "ziglang"

FLAGS = shlex.split("""
    -std=c11 -O3 -fPIC -shared -fvisibility=hidden -D_GNU_SOURCE -Icsrc -g
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wmissing-prototypes
""")
# By system. On macOS the library brings thread-local variables of its own (csrc/platform/macos_own.c), and where the
# compiler can do it, no function is looked up at its first call: that could be inside malloc. Without -g0 clang leaves
# a folder libfil.dylib.dSYM beside the library, which would be packed, and the library would name temporary files.
SYSTEM_FLAGS = {
    "linux": ["-ftls-model=initial-exec"],
    "macos": shlex.split("-g0 -femulated-tls -Xclang -fno-plt -Wl,-install_name,@rpath/libfil.dylib"),
}
# What a macOS library is built for where nothing else is said: the oldest system that it was written for.
OLDEST_MACOS = "11.0"
# Zig would compile for this machine's own processor, and writes paths of its own into what debuggers read.
ZIG_FLAGS = ["-mcpu=baseline", "-fno-sanitize=undefined", "-g0"]
# On macOS the names stay in the file, so that it can be checked which function stands for which.
ZIG_SYSTEM_FLAGS: "Dict[str, List[str]]" = {"linux": ["-s"], "macos": []}
LIBRARIES: "Dict[str, List[str]]" = {"linux": ["-pthread", "-ldl"], "macos": []}

# From the best to what every compiler knows. No path of the machine shall get into the library.
_REMAP = "=%s=." % ROOT
OPTIONAL_FLAGS = (
    ["-flto", "-frandom-seed=libfil", "-ffile-prefix-map" + _REMAP],
    ["-ffile-prefix-map" + _REMAP],
    ["-fdebug-prefix-map" + _REMAP],
)


# The systems that the library is written for. A file whose name begins with one of them is for that system only.
SYSTEMS = ("linux", "macos")


def system_of(platform: str) -> str:
    """One of SYSTEMS, for a platform as sys.platform or a wheel's tag calls it."""
    return "macos" if platform.startswith(("darwin", "macosx")) else "linux"


def target_system() -> str:
    """The system that is compiled for: the one that FIL_WHEEL_PLATFORM says, else this one."""
    return system_of(os.environ.get("FIL_WHEEL_PLATFORM") or sys.platform)


def library_ending(system: str) -> str:
    """How the library's file name ends."""
    return ".dylib" if system == "macos" else ".so"


def c_files(ending: str, system: Optional[str] = None) -> List[str]:
    """The files of the library in a fixed order, as paths from the tree's root; of all systems, or for one."""
    found = glob.glob(os.path.join(ROOT, "csrc", "**", "*" + ending), recursive=True)
    others = tuple(name + "_" for name in SYSTEMS if system not in (None, name))
    others += tuple(name + "." for name in SYSTEMS if system not in (None, name))
    return sorted(os.path.relpath(path, ROOT) for path in found if not os.path.basename(path).startswith(others))


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
    system = target_system()
    command = command + FLAGS + SYSTEM_FLAGS[system] + (ZIG_FLAGS + ZIG_SYSTEM_FLAGS[system] if zig else [])
    if system == "macos" and not zig:
        command += _for_mac()
    if os.environ.get("FIL_WERROR") == "1":
        command.append("-Werror")
    command += shlex.split(os.environ.get("CFLAGS", ""))
    # A program that is being profiled may have the old one mapped: replaced, not overwritten.
    rest = (
        ["-o", target + ".new"] + c_files(".c", system) + LIBRARIES[system] + shlex.split(os.environ.get("LDFLAGS", ""))
    )
    # Not on macOS: the linker that generates the code would not know of -femulated-tls.
    tries = OPTIONAL_FLAGS[1:] if zig or system == "macos" else OPTIONAL_FLAGS
    for number, optional in enumerate(tries, 1):
        if _run(command + optional + rest, quiet=number < len(tries)):
            os.replace(target + ".new", target)
            return
    sys.exit("filprofiler's C library could not be compiled; the compiler's message stands above.")


def _for_mac() -> List[str]:
    """For which processors a compiler on a Mac compiles (this Python's, or $ARCHFLAGS), and the oldest system."""
    universal = "-arch arm64 -arch x86_64" if sysconfig.get_platform().endswith("universal2") else ""
    flags = shlex.split(os.environ.get("ARCHFLAGS", universal))
    oldest = os.environ.get("MACOSX_DEPLOYMENT_TARGET", "")
    newer = oldest and tuple(map(int, oldest.split("."))) > tuple(map(int, OLDEST_MACOS.split(".")))
    return [*flags, "-mmacosx-version-min=" + (oldest if newer else OLDEST_MACOS)]


def _run(command: List[str], quiet: bool) -> bool:
    print(" ".join(command), flush=True)
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode == 0 or not quiet:
        sys.stdout.write(done.stdout.decode("utf-8", "replace"))
        sys.stdout.flush()
    return done.returncode == 0
