"""The hints as a section of the page."""

from filprofiler.profile.hints import hints_of
from filprofiler.report import text
from filprofiler.report.hint_text import hint_basis, hint_text
from filprofiler.report.template import fill, read_template

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import List

    from filprofiler.profile.hint import Hint
    from filprofiler.profile.model import Profile
    from filprofiler.profile.source import SourceReader
    from filprofiler.profile.top import TopLines
    from filprofiler.profile.tree import Site


def hints_section(profile: "Profile", top: "TopLines", sources: "SourceReader") -> str:
    """The `<section>` "What to look at first", escaped; "" if there are no hints."""
    hints = hints_of(profile, top, sources)
    if not hints:
        return ""
    items = "".join(_item(hint, profile.peak_bytes, sources) for hint in hints)
    return fill(read_template("hints.html"), {"items": items})


def _item(hint: "Hint", peak_bytes: int, sources: "SourceReader") -> str:
    places: "List[str]" = []
    for site in hint.sites:
        if site not in hint.sites[: len(places)]:  # each once
            places.append(_place(site, sources))
    values = {
        "kind": text.escape(hint.kind),
        "places": "".join(places),
        "text": text.escape(hint_text(hint, peak_bytes)),
        "basis": text.escape(hint_basis(hint, peak_bytes)),
    }
    return fill(read_template("hint.html"), values)


def _place(site: "Site", sources: "SourceReader") -> str:
    """A site; the script finds the boxes of the same site by its data attributes."""
    values = {
        "path": text.escape(site.path),
        "line": str(site.line),
        "function": text.escape(site.name),
        "label": text.escape(text.short_label(site)),
        "source": text.for_page(sources.line(site.path, site.line)),
    }
    return fill(read_template("hint_place.html"), values)
