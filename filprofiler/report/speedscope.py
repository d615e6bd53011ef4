"""The profile for speedscope (https://www.speedscope.app), in its own JSON format.

Call stacks are events: a frame is opened and closed at a number of bytes, largest first. So the file grows with the
number of nodes, not with the number of call stacks times their depth.
"""

import json
from itertools import chain

from filprofiler.report import text
from filprofiler.report.sentences import program_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Iterator, List, Tuple

    from filprofiler.profile.model import Profile
    from filprofiler.profile.tree import Site
    from filprofiler.report.content import Content

_SCHEMA = "https://www.speedscope.app/file-format-schema.json"


def pieces(content: "Content") -> "Iterator[bytes]":
    """The file in pieces."""
    return speedscope_pieces(content.profile)


def speedscope_pieces(profile: "Profile") -> "Iterator[bytes]":
    """The file in pieces. Its weights are bytes; they add up to the peak."""
    frames: "List[Dict[str, Any]]" = []
    events = _events(profile, frames)
    name = "Peak memory of %s" % text.visible(program_name(profile))
    told = {
        "type": "evented",
        "name": name,
        "unit": "bytes",
        "startValue": 0,
        "endValue": profile.peak_bytes,
        "events": events,
    }
    whole = {
        "$schema": _SCHEMA,
        "exporter": "filprofiler",
        "name": name,
        "activeProfileIndex": 0,
        "shared": {"frames": frames},
        "profiles": [told],
    }
    yield json.dumps(whole, separators=(",", ":")).encode("ascii")
    yield b"\n"


def _events(profile: "Profile", frames: "List[Dict[str, Any]]") -> "List[Dict[str, Any]]":
    """The events in order; new frames are appended to `frames`."""
    tree = profile.shown
    numbers: "Dict[int, int]" = {}
    events: "List[Dict[str, Any]]" = []
    at = 0
    opened: "List[Tuple[int, int, int]]" = []
    for place, (site, end, size) in enumerate(chain(zip(tree.numbers, tree.ends, tree.own_bytes), [(0, 0, 0)])):
        while opened and opened[-1][1] <= place:
            number, _end, own_bytes = opened.pop()
            at += own_bytes
            events.append({"type": "C", "frame": number, "at": at})
        if place == len(tree.numbers):
            break
        if site not in numbers:
            numbers[site] = len(frames)
            frames.append(_frame(tree.sites[site]))
        events.append({"type": "O", "frame": numbers[site], "at": at})
        opened.append((numbers[site], end, size))
    return events


def _frame(site: "Site") -> "Dict[str, Any]":
    if site.special:
        return {"name": site.name}
    return {"name": text.visible("%s:%d" % (site.name, site.line)), "file": text.visible(site.path), "line": site.line}
