"""csrc/attribute/task_functions.def against each Python's own library: is that variable where the table says?"""

import json
import subprocess
from typing import Any, Dict

import support
from task_table import ROWS, Row

# Functions that some Pythons have not: from which version on, and until before which, they are there.
PRESENT: Dict[str, Any] = {"Task._step": ((3,), (3, 7)), "Task.__step": ((3, 7), (4,))}

# Prints, for each function of a module that is asked for by its path, the names of its variables: arguments first.
ASK = """
import importlib, json, sys
found = []
for end, qualified_name in json.load(sys.stdin):
    place = importlib.import_module(end[1 : -len(".py")].replace("/", "."))
    for name in qualified_name.split("."):
        if name == "Task":
            name = "_PyTask" if hasattr(place, "_PyTask") else name
        elif name.startswith("__"):
            name = "_Task" + name
        place = getattr(place, name)
    found.append([place.__code__.co_name, place.__code__.co_filename, place.__code__.co_varnames])
print(json.dumps(found))
"""


def in_standard_library(row: Row, version: Any) -> bool:
    since, until = PRESENT.get(row.qualified_name, ((3,), (4,)))
    return row.file.split("/")[1] not in ("distributed", "uvloop", "rloop") and since <= version < until


def test_variables_are_where_the_table_says(profiler: support.Profiler) -> None:
    rows = [row for row in ROWS if in_standard_library(row, profiler.version)]
    asked = json.dumps([(row.file, row.qualified_name) for row in rows])
    done = subprocess.run(
        [profiler.python, "-c", ASK], input=asked.encode(), stdout=subprocess.PIPE, check=True, timeout=60
    )
    for row, (name, filename, variables) in zip(rows, json.loads(done.stdout.decode())):
        assert name == row.name and filename.endswith(row.file), row
        assert variables[row.variable] == row.variable_name, row
