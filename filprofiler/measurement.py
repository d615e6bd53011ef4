"""Tracking of a part of a program, begun and ended by hand: for the API, notebooks and pytest."""

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
    """Tracking that is begun and ended by hand; for what runs code of others, like the notebook's magic.

    An interrupt may come at any moment: so `begin` stands inside of a `try`, `end` in its `finally`, and `close` in
    that of another one round it.
    """

    _tracking: "Optional[Tracking]" = None

    def __init__(
        self,
        name: str,
        path: Optional[Folder] = None,
        output: Optional[Folder] = None,
        first_files: Sequence[str] = (),
    ) -> None:
        """Nothing is begun.

        name: what is profiled, in words. path: the folder for recording and report; or output: the folder in which a
        new one is made, named after the time; else a temporary one that goes at the end. first_files: callstacks begin
        at their first frame of one of these.
        """
        self._name = name
        self._path = path
        self._output = output
        self._first_files = first_files
        self._temporary = path is None and output is None

    def begin(self) -> None:
        """Begin. Raises TrackingError."""
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
        """Where the recording lies, and the report is written; "" if there is none."""
        return self._tracking.folder.path if self._tracking is not None else ""

    def end(self, peak: Peak, error: Optional[BaseException] = None, report: bool = False) -> bool:
        """End it; `peak` knows what was found out. `error`: what the code has raised; `report`: write the report.

        Returns False, and does nothing, if it has not begun, and in a child that was forked meanwhile: recording and
        report are its parent's. Raises FilError.
        """
        tracking, own = self._tracking, False
        if tracking is None or not tracking.runs:
            return False
        try:
            own = tracking.stop()  # before anything else: nothing of ours is to count
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
        """Whatever has become of it, let another one begin."""
        if self._tracking is not None:
            self._tracking.close()

    def __del__(self) -> None:
        """For a `with` block whose end was interrupted before its first line."""
        self.close()
