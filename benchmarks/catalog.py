"""The programs that are measured: file, arguments, and what the project aims to cost on them."""

import os
from typing import Dict, List, NamedTuple, Optional

PROGRAMS_FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "programs")


class Program(NamedTuple):
    """One row of the tables."""

    name: str  # as --programs takes it
    title: str  # as the table shows it
    file: str  # in programs/
    arguments: str  # separated by blanks; the last is the size, to which the work is proportional
    small: str  # the same for --small: a tenth of the work or less
    aim: Optional[float] = None  # CPU time over bare that the project aims at, None where it has said nothing


def _all_programs() -> List[Program]:
    aims: Dict[int, float] = {100: 3.0, 300: 4.5}
    depths = [
        Program(
            "depth-%d" % depth,
            "building at depth %d" % depth,
            "depth.py",
            "%d 1400" % depth,
            "%d 100" % depth,
            aims.get(depth),
        )
        for depth in (10, 50, 100, 200, 300, 500)
    ]
    sizes = ((1, 6), (2, 3), (5, 1), (10, 1))  # millions of objects, and how often that many are built
    live = [
        Program(
            "live-%d" % millions,
            "%d million live objects" % millions,
            "live_objects.py",
            "%d %d" % (times, millions * 1000),
            "%d %d" % (times, millions * 50),
            1.7 if millions == 5 else None,
        )
        for millions, times in sizes
    ]
    return (
        [
            Program("empty", "empty script", "empty.py", "", ""),
            Program("numpy", "NumPy, large arrays", "numpy_large.py", "14", "2", 1.05),
            Program("pandas", "pandas read, merge, group", "pandas_batch.py", "600", "40", 1.25),
            Program("small-objects", "small objects", "small_objects.py", "600", "50", 1.5),
            Program("json", "json.loads", "json_loads.py", "16", "1", 1.5),
            Program("calls", "calls that allocate nothing", "calls_only.py", "200", "20", 1.1),
            Program("calls-numbers", "calls with ints and floats", "calls_numbers.py", "4000", "400", 1.6),
        ]
        + depths
        + [
            Program("threads", "four threads", "threads.py", "60", "5", 1.3),
            Program("call-sites", "3,000 call sites, sawtooth", "call_sites.py", "70", "7", 1.2),
            Program("strings", "string churn", "string_churn.py", "400", "40", 2.0),
        ]
        + live
    )


PROGRAMS = _all_programs()


def program_command(program: Program, small: bool) -> List[str]:
    """Absolute path of the program's file, then its arguments."""
    return [os.path.join(PROGRAMS_FOLDER, program.file)] + (program.small if small else program.arguments).split()


def choose_programs(names: Optional[str]) -> List[Program]:
    """Programs by a comma-separated list of names, `*` at the end of a name for all that begin so; None means all.

    Raises ValueError for a name that is not known.
    """
    if names is None:
        return list(PROGRAMS)
    chosen: List[Program] = []
    for name in names.split(","):
        if name.endswith("*"):
            matching = [program for program in PROGRAMS if program.name.startswith(name[:-1])]
        else:
            matching = [program for program in PROGRAMS if program.name == name]
        if not matching:
            raise ValueError("no program is called %r; there are: %s" % (name, ", ".join(p.name for p in PROGRAMS)))
        chosen += [program for program in matching if program not in chosen]
    return chosen
