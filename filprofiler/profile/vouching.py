"""Checks that a source file is the code that ran. Its lines stand beside bytes; an edited file would blame wrong lines.

A file newer than the start of the run is not the code that ran. Its modification time counts and, for the user's own
code, its change time too, which is new even if an older file was moved into its place. (Package managers link and copy
files of libraries without changing them.) Symbolic links on the path count likewise: a link that was redirected, as
deployments do, may lead to an old file. A time in the future only shows that clocks differ, so it is ignored.

The code must fit as well: each function must be where it began, and each line in a call stack must not be empty. This
check needs no clock, so it also works if the recording is read much later or on another machine.

Neither check notices an edit, or an exchanged folder, that moves no line and that a clock hides.
"""

import os
import time

from filprofiler.profile.own_code import OwnCode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, Iterator, List, Set

    from filprofiler.profile.model import Profile

_DEFINITIONS = ("def ", "async ", "class ")
_MOST_DECORATORS = 1000  # lines of decorators
_MOST_LINKS = 40  # the kernel's limit
_FUTURE_NS = 2 * 10**9  # some file systems count in steps of two seconds


class Vouching:
    """Checks the source files of a profile.

    changed: the paths of those that are not the code that ran, in the order of checks.
    """

    def __init__(self, profile: "Profile") -> None:
        self._profile = profile
        self._own_code = OwnCode(profile)
        self._lines: "Dict[str, Set[int]] | None" = None
        self.changed: "List[str]" = []

    def vouches(self, path: str, file_path: str, lines: "List[str]") -> bool:
        """Whether the lines just read from a file can be shown. path: as in the profile.

        file_path: the file, or the archive that contains it. Raises OSError.
        """
        good = not self._is_newer(self._own_code.owns_path(path), file_path) and self._fits(path, lines)
        if not good:
            self.changed.append(path)
        return good

    def _is_newer(self, own: bool, file_path: str) -> bool:
        """Whether a file, or a link that leads to it, is newer than the run's start. Raises OSError."""
        started, now = self._profile.started_unix_ns, time.time() * 1e9 + _FUTURE_NS
        if started == 0:
            return False
        seen = os.stat(file_path)
        times = [seen.st_mtime_ns, seen.st_ctime_ns] if own else [seen.st_mtime_ns]
        times += [os.lstat(link).st_mtime_ns for link in _links(file_path)]
        return any(started < one < now for one in times)

    def _fits(self, path: str, lines: "List[str]") -> bool:
        used = self._used_lines().get(path, ())
        if not all(0 < line <= len(lines) and lines[line - 1].strip() for line in used):
            return False
        return all(_begins(name, lines, line) for line, name in self._profile.functions.get(path, ()))

    def _used_lines(self) -> "Dict[str, Set[int]]":
        """The lines of each file that are in call stacks."""
        if self._lines is None:
            self._lines = {}
            for site in self._profile.flat.sites:
                self._lines.setdefault(site.path, set()).add(site.line)
        return self._lines


def _links(path: str) -> "Iterator[str]":
    """The symbolic links on a path, including links to links."""
    path, most = os.path.abspath(path), _MOST_LINKS
    pending = path.split("/")[:0:-1]
    here = ""
    while pending and most:
        here = os.path.normpath(here + "/" + pending.pop())
        if os.path.islink(here):
            yield here
            most -= 1
            target = os.path.join(os.path.dirname(here), os.readlink(here))
            pending += os.path.normpath(target).split("/")[:0:-1]
            here = ""


def _begins(name: str, lines: "List[str]", line: int) -> bool:
    """Whether a function or class of that name can begin on that line, or after the decorators there."""
    if name.startswith("<") or line < 1:
        return True
    if lines[line - 1 : line] and lines[line - 1].lstrip().startswith("@"):
        most = min(len(lines), line + _MOST_DECORATORS)
        while line <= most and not lines[line - 1].lstrip().startswith(_DEFINITIONS):
            line += 1
    return name in "".join(lines[line - 1 : line + 1])  # it may be on the second line
