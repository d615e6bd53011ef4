"""The report in the notebook."""

from html import escape

from IPython.display import display  # type: ignore[import-not-found,unused-ignore]

from filprofiler.wording import visible

TYPE_CHECKING = False
if TYPE_CHECKING:
    from filprofiler.api import Peak

# The page is inside the output itself, so it works after the notebook was moved, exported or mailed. The frame
# separates its style and scripts from the notebook's.
_FRAME = (
    '<div><iframe class="filprofile" title="%s" sandbox="allow-scripts" srcdoc="%s" loading="lazy" '
    'style="width: 100%%; height: 640px; border: 1px solid #8888; background: white"></iframe>%s</div>'
)


def show(found: "Peak", folder: str, top: int) -> None:
    """Show the report in the notebook. folder: of its files, "" if there are none. top: how many lines to print too."""
    headline = "Peak memory %s bytes" % format(found.peak_bytes, ",")
    lines = _lines(found, top)
    plain = "\n".join([headline, *lines] + (["Report: %s" % visible(folder)] if folder else []))
    listed = "<pre>%s</pre>" % escape("\n".join(lines)) if lines else ""
    page = _FRAME % (escape(headline), escape(found.page()), listed)
    display({"text/html": page, "text/plain": plain}, raw=True)


def _lines(found: "Peak", top: int) -> "list[str]":
    return [
        ("%15s  %s  %s" % (format(line.bytes, ","), visible(line.place), visible(line.source))).rstrip()
        for line in found.top(top)
    ]
