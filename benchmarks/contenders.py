"""The contenders: how each is called on a program, and what it must have left behind to count as having worked."""

import os
from typing import List, NamedTuple, Optional, Tuple


class Contender(NamedTuple):
    """One column of the tables."""

    name: str  # as --contenders takes it
    title: str  # as the table shows it
    environment: str  # which virtual environment: environments.py says what is in it
    source: Optional[str]  # source tree to install from, for our own package


BARE = Contender("bare", "bare", "bare", None)
OURS_NAME = "ours"
IDLE_NAME = "idle"
PEERS = [
    Contender("filprofiler", "filprofiler 2024.11.2", "filprofiler", None),
    Contender("memray", "memray", "memray", None),
    Contender("memray-py", "memray-py", "memray", None),
    Contender("memray-py-report", "memray-py + report", "memray", None),
    Contender("tracemalloc", "tracemalloc, 1 frame", "bare", None),
]


def all_contenders(sources: List[str]) -> List[Contender]:
    """Bare first, then ours once for each source tree (`ours`, `ours-2`, ...), ours idle, then the peers."""
    ours = []
    for number, source in enumerate(sources, 1):
        name = OURS_NAME if number == 1 else "%s-%d" % (OURS_NAME, number)
        ours.append(Contender(name, name, name, os.path.abspath(source)))
    idle = Contender(IDLE_NAME, "ours, idle", OURS_NAME, ours[0].source)
    return [BARE] + ours + [idle] + PEERS


def choose_contenders(names: Optional[str], sources: List[str]) -> List[Contender]:
    """Contenders by a comma-separated list of names, bare always among them. ValueError for an unknown name."""
    known = all_contenders(sources)
    if names is None:
        return [contender for contender in known if contender.name != IDLE_NAME]
    wanted = names.split(",")
    for name in wanted:
        if name not in [contender.name for contender in known]:
            raise ValueError("no contender is called %r; there are: %s" % (name, ", ".join(c.name for c in known)))
    return [contender for contender in known if contender is BARE or contender.name in wanted]


def commands(contender: Contender, python: str, folder: str, program: List[str]) -> List[List[str]]:
    """What to run, one after the other, to have `program` (path and arguments) measured by the contender.

    `python` is the interpreter of the contender's environment, `folder` an empty folder for its output.
    """
    beside = os.path.dirname(python)
    recording = os.path.join(folder, "memray.bin")
    name = contender.name
    if name == "bare":
        return [[python] + program]
    if name == IDLE_NAME:
        return [[os.path.join(beside, "fil-profile"), "python"] + program]
    if name.startswith(OURS_NAME) or name == "filprofiler":
        return [[os.path.join(beside, "fil-profile"), "--no-browser", "-o", folder, "run"] + program]
    if name == "tracemalloc":
        return [[python, "-X", "tracemalloc=1"] + program]
    run = [python, "-m", "memray", "run", "--quiet", "-o", recording]
    if name == "memray":
        return [run + program]
    run += ["--trace-python-allocators"]
    if name == "memray-py":
        return [run + program]
    report = [python, "-m", "memray", "flamegraph", "-o", os.path.join(folder, "flamegraph.html"), recording]
    return [run + program, report]


def left_behind(contender: Contender, folder: str) -> Tuple[bool, str]:
    """Whether the output that the contender is there for exists, and its file name."""
    if contender.name in ("bare", "tracemalloc", IDLE_NAME):
        return True, ""
    if contender.name == "memray-py-report":
        wanted = "flamegraph.html"
    elif contender.name.startswith("memray"):
        wanted = "memray.bin"
    else:
        wanted = "peak-memory.prof"
    for _, _, files in os.walk(folder):
        if wanted in files:
            return True, wanted
    return False, wanted
