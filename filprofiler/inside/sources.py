"""Source text that lies in no file: cells of notebooks and what else linecache was given. The page shows it too."""

import linecache
import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Iterator

    from filprofiler.profile.model import Profile
    from filprofiler.profile.program import Program

_MOST_CHARACTERS = 500000  # of what is written down before tracking begins, in case the process is killed


def sources_at_hand() -> "Dict[str, str]":
    """The newest of all source text that is in no file, by its file name."""
    found = {}  # type: Dict[str, str]
    room = _MOST_CHARACTERS
    for path in reversed(list(linecache.cache)):
        text = _cached(path)
        if text and not os.path.exists(path):
            room -= len(text)
            if room < 0:
                break
            found[path] = text
    return found


def add_sources(program: "Program", profile: "Profile") -> None:
    """Let the program have the source of all callstacks of its profile that is in no file."""
    for path in set(_paths(profile)):
        text = _cached(path)
        if text and not os.path.exists(path):
            program.source_texts[path] = text


def _paths(profile: "Profile") -> "Iterator[str]":
    pending = [profile.root]
    while pending:
        node = pending.pop()
        yield node.site.path
        pending.extend(node.children)


def _cached(path: str) -> str:
    """What linecache holds of a file; "" if that is nothing, or not read yet."""
    entry = linecache.cache.get(path)  # type: Any
    return "".join(entry[2]) if entry is not None and len(entry) > 2 else ""
