"""Reports for the browser: made of callstacks that are made up."""

import random
import re

from recording_builder import profile_of

from filprofiler.profile.top import TopLines
from filprofiler.report.writer import write_report

PICTURES = ("peak-memory.svg", "peak-memory-reversed.svg")
NUMERIC = "/venv/lib/python3.9/site-packages/numpy/_core/numeric.py"
IMPORTING = "<frozen importlib._bootstrap>"
JOB_SOURCE = """import numpy as np
def main():
    table = np.ones( 5 )
    rows = [work(row) for row in table]
    return rows
def work(row):
    return {"row": row, "name": str(row)}
import json
main()
"""


def write(folder, stacks, timeline=(), folds=False, **program):
    """Write the report on callstacks ([(filename, line, name), ...], bytes) into a folder; the folder.

    folds: whether small callstacks are told together, as they usually are.
    """
    folder.mkdir(parents=True, exist_ok=True)
    profile = profile_of(stacks, cwd=str(folder), **program)
    profile.folds = folds
    profile.timeline = tuple(timeline)
    write_report(profile, TopLines(profile), str(folder))
    return folder


def prof_bytes(folder):
    """The sum of the .prof file."""
    lines = (folder / "peak-memory.prof").read_bytes().splitlines()
    return sum(int(line.rpartition(b" ")[2]) for line in lines)


def exact(size):
    """A number of bytes as the page has it."""
    return "1 byte" if size == 1 else format(size, ",") + " bytes"


def job_stacks(script):
    """The callstacks of a small job with a library, an import and a tail of small ones."""
    top = (script, 9, "<module>")
    return [
        ([top, (script, 3, "main"), (NUMERIC, 191, "ones")], 52428800),
        ([top, (script, 4, "main"), (script, 4, "<listcomp>"), (script, 7, "work")], 31457280),
        ([top, (script, 4, "main"), (script, 4, "<listcomp>")], 1048576),
        ([(script, 8, "<module>"), (IMPORTING, 1007, "_find_and_load"), ("/lib/x/json.py", 1, "<module>")], 3145728),
        ([top], 4096),
        *[([top, (script, 5, "main"), ("/lib/x/small.py", line, "f%d" % line)], 100 + line) for line in range(1, 90)],
    ]


def write_job(folder):
    """The report on the small job."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "job.py").write_text(JOB_SOURCE)
    script = str(folder / "job.py")
    timeline = [(n / 50, (n * 7919 % 80) << 20, (100 + n % 9) << 20) for n in range(450)]
    return write(folder, job_stacks(script), timeline, script="job.py", script_absolute=script, elapsed_seconds=9.0)


def large_stacks(folder, callstacks, functions, seed=1):
    """Callstacks of a made-up program: a few branches near the root, many leaves. Its source is written too."""
    choose = random.Random(seed)
    modules = [str(folder / ("module%d.py" % number)) for number in range(20)]
    for module in modules:
        with open(module, "w", encoding="utf-8") as file:
            file.writelines(
                "    table_%d = transformed(rows, by=%d)\n" % (line, line) for line in range(functions + 12)
            )
    made = {}
    while len(made) < callstacks:
        depth = choose.randint(3, 14)
        path, branch = [], choose.randrange(6)
        for level in range(depth):
            function = (branch * 7 + level * 3 if level < 6 else choose.randrange(functions)) % functions
            path.append((modules[function % 20], 10 + function, "function_%d" % function))
        leaf = len(made) % functions
        path.append((modules[leaf % 20], 5 + leaf, "leaf_%d" % leaf))
        made[tuple(path)] = int(choose.paretovariate(0.8) * 500) % 50000000 + 16
    return [(list(path), size) for path, size in made.items()]


# Sums of what is drawn, in the page and in a picture.
DRAWN = """
const boxes = all("#graph .box");
const bytes = (box) => Number(box.dataset.bytes);
const ends = boxes.filter((box) => box.matches(".leaf, .self, .fold"));
return [bytes(boxes[0]), ends.map(bytes).reduce((one, other) => one + other, 0), boxes.length];
"""
TITLE_BYTES = re.compile(r"\(([\d,]+) bytes, [\d.]+%\)$")
