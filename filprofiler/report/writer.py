"""Write the files of a report into a folder."""

import os

from filprofiler.errors import ReportError
from filprofiler.profile.collector import PausedCollector
from filprofiler.profile.model import OUT_OF_MEMORY, PEAK
from filprofiler.profile.source import SourceReader
from filprofiler.report import sentences

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Iterable, List

    from filprofiler.profile.model import Profile
    from filprofiler.profile.top import TopLines

INDEX_NAME = "index.html"
_ENDINGS = (".prof", ".svg", "-reversed.svg")
_STEMS = {PEAK: "peak-memory", OUT_OF_MEMORY: "out-of-memory"}

_TEMPORARY_ENDING = ".part"
_BUFFER_BYTES = 1 << 18


def write_report(profile: "Profile", top: "TopLines", folder: str) -> "List[str]":
    """Write the .prof, the two SVGs and index.html, in that order; their paths.

    The first three begin with "peak-memory", or with "out-of-memory" if that is the moment of the profile. Files of the
    other kind, from an earlier report in the same folder, are removed at the end.

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
    for name in file_names(PEAK if profile.moment == OUT_OF_MEMORY else OUT_OF_MEMORY):
        _remove(os.path.join(folder, name))
    return written


def _files(profile: "Profile", top: "TopLines") -> "Iterable[tuple[str, Iterable[bytes]]]":
    """The files' names and contents, worked out one after the other."""
    from filprofiler.report.prof import prof_pieces

    prof_name, svg_name, reversed_name = file_names(profile.moment)
    yield prof_name, prof_pieces(profile)

    from filprofiler.profile.tree import ReversedRoot
    from filprofiler.report import svg

    sources = SourceReader(profile.program)
    title = sentences.picture_title(profile)
    callers_first = svg.icicle_svg(profile.root, title, sources, svg.CALLERS_FIRST)
    yield svg_name, (_encoded(svg.XML_PROLOG), _encoded(callers_first))
    callees_first = svg.icicle_svg(ReversedRoot(profile.root), title + ", Reversed", sources, svg.CALLEES_FIRST)
    yield reversed_name, (_encoded(svg.XML_PROLOG), _encoded(callees_first))

    from filprofiler.report.html import html_page

    yield INDEX_NAME, (_encoded(html_page(profile, top, sources, callers_first, callees_first)),)


def file_names(moment: str) -> "List[str]":
    """Names of the .prof, the SVG and the reversed SVG that tell of `moment`."""
    return [_STEMS[moment] + ending for ending in _ENDINGS]


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
        _remove(temporary)
        raise


def _remove(path: str) -> None:
    try:
        os.unlink(path)
    except OSError:
        pass
