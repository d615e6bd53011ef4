"""Builds the library so that its own system calls and allocations fail on demand: see tests/faults/faults.c."""

import os
import shlex
import shutil
import struct
import subprocess
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Optional

import support

SOURCES = support.TESTS / "faults"
FLAGS = "-std=c11 -O1 -g -fPIC -fvisibility=hidden -D_GNU_SOURCE -Wno-variadic-macros -ftls-model=initial-exec -pthread"
SWITCHES = {
    "platform/linux.c": ["-DFAULTS_IN_LINUX"],
    "platform/posix.c": ["-DFAULTS_IN_LINUX"],
    "platform/posix_file.c": ["-DFAULTS_IN_LINUX"],
    "platform/linux_maps.c": ["-DFAULTS_IN_LINUX_MAPS"],
    "platform/linux_symbols.c": ["-DFAULTS_IN_LINUX_SYMBOLS"],
    "interpose/process_hooks.c": ["-DFAULTS_IN_PROCESS_HOOKS"],
}

REST = "rest"
READS = "reads"
NEVER = 1 << 62


def kinds() -> List[str]:
    """The names of the calls that can be made to fail, in the order of the log."""
    text = (SOURCES / "faults.h").read_text()
    names = []
    for group in ("FAULTS_REST", "FAULTS_READS"):
        definition = text.partition(f"#define {group} ")[2].replace("\\\n", " ").partition("\n")[0]
        names += [word[len("FAULT(") :].rstrip(")") for word in definition.split() if word.startswith("FAULT(")]
    return names


def build(package: Path, scratch: Path) -> Path:
    """A copy of the package in which the library can be made to fail."""
    csrc = support.ROOT / "csrc"
    compiler = os.environ.get("CC", "cc")
    assert shutil.which(shlex.split(compiler)[0]), f"these tests need the compiler {compiler!r}"
    command = [*shlex.split(compiler), *FLAGS.split(), f"-I{csrc}", f"-I{SOURCES}"]
    objects = []
    ours = sorted(path for path in csrc.rglob("*.c") if not path.name.startswith("macos"))
    for number, source in enumerate([*ours, SOURCES / "faults.c"]):
        switches = SWITCHES.get("/".join(source.parts[-2:]), [])
        objects.append(str(scratch / f"{number}.o"))
        subprocess.run([*command, *switches, "-include", "faults.h", "-c", str(source), "-o", objects[-1]], check=True)
    target = scratch / "package"
    shutil.copytree(str(package), str(target))
    (library,) = target.glob("filprofiler/_lib/libfil*.so")
    library.unlink()
    subprocess.run([*command, "-shared", *objects, "-o", str(library), "-ldl"], check=True)
    return target


class Faults(NamedTuple):
    """Which of the library's calls fail: of one group, those with the numbers from `first` to `last`.

    error: the errno, 0 for a write that is cut short.
    """

    group: str = REST
    first: int = NEVER
    last: int = NEVER
    error: int = 0


class Run(NamedTuple):
    """A profiled run, and what the library did in it: calls of the group, how many failed, calls by kind."""

    done: support.Profiled
    calls: int
    failed: int
    by_kind: Dict[str, int]


def run(profiler: support.Profiler, args: List[Any], faults: Optional[Faults] = None) -> Run:
    """Profile a program with the library that `build` has made, under these faults."""
    faults = faults or Faults()
    names = kinds()
    log = profiler.scratch / "faults.log"
    log.write_bytes(bytes(8 * (2 + len(names))))
    calls = f"{faults.group} {faults.first} {faults.last} {faults.error}"
    done = profiler.run(args, env={"FAULT_CALLS": calls, "FAULT_LOG": str(log)})
    words = struct.unpack(f"{2 + len(names)}Q", log.read_bytes())
    return Run(done, words[0], words[1], dict(zip(names, words[2:])))
