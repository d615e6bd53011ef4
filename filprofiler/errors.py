"""The errors that filprofiler raises for things a person can do something about. Each message is one sentence."""

from filprofiler import exit_statuses
from filprofiler.wording import sentence


class FilError(Exception):
    """Base of all errors raised on purpose; its text is meant to be shown to the user as it is.

    Made of a form and the values that it quotes, as wording.sentence takes them.
    """

    is_sentence = True

    def __init__(self, form: str, *values: object) -> None:
        super().__init__(sentence(form, *values))


class UsageError(FilError):
    """The command, or a call of the API, was used in a way that cannot work."""


class TrackingError(FilError, RuntimeError):
    """Memory cannot be profiled in this process, or not now."""


class CannotProfileError(FilError):
    """This interpreter or platform cannot be profiled."""

    exit_status = exit_statuses.CANNOT_PROFILE


class RecordingError(FilError):
    """A recording cannot be read: it is missing, damaged, or of another format."""


class NothingRecordedError(RecordingError):
    """The recording is in order, but tracking never began, so that it holds no memory."""


class CutShortError(RecordingError):
    """Something else has cut the recording short."""


class SavedProfileError(FilError):
    """A saved profile (a .json or .prof file of ours) cannot be read: it is missing, damaged, or of another version."""


class ReportError(FilError):
    """A file of the report could not be written.

    `written` lists the paths of the files that were finished before.
    """

    written: "tuple[str, ...]" = ()


class LibraryError(FilError):
    """The library cannot do its work here. `exit_status` is what a launcher that gives up exits with."""

    def __init__(self, form: str, *values: object, exit_status: int = exit_statuses.CANNOT_PROFILE) -> None:
        super().__init__(form, *values)
        self.exit_status = exit_status
