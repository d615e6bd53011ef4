"""csrc/attribute/handing.def against the source of each Python's own library: is that variable where the table says?"""

import json
import subprocess
from typing import Any, Dict

import support
from handing_table import ROWS, Row

# Functions that some Pythons have not.
SINCE: Dict[str, Any] = {}

# Prints, for each function of a module that is asked for by its path, the names of its variables: arguments first.
ASK = """
import importlib, json, sys
found = []
for end, qualified_name in json.load(sys.stdin):
    place = importlib.import_module(end[1 : -len(".py")].replace("/", "."))
    for name in qualified_name.split("."):
        place = getattr(place, name)
    found.append([place.__code__.co_name, place.__code__.co_filename, place.__code__.co_varnames])
print(json.dumps(found))
"""


def in_standard_library(row: Row, version: Any) -> bool:
    return not row.file.startswith("/distributed/") and version >= SINCE.get(row.qualified_name, (3,))


def test_variables_are_where_the_table_says(profiler: support.Profiler) -> None:
    rows = [row for row in ROWS if in_standard_library(row, profiler.version)]
    asked = json.dumps([(row.file, row.qualified_name) for row in rows])
    done = subprocess.run(
        [profiler.python, "-c", ASK], input=asked.encode(), stdout=subprocess.PIPE, check=True, timeout=60
    )
    for row, (name, filename, variables) in zip(rows, json.loads(done.stdout.decode())):
        assert name == row.name and filename.endswith(row.file), row
        assert variables[row.variable] == row.variable_name, row
