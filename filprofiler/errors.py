"""User-facing errors. Each message is one sentence."""

from filprofiler import exit_statuses
from filprofiler.wording import sentence


class FilError(Exception):
    """Base of all errors raised on purpose; its text can be shown to the user as it is.

    Takes a format and the values to quote in it, as wording.sentence does.
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
    """The recording is valid, but tracking never began, so it is empty."""


class CutShortError(RecordingError):
    """The recording was cut short by something else."""


class SavedProfileError(FilError):
    """A saved profile (our .json or .prof file) cannot be read: it is missing, damaged, or of another version."""


class ReportError(FilError):
    """A file of the report could not be written.

    written: paths of the files that were finished before.
    """

    written: "tuple[str, ...]" = ()


class LibraryError(FilError):
    """The library cannot work in this process. exit_status: the launcher's exit status if it gives up."""

    def __init__(self, form: str, *values: object, exit_status: int = exit_statuses.CANNOT_PROFILE) -> None:
        super().__init__(form, *values)
        self.exit_status = exit_status
