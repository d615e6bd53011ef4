"""Count instructions for each allocation, bare and under ours, with valgrind's callgrind. See README.md.

    python benchmarks/instructions.py small-objects
    python benchmarks/instructions.py depth-100 --sizes 20 60 --ours . --ours ../other-tree
    python benchmarks/instructions.py empty

Each program is run at two sizes; what start-up and report cost cancels out in the difference. `empty` has no size: its
one run is what start-up costs in the program's own process, without the supervisor. The counts repeat nearly to the
instruction, so two builds of the library can be compared where times are too noisy.
"""

import argparse
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from typing import Dict, List, NamedTuple, Optional

from catalog import PROGRAMS, Program, choose_programs, program_command
from contenders import IDLE_NAME, Contender, choose_contenders
from environments import NotInstallableError, default_folder, prepare
from run import run_environment

# CPython's small-object allocator. A call from one of them to another belongs to the same allocation.
ALLOCATORS = frozenset(["_PyObject_Malloc", "_PyObject_Calloc", "_PyObject_Realloc"])

# The library and the first script of the profiled process, then the dynamic linker, one a line.
ASK_PLACES = """
from filprofiler.environment import BOOTSTRAP_PATH, LIBRARY_PATH
print(LIBRARY_PATH)
print(BOOTSTRAP_PATH)
print(next(line.split()[-1] for line in open("/proc/self/maps") if "/ld-" in line or "/ld.so" in line))
"""
RECORDING_BYTES = 640 * 1024  # what the supervisor makes the recording's file before the program starts


class Count(NamedTuple):
    """What callgrind counted in one process."""

    instructions: int
    allocations: int


class CountingError(Exception):
    """No count could be had; the text says why."""


def read_counts(path: str) -> Count:
    """The counts in the file that callgrind has written at `path`."""
    total = 0
    allocations = 0
    names: Dict[str, str] = {}
    caller = callee = ""
    with open(path, errors="replace") as file:
        for line in file:
            if line.startswith(("totals: ", "summary: ")):
                total = int(line.split()[1])
            elif line.startswith("fn="):
                caller = _function(line[3:], names)
            elif line.startswith("cfn="):
                callee = _function(line[4:], names)
            elif line.startswith("calls=") and callee in ALLOCATORS and caller not in ALLOCATORS:
                allocations += int(line[6:].split()[0])
    return Count(total, allocations)


def _function(text: str, names: Dict[str, str]) -> str:
    # `(12) name` the first time, `(12)` from then on; `'2` marks a level of recursion.
    match = re.match(r"\((\d+)\)(?: (.*))?$", text.strip())
    if match is None:
        return text.strip()
    number, name = match.groups()
    if name is not None:
        names[number] = name.split("'")[0]
    return names.get(number, "")


def child_command(python: str, folder: str, idle: bool = False) -> List[str]:
    """What the supervisor would start to have a script run under ours, without the script; the recording in `folder`.
    With `idle`, what `fil-profile python` becomes.

    LD_PRELOAD would not do: valgrind's own launcher would be the first to load the library and take it off the list. So
    the dynamic linker is told (glibc 2.30 and later). Raises CountingError.
    """
    # Not from where we are: a package that lies there would be found first.
    done = subprocess.run(
        [python, "-c", ASK_PLACES], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=os.path.dirname(python)
    )
    text = done.stdout.decode("utf-8", "replace")
    if done.returncode != 0:
        raise CountingError(text)
    library, bootstrap, linker = text.splitlines()
    if idle:
        return [linker, "--preload", library, python]
    recording = os.path.join(folder, "recording.fil")
    with open(recording, "wb") as file:
        os.posix_fallocate(file.fileno(), 0, RECORDING_BYTES)
    return [linker, "--preload", library, python, bootstrap, recording, str(int(signal.SIGUSR2)), "script"]


def count(contender: Contender, python: str, program: List[str]) -> Count:
    """Run the program (path, arguments) under callgrind. Raises CountingError."""
    with tempfile.TemporaryDirectory(prefix="fil-instructions-") as folder:
        output = os.path.join(folder, "callgrind.out")
        command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=" + output]
        idle = contender.name == IDLE_NAME
        command += [python] if contender.source is None else child_command(python, folder, idle)
        done = subprocess.run(
            command + program,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=folder,
            env=run_environment(),
        )
        if done.returncode != 0:
            raise CountingError(done.stdout.decode("utf-8", "replace")[-1000:])
        return read_counts(output)


def start_up(contender: Contender, python: str, program: Program) -> Count:
    """What a program counts that does nothing. Raises CountingError."""
    command = program_command(program, small=False)
    count(contender, python, command)  # writes the compiled modules that are missing
    return count(contender, python, command)


def difference(contender: Contender, python: str, program: Program, sizes: List[int]) -> Count:
    """What the larger size counts more than the smaller. Raises CountingError."""
    path, *arguments = program_command(program, small=True)
    small, large = [count(contender, python, [path] + arguments[:-1] + [str(size)]) for size in sorted(sizes)]
    return Count(large.instructions - small.instructions, large.allocations - small.allocations)


def parse_arguments(arguments: List[str]) -> argparse.Namespace:
    """Options of the command line; ends the process with status 2 if they are wrong."""
    parser = argparse.ArgumentParser(description="Instructions for each allocation, bare and under ours.")
    names = [program.name for program in PROGRAMS if program.small or not program.arguments]
    parser.add_argument("program", choices=names, metavar="PROGRAM", help=", ".join(names))
    parser.add_argument(
        "--sizes",
        type=int,
        nargs=2,
        metavar="N",
        help="the program's last argument, twice (default: that of run.py --small, and three times as much)",
    )
    parser.add_argument("--ours", action="append", metavar="PATH", help="as for run.py; may be given several times")
    parser.add_argument("--idle", action="store_true", help="count `fil-profile python`, where nothing is profiled")
    parser.add_argument("--bare-only", action="store_true", help="do not count ours")
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--environments", default=default_folder(), metavar="FOLDER", help="default: %(default)s")
    options = parser.parse_args(arguments)
    options.program = choose_programs(options.program)[0]
    if not options.program.small:
        if options.sizes is not None:
            parser.error("%s has no size" % options.program.name)
    elif options.sizes is None:
        size = int(options.program.small.split()[-1])
        options.sizes = [size, 3 * size]
    elif options.sizes[0] == options.sizes[1]:
        parser.error("--sizes must differ")
    sources = options.ours or [os.path.dirname(os.path.dirname(os.path.abspath(__file__)))]
    wanted = [contender.name for contender in choose_contenders(None, sources) if contender.source is not None]
    chosen = "bare" if options.bare_only else IDLE_NAME if options.idle else ",".join(wanted)
    options.contenders = choose_contenders(chosen, sources)
    return options


def print_start_up(options: argparse.Namespace) -> None:
    """Print one line for each contender: instructions in all. Raises CountingError, NotInstallableError."""
    bare: Optional[Count] = None
    for contender in options.contenders:
        python = prepare(contender, options.python, options.environments).python
        counted = start_up(contender, python, options.program)
        bare = bare or counted
        print(
            "%-7s %12d instructions, %d added, %.3f times bare"
            % (
                contender.name,
                counted.instructions,
                counted.instructions - bare.instructions,
                counted.instructions / bare.instructions,
            )
        )


def print_differences(options: argparse.Namespace) -> None:
    """Print one line for each contender: instructions an allocation. Raises CountingError, NotInstallableError."""
    bare: Optional[Count] = None
    for contender in options.contenders:
        python = prepare(contender, options.python, options.environments).python
        counted = difference(contender, python, options.program, options.sizes)
        if bare is None:
            bare = counted
            if bare.allocations == 0:
                raise CountingError("no call of the allocator was seen: does %s have symbols?" % options.python)
            print(
                "%s, sizes %d and %d: %d allocations in the difference"
                % (options.program.title, options.sizes[0], options.sizes[1], bare.allocations)
            )
            print(
                "bare    %8.1f instructions an allocation (%d in all)"
                % (bare.instructions / bare.allocations, bare.instructions)
            )
        else:
            added = (counted.instructions - bare.instructions) / bare.allocations
            print(
                "%-7s %8.1f added an allocation, %.3f times bare (%d in all)"
                % (contender.name, added, counted.instructions / bare.instructions, counted.instructions)
            )


def main(arguments: List[str]) -> int:
    """Print one line for each contender; exit status 1 if something could not be counted."""
    options = parse_arguments(arguments)
    if shutil.which("valgrind") is None:
        sys.stderr.write("valgrind is not installed\n")
        return 1
    try:
        if options.program.small:
            print_differences(options)
        else:
            print_start_up(options)
    except (CountingError, NotInstallableError) as error:
        sys.stderr.write("%s\n" % error)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
