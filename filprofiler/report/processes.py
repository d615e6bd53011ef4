"""The processes of a run that was recorded as a whole: sentences on all of them, and the table on the page."""

from filprofiler.report import text
from filprofiler.report.template import fill, read_template

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Optional

    from filprofiler.profile.model import Profile
    from filprofiler.profile.processes import RecordedProcess
    from filprofiler.profile.tree import Site

_SHOWN = 40  # rows of the table
_NAMED = 5  # programs named at most
_MOST_COMMAND = 300  # columns


def all_processes(profile: "Profile") -> str:
    """ "all 4 processes together"; "" if only one was recorded."""
    together = profile.together
    return "" if together is None else "all %d processes together" % len(together.processes)


def largest_process(profile: "Profile") -> str:
    """A sentence on the process with the highest peak of its own; "" if only one was recorded."""
    if profile.together is None:
        return ""
    largest = profile.together.largest
    return "Largest process: %s (%d, %s)" % (
        text.human_bytes(largest.peak_bytes),
        largest.pid,
        largest.role,
    )


def others_named(profile: "Profile") -> str:
    """The programs of processes that are not in the numbers: "sort (412.0 MiB resident), sh (1.6 MiB) and 2 more"."""
    programs = profile.program.other_programs
    named = [
        "%s%s (%s%s)"
        % (
            text.visible(name),
            "" if count == 1 else " in %d processes" % count,
            text.human_bytes(most),
            " resident at most" if number == 0 else "",
        )
        for number, (name, count, most) in enumerate(programs[:_NAMED])
    ]
    return ", ".join(named) + (" and %d more" % (len(programs) - _NAMED) if len(programs) > _NAMED else "")


def more_at_most(profile: "Profile") -> str:
    """How much higher the true maximum can be: "at most 1.9 MiB more"; "" if it is exact."""
    together = profile.together
    if together is None or not together.more_bytes:
        return ""
    return "at most %s more" % text.human_bytes(together.more_bytes)


def spread(profile: "Profile", site: "Site") -> str:
    """How the bytes of a line are spread over processes: "in 12 processes, at most 41.0 MiB (process 123)".

    "" if only one process has them.
    """
    share = None if profile.together is None else profile.together.lines.get(site)
    if share is None or share.processes < 2:
        return ""
    most = text.human_bytes(share.most_bytes)
    return "in %d processes, at most %s (process %d)" % (share.processes, most, share.most_pid)


def processes_section(profile: "Profile") -> str:
    """The section as HTML; "" if only one process was recorded."""
    together = profile.together
    if together is None:
        return ""
    processes = sorted(together.processes, key=lambda process: (-process.part_bytes, -process.peak_bytes))
    rest = len(processes) - _SHOWN
    told = "What each process held when their combined memory peaked. %s." % largest_process(profile)
    others = others_named(profile)
    if others:
        told += " Not in these numbers: %s." % others
    return fill(
        read_template("processes.html"),
        {
            "told": text.escape(told),
            "rows": "".join(_row(process) for process in processes[:_SHOWN]),
            "rest": "" if rest <= 0 else '<p class="rest">and %s</p>\n' % text.counted(rest, "smaller process", "es"),
        },
    )


def _row(process: "RecordedProcess") -> str:
    values = {
        "part": text.human_bytes(process.part_bytes),
        "part_exact": text.exact_bytes(process.part_bytes),
        "peak": text.human_bytes(process.peak_bytes),
        "peak_exact": text.exact_bytes(process.peak_bytes),
        "resident": "" if process.resident_bytes is None else text.human_bytes(process.resident_bytes),
        "pid": "%d" % process.pid,
        "parent": "%d" % process.parent_pid if process.parent_pid else "",
        "began": _seconds(process.began_seconds),
        "ended": _seconds(process.ended_seconds),
        "role": process.role,
        "command": text.cut(text.visible(" ".join(process.command)), _MOST_COMMAND),
    }
    return fill(read_template("process.html"), {name: text.for_page(words) for name, words in values.items()})


def _seconds(value: "Optional[float]") -> str:
    return "" if value is None else text.seconds(max(value, 0.0))
