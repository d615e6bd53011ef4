"""Reading a .prof file back: every callstack and its bytes, but nothing else of the run."""

import re

from filprofiler.errors import SavedProfileError
from filprofiler.profile.build import LOST_NAME, MODULE_CODE_NAME, NO_STACK_NAME, ROOT_NAME
from filprofiler.profile.collector import PausedCollector
from filprofiler.profile.model import SMALLER_NAME, Node, Profile, Site, sum_up
from filprofiler.profile.program import Program
from filprofiler.regular_files import read_regular

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, List, Tuple

_FRAME = re.compile(r"(.*):([0-9]+) \((.*)\)\Z", re.DOTALL)
_ESCAPE = re.compile(r"\\(?:[tnr]|x[0-9a-f]{2}|u[0-9a-f]{4})")
_FOLD = re.compile(r"\[([1-9][0-9]{0,8}) smaller callstacks?\]\Z")
_DIGITS = re.compile(r"[0-9]+\Z")
_MOST_DIGITS = 20  # of a number of bytes
_SPECIAL = (NO_STACK_NAME, LOST_NAME, MODULE_CODE_NAME)


def read_prof(path: str) -> Profile:
    """The profile in a .prof file; its program is unknown, and it has no source lines. Raises SavedProfileError."""
    try:
        content = read_regular(path)
    except OSError as problem:
        raise SavedProfileError("The profile %s cannot be read: %s.", path, problem.strerror) from None
    tree = _Tree()
    try:
        with PausedCollector():
            for line in content.decode("utf-8").split("\n"):
                tree.add(line)
            sum_up(tree.nodes)
    except UnicodeDecodeError:
        raise SavedProfileError("The file %s is no .prof file: it is not text in UTF-8.", path) from None
    except ValueError:
        raise SavedProfileError(
            "The file %s is no .prof file: line %d is not one of its lines.", path, tree.lines
        ) from None
    return Profile(Program(source_lines={}), tree.nodes[0])


class _Tree:
    """The tree, while it is put together."""

    def __init__(self) -> None:
        self.nodes = [Node(Site("", ROOT_NAME, 0), None)]  # type: List[Node]
        self.lines = 0
        self._sites = {}  # type: Dict[str, Site]
        self._smaller = Site("", SMALLER_NAME, 0)
        self._children = {}  # type: Dict[Tuple[int, Site], int]

    def add(self, line: str) -> None:
        """Add a line: a callstack and its bytes. An empty one holds nothing. Raises ValueError."""
        self.lines += 1
        if not line:
            return
        stack, _blank, size = line.rpartition(" ")
        if not (stack and _DIGITS.match(size) and len(size) <= _MOST_DIGITS):
            raise ValueError(line)
        place = 0
        for label in stack.split(";"):
            site = self._sites.get(label)
            if site is None:
                site = self._sites[label] = self._smaller if _FOLD.match(label) else _site(label)
            key = (place, site)
            child = self._children.get(key)
            if child is None:
                child = self._children[key] = len(self.nodes)
                self.nodes.append(Node(site, self.nodes[place]))
            place = child
        self.nodes[place].own_bytes += int(size)
        fold = _FOLD.match(label)
        if fold is not None:
            self.nodes[place].callstacks += int(fold.group(1)) - 1  # sum_up adds one


def _site(label: str) -> Site:
    if label in _SPECIAL:
        return Site("", label, 0)
    found = _FRAME.match(label)
    if found is None:
        raise ValueError(label)
    path, line, name = found.groups()
    return Site(_ESCAPE.sub(_plain, path), _ESCAPE.sub(_plain, name), int(line))


def _plain(found: "re.Match[str]") -> str:
    """What an escape stands for."""
    return found.group().encode("ascii").decode("unicode_escape")
