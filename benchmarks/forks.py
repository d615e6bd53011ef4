"""What a child of a large process costs, bare and under ours: programs/forks.py in turns. See README.md.

python benchmarks/forks.py
python benchmarks/forks.py --mib 256 --rounds 5 --ours . --ours ../other-tree
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from typing import Dict, List, Tuple

from catalog import PROGRAMS_FOLDER
from contenders import Contender, choose_contenders, commands
from environments import NotInstallableError, default_folder, prepare
from run import run_environment

Times = Dict[str, Tuple[float, float]]
"""Way to start a child -> milliseconds of the clock and of CPU time that it takes."""


class FailedError(Exception):
    """A run failed; the text says why."""


def run_once(contender: Contender, python: str, arguments: List[str]) -> Times:
    """One run of the program. Raises FailedError."""
    program = [os.path.join(PROGRAMS_FOLDER, "forks.py")] + arguments
    with tempfile.TemporaryDirectory(prefix="fil-forks-") as folder:
        (command,) = commands(contender, python, folder, program)
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            cwd=folder,
            env=run_environment(),
        )
    if done.returncode != 0:
        raise FailedError("%s: %s" % (contender.title, done.stderr.decode("utf-8", "replace")[-1000:]))
    lines = [line.split() for line in done.stdout.decode("ascii").splitlines()]
    return {way: (float(clock), float(cpu)) for way, clock, cpu in lines}


def table(rounds: Dict[str, List[Times]]) -> str:
    """Medians over the rounds, and of the multiples of bare in the same round."""
    ways = list(rounds["bare"][0])
    lines = ["%-20s%-10s%12s%12s%12s%12s" % ("", "", "clock, ms", "x bare", "CPU, ms", "x bare")]
    for way in ways:
        for name, times in rounds.items():
            words = [way, name]
            for kind in (0, 1):
                ratios = [one[way][kind] / bare[way][kind] for one, bare in zip(times, rounds["bare"])]
                words.append("%.1f" % statistics.median(one[way][kind] for one in times))
                words.append("%.2f" % statistics.median(ratios))
            lines.append("%-20s%-10s%12s%12s%12s%12s" % tuple(words))
    return "\n".join(lines)


def parse_arguments(arguments: List[str]) -> argparse.Namespace:
    """Options of the command line; ends the process with status 2 if they are wrong."""
    parser = argparse.ArgumentParser(description="What a child of a large process costs, bare and under ours.")
    parser.add_argument("--mib", type=int, default=2048, help="of small objects (default: %(default)s)")
    parser.add_argument("--children", type=int, default=5, help="in each way and run (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=11, help="runs of each (default: %(default)s)")
    parser.add_argument("--ours", action="append", metavar="PATH", help="as for run.py; may be given several times")
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--environments", default=default_folder(), metavar="FOLDER", help="default: %(default)s")
    options = parser.parse_args(arguments)
    if min(options.mib, options.children, options.rounds) < 1:
        parser.error("--mib, --children and --rounds must be at least 1")
    return options


def main(arguments: List[str]) -> int:
    """Print the table; exit status 1 if something failed."""
    options = parse_arguments(arguments)
    sources = options.ours or [os.path.dirname(os.path.dirname(os.path.abspath(__file__)))]
    contenders = [one for one in choose_contenders(None, sources) if one.name == "bare" or one.source is not None]
    try:
        pythons = {one.name: prepare(one, options.python, options.environments).python for one in contenders}
        rounds: Dict[str, List[Times]] = {one.name: [] for one in contenders}
        for number in range(options.rounds):
            first = number % len(contenders)
            for one in contenders[first:] + contenders[:first]:
                times = run_once(one, pythons[one.name], [str(options.children), str(options.mib)])
                rounds[one.name].append(times)
    except (FailedError, NotInstallableError) as error:
        sys.stderr.write("%s\n" % error)
        return 1
    print(table(rounds))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
