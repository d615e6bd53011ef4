"""Memory over time, as far as it was recorded: a small static picture with the reported moment marked."""

from filprofiler.profile.model import OUT_OF_MEMORY
from filprofiler.report import text
from filprofiler.report.template import fill, read_template

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import List, Tuple

    from filprofiler.profile.model import Profile

# The picture's own units; it is stretched to its container.
_WIDTH, _HEIGHT = 1000, 100
_LEAST_POINTS = 2


def timeline_section(profile: "Profile") -> str:
    """The section as HTML; "" if there is too little to draw."""
    if len(profile.timeline) < _LEAST_POINTS or not profile.timeline[-1][0] > 0:
        return ""
    tracked = [(seconds, size) for seconds, size, _resident in profile.timeline]
    resident = [(seconds, size) for seconds, _tracked, size in profile.timeline]
    moment = profile.peak_seconds
    if moment is not None:  # counted at every event, so it may be between two points
        tracked = sorted([*tracked, (moment, profile.peak_bytes)])
    end = max(tracked[-1][0], resident[-1][0])
    highest = max(size for _seconds, size in tracked + resident) or 1
    line = _points(tracked, end, highest)
    values = {
        "area": "%s,%d %s %s,%d"
        % (line.partition(",")[0], _HEIGHT, line, line.split(" ")[-1].partition(",")[0], _HEIGHT),
        "tracked": line,
        "resident": _points(resident, end, highest),
        "mark": "" if moment is None else '<i class="mark" style="left:%.2f%%"></i>' % (100 * moment / end),
        "marked": "" if moment is None else '<span class="key mark">%s</span>' % text.escape(_marked(profile, moment)),
        "tracked_most": text.escape(text.human_bytes(max(size for _seconds, size in tracked))),
        "resident_words": "resident" if profile.together is None else "resident, added up over the processes",
        "resident_most": text.escape(text.human_bytes(max(size for _seconds, size in resident))),
        "end": text.escape(text.seconds(end)),
        "words": text.escape(_words(profile, end, max(size for _seconds, size in resident))),
    }
    return fill(read_template("timeline.html"), values)


def _points(points: "List[Tuple[float, int]]", end: float, highest: int) -> str:
    """Points of a line: x is time, y is measured down from the highest value."""
    return " ".join(
        "%.5g,%.5g" % (_WIDTH * max(seconds, 0.0) / end, _HEIGHT - _HEIGHT * size / highest) for seconds, size in points
    )


def _marked(profile: "Profile", moment: float) -> str:
    """The label of the mark."""
    what = "memory ran out" if profile.moment == OUT_OF_MEMORY else "the peak"
    return "%s, at %s" % (what, text.seconds(moment))


def _words(profile: "Profile", end: float, resident: int) -> str:
    """The picture in words, for screen readers."""
    told = text.human_bytes(profile.peak_bytes)
    when = "" if profile.peak_seconds is None else " at %s" % text.seconds(profile.peak_seconds)
    return "Memory over %s: tracked %s%s, resident up to %s" % (
        text.seconds(end),
        told,
        when,
        text.human_bytes(resident),
    )
