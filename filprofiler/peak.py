"""What was found out about a piece of code."""

import os
from typing import Any, List, NamedTuple, Optional, Union

from filprofiler.errors import FilError, TrackingError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable

    from filprofiler.opened_folder import OpenedFolder
    from filprofiler.profile.model import Profile

Folder = Union[str, "os.PathLike[str]"]


class Line(NamedTuple):
    """A line of code that held memory at the peak.

    path: its file, as the code object names it; "" if there is no Python call stack.
    line: its number, from 1; function: the function's name.
    bytes: live bytes that it requested itself, or that libraries requested on its behalf.
    source: the line itself, without indentation; "" if not available.
    """

    path: str
    line: int
    function: str
    bytes: int
    source: str

    @property
    def place(self) -> str:
        """Its location as one string: "path:line (function)"."""
        return "%s:%d (%s)" % (self.path, self.line, self.function) if self.path else self.function


class Peak:
    """The peak memory of a piece of code, and the lines that held it.

    value: what the code returned; None for a `with` block.
    """

    def __init__(self) -> None:
        self.value: Any = None
        self._profile: "Optional[Profile]" = None

    def _known(self) -> "Profile":
        if self._profile is None:
            raise TrackingError("The peak is known when the code has ended, in the process that began with it.")
        return self._profile

    @property
    def peak_bytes(self) -> int:
        """The largest number of bytes live at once, of those requested while the code ran."""
        return self._known().peak_bytes

    def top(self, count: int = 3) -> List[Line]:
        """The `count` lines of the user's own code that held most at the peak, the largest first."""
        from filprofiler.profile.source import SourceReader
        from filprofiler.profile.top import TopLines

        known = self._known()
        sources = SourceReader(known.program, known)
        lines = TopLines(known).lines[:count]
        return [
            Line(
                one.site.path,
                one.site.line,
                one.site.name,
                one.held_bytes,
                sources.line(one.site.path, one.site.line),
            )
            for one in lines
        ]

    def page(self) -> str:
        """The report's page as HTML: it loads nothing, and shows the same as the index.html that `report` writes."""
        from filprofiler.profile.source import SourceReader
        from filprofiler.profile.top import TopLines
        from filprofiler.report.content import Drawn
        from filprofiler.report.html import html_page

        known = self._known()
        return html_page(known, TopLines(known), Drawn(SourceReader(known.program, known)))

    def report(self, path: Folder) -> None:
        """Write the report's files to the folder `path`, which is created if needed. Raises FilError."""
        folder = os.fspath(path)
        self._known()
        try:
            os.makedirs(folder, exist_ok=True)
        except OSError as error:
            raise FilError("Cannot create the folder %s: %s.", folder, error.strerror) from None
        self._write(folder)

    def _write(self, folder: str, open_folder: "Optional[Callable[[str], OpenedFolder]]" = None) -> None:
        """Write the report's files into a folder; `open_folder` opens it, for who knows which one it must be."""
        from filprofiler.profile.top import TopLines
        from filprofiler.report.writer import write_report

        known = self._known()
        write_report(known, TopLines(known), folder, open_folder=open_folder)
