"""Where each thread was at the peak, as a section of the page."""

from filprofiler.report import text
from filprofiler.report.template import fill, read_template

TYPE_CHECKING = False
if TYPE_CHECKING:
    from filprofiler.profile.model import Profile
    from filprofiler.profile.own_code import OwnCode
    from filprofiler.profile.threads import ThreadAtPeak

_SHOWN = 64


def threads_section(profile: "Profile", own_code: "OwnCode") -> str:
    """The section as HTML, for a profile with threads."""
    last = [thread.name for thread in profile.threads if thread.last]
    told = "The last request before the peak came from %s." % text.visible(last[0]) if last else ""
    items = [_item(thread, own_code) for thread in profile.threads[:_SHOWN]]
    left_out = len(profile.threads) - len(items)
    if left_out:
        items.append("<li>and %s</li>\n" % text.escape(text.counted(left_out, "other thread")))
    return fill(read_template("threads.html"), {"last": text.escape(told), "items": "".join(items)})


def _item(thread: "ThreadAtPeak", own_code: "OwnCode") -> str:
    """A thread: its innermost line of the user's own code, and the frame below it that made the request."""
    own = [site for site in thread.stack if own_code.owns(site)]
    asked = thread.stack[-1] if thread.stack else None
    shown = own[-1] if own else asked
    place = "with no Python stack" if shown is None else "at %s" % text.full_label(shown)
    via = "" if asked is None or asked is shown else "\u2192 %s" % text.short_label(asked)
    values = {"name": thread.name, "place": place, "via": via}
    return fill(
        read_template("thread.html"),
        {name: text.for_page(words) for name, words in values.items()},
    )
