"""Collects source text that is in no file, such as notebook cells and other entries of linecache, for the page."""

import linecache
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Iterator

    from filprofiler.profile.model import Profile
    from filprofiler.profile.program import Program

_MOST_CHARACTERS = 500000  # of the text saved before tracking begins, in case the process is killed
_OLD_CELL = "<ipython-input-"  # name of a cell up to IPython 7; its number follows


def take_sources(program: "Program") -> None:
    """Add to the program the newest source text that is in no file, and its displayed paths."""
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
    """The displayed path: "In [3]" for a cell."""
    return _names_of_cells().get(path, path)


def _names_of_cells() -> "Dict[str, str]":
    """By IPython's file name, the cells that were run, each as "In [3]"; empty outside IPython.

    Of two with the same number the later counts: the code below a magic is compiled after the call of the magic.
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
    """linecache's text of a file; "" if there is none, or it is not read yet."""
    entry: "Any" = linecache.cache.get(path)
    return "".join(entry[2]) if entry is not None and len(entry) > 2 else ""
