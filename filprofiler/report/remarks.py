"""The remarks as a section of the page."""

from filprofiler.profile.remarks import remarks_of
from filprofiler.report import text
from filprofiler.report.remark_text import remark_basis, remark_text
from filprofiler.report.template import fill, read_template

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import List

    from filprofiler.profile.model import Profile
    from filprofiler.profile.remark import Remark
    from filprofiler.profile.source import SourceReader
    from filprofiler.profile.top import TopLines
    from filprofiler.profile.tree import Site


def remarks_section(profile: "Profile", top: "TopLines", sources: "SourceReader") -> str:
    """The `<section>` "What to look at first", escaped; "" if there is nothing to remark."""
    remarks = remarks_of(profile, top, sources)
    if not remarks:
        return ""
    items = "".join(_item(remark, profile.peak_bytes, sources) for remark in remarks)
    return fill(read_template("remarks.html"), {"items": items})


def _item(remark: "Remark", peak_bytes: int, sources: "SourceReader") -> str:
    places: "List[str]" = []
    for site in remark.sites:
        if site not in remark.sites[: len(places)]:  # each once
            places.append(_place(site, sources))
    values = {
        "kind": text.escape(remark.kind),
        "places": "".join(places),
        "text": text.escape(remark_text(remark, peak_bytes)),
        "basis": text.escape(remark_basis(remark, peak_bytes)),
    }
    return fill(read_template("remark.html"), values)


def _place(site: "Site", sources: "SourceReader") -> str:
    """A site; its data attributes are what the boxes of the same site can be found by."""
    values = {
        "path": text.escape(site.path),
        "line": str(site.line),
        "function": text.escape(site.name),
        "label": text.escape(text.short_label(site)),
        "source": text.for_page(sources.line(site.path, site.line)),
    }
    return fill(read_template("remark_place.html"), values)
