"""The profile for speedscope (https://www.speedscope.app), in its own JSON format.

Call stacks are events: a frame is opened and closed at a number of bytes, largest first. So the file grows with the
number of nodes, not with the number of call stacks times their depth.
"""

import json
from array import array
from itertools import chain, islice

from filprofiler.report import text
from filprofiler.report.sentences import program_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Iterator

    from filprofiler.profile.model import Profile
    from filprofiler.profile.tree import Site
    from filprofiler.report.content import Content
    from filprofiler.report.deep_recursions import Tree

_SCHEMA = "https://www.speedscope.app/file-format-schema.json"
_EVENT = '{"type":"%s","frame":%d,"at":%d}'
_AT_ONCE = 1000  # values


def pieces(content: "Content") -> "Iterator[bytes]":
    """The file in pieces."""
    return speedscope_pieces(content.profile)


def speedscope_pieces(profile: "Profile") -> "Iterator[bytes]":
    """The file in pieces. Its weights are bytes; they add up to the peak."""
    tree = profile.shown
    numbers = {site: number for number, site in enumerate(dict.fromkeys(tree.numbers))}
    name = "Peak memory of %s" % text.visible(program_name(profile))
    told = {
        "type": "evented",
        "name": name,
        "unit": "bytes",
        "startValue": 0,
        "endValue": profile.peak_bytes,
        "events": [],
    }
    whole = {
        "$schema": _SCHEMA,
        "exporter": "filprofiler",
        "name": name,
        "activeProfileIndex": 0,
        "shared": {"frames": []},
        "profiles": [told],
    }
    before, frames, rest = _json(whole).partition('"frames":[')  # no text has this: its quotes are escaped
    between, events, after = rest.partition('"events":[')
    yield (before + frames).encode("ascii")
    yield from _joined(_json(_frame(tree.sites[site])) for site in numbers)
    yield (between + events).encode("ascii")
    yield from _joined(_events(tree, numbers))
    yield (after + "\n").encode("ascii")


def _json(value: "Any") -> str:
    return json.dumps(value, separators=(",", ":"))


def _joined(values: "Iterator[str]") -> "Iterator[bytes]":
    """Values of a list, with commas between them, some at a time."""
    separator = ""
    while True:
        some = list(islice(values, _AT_ONCE))
        if not some:
            return
        yield (separator + ",".join(some)).encode("ascii")
        separator = ","


def _events(tree: "Tree", numbers: "Dict[int, int]") -> "Iterator[str]":
    """The events in order, as JSON. numbers: of frames, by site."""
    at = 0
    opened = array("L")  # indices of nodes
    for place, site in enumerate(chain(tree.numbers, [0])):
        while opened and tree.ends[opened[-1]] <= place:
            last = opened.pop()
            at += tree.own_bytes[last]
            yield _EVENT % ("C", numbers[tree.numbers[last]], at)
        if place < len(tree.numbers):
            yield _EVENT % ("O", numbers[site], at)
            opened.append(place)


def _frame(site: "Site") -> "Dict[str, Any]":
    if site.special:
        return {"name": site.name}
    return {"name": text.visible("%s:%d" % (site.name, site.line)), "file": text.visible(site.path), "line": site.line}
