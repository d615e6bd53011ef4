"""Reads a .prof file back: every call stack and its bytes, but nothing else about the run."""

import re

from filprofiler.errors import SavedProfileError
from filprofiler.profile.build import LOST_NAME, MODULE_CODE_NAME, NO_STACK_NAME, ROOT_NAME
from filprofiler.profile.collector import PausedCollector
from filprofiler.profile.lines import MOST_LINE
from filprofiler.profile.model import Profile
from filprofiler.profile.program import Program
from filprofiler.profile.tree import LEFT_OUT, SMALLER_NAME, Node, Site, sum_up
from filprofiler.recording.texts import MOST_CHARACTERS
from filprofiler.regular_files import open_to_read

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, List

_ESCAPE = re.compile(r"\\(?:[tnr]|x[0-9a-f]{2}|u[0-9a-f]{4})")
_FOLD = re.compile(r"\[([1-9][0-9]{0,8}) smaller callstacks?\]\Z")
_DIGITS = re.compile(r"[0-9]+\Z")
_MOST_DIGITS = 20  # in a number of bytes
_MOST_LINE_DIGITS = 10
_DIGIT = frozenset("0123456789")
_MOST_ESCAPED = 6 * MOST_CHARACTERS  # no escape is longer than six characters
_MOST_OF_HALF = 5000  # frames read at each end of a call stack; those between them become "left out"
_SPECIAL = (NO_STACK_NAME, LOST_NAME, MODULE_CODE_NAME)


def read_prof(path: str) -> Profile:
    """Read the profile from a .prof file, without program or source lines. Raises SavedProfileError."""
    tree = _Tree()
    try:
        with PausedCollector(), open_to_read(path) as file:
            for line in file:
                tree.add(line.decode("utf-8").rstrip("\n"))
            sum_up(tree.nodes)
    except OSError as problem:
        raise SavedProfileError("The profile %s cannot be read: %s.", path, problem.strerror) from None
    except UnicodeDecodeError:
        raise SavedProfileError("The file %s is not a .prof file: it is not text in UTF-8.", path) from None
    except ValueError:
        raise SavedProfileError(
            "The file %s is not a .prof file: line %d is not one of its lines.", path, tree.lines
        ) from None
    return Profile(Program(source_lines={}), tree.nodes[0])


class _Tree:
    """Builds the tree."""

    def __init__(self) -> None:
        self.nodes: "List[Node]" = [Node(Site("", ROOT_NAME, 0), None)]
        self.lines = 0
        self._numbers: "Dict[str, int]" = {}
        self._sites = [Site("", SMALLER_NAME, 0)]
        self._texts: "Dict[str, str]" = {}
        self._children: "Dict[int, int]" = {}

    def add(self, line: str) -> None:
        """Add a line: a call stack and its bytes. Empty lines are ignored. Raises ValueError."""
        self.lines += 1
        if not line:
            return
        stack, _blank, size = line.rpartition(" ")
        if not (stack and _DIGITS.match(size) and len(size) <= _MOST_DIGITS):
            raise ValueError(line)
        place = 0
        for label in _labels(stack):
            number = self._numbers.get(label)
            if number is None:
                number = self._numbers[label] = self._number(label)
            key = place << 32 | number
            child = self._children.get(key)
            if child is None:
                child = self._children[key] = len(self.nodes)
                self.nodes.append(Node(self._sites[number], self.nodes[place]))
            place = child
        self.nodes[place].own_bytes += int(size)
        fold = _FOLD.match(label)
        if fold is not None:
            self.nodes[place].callstacks += int(fold.group(1)) - 1  # sum_up adds one

    def _number(self, label: str) -> int:
        """The number of a new site; all sites that combine smaller call stacks are one."""
        if _FOLD.match(label):
            return 0
        site = _site(label)
        site.path = self._texts.setdefault(site.path, site.path)
        site.name = self._texts.setdefault(site.name, site.name)
        self._sites.append(site)
        return len(self._sites) - 1


def _labels(stack: str) -> "List[str]":
    """The frames of a call stack; for a very deep one, only those at its ends."""
    if stack.count(";") < 2 * _MOST_OF_HALF:
        return stack.split(";")
    outer = stack.split(";", _MOST_OF_HALF)[:-1]
    return [*outer, repr(LEFT_OUT), *stack.rsplit(";", _MOST_OF_HALF)[1:]]


def _site(label: str) -> Site:
    """The site written as "PATH:LINE (FUNCTION)". Either name may contain something like ":LINE (" itself."""
    if label in _SPECIAL:
        return Site("", label, 0)
    if not label.endswith(")"):
        raise ValueError(label)
    behind = len(label)
    while True:  # the last one counts
        behind = label.rindex(" (", 0, behind)
        number = behind
        while label[number - 1 : number] in _DIGIT:
            number -= 1
        if number < behind and label[number - 1 : number] == ":":
            break
    if behind - number > _MOST_LINE_DIGITS or int(label[number:behind]) > MOST_LINE:
        raise ValueError(label)
    path, name = label[: number - 1], label[behind + 2 : -1]
    return Site(_unescaped(path), _unescaped(name), int(label[number:behind]))


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(_plain, text[:_MOST_ESCAPED])[:MOST_CHARACTERS]


def _plain(found: "re.Match[str]") -> str:
    """The character of an escape."""
    return found.group().encode("ascii").decode("unicode_escape")
