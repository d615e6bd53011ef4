"""Write the files of a report into a folder."""

import os

from filprofiler.errors import ReportError
from filprofiler.profile.collector import PausedCollector
from filprofiler.profile.source import SourceReader
from filprofiler.report import formats, text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable, Dict, Iterable, Iterator, List, Optional, Tuple

    from filprofiler.profile.model import Profile
    from filprofiler.profile.top import TopLines

(PROF_NAME,) = formats.FILES[formats.PROF]
SVG_NAME, REVERSED_SVG_NAME = formats.FILES[formats.SVG]
(INDEX_NAME,) = formats.FILES[formats.HTML]
(JSON_NAME,) = formats.FILES[formats.JSON]
(SPEEDSCOPE_NAME,) = formats.FILES[formats.SPEEDSCOPE]
(PPROF_NAME,) = formats.FILES[formats.PPROF]

_TEMPORARY_ENDING = ".part"
_BUFFER_BYTES = 1 << 18


def write_report(
    profile: "Profile",
    top: "TopLines",
    folder: str,
    forms: "Iterable[str]" = formats.USUAL,
    stage: "Optional[Callable[[str, int, int], None]]" = None,
) -> "List[str]":
    """Write the files of the forms that are asked for (see formats.py), in the order of formats.ALL; their paths.

    stage: is told before each file its name, how many are finished, and how many there will be.

    Each file is written under another name and then renamed, so that a file that is there is whole. If one cannot be
    written those before it stay: ReportError, with their paths in its `written`. Other exceptions (an interrupt by the
    user too) leave them just the same.
    """
    wanted = [form for form in formats.ALL if form in tuple(forms)]
    count = sum(len(formats.FILES[form]) for form in wanted)
    written = []  # type: List[str]
    path = folder
    try:
        with PausedCollector():
            for name, parts in _files(profile, top, wanted):
                path = os.path.join(folder, name)
                if stage is not None:
                    stage(name, len(written), count)
                _write(path, parts)
                written.append(path)
    except OSError as problem:
        message = "The report cannot be written (%s): %s." % (path, problem.strerror or problem)
        raise ReportError(message, tuple(written)) from None
    return written


def write_page(path: str, content: str) -> None:
    """Write one file of text, so that it is whole or not there. Raises ReportError."""
    try:
        _write(path, (_encoded(content),))
    except OSError as problem:
        raise ReportError("The report cannot be written (%s): %s." % (path, problem.strerror or problem)) from None


def _files(profile: "Profile", top: "TopLines", forms: "List[str]") -> "Iterator[Tuple[str, Iterable[bytes]]]":
    """The files' names and contents. Contents are worked out while they are written."""
    sources = SourceReader(profile.program)
    pictures = _Pictures(profile, sources)
    if formats.PROF in forms:
        yield PROF_NAME, _prof(profile)
    if formats.SVG in forms:
        yield SVG_NAME, pictures.file(False)
        yield REVERSED_SVG_NAME, pictures.file(True)
    if formats.HTML in forms:
        yield INDEX_NAME, _page(profile, top, sources, pictures)
    if formats.JSON in forms:
        yield JSON_NAME, _json(profile, top, sources)
    if formats.SPEEDSCOPE in forms:
        yield SPEEDSCOPE_NAME, _speedscope(profile)
    if formats.PPROF in forms:
        yield PPROF_NAME, _pprof(profile)


def _prof(profile: "Profile") -> "Iterator[bytes]":
    from filprofiler.report.prof import prof_pieces

    yield from prof_pieces(profile)


class _Pictures:
    """The two icicles, each made once, when it is first needed."""

    def __init__(self, profile: "Profile", sources: SourceReader) -> None:
        self._profile = profile
        self._sources = sources
        self._made = {}  # type: Dict[bool, str]

    def element(self, turned: bool) -> str:
        """The `<svg>` element of the icicle, or of the reversed one."""
        if turned not in self._made:
            from filprofiler.profile.tree import ReversedRoot
            from filprofiler.report import svg

            root = self._profile.root
            title = "Peak Tracked Memory Usage (%s)" % text.human_bytes(self._profile.peak_bytes)
            if turned:
                picture = svg.icicle_svg(ReversedRoot(root), title + ", Reversed", self._sources, svg.CALLEES_FIRST)
            else:
                picture = svg.icicle_svg(root, title, self._sources, svg.CALLERS_FIRST)
            self._made[turned] = picture
        return self._made[turned]

    def file(self, turned: bool) -> "Iterator[bytes]":
        """A picture as a file of its own."""
        from filprofiler.report.svg import XML_PROLOG

        yield _encoded(XML_PROLOG)
        yield _encoded(self.element(turned))


def _page(profile: "Profile", top: "TopLines", sources: SourceReader, pictures: _Pictures) -> "Iterator[bytes]":
    from filprofiler.report.html import html_page

    yield _encoded(html_page(profile, top, sources, pictures.element(False), pictures.element(True)))


def _json(profile: "Profile", top: "TopLines", sources: SourceReader) -> "Iterator[bytes]":
    from filprofiler.report.json_file import json_pieces

    yield from json_pieces(profile, top, sources)


def _speedscope(profile: "Profile") -> "Iterator[bytes]":
    from filprofiler.report.speedscope import speedscope_pieces

    yield from speedscope_pieces(profile)


def _pprof(profile: "Profile") -> "Iterator[bytes]":
    from filprofiler.report.pprof import pprof_pieces

    yield from pprof_pieces(profile)


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
