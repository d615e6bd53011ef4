"""Source text that lies in no file: cells of notebooks and what else linecache was given. The page shows it too."""

import linecache
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Iterator

    from filprofiler.profile.model import Profile
    from filprofiler.profile.program import Program

_MOST_CHARACTERS = 500000  # of what is written down before tracking begins, in case the process is killed
_OLD_CELL = "<ipython-input-"  # how IPython to 7 names a cell; its number follows


def take_sources(program: "Program") -> None:
    """Let the program have the newest of all source text that is in no file, and how its paths are shown."""
    program.shown_paths = _names_of_cells()
    program.source_texts = {}
    room = _MOST_CHARACTERS
    for path in reversed(list(linecache.cache)):
        text = _cached(path)
        if text and not os.path.exists(path):
            room -= len(text)
            if room < 0:
                break
            program.source_texts[program.shown_paths.get(path, path)] = text


def add_sources(program: "Program", profile: "Profile") -> None:
    """Let the program have the source of all call stacks of its profile that is in no file."""
    paths = {shown: path for path, shown in program.shown_paths.items()}
    for shown in set(_paths(profile)):
        path = paths.get(shown, shown)
        text = _cached(path)
        if text and not os.path.exists(path):
            program.source_texts[shown] = text


def shown_path(path: str) -> str:
    """How a path is shown: a cell as "In [3]"."""
    return _names_of_cells().get(path, path)


def _names_of_cells() -> "Dict[str, str]":
    """By the file name that IPython gave them, the cells that were run, each as "In [3]"; none outside of IPython.

    Of two that have the same number, the later has it: the code below a magic is compiled after the call of the magic.
    """
    get_shell = getattr(sys.modules.get("IPython"), "get_ipython", None)
    shell = get_shell() if get_shell is not None else None
    numbers: "Any" = getattr(getattr(shell, "compile", None), "_filename_map", None)
    if shell is not None and not isinstance(numbers, dict):
        olds = [path for path in list(linecache.cache) if path.startswith(_OLD_CELL)]
        numbers = {path: path[len(_OLD_CELL) :].partition("-")[0] for path in olds}
    names: "Dict[str, str]" = {}
    paths: "Dict[str, str]" = {}
    for path, number in (numbers or {}).items():
        name = "In [%s]" % number
        names.pop(paths.get(name, ""), None)
        paths[name] = path
        names[path] = name
    return names


def _paths(profile: "Profile") -> "Iterator[str]":
    pending = [profile.root]
    while pending:
        node = pending.pop()
        yield node.site.path
        pending.extend(node.children)


def _cached(path: str) -> str:
    """What linecache holds of a file; "" if that is nothing, or not read yet."""
    entry: "Any" = linecache.cache.get(path)
    return "".join(entry[2]) if entry is not None and len(entry) > 2 else ""
