"""Tracking of part of a program, begun and ended by hand: for the API, notebooks and pytest."""

import os
import tempfile
from typing import Optional, Sequence

from filprofiler.errors import TrackingError
from filprofiler.peak import Folder, Peak

TYPE_CHECKING = False
if TYPE_CHECKING:
    from filprofiler.in_process.tracking import Tracking
    from filprofiler.result_folder import ResultFolder


class Measurement:
    """Tracking that is begun and ended by hand, around other people's code; for example by the notebook's magic.

    An interrupt may come at any moment, so call `begin` inside a `try`, `end` in its `finally`, and `close` in the
    `finally` of another `try` around it.
    """

    _tracking: "Optional[Tracking]" = None

    def __init__(
        self,
        name: str,
        path: Optional[Folder] = None,
        output: Optional[Folder] = None,
        first_files: Sequence[str] = (),
    ) -> None:
        """Prepare without beginning.

        name: a description of what is profiled. path: the folder for recording and report. output: the folder in which
        to create one named after the time. With neither, a temporary folder is used and removed at the end.
        first_files: call stacks begin at their first frame in one of these files.
        """
        self._name = name
        self._path = path
        self._output = output
        self._first_files = first_files
        self._temporary = path is None and output is None

    def begin(self) -> None:
        """Begin tracking. Raises TrackingError."""
        from filprofiler.in_process.tracking import Tracking, check_ready
        from filprofiler.result_folder import GivenFolder, OutputError, ResultFolder

        check_ready()
        try:
            folder: "ResultFolder"
            if self._output is not None:
                folder = ResultFolder(os.fspath(self._output))
            else:
                given = tempfile.mkdtemp(prefix="fil-") if self._path is None else os.fspath(self._path)
                folder = GivenFolder(given, made=self._temporary)
        except OutputError as error:
            raise TrackingError("Memory cannot be profiled: %s", error) from None
        self._tracking = Tracking(folder, self._name, self._first_files)
        self._tracking.begin()

    @property
    def folder(self) -> str:
        """The folder of the recording and the report; "" if there is none."""
        return self._tracking.folder.path if self._tracking is not None else ""

    def end(self, peak: Peak, error: Optional[BaseException] = None, report: bool = False) -> bool:
        """End tracking and fill in `peak`. `error`: what the code raised; `report`: whether to write the report.

        Does nothing and returns False if tracking has not begun, or in a child forked meanwhile: recording and report
        belong to its parent. Raises FilError.
        """
        tracking, own = self._tracking, False
        if tracking is None or not tracking.runs:
            return False
        try:
            own = tracking.stop()  # first of all: our own memory must not count
            if own:
                peak._profile = tracking.end("" if error is None else "raised %s" % type(error).__name__)
                if report:
                    peak._write(self.folder, tracking.folder.opened)
                tracking.folder.remove_made()
        finally:
            self.close()
            if self._temporary and own:
                tracking.folder.discard()
        return own

    def close(self) -> None:
        """Let another measurement begin, whatever state this one is in."""
        if self._tracking is not None:
            self._tracking.close()

    def __del__(self) -> None:
        """For a `with` block whose end was interrupted before its first line."""
        self.close()
