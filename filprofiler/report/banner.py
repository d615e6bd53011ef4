"""The banner: that memory ran out, and the request that failed, which no total includes."""

from filprofiler.report import text
from filprofiler.report.sentences import requested
from filprofiler.report.template import fill, read_template

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Sequence

    from filprofiler.profile.model import Profile
    from filprofiler.profile.source import SourceReader
    from filprofiler.profile.tree import Site

_MAX_FRAMES = 12  # the innermost


def banner(sentence: str, profile: "Profile", sources: "SourceReader") -> str:
    """The banner as HTML. sentence: its first sentence."""
    paragraphs = list(profile.program.limits)
    failure = profile.fatal_request
    if failure is None and profile.failures:
        failure = profile.failures[-1]
    stack: "Sequence[Site]" = failure.stack if failure is not None else ()
    if failure is not None and stack:
        which = "The request for %s" if failure is profile.fatal_request else "The last one, for %s,"
        paragraphs.append(which % requested(failure) + " came from these lines, innermost last:")
    values = {
        "sentence": text.escape(sentence),
        "paragraphs": "".join("<p>%s</p>\n" % text.escape(paragraph) for paragraph in paragraphs),
        "stack": _frames(stack, sources),
    }
    return fill(read_template("banner.html"), values)


def _frames(stack: "Sequence[Site]", sources: "SourceReader") -> str:
    template = read_template("banner_frame.html")
    frames = []
    for site in stack[-_MAX_FRAMES:]:
        values = {
            "place": text.for_page(text.full_label(site)),
            "source": text.for_page(sources.line(site.path, site.line)),
        }
        frames.append(fill(template, values))
    return "".join(frames)
