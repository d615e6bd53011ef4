"""The profile for speedscope (https://www.speedscope.app), in the JSON form that is its own.

The callstacks are told as events, a frame opened and a frame closed at so many bytes, the largest first. So the file
grows with the number of nodes, not with that of callstacks times their depth.
"""

import json

from filprofiler.report import text
from filprofiler.report.sentences import program_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Iterator, List, Optional, Tuple

    from filprofiler.profile.model import Node, Profile, Site

_SCHEMA = "https://www.speedscope.app/file-format-schema.json"


def speedscope_pieces(profile: "Profile") -> "Iterator[bytes]":
    """The file in pieces. Its weights are bytes; they add up to the peak."""
    frames = []  # type: List[Dict[str, Any]]
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
    """The events in their order; the frames are added to `frames` as they are met."""
    numbers = {}  # type: Dict[Site, int]
    events = []  # type: List[Dict[str, Any]]
    at = 0
    pending = [(child, None) for child in reversed(profile.root.children)]  # type: List[Tuple[Node, Optional[int]]]
    while pending:
        node, opened = pending.pop()
        if opened is not None:
            at += node.own_bytes
            events.append({"type": "C", "frame": opened, "at": at})
            continue
        number = numbers.get(node.site)
        if number is None:
            number = numbers[node.site] = len(frames)
            frames.append(_frame(node.site))
        events.append({"type": "O", "frame": number, "at": at})
        pending.append((node, number))
        pending += [(child, None) for child in reversed(node.children)]
    return events


def _frame(site: "Site") -> "Dict[str, Any]":
    if site.special:
        return {"name": site.name}
    return {"name": text.visible("%s:%d" % (site.name, site.line)), "file": text.visible(site.path), "line": site.line}
