"""The result of profiling a block."""

import os
from typing import Any, List, NamedTuple, Optional, Union

from filprofiler.errors import FilError, TrackingError
from filprofiler.regular_files import make_folders

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable

    from filprofiler.opened_folder import OpenedFolder
    from filprofiler.profile.model import Profile

Folder = Union[str, "os.PathLike[str]"]


class Line(NamedTuple):
    """A line of code that held memory at the peak.

    path: the file, as the code object names it; "" if there is no Python call stack.
    line: the line number, from 1. function: the function's name.
    bytes: live bytes that the line allocated itself or through the libraries it called.
    source: the line's text, without indentation; "" if not available.
    """

    path: str
    line: int
    function: str
    bytes: int
    source: str

    @property
    def place(self) -> str:
        """The location as one string: "path:line (function)"."""
        return "%s:%d (%s)" % (self.path, self.line, self.function) if self.path else self.function


class Peak:
    """The peak memory of a piece of code, and the lines that held it.

    value: what the code returned; None for a `with` block.

    The other members raise TrackingError until the code has ended.
    """

    def __init__(self) -> None:
        self.value: Any = None
        self._profile: "Optional[Profile]" = None

    def _known(self) -> "Profile":
        if self._profile is None:
            raise TrackingError("The peak is available only after the code has ended, in the process that started it.")
        return self._profile

    @property
    def peak_bytes(self) -> int:
        """The largest number of bytes live at once, of those allocated while the code ran."""
        return self._known().peak_bytes

    def top(self, count: int = 3) -> List[Line]:
        """The `count` lines of the user's own code that held most at the peak, largest first."""
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
        """The report's page as HTML, self-contained: the same as the index.html that `report` writes."""
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
            make_folders(folder)
        except OSError as error:
            raise FilError("Cannot create the folder %s: %s.", folder, error.strerror) from None
        self._write(folder)

    def _write(self, folder: str, open_folder: "Optional[Callable[[str], OpenedFolder]]" = None) -> None:
        """Write the report's files into a folder. open_folder: opens it, and can check its identity."""
        from filprofiler.profile.top import TopLines
        from filprofiler.report.writer import write_report

        known = self._known()
        write_report(known, TopLines(known), folder, open_folder=open_folder)
