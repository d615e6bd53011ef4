"""The data of the page: every call stack of the profile, in compact form, for the scripts in templates/.

A JSON object, in which all text has been made visible:

* `strings`: paths and names of functions, each once;
* `folders`: for paths of libraries, by number of the string, the length of the folder of all libraries, in characters;
* `peak`; and `smaller`: the number of the site of nodes that combine call stacks, 0 if there is none;
* `sites`: `path` and `name` (numbers of strings), `line`, and `mine`, a string of "1" for the user's own code;
* `lines`: for each path with source, by number of its string: the text of some of its lines, joined by line ends, and
  the numbers of these lines;
* `columns`: for some sites, by number, the first column and the end column of the part to underline;
* `lines_held`, `functions_held`: the tables, from all call stacks: for each line or function that holds enough, the
  number of its site (for a function, its line that holds most), its own bytes, and its bytes with callees;
* `nodes`: the tree in preorder, largest child first, without the root. `ups` has a digit for each node: how many levels
  its parent is above the previous node. `sites` has `width` digits for each node, lowest first. `bytes` are the node's
  own, in hexadecimal, empty for 0, each followed by a space. `threads` has, for each node that begins a thread, its
  number, from 1, and the index in `threadWords` of that thread's description. `imported` has the numbers of the nodes
  that the node above has imported. `folded` has, for each node that combines call stacks, its number and their number.

Digits are those of DIGITS. In `ups` the last one means that 4 digits follow, lowest first.
"""

from itertools import chain, compress

from filprofiler.profile.threads import ANOTHER_THREAD
from filprofiler.report import text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Iterable, List, Optional, Sequence, Tuple, Union

    from filprofiler.profile.folding import FoldedTree
    from filprofiler.profile.model import Profile
    from filprofiler.profile.own_code import OwnCode
    from filprofiler.profile.source import SourceReader
    from filprofiler.profile.totals import FlatTree, LineTotal
    from filprofiler.profile.tree import Site

    Tree = Union[FlatTree, FoldedTree]

DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_ESCAPE = 63  # in `ups`: more digits follow
_ESCAPED_DIGITS = 4

_MAX_COLUMNS = 240  # of a source line
_MAX_NAME = 400  # characters of a path or a function's name
_REACH = 2  # source lines on either side
# Sites with source: all of the user's own, and of the others this many of the largest, if they hold this part of the
# peak. Reading more files costs much, and their boxes would be narrower than a hair.
_WITH_SOURCE = 1000
_WITH_SOURCE_SHARE = 10000
_WITH_LINE = 40000  # of the largest of these sites: the others get no source
_WITH_AROUND = 4000  # of the largest: they also get the lines around them
_CHARACTERS = 2000000  # of all source lines; beyond it the smaller sites of a file get none
_UNDERLINED = 200  # of the largest: they also get columns


def page_json(profile: "Profile", own_code: "OwnCode", sources: "SourceReader") -> str:
    """The data as JSON that is safe inside a script element."""
    tree = profile.shown
    told = _Told(profile, tree)
    sites, totals = told.sites, told.total_bytes
    by_size = sorted(range(len(totals)), key=totals.__getitem__, reverse=True)
    seen = sum([size * _WITH_SOURCE_SHARE >= profile.peak_bytes for size in totals])
    strings = _Strings()
    data = {
        "peak": profile.peak_bytes,
        "smaller": tree.smaller,
        "sites": {
            "path": strings.numbers([site.path for site in sites]),
            "name": strings.numbers([site.name for site in sites]),
            "line": [site.line for site in sites],
            "mine": "".join(["1" if own else "0" for own in own_code.owned(sites)]),
        },
        "lines_held": told.lines,
        "functions_held": told.functions,
        "nodes": _nodes(tree),
        "lines": _lines(_with_source([sites[number] for number in by_size], seen, own_code), strings, sources),
        "columns": _columns(profile, sites, by_size[: min(seen, _UNDERLINED)], sources),
        "folders": _folders({site.path for site in sites}, own_code, strings),
        "strings": strings.texts,
    }
    return script_safe(compact_json(data))


def script_safe(encoded: str) -> str:
    """Escape ASCII JSON so that nothing in it can end or comment out the enclosing script element."""
    return encoded.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def underlined(profile: "Profile", site: "Site", sources: "SourceReader") -> "Optional[Tuple[int, int]]":
    """The range of characters in a site's displayed line, with indentation, that allocated; None if not known."""
    columns = None if profile.columns is None else profile.columns.of(site)
    if columns is None:
        return None
    line = sources.indented_line(site.path, site.line)
    encoded = line.encode("utf-8", "surrogatepass")
    if columns[0] <= columns[1] <= len(line) == len(encoded) and line.isprintable():
        return columns
    if columns[1] > len(encoded):  # the file has changed since the run
        return None
    before, within = encoded[: columns[0]], encoded[columns[0] : columns[1]]
    start = len(text.visible(before.decode("utf-8", "replace")))
    return start, start + len(text.visible(within.decode("utf-8", "replace")))


class _Told:
    """The sites of the page: those of the tree, then others that are only in the tables.

    total_bytes: by site, the bytes of all call stacks through it.
    lines, functions: the rows of the tables, three numbers each, as in the page's data.
    """

    def __init__(self, profile: "Profile", tree: "Tree") -> None:
        self._peak = 0 if tree is profile.flat else profile.peak_bytes
        self._numbers = {site: number for number, site in enumerate(tree.sites)}
        self.lines = self._held(profile.totals.lines())
        self.functions = self._held(profile.totals.functions())
        self.sites = list(self._numbers)
        known = dict(zip(profile.flat.sites, profile.totals.total_bytes))
        self.total_bytes = [known.get(site, 0) for site in self.sites]

    def _held(self, totals: "Sequence[LineTotal]") -> "List[int]":
        """The rows of those that hold enough."""
        found: "List[int]" = []
        for total in totals:
            if total.total_bytes * _WITH_SOURCE_SHARE >= self._peak:
                number = self._numbers.setdefault(total.site, len(self._numbers))
                found += (number, total.own_bytes, total.total_bytes)
        return found


class _Strings:
    """Texts, each once, made visible."""

    def __init__(self) -> None:
        self.texts: "List[str]" = []
        self._numbers: "Dict[str, int]" = {}

    def number(self, content: str) -> int:
        """The number of a text."""
        found = self._numbers.get(content)
        if found is None:
            found = self._numbers[content] = len(self.texts)
            self.texts.append(text.cut(text.visible(content), _MAX_NAME))
        return found

    def numbers(self, contents: "List[str]") -> "List[int]":
        """The numbers of some texts, most of which are equal."""
        for content in dict.fromkeys(contents):
            self.number(content)
        return [self._numbers[content] for content in contents]


def _folders(paths: "Iterable[str]", own_code: "OwnCode", strings: _Strings) -> "Dict[int, int]":
    """The length of the part of each path that is left out if there is little room."""
    lengths = {}
    for path in paths:
        left_out = len(text.visible(path)) - len(text.visible(own_code.library_path(path)))
        if 0 < left_out < _MAX_NAME and not own_code.owns_path(path):
            lengths[strings.number(path)] = left_out
    return dict(sorted(lengths.items()))


def _nodes(tree: "Tree") -> "Dict[str, Any]":
    """The tree itself."""
    befores = chain([0], tree.depths)  # of the last node, too, which is before none
    ups = [before - depth + 1 for before, depth in zip(befores, tree.depths)]
    if max(ups, default=0) < _ESCAPE:
        spelled_ups = [DIGITS[up] for up in ups]
    else:
        spelled_ups = [DIGITS[up] if up < _ESCAPE else DIGITS[_ESCAPE] + _digits(up, _ESCAPED_DIGITS) for up in ups]
    words = {ANOTHER_THREAD: 0}
    threads: "List[int]" = []
    for place, called in tree.threads.items():
        threads += (place + 1, words.setdefault(called, len(words)))
    width = 1 + sum(len(tree.sites) > 64**power for power in (1, 2, 3))
    spelled = _all_digits(len(tree.sites), width)
    return {
        "count": len(tree.numbers),
        "width": width,
        "ups": "".join(spelled_ups),
        "sites": "".join([spelled[number] for number in tree.numbers]),
        "bytes": "".join(["%x " % size if size else " " for size in tree.own_bytes]),
        "threads": threads,
        "threadWords": [text.visible(called) for called in words],
        "imported": [place + 1 for place in tree.imported],
        "folded": [number for place, count in tree.folded.items() for number in (place + 1, count)],
    }


def _digits(number: int, width: int) -> str:
    """A number in `width` digits, lowest first."""
    return "".join([DIGITS[number >> 6 * place & 63] for place in range(width)])


def _all_digits(count: int, width: int) -> "List[str]":
    """The numbers below `count` in `width` digits each, like _digits."""
    spelled = list(DIGITS)
    for _place in range(1, width):
        spelled = [low + high for high in DIGITS[: -(-count // len(spelled))] for low in spelled]
    return spelled[:count]


def _with_source(by_size: "List[Site]", seen: int, own_code: "OwnCode") -> "List[Site]":
    """The sites shown with their source, largest first. seen: how many of `by_size` are large enough."""
    enough = min(seen, _WITH_SOURCE)
    others = by_size[enough:]
    return by_size[:enough] + list(compress(others, own_code.owned(others)))


def _lines(by_size: "List[Site]", strings: _Strings, sources: "SourceReader") -> "Dict[int, List[Any]]":
    """The source lines of the sites and, for the large ones, the lines around them."""
    of_paths: "Dict[str, Tuple[List[int], List[int]]]" = {}
    for place, site in enumerate(by_size[:_WITH_LINE]):
        of_paths.setdefault(site.path, ([], []))[place >= _WITH_AROUND].append(site.line)
    found = {}
    room = _CHARACTERS
    for path, (around, alone) in of_paths.items():
        shown = _lines_of(path, around, alone, sources)
        joined = "\n".join(shown.values())
        while len(joined) > room:  # first drop the lines around, then more and more sites
            sites = around + alone
            around, alone = [], sites if around else sites[: len(sites) // 2]
            shown = _lines_of(path, around, alone, sources)
            joined = "\n".join(shown.values())
        if shown:
            room -= len(joined)
            found[strings.number(path)] = [joined, list(shown)]
    return found


def _lines_of(path: str, around: "List[int]", alone: "List[int]", sources: "SourceReader") -> "Dict[int, str]":
    """Lines with these numbers, and those around some of them, as the page shows them; without blank ones."""
    wanted = set(around + alone)
    for middle in around:
        if middle > 0 and sources.line(path, middle):
            wanted.update(range(max(1, middle - _REACH), middle + _REACH + 1))
    shown = {number: _shown(line) for number, line in sources.some_lines(path, sorted(wanted)).items()}
    return {number: line for number, line in shown.items() if line}


def _shown(line: str) -> str:
    """A line as the page shows it."""
    if len(line) > _MAX_COLUMNS // 2 or not line.isprintable():
        line = text.cut(text.visible(line), _MAX_COLUMNS)
    return line.rstrip()


def _columns(
    profile: "Profile", sites: "Sequence[Site]", numbers: "Iterable[int]", sources: "SourceReader"
) -> "Dict[int, Tuple[int, int]]":
    """The columns to underline, for the sites with these numbers."""
    found = {}
    for number in numbers:
        columns = underlined(profile, sites[number], sources)
        if columns is not None:
            found[number] = columns
    return found


def compact_json(value: "Any") -> str:
    """A text, an integer, or a dict, list or tuple of such values, as JSON.

    Keys are integers, which become text, or names that need no quoting.
    """
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, int):
        return "%d" % value
    if isinstance(value, dict):
        return "{%s}" % ",".join(['"%s":%s' % (key, compact_json(part)) for key, part in value.items()])
    if set(map(type, value)) == {int}:  # long lists contain numbers, and Python writes those like JSON
        return str(list(value)).replace(" ", "")
    return "[%s]" % ",".join([compact_json(part) for part in value])


def _quoted(text: str) -> str:
    """A text as JSON."""
    plain = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    if plain.isprintable() and len(plain.encode("utf-8", "surrogatepass")) == len(plain):
        return '"%s"' % plain
    try:
        from _json import encode_basestring_ascii as quoted
    except ImportError:  # an interpreter without this module
        from json.encoder import encode_basestring_ascii as quoted
    return quoted(text)
