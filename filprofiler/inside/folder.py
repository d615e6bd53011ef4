"""A folder for one result that has been named by the program itself."""

import os

from filprofiler.launch.result_folder import OutputError, ResultFolder, remove
from filprofiler.profile.run_description import DESCRIPTION_NAME


def remove_recording(folder: ResultFolder) -> None:
    """Remove the recording and what was written beside it: there is a report, or is to be none."""
    remove(folder.recording_path)
    remove(os.path.join(folder.path, DESCRIPTION_NAME))


class GivenFolder(ResultFolder):
    """The folder at `path`, which may exist already: what is in it stays, but for a recording that was left there."""

    def __init__(self, path: str) -> None:
        """Raises OutputError."""
        self._made_output = not os.path.isdir(path)
        try:
            os.makedirs(path, exist_ok=True)
        except OSError as error:
            raise OutputError("Cannot create the folder %s: %s.", path, error.strerror) from None
        self._use(os.path.abspath(path))
        remove(self.recording_path)

    def discard(self) -> None:
        """Remove what was made for this; as far as that goes."""
        remove_recording(self)
        if self._made_output:
            try:
                os.rmdir(self.path)
            except OSError:
                pass
