"""Which functions of the C library are replaced, by system: read from csrc/interpose/interposed.def."""

import os
import re
from typing import List

from native_library import ROOT

LIST = os.path.join(ROOT, "csrc", "interpose", "interposed.def")

_ROW = re.compile(r"^(?:INTERPOSED|REPLACED)\([^(]*?(\w+),\s+\(.*?(\w+)\)$", re.MULTILINE | re.DOTALL)


def replaced_functions(system: str) -> List[str]:
    """The names of the functions that are replaced on a system (native_library.SYSTEMS), in the list's order."""
    with open(LIST, encoding="utf-8") as file:
        rows = _ROW.findall(file.read())
    return [name for name, platforms in rows if platforms in ("ALL", system.upper())]
