"""Measure ours and the other profilers on the programs of catalog.py. See README.md.

python benchmarks/run.py --rounds 5
python benchmarks/run.py --programs 'depth-*,json' --contenders ours,filprofiler --rounds 9
"""

import argparse
import json
import os
import shlex
import sys
import tempfile
import time
from typing import Any, Dict, List, Tuple

from catalog import Program, choose_programs, program_command
from contenders import Contender, choose_contenders, commands, left_behind
from environments import Environment, NotInstallableError, default_folder, prepare, python_version
from measure import Cost, measure
from results import Costs, all_summaries, commit_of, conditions
from tables import markdown

HERE = os.path.dirname(os.path.abspath(__file__))
THREAD_POOLS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "BLOSC_NTHREADS",
    "NUMEXPR_NUM_THREADS",
    "NUMEXPR_MAX_THREADS",
)


def parse_arguments(arguments: List[str]) -> argparse.Namespace:
    """Options of the command line; ends the process with status 2 if they are wrong."""
    parser = argparse.ArgumentParser(description="What memory profilers cost, as multiples of bare Python.")
    parser.add_argument("--programs", help="comma-separated names, * at the end of a name for all that begin so")
    parser.add_argument("--contenders", help="comma-separated names; bare always runs")
    parser.add_argument("--rounds", type=int, default=3, help="how often each program is run by each contender")
    parser.add_argument("--small", action="store_true", help="a tenth of the work: to see that everything runs")
    parser.add_argument("--python", default=sys.executable, help="the interpreter to make environments of")
    parser.add_argument(
        "--ours",
        action="append",
        metavar="PATH",
        help="source tree of our package (default: this one); a second one becomes `ours-2`, and so on",
    )
    parser.add_argument("--environments", default=default_folder(), metavar="FOLDER", help="default: %(default)s")
    parser.add_argument("--cpu", help="run on these processors only, such as 1 or 2,3 (Linux)")
    parser.add_argument("--limit", type=float, default=600.0, help="seconds after which one run is killed")
    parser.add_argument("--json", metavar="FILE", help="default: results/DATE.json; the table stands beside it as .md")
    parser.add_argument("--list", action="store_true", help="print the programs' and the contenders' names")
    options = parser.parse_args(arguments)
    options.ours = options.ours or [os.path.dirname(HERE)]
    try:
        options.programs = choose_programs(options.programs)
        options.contenders = choose_contenders(options.contenders, options.ours)
        if options.cpu is not None:
            os.sched_setaffinity(0, {int(number) for number in options.cpu.split(",")})
    except (ValueError, OSError) as error:
        parser.error(str(error))
    if options.rounds < 1:
        parser.error("--rounds must be at least 1")
    return options


def prepare_all(contenders: List[Contender], python: str, folder: str) -> Tuple[Dict[str, Environment], Dict[str, str]]:
    """Environments by contender name, and the reasons of those that cannot be had."""
    environments: Dict[str, Environment] = {}
    reasons: Dict[str, str] = {}
    for contender in contenders:
        try:
            environments[contender.name] = prepare(contender, python, folder)
        except NotInstallableError as error:
            reasons[contender.name] = str(error)
            say("%s cannot be installed: %s" % (contender.title, error))
    return environments, reasons


def run_environment() -> Dict[str, str]:
    """Environment variables, alike for every contender: one thread a pool, the same hashes every time."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "LD_"))}
    environment.update(dict.fromkeys(THREAD_POOLS, "1"))
    environment["PYTHONHASHSEED"] = "0"
    return environment


def run_once(contender: Contender, environment: Environment, program: Program, small: bool, limit: float) -> Cost:
    """One run of a program under a contender, its output in a temporary folder that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="fil-benchmark-") as folder:
        series = commands(contender, environment.python, folder, program_command(program, small))
        cost = measure(series, run_environment(), folder, limit)
        there, wanted = left_behind(contender, folder)
    if cost.failure is None and not there:
        return cost._replace(failure="wrote no %s" % wanted)
    return cost


def run_program(
    program: Program, contenders: List[Contender], environments: Dict[str, Environment], options: argparse.Namespace
) -> Dict[str, List[Cost]]:
    """All rounds of one program: every contender once a round, another one first in each round."""
    costs: Dict[str, List[Cost]] = {contender.name: [] for contender in contenders}
    failed = set()
    for number in range(options.rounds):
        first = number % len(contenders)
        for contender in contenders[first:] + contenders[:first]:
            if contender.name in failed:  # and so it has no cost for this round or a later one
                continue
            cost = run_once(contender, environments[contender.name], program, options.small, options.limit)
            costs[contender.name].append(cost)
            if cost.failure is not None:
                failed.add(contender.name)
                say("%s, %s: %s" % (program.name, contender.name, cost.failure))
    return costs


def say(text: str) -> None:
    """Progress, on stderr."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def document_of(
    options: argparse.Namespace, environments: Dict[str, Environment], reasons: Dict[str, str]
) -> Dict[str, Any]:
    """Everything that a reader needs to judge the figures, and no figures yet."""
    installed = {}
    for contender in options.contenders:
        if contender.name in environments and contender.name not in ("bare", "tracemalloc"):
            installed[contender.name] = environments[contender.name].installed
            if contender.source is not None:
                installed[contender.name] += " at %s" % (commit_of(contender.source) or "no commit")
    return {
        "date": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "command": " ".join(["python", "benchmarks/run.py"] + [shlex.quote(word) for word in sys.argv[1:]]),
        "machine": conditions(),
        "python": "%d.%d.%d" % python_version(options.python),
        "rounds": options.rounds,
        "small": options.small,
        "installed": installed,
        "not_installable": reasons,
    }


def write_results(document: Dict[str, Any], options: argparse.Namespace, contenders: List[Contender]) -> str:
    """Write the JSON, and the markdown beside it; returns the markdown."""
    path = options.json
    if path is None:
        path = os.path.join(HERE, "results", document["date"].replace(":", "-").rstrip("Z") + ".json")
    os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
    with open(path, "w") as file:
        json.dump(document, file, indent=1, sort_keys=True)
        file.write("\n")
    text = markdown(document, options.programs, contenders)
    with open(os.path.splitext(path)[0] + ".md", "w") as file:
        file.write(text)
    say("Written: %s and .md" % path)
    return text


def main(arguments: List[str]) -> int:
    """Measure as the options say; exit status 0, or 1 if bare Python itself cannot be had."""
    options = parse_arguments(arguments)
    if options.list:
        print("programs:   " + " ".join(program.name for program in options.programs))
        print("contenders: " + " ".join(contender.name for contender in options.contenders))
        return 0
    environments, reasons = prepare_all(options.contenders, options.python, options.environments)
    if "bare" not in environments:
        return 1
    document = document_of(options, environments, reasons)
    contenders = [contender for contender in options.contenders if contender.name in environments]
    for contender in contenders:  # what is compiled or read from disk for the first time is not measured
        run_once(contender, environments[contender.name], choose_programs("empty")[0], options.small, options.limit)
    costs: Costs = {}
    for program in options.programs:
        costs[program.name] = run_program(program, contenders, environments, options)
        say("%s done" % program.name)
        document["results"] = all_summaries(costs, options.programs, contenders)
        document["runs"] = {
            name: {other: [cost._asdict() for cost in series] for other, series in one.items()}
            for name, one in costs.items()
        }
    print(write_results(document, options, contenders))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
