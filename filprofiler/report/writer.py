"""Write the files of a report into a folder."""

import os
from importlib import import_module

from filprofiler.errors import ReportError
from filprofiler.opened_folder import OpenedFolder
from filprofiler.profile.collector import PausedCollector
from filprofiler.profile.model import OUT_OF_MEMORY, PEAK
from filprofiler.profile.source import SourceReader
from filprofiler.report import formats
from filprofiler.report.content import Content, Drawn

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Iterable, Iterator, List, Optional, Tuple

    from filprofiler.profile.model import Profile
    from filprofiler.profile.top import TopLines

INDEX_NAME = formats.INDEX_NAME


def write_report(
    profile: "Profile",
    top: "TopLines",
    folder: str,
    forms: "Iterable[str]" = formats.USUAL,
    stage: "Optional[Callable[[str, int, int], None]]" = None,
    sources: "Optional[SourceReader]" = None,
    open_folder: "Optional[Callable[[str], OpenedFolder]]" = None,
) -> "List[str]":
    """Write the files of the requested forms (see formats.py), in the order of formats.ALL. Returns their paths.

    stage: called before each file with its name, the number of finished files, and the number of all files.
    sources: an existing reader of source lines, if any.
    open_folder: opens `folder` and can check its identity; may raise OSError.

    All names but the page's begin with "peak-memory", or with "out-of-memory" if that is the profile's moment. Files of
    these forms for the other moment, from an earlier report in the same folder, are removed at the end.

    Each file is written under another name and then renamed, so every file present is complete. If one cannot be
    written, the earlier ones stay, and ReportError lists their paths in `written`. They also stay after other
    exceptions, such as an interrupt by the user.
    """
    wanted = [form for form in formats.ALL if form in tuple(forms)]
    names = [(form, name) for form in wanted for name in formats.file_names(form, profile.moment)]
    beside = [name for form, name in names if form != formats.HTML]
    drawn = Drawn(sources or SourceReader(profile.program, profile))
    written: "List[str]" = []
    path = folder
    try:
        with PausedCollector(), (open_folder or OpenedFolder)(folder) as opened:
            for form, name in names:
                path = os.path.join(folder, name)
                if stage is not None:
                    stage(name, len(written), len(names))
                opened.write(name, _content(form, Content(name, profile, top, drawn, beside)))
                written.append(path)
            for form in wanted:
                for name in formats.file_names(form, PEAK if profile.moment == OUT_OF_MEMORY else OUT_OF_MEMORY):
                    if os.path.join(folder, name) not in written:
                        opened.remove(name)
    except OSError as problem:
        raise _unwritten(path, problem, tuple(written)) from None
    return written


def write_page(path: str, content: str) -> None:
    """Write one text file; it is complete or absent. Raises ReportError."""
    try:
        with OpenedFolder(os.path.dirname(path)) as opened:
            opened.write(os.path.basename(path), (_encoded(content),))
    except OSError as problem:
        raise _unwritten(path, problem) from None


def _unwritten(path: str, problem: OSError, written: "Tuple[str, ...]" = ()) -> ReportError:
    """The error for a file that cannot be written. written: the paths of those that were."""
    error = ReportError("The report cannot be written (%s): %s.", path, problem.strerror or problem)
    error.written = written
    return error


def _content(form: str, content: "Content") -> "Iterator[bytes]":
    """A file's content in pieces, made while it is written."""
    module: "Any" = import_module(formats.form_named(form).module)
    yield from module.pieces(content)


def _encoded(content: str) -> bytes:
    return content.encode("utf-8")
