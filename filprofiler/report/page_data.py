"""The data of the page: every callstack of the profile, in little room, for the scripts in templates/.

A JSON object, in which all text has been made visible:

* `strings`: paths and names of functions, each once;
* `sites`: `path` and `name` (numbers of strings), `line`, and `mine`, a string of "1" for the user's own code;
* `lines`: for each path that has source, by the number of its string, a list: line number, text, line number, text, ...
* `columns`: for some sites, by number, the first column and the one behind the last of what is to be underlined;
* `nodes`: the tree in preorder, the largest child first, the root left out. `ups` has a digit for each node: how many
  levels its parent lies above the node before. `sites` has `width` digits for each, lowest first. `bytes` are the
  node's own, in hexadecimal, nothing for 0, each followed by a space. `threads` are the numbers of nodes that begin a thread.

Digits are those of DIGITS. In `ups` the last one means that 4 digits follow, lowest first.
"""

import json

from filprofiler.report import text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Iterable, List, Optional, Tuple

    from filprofiler.profile.filters import OwnCode
    from filprofiler.profile.model import Node, Profile, Site
    from filprofiler.profile.source import SourceReader

DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_ESCAPE = 63  # in `ups`: more digits follow
_ESCAPED_DIGITS = 4

_MAX_COLUMNS = 240  # of a source line
_MAX_NAME = 400  # characters of a path or a function's name
_REACH = 2  # source lines on either side
_LINE_CHARACTERS = 2000000  # of all source lines of frames; beyond it the smallest frames have none
_AROUND_CHARACTERS = 400000  # of all lines around them
_UNDERLINED = 500  # sites for which columns are looked up


def page_json(profile: "Profile", own_code: "OwnCode", sources: "SourceReader") -> str:
    """The data as JSON that may stand inside a script element."""
    sites, nodes = _nodes(profile.root)
    by_size = _by_size(sites)
    strings = _Strings()
    numbers = list(sites)
    data = {
        "peak": profile.peak_bytes,
        "sites": {
            "path": [strings.number(site.path) for site in numbers],
            "name": [strings.number(site.name) for site in numbers],
            "line": [site.line for site in numbers],
            "mine": "".join(["1" if own_code.owns(site) else "0" for site in numbers]),
        },
        "nodes": nodes,
        "lines": _lines(by_size, strings, sources),
        "columns": _columns(profile, by_size[:_UNDERLINED], sites, sources),
        "strings": strings.texts,
    }
    return script_safe(json.dumps(data, separators=(",", ":")))


def script_safe(encoded: str) -> str:
    """JSON, in ASCII already, in which nothing can end or comment out the script element that it stands in."""
    return encoded.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def underlined(profile: "Profile", site: "Site", sources: "SourceReader") -> "Optional[Tuple[int, int]]":
    """Which characters of a site's line, as it is shown with its indentation, asked for memory; None if not known."""
    columns = None if profile.columns is None else profile.columns.of(site)
    if columns is None:
        return None
    encoded = sources.indented_line(site.path, site.line).encode("utf-8", "surrogatepass")
    if columns[1] > len(encoded):  # the file has been changed since
        return None
    before, within = encoded[: columns[0]], encoded[columns[0] : columns[1]]
    start = len(text.visible(before.decode("utf-8", "replace")))
    return start, start + len(text.visible(within.decode("utf-8", "replace")))


class _Strings:
    """Texts, each once, made visible."""

    def __init__(self) -> None:
        self.texts = []  # type: List[str]
        self._numbers = {}  # type: Dict[str, int]

    def number(self, content: str) -> int:
        """The number of a text."""
        found = self._numbers.get(content)
        if found is None:
            found = self._numbers[content] = len(self.texts)
            self.texts.append(text.cut(text.visible(content), _MAX_NAME))
        return found


def _nodes(root: "Node") -> "Tuple[Dict[Site, Tuple[int, int]], Dict[str, Any]]":
    """Each site with its number and the largest total of a node of it; and the tree."""
    sites = {root.site: (0, root.total_bytes)}  # type: Dict[Site, Tuple[int, int]]
    ups, numbers, sizes, threads = [], [], [], []  # type: List[str], List[int], List[str], List[int]
    before = 0
    pending = [(child, 1) for child in reversed(root.children)]
    while pending:
        node, depth = pending.pop()
        site = sites.get(node.site)
        if site is None or site[1] < node.total_bytes:
            site = sites[node.site] = (len(sites) if site is None else site[0], node.total_bytes)
        numbers.append(site[0])
        up = before - depth + 1
        ups.append(DIGITS[up] if up < _ESCAPE else DIGITS[_ESCAPE] + _digits(up, _ESCAPED_DIGITS))
        sizes.append("%x " % node.own_bytes if node.own_bytes else " ")
        if node.thread:
            threads.append(len(numbers))
        before = depth
        if node.children:
            depth += 1
            pending += [(child, depth) for child in reversed(node.children)]
    width = 1 + sum(len(sites) > 64**power for power in (1, 2, 3))
    spelled = [_digits(number, width) for number in range(len(sites))]
    tree = {
        "count": len(numbers),
        "width": width,
        "ups": "".join(ups),
        "sites": "".join([spelled[number] for number in numbers]),
        "bytes": "".join(sizes),
        "threads": threads,
    }
    return sites, tree


def _digits(number: int, width: int) -> str:
    """A number in so many digits, the lowest first."""
    return "".join([DIGITS[number >> 6 * place & 63] for place in range(width)])


def _by_size(sites: "Dict[Site, Tuple[int, int]]") -> "List[Site]":
    """The sites, that of the largest node first."""
    return sorted(sites, key=lambda site: (-sites[site][1], sites[site][0]))


def _lines(by_size: "Iterable[Site]", strings: _Strings, sources: "SourceReader") -> "Dict[int, List[Any]]":
    """The source lines of the sites and, for the large ones, those around them."""
    found = {}  # type: Dict[int, Dict[int, str]]
    line_room, around_room = _LINE_CHARACTERS, _AROUND_CHARACTERS
    for site in by_size:
        shown = _shown_line(site.path, site.line, sources)
        if not shown or line_room < 0:
            continue
        of_path = found.setdefault(strings.number(site.path), {})
        if site.line not in of_path:
            of_path[site.line] = shown
            line_room -= len(shown)
        for number in range(site.line - _REACH, site.line + _REACH + 1) if around_room > 0 else ():
            if number not in of_path:
                around = _shown_line(site.path, number, sources)
                if around:
                    of_path[number] = around
                    around_room -= len(around)
    return {path: [part for item in sorted(lines.items()) for part in item] for path, lines in found.items()}


def _shown_line(path: str, number: int, sources: "SourceReader") -> str:
    return text.cut(text.visible(sources.indented_line(path, number).rstrip()), _MAX_COLUMNS)


def _columns(
    profile: "Profile", largest: "Iterable[Site]", sites: "Dict[Site, Tuple[int, int]]", sources: "SourceReader"
) -> "Dict[int, Tuple[int, int]]":
    found = {}
    for site in largest:
        columns = underlined(profile, site, sources)
        if columns is not None:
            found[sites[site][0]] = columns
    return found
