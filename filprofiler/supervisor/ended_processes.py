"""Removes the recordings of processes that have ended and had nothing of the combined peak, and keeps a line of each.

So a program may start thousands of short processes, and the disk holds the recordings of those that live.
"""

import os

from filprofiler.errors import RecordingError
from filprofiler.regular_files import read_regular
from filprofiler.result_folder import ENDED_NAME, SHARED_NAME

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, List, Optional

    from filprofiler.recording.overview import Overview

_KEPT = 64  # recordings of ended processes that are always kept
_AT_A_TIME = 16

_ENDED_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW


class EndedProcesses:
    """The processes of a run that have ended, and whose recordings are still there."""

    def __init__(self, folder: str) -> None:
        """folder: that of their recordings."""
        self._folder = folder
        self._names: "List[str]" = []
        self._overviews: "Dict[str, Optional[Overview]]" = {}  # of those that were read; None: it has to stay
        self._wanted = _KEPT + _AT_A_TIME

    def add(self, name: str) -> None:
        """A process has ended, and that was noted. name: of its recording. Never raises."""
        self._names.append(name)
        if len(self._names) >= self._wanted:
            try:
                self._remove_some()
            except Exception:
                pass  # the disk is full or gone; whatever it is, the program is still waited for
            self._wanted = max(len(self._names), _KEPT) + _AT_A_TIME

    def _remove_some(self) -> None:
        from filprofiler.recording.ended import line_of
        from filprofiler.recording.run import SharedPeak

        shared = SharedPeak(read_regular(os.path.join(self._folder, SHARED_NAME)))
        kept, removed, lines = [], [], []
        for name in self._names[:-_KEPT]:
            overview = self._overview(name)
            if overview is not None and overview.part.ended_best and shared.is_out(overview.part, overview.pid):
                removed.append(name)
                lines.append(line_of(overview))
            else:
                kept.append(name)
        if not removed:
            return
        with open(os.open(os.path.join(self._folder, ENDED_NAME), _ENDED_FLAGS, 0o600), "ab") as file:
            file.writelines(lines)  # an incomplete line is left out when the file is read, and its recording stays
        self._names = kept + self._names[-_KEPT:]
        for name in removed:
            self._overviews.pop(name, None)
            os.unlink(os.path.join(self._folder, name))

    def _overview(self, name: str) -> "Optional[Overview]":
        """What is known of a process; None if its recording has to stay."""
        from filprofiler.recording.ended import can_be_removed
        from filprofiler.recording.overview import overview_of

        if name not in self._overviews:
            self._overviews[name] = None
            try:
                data = read_regular(os.path.join(self._folder, name))
                overview = overview_of(name, data)
            except (OSError, RecordingError):
                return None
            if can_be_removed(data, overview):
                self._overviews[name] = overview
        return self._overviews[name]
