"""Compares two profiles: what has grown and what has shrunk at the peak.

Lines are matched by file, function and source text if both profiles contain their source lines, so that a moved or
slightly edited line counts as the same. Otherwise they are matched by line number.
"""

from filprofiler.profile.collector import PausedCollector
from filprofiler.profile.top import TopLines
from filprofiler.profile.tree import SMALLER_NAME, Site

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, List, Optional, Set, Tuple

    from filprofiler.profile.model import Profile
    from filprofiler.profile.own_code import OwnCode
    from filprofiler.profile.tree import Node

    Function = Tuple[str, str]  # path and name


_ALIKE = 0.7  # least similarity (difflib's ratio, 0 to 1) of two source lines that count as one edited line
_MOST_PAIRS = 400  # of lines of one function; more would take too long
_MOST_WORK = 1 << 25  # pairs of characters in total; some seconds
_MOST_CHARACTERS = 200  # of a line that are compared


class Change:
    """A line of the user's own, and the bytes it held in the two profiles (see top.TopLine).

    site: the line in the newer profile, or in the older one if it is only there; in_newer says which.
    """

    __slots__ = ("after_bytes", "before_bytes", "in_newer", "site")

    def __init__(self, site: Site, in_newer: bool) -> None:
        self.site = site
        self.in_newer = in_newer
        self.before_bytes = 0
        self.after_bytes = 0

    @property
    def growth_bytes(self) -> int:
        """Growth of the line in bytes; negative if it has shrunk."""
        return self.after_bytes - self.before_bytes


class ChangedNode:
    """A node of the tree of changes: a frame like tree.Node, with the attributes that layout.py reads.

    growth_bytes: total growth of the call stacks here and below.
    grown_bytes, shrunk_bytes: sums over the call stacks that have grown, and that have shrunk; both positive.
    own_bytes, total_bytes: bytes grown or shrunk in exactly this call stack, and in all here and below.
    callstacks: how many call stacks have changed.
    in_newer: whether the site is one of the newer profile.
    """

    __slots__ = (
        "callstacks",
        "children",
        "grown_bytes",
        "in_newer",
        "own_bytes",
        "own_growth_bytes",
        "shrunk_bytes",
        "site",
        "thread",
    )

    def __init__(self, site: Site, in_newer: bool, thread: str) -> None:
        self.site = site
        self.in_newer = in_newer
        self.thread = thread
        self.own_growth_bytes = 0
        self.own_bytes = 0
        self.grown_bytes = 0
        self.shrunk_bytes = 0
        self.callstacks = 0
        self.children = _NO_CHILDREN

    @property
    def total_bytes(self) -> int:
        """Bytes grown or shrunk here and below."""
        return self.grown_bytes + self.shrunk_bytes

    @property
    def growth_bytes(self) -> int:
        """Total growth here and below in bytes; negative if it has shrunk."""
        return self.grown_bytes - self.shrunk_bytes


_NO_CHILDREN: "List[ChangedNode]" = []  # shared by all leaves; never changed


class Comparison:
    """An older and a newer profile.

    changes: all lines whose bytes differ: first those that have grown, then those that have shrunk, largest first.
    root: the tree of changes; its growth_bytes is the growth of the peak.
    by_text: whether lines were matched by their source text; else by line number.
    smaller_growth_bytes: growth of the call stacks that a .prof file combines, whose lines are not known.
    """

    def __init__(self, before: "Profile", after: "Profile") -> None:
        self.before = before
        self.after = after
        top_before, top_after = TopLines(before), TopLines(after)
        with PausedCollector():
            matches = _Matches(before, after, top_before.own_code, top_after.own_code)
            self.by_text = matches.by_text
            changes = _changes(matches, top_before, top_after)
            self.changes = [change for change in changes if change.site.name != SMALLER_NAME]
            smaller = [change for change in changes if change.site.name == SMALLER_NAME]
            self.smaller_growth_bytes = sum(change.growth_bytes for change in smaller)
            self.root = _tree(matches, before, after)

    @property
    def growth_bytes(self) -> int:
        """Growth of the peak in bytes; negative if it has shrunk."""
        return self.after.peak_bytes - self.before.peak_bytes


class _Matches:
    """Maps every site of the older profile to the same one of the newer."""

    def __init__(self, before: "Profile", after: "Profile", own_before: "OwnCode", own_after: "OwnCode") -> None:
        self.by_text = bool(before.program.source_lines and after.program.source_lines)
        older, newer = _by_function(before, own_before), _by_function(after, own_after)
        self._same: "Dict[Site, Site]" = {}
        self._room = _MOST_WORK
        for function, sites in older.items():
            others = newer.get(function, [])
            if self.by_text:
                self._match_texts(before, sites, after, others)
            else:
                lines = {site.line: site for site in others}
                self._same.update((site, lines[site.line]) for site in sites if site.line in lines)

    def _match_texts(self, before: "Profile", sites: "List[Site]", after: "Profile", others: "List[Site]") -> None:
        """Match the lines of a function: first those that stayed in place, then those that moved, in order."""
        in_place: "Dict[Tuple[str, int], List[Site]]" = {}
        for site in reversed(others):  # so that pop() yields the first one
            in_place.setdefault((_text(after, site), site.line), []).append(site)
        taken: "Set[Site]" = set()
        moved = []
        for site in sites:
            text = _text(before, site)
            same = in_place.get((text, site.line))
            if same:
                self._same[site] = same.pop()
                taken.add(self._same[site])
            elif text:
                moved.append((text, site))
        left: "Dict[str, List[Site]]" = {}
        for site in reversed(others):
            if site not in taken:
                left.setdefault(_text(after, site), []).append(site)
        edited = []
        for text, site in moved:
            candidates = left.get(text)
            if candidates:
                self._same[site] = candidates.pop()
            else:
                edited.append((text, site))
        self._match_edited(edited, [(text, site) for text, kept in left.items() if text for site in reversed(kept)])

    def _match_edited(self, gone: "List[Tuple[str, Site]]", new: "List[Tuple[str, Site]]") -> None:
        """Match a function's remaining lines by similarity, the most similar first."""
        from difflib import SequenceMatcher

        if len(gone) * len(new) > _MOST_PAIRS:
            return
        alike = []
        for old_text, old in gone:
            for new_text, site in new:
                self._room -= len(old_text) * len(new_text)
                if self._room < 0:
                    return
                ratio = SequenceMatcher(None, old_text, new_text, autojunk=False).ratio()
                if ratio >= _ALIKE:
                    alike.append((-ratio, old.order, site.order, old, site))
        taken: "Set[Site]" = set()
        for _ratio, _old_order, _order, old, site in sorted(alike, key=lambda pair: pair[:3]):
            if old not in taken and site not in taken:
                taken.update((old, site))
                self._same[old] = site

    def newer(self, site: Site) -> "Tuple[Site, bool]":
        """The newer profile's site and True; or the older one's and False if it is gone."""
        found = self._same.get(site)
        return (site, False) if found is None else (found, True)


def _by_function(profile: "Profile", own_code: "OwnCode") -> "Dict[Function, List[Site]]":
    """The sites of each function, by line. Paths are chosen to be equal in another checkout or environment."""
    functions: "Dict[Function, List[Site]]" = {}
    here = profile.program.cwd.rstrip("/") + "/"
    for site in sorted(profile.flat.sites, key=lambda site: site.order):
        path = site.path
        if not own_code.owns(site):
            path = own_code.library_path(path)
        elif len(here) > 1 and path.startswith(here):
            path = path[len(here) :]
        functions.setdefault((path, site.name), []).append(site)
    return functions


def _text(profile: "Profile", site: Site) -> str:
    lines = (profile.program.source_lines or {}).get(site.path, {})
    return lines.get(site.line, "").strip()[:_MOST_CHARACTERS]


def _changes(matches: _Matches, before: TopLines, after: TopLines) -> "List[Change]":
    changes: "Dict[Site, Change]" = {}
    for line in after.lines:
        change = changes[line.site] = Change(line.site, True)
        change.after_bytes = line.held_bytes
    for line in before.lines:
        site, in_newer = matches.newer(line.site)
        found = changes.get(site)
        if found is None:
            found = changes[site] = Change(site, in_newer)
        found.before_bytes += line.held_bytes
    changed = [change for change in changes.values() if change.growth_bytes]
    changed.sort(key=lambda change: (change.growth_bytes < 0, -abs(change.growth_bytes), change.site.order))
    return changed


def _tree(matches: _Matches, before: "Profile", after: "Profile") -> ChangedNode:
    """The tree of all call stacks that have changed, with their changes."""
    root = ChangedNode(after.root.site, True, "")
    nodes = [root]
    pending: "List[Tuple[ChangedNode, Optional[Node], Optional[Node]]]" = [(root, before.root, after.root)]
    while pending:
        node, older, newer = pending.pop()
        node.own_growth_bytes = (newer.own_bytes if newer else 0) - (older.own_bytes if older else 0)
        places: "Dict[Site, int]" = {}
        first = len(pending)
        for child in newer.children if newer else ():
            if older and older.children:
                places[child.site] = len(pending)
            pending.append((ChangedNode(child.site, True, child.thread), None, child))
        for child in older.children if older else ():
            site, in_newer = matches.newer(child.site)
            place = places.get(site)
            if place is None:
                place = places[site] = len(pending)
                pending.append((ChangedNode(site, in_newer, child.thread), None, None))
            pending[place] = (pending[place][0], child, pending[place][2])
        if len(pending) > first:
            node.children = [pair[0] for pair in pending[first:]]
            nodes += node.children
    _sum_up(nodes)
    return root


def _sum_up(nodes: "List[ChangedNode]") -> None:
    """Fill in the sums and drop unchanged nodes. Parents precede their children."""
    for node in reversed(nodes):
        own = node.own_growth_bytes
        node.own_bytes = abs(own)
        if node.children:
            node.children = [child for child in node.children if child.total_bytes] or _NO_CHILDREN
        node.grown_bytes = max(0, own) + sum(child.grown_bytes for child in node.children)
        node.shrunk_bytes = max(0, -own) + sum(child.shrunk_bytes for child in node.children)
        node.callstacks = (1 if own else 0) + sum(child.callstacks for child in node.children)
        if len(node.children) > 1:
            node.children.sort(key=lambda child: (-child.total_bytes, child.site.order))
