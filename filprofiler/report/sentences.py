"""The sentences about the run as a whole that the page and the summary share."""

from filprofiler.profile.model import Profile
from filprofiler.report.text import counted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import List


def completeness(profile: Profile) -> str:
    """Whether the profile is exact, and if not, why; and whether a profile function had to find the callstacks."""
    followed = " A profile function followed the calls: this Python's own callstacks could not be read."
    if profile.complete:
        exact = "Exact: every allocation that the program made while it was tracked is accounted for."
        return exact + followed * profile.followed
    return "%s (%s).%s" % (incomplete(profile), "; ".join(missed_reasons(profile)), followed * profile.followed)


def incomplete(profile: Profile) -> str:
    """How many events are missing."""
    events = counted(sum(count for count, _reason in profile.missed), "event")
    return "Incomplete: %s could not be recorded" % events


def missed_reasons(profile: Profile) -> "List[str]":
    """Each reason for which events are missing, with how many."""
    return ["%s: %s" % (format(count, ","), reason) for count, reason in profile.missed]


def program_name(profile: Profile) -> str:
    """The program in a few words: the script, "-m module", "-c ...", or its process number."""
    program = profile.program
    if program.script is not None:
        return program.script
    if program.module is not None:
        return "-m " + program.module
    if program.command is not None:
        return "-c " + program.command
    return "process %d" % profile.pid
