"""What is said of a recording of which there can be no report, or none yet."""

from filprofiler.errors import CutShortError, FilError
from filprofiler.messages import say
from filprofiler.result_folder import was_cut_short, was_started
from filprofiler.wording import sentence

TYPE_CHECKING = False
if TYPE_CHECKING:
    from filprofiler.result_folder import ResultFolder


def holds_something(recording_path: str) -> bool:
    """Whether there is something to make a report of. If not, it is said why, unless the program has said so itself."""
    try:
        if was_started(recording_path):
            return True
        if was_cut_short(recording_path):
            say(sentence("There is no report: something else has cut the recording %s short.", recording_path))
    except FileNotFoundError:
        say(sentence("There is no report: the recording %s is gone.", recording_path))
    except OSError as error:
        say(sentence("There is no report: the recording %s cannot be read: %s.", recording_path, error.strerror))
    return False  # the program has said why it refused, if it came that far


def say_unreported(error: Exception, folder: "ResultFolder") -> None:
    """Say why there is no report, and what becomes of the recording."""
    known = isinstance(error, FilError)
    reason = str(error) if known else sentence("The report cannot be made: %s.", str(error) or repr(error))
    say(reason, "There is no report." if isinstance(error, CutShortError) else kept_sentence(folder))


def kept_sentence(folder: "ResultFolder") -> str:
    """What to do with the recording later."""
    return "The recording is kept; to make the report later: fil-profile report %s" % folder.path
