"""The first rows of the tables of lines and functions, as static HTML."""

from filprofiler.report import text
from filprofiler.report.template import fill, read_template

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable, List, Tuple

    from filprofiler.profile.model import Profile
    from filprofiler.profile.own_code import OwnCode
    from filprofiler.profile.source import SourceReader
    from filprofiler.profile.totals import LineTotal
    from filprofiler.profile.tree import Site

    Label = Callable[[Site], str]

ROWS = 30


def table_rows(profile: "Profile", own_code: "OwnCode", sources: "SourceReader") -> "Tuple[str, str]":
    """The rows of the lines and of the functions with the largest totals, as HTML."""
    totals = profile.totals

    def shown(site: "Site") -> str:
        return site.path if own_code.owns(site) else own_code.library_path(site.path)

    return (
        _rows(totals.lines(ROWS), profile, sources, lambda site: "%s:%d (%s)" % (shown(site), site.line, site.name)),
        _rows(totals.functions(ROWS), profile, sources, lambda site: "%s (%s)" % (site.name, shown(site))),
    )


def _rows(totals: "List[LineTotal]", profile: "Profile", sources: "SourceReader", label: "Label") -> str:
    template = read_template("table_row.html")
    rows = []
    for total in totals:
        site = total.site
        values = {
            "own": text.human_bytes(total.own_bytes),
            "own_exact": text.exact_bytes(total.own_bytes),
            "total": text.human_bytes(total.total_bytes),
            "total_exact": text.exact_bytes(total.total_bytes),
            "share": text.percent(total.total_bytes, profile.peak_bytes, 1),
            "place": text.for_page(site.name if site.special else label(site)),
            "path": text.for_page(text.full_label(site)),
            "source": text.for_page(sources.line(site.path, site.line)),
        }
        rows.append(fill(template, values))
    return "".join(rows)
