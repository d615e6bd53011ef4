"""csrc/attribute/task_functions.def, read."""

import re
from pathlib import Path
from typing import List, NamedTuple

TABLE = Path(__file__).resolve().parent.parent / "csrc" / "attribute" / "task_functions.def"
ROW = re.compile(r'^TASK_FUNCTION\("([^"]+)", "([^"]+)", "([^"]+)", (\d+), "([^"]*)", (\w+)\)$', re.MULTILINE)


class Row(NamedTuple):
    """A row of the table in C."""

    file: str
    name: str
    qualified_name: str
    variable: int
    variable_name: str
    holds: str


ROWS: List[Row] = [
    Row(file, name, qualified, int(variable), variable_name, holds)
    for file, name, qualified, variable, variable_name, holds in ROW.findall(TABLE.read_text())
]

BETWEEN: List[str] = re.findall(r'^BETWEEN\("([^"]+)"\)$', TABLE.read_text(), re.MULTILINE)
