"""Messages about a recording that has no report, or none yet."""

from filprofiler.errors import CutShortError, FilError
from filprofiler.messages import say
from filprofiler.result_folder import was_cut_short, was_started, was_written_over
from filprofiler.wording import sentence

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import List

    from filprofiler.result_folder import ResultFolder


def holds_something(recording_path: str, pid: int, was_tracking: bool) -> bool:
    """Whether there is something to report. If not, say why, unless the program has said so itself.

    pid: the program's process. was_tracking: whether tracking was observed while it ran.
    """
    try:
        written_over = was_written_over(recording_path, pid)
        if was_started(recording_path) and not written_over:
            return True
        if was_cut_short(recording_path):
            say(sentence("There is no report: the recording %s was cut short by something else.", recording_path))
        elif written_over or was_tracking:
            say(sentence("There is no report: the recording %s was overwritten by something else.", recording_path))
    except FileNotFoundError:
        say(sentence("There is no report: the recording %s no longer exists.", recording_path))
    except OSError as error:
        say(sentence("There is no report: the recording %s cannot be read: %s.", recording_path, error.strerror))
    return False  # the program has said why it refused, if it got that far


def say_unreported(error: Exception, folder: "ResultFolder") -> None:
    """Say why there is no report, and what happens to the recording."""
    known = isinstance(error, FilError)
    reason = str(error) if known else sentence("The report cannot be made: %s.", str(error) or repr(error))
    say(reason, "There is no report." if isinstance(error, CutShortError) else kept_sentence(folder))


def still_running(count: int, folder: "ResultFolder") -> "List[str]":
    """Sentences on processes that have outlived the program which started them."""
    what = "1 process that it started still runs" if count == 1 else "%d processes that it started still run" % count
    later = "For the complete report, when they have ended: fil-profile report %s" % folder.path
    return ["%s: the report covers everything so far." % what, later]


def kept_sentence(folder: "ResultFolder") -> str:
    """A sentence on how to use the recording later."""
    return "The recording was kept; to make the report later: fil-profile report %s" % folder.path
