"""The errors that filprofiler raises for things a person can do something about. Each message is one sentence."""


class FilError(Exception):
    """Base of all errors raised on purpose; its text is meant to be shown to the user as it is."""


class UsageError(FilError):
    """The command, or a call of the API, was used in a way that cannot work."""


class TrackingError(FilError, RuntimeError):
    """Memory cannot be profiled in this process, or not now."""


class RecordingError(FilError):
    """A recording cannot be read: it is missing, damaged, or of another format."""


class NothingRecordedError(RecordingError):
    """The recording is in order, but tracking never began, so that it holds no memory."""


class SavedProfileError(FilError):
    """A saved profile (a .json or .prof file of ours) cannot be read: it is missing, damaged, or of another version."""


class ReportError(FilError):
    """A file of the report could not be written.

    `written` lists the paths of the files that were finished before.
    """

    def __init__(self, message: str, written: "tuple[str, ...]" = ()) -> None:
        super().__init__(message)
        self.written = written
