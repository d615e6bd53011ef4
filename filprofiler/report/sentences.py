"""Sentences about the whole run, shared by the page and the summary."""

from filprofiler.profile.model import OUT_OF_MEMORY, Profile
from filprofiler.profile.program import STILL_RUNNING
from filprofiler.report.text import counted, human_bytes, visible

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import List, Sequence

    from filprofiler.profile.failed_request import FailedRequest


_MOST_PATH_COLUMNS = 40


def completeness(profile: Profile) -> str:
    """Whether the profile is exact, and if not, why; and whether a profile function had to find the call stacks."""
    others = profile.processes
    followed = " A profile function followed the calls: this Python's own call stacks could not be read."
    if profile.complete:
        together = profile.together
        exact = "Exact: every allocation that the program made while it was tracked is accounted for."
        if others.became:
            exact = "Exact until it became %s by exec: every allocation up to then is accounted for." % _became(profile)
        elif together is not None:
            exact = "Exact: every allocation that these %d processes made while they were tracked is accounted for." % (
                len(together.processes)
            )
        elif others.count:
            exact = "Exact for this process: every allocation that it made while it was tracked is accounted for."
        if profile.program.outcome == STILL_RUNNING:
            exact = "Exact so far: every allocation up to this report is accounted for."
        return exact + followed * profile.followed
    return "%s (%s).%s" % (incomplete(profile), "; ".join(missed_reasons(profile)), followed * profile.followed)


def _became(profile: Profile) -> str:
    path = visible(profile.processes.became)
    return path if len(path) <= _MOST_PATH_COLUMNS else "..." + path[3 - _MOST_PATH_COLUMNS :]


def until_exec(profile: Profile) -> str:
    """Says that the profile ends where the process became another program; "" if it did not."""
    return "Until it became %s by exec" % _became(profile) if profile.processes.became else ""


def other_processes(profile: Profile) -> "List[str]":
    """Sentences on processes that the program started, which the numbers do not include, and on the largest of them.

    Always "at least": a process may grow after its last sample, or end before the first.
    """
    others = profile.processes
    if not others.count:
        return []
    one = others.count == 1
    processes = counted(others.count, "process", "es")
    started = "%s started by this program %s not in these numbers" % (processes, "is" if one else "are")
    if others.largest_resident_bytes is None:
        return [started, "(its size is not known)." if one else "(their sizes are not known)."]
    largest = human_bytes(others.largest_resident_bytes)
    return [started, "(%s had at least %s resident)." % ("it" if one else "the largest", largest)]


def incomplete(profile: Profile) -> str:
    """How many events are missing."""
    known = sum(count for count, _reason in profile.missed)
    if not known:
        return "Incomplete: some of its memory could not be recorded as it was allocated"
    others = "" if all(count for count, _reason in profile.missed) else ", and others were not seen"
    return "Incomplete: %s could not be recorded%s" % (counted(known, "event"), others)


def missed_reasons(profile: Profile) -> "List[str]":
    """Each reason for missing events, with their number if known."""
    return ["%s: %s" % (format(count, ","), reason) if count else reason for count, reason in profile.missed]


def program_name(profile: Profile) -> str:
    """A short name of what was profiled: a name, the script, "-m module", "-c ...", or the process number."""
    program = profile.program
    if program.name is not None:
        return program.name
    if program.script is not None:
        return program.script
    if program.module is not None:
        return "-m " + program.module
    if program.command is not None:
        return "-c " + program.command
    return "process %d" % profile.pid


def out_of_memory(profile: Profile) -> str:
    """For example "Out of memory: 152.6 MiB live when a request for 745.1 GiB failed"; "" if memory did not run out."""
    if profile.moment != OUT_OF_MEMORY:
        return ""
    fatal, live = profile.fatal_request, human_bytes(profile.peak_bytes)
    if fatal is not None:
        live = human_bytes(fatal.live_bytes)
        return "Out of memory: %s live when a request for %s failed" % (live, requested(fatal))
    killed = profile.program.outcome.startswith("killed by the kernel")
    return "Out of memory: %s live %s" % (live, "when the kernel killed the program" if killed else "at the end")


def requested(failure: "FailedRequest") -> str:
    """The requested size in words."""
    return "more than 16 EiB" if failure.requested_bytes is None else human_bytes(failure.requested_bytes)


def survived_failures(profile: Profile) -> str:
    """Says that requests failed without ending the program; "" if none did."""
    if not profile.failed_requests or profile.moment == OUT_OF_MEMORY:
        return ""
    return "%s for memory failed; the program went on." % counted(profile.failed_requests, "request")


def changed_files(paths: "Sequence[str]", most: int = 3) -> str:
    """Names the files whose text is not shown because it is not the code that ran; "" if there are none."""
    if not paths:
        return ""
    named = ", ".join(paths[:most])
    more = " and %s" % counted(len(paths) - most, "more file") if len(paths) > most else ""
    return "Changed since the run began, so not shown: %s%s" % (named, more)


def picture_title(profile: Profile) -> str:
    """The title of the pictures."""
    if profile.moment == OUT_OF_MEMORY:
        return "Current allocations at out-of-memory time (%s)" % human_bytes(profile.peak_bytes)
    return "Peak Tracked Memory Usage (%s)" % human_bytes(profile.peak_bytes)
