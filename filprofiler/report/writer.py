"""Write the files of a report into a folder."""

import os

from filprofiler.errors import ReportError
from filprofiler.profile.collector import PausedCollector
from filprofiler.profile.source import SourceReader
from filprofiler.report import text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Iterable, List

    from filprofiler.profile.model import Profile
    from filprofiler.profile.top import TopLines

PROF_NAME = "peak-memory.prof"
SVG_NAME = "peak-memory.svg"
REVERSED_SVG_NAME = "peak-memory-reversed.svg"
INDEX_NAME = "index.html"

_TEMPORARY_ENDING = ".part"
_BUFFER_BYTES = 1 << 18


def write_report(profile: "Profile", top: "TopLines", folder: str) -> "List[str]":
    """Write peak-memory.prof, the two SVGs and index.html, in that order; their paths.

    Each file is written under another name and then renamed, so that a file that is there is whole. If one cannot be
    written those before it stay: ReportError, with their paths in its `written`. Other exceptions (an interrupt by the
    user too) leave them just the same.
    """
    written = []  # type: List[str]
    path = folder
    try:
        with PausedCollector():
            for name, parts in _files(profile, top):
                path = os.path.join(folder, name)
                _write(path, parts)
                written.append(path)
    except OSError as problem:
        message = "The report cannot be written (%s): %s." % (path, problem.strerror or problem)
        raise ReportError(message, tuple(written)) from None
    return written


def _files(profile: "Profile", top: "TopLines") -> "Iterable[tuple[str, Iterable[bytes]]]":
    """The files' names and contents, worked out one after the other."""
    from filprofiler.report.prof import prof_pieces

    yield PROF_NAME, prof_pieces(profile)

    from filprofiler.profile.tree import ReversedRoot
    from filprofiler.report import svg

    sources = SourceReader(profile.program)
    title = "Peak Tracked Memory Usage (%s)" % text.human_bytes(profile.peak_bytes)
    callers_first = svg.icicle_svg(profile.root, title, sources, svg.CALLERS_FIRST)
    yield SVG_NAME, (_encoded(svg.XML_PROLOG), _encoded(callers_first))
    callees_first = svg.icicle_svg(ReversedRoot(profile.root), title + ", Reversed", sources, svg.CALLEES_FIRST)
    yield REVERSED_SVG_NAME, (_encoded(svg.XML_PROLOG), _encoded(callees_first))

    from filprofiler.report.html import html_page

    yield INDEX_NAME, (_encoded(html_page(profile, top, sources)),)


def _encoded(content: str) -> bytes:
    return content.encode("utf-8")


def _write(path: str, parts: "Iterable[bytes]") -> None:
    """Write a file so that it is whole or not there. Raises OSError."""
    temporary = path + _TEMPORARY_ENDING
    try:
        with open(temporary, "wb", buffering=_BUFFER_BYTES) as file:
            file.writelines(parts)
        os.replace(temporary, path)
    except BaseException:
        try:
            os.unlink(temporary)
        except OSError:
            pass
        raise
