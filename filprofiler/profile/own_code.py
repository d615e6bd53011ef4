"""Decides which code is the user's own: not the standard library's and not an installed package's."""

import os

from filprofiler.profile.filters import PACKAGE_FOLDERS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, Iterable, List, Sequence

    from filprofiler.profile.model import Profile
    from filprofiler.profile.tree import Site


def standard_library_folders(python_version: int) -> "Iterable[str]":
    """Parts of paths in the standard library: this interpreter's, and any other's of the profiled version."""
    yield os.path.dirname(os.__file__) + "/"
    yield "/lib/python%d.%d/" % (python_version >> 24, python_version >> 16 & 255)


class OwnCode:
    """Distinguishes the user's own code from the standard library's and installed packages'.

    The code that the program began with is the user's own wherever it is.
    """

    def __init__(self, profile: "Profile") -> None:
        program = profile.program
        self._library = tuple(standard_library_folders(profile.python_version))
        self._begins_with = set(profile.main_paths)
        if program.script is not None:
            self._begins_with.add(program.script)
        # Code that the program began with and that is in no file: the text of -c, or of standard input.
        self._without_file = "<string>" if program.command is not None else program.script
        self._known: "Dict[str, bool]" = {}

    def owns(self, site: "Site") -> bool:
        """Whether the site is in the user's own code. A special site is not."""
        return self.owns_path(site.path)

    def owned(self, sites: "Sequence[Site]") -> "List[bool]":
        """For each site, whether it is in the user's own code. Fast, because most sites share few files."""
        known = {path: self.owns_path(path) for path in {site.path for site in sites}}
        return [known[site.path] for site in sites]

    def owns_path(self, path: str) -> bool:
        """Whether a file is the user's own code."""
        known = self._known.get(path)
        if known is None:
            known = self._known[path] = self._owns_path(path)
        return known

    def _owns_path(self, path: str) -> bool:
        if not path:
            return False
        if path.startswith("<"):  # generated code has no source to show, so its caller's line is more useful
            return path.startswith("<ipython-input") or path == self._without_file
        if path in self._begins_with:
            return True
        if not set(path.split("/")).isdisjoint(PACKAGE_FOLDERS):
            return False
        return not any(folder in path for folder in self._library)

    def library_path(self, path: str) -> str:
        """A path relative to the folder in which libraries are installed: "numpy/_core/numeric.py"."""
        for folder in ["/%s/" % name for name in PACKAGE_FOLDERS] + list(self._library):
            _before, found, after = path.rpartition(folder)
            if found:
                return after
        return path
