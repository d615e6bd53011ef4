"""A folder for one result that has been named by the program itself."""

import os

from filprofiler.launch.result_folder import RECORDING_NAME, OutputError, ResultFolder
from filprofiler.opened_folder import OpenedFolder
from filprofiler.profile.run_description import DESCRIPTION_NAME


class GivenFolder(ResultFolder):
    """The folder at `path`, which may exist already: what is in it stays, but for a recording that was left there."""

    _may_be_anybodys = True

    def __init__(self, path: str, made: bool = False) -> None:
        """made: it was made for this, so it goes when it is discarded. Raises OutputError."""
        made = made or not os.path.isdir(path)
        try:
            os.makedirs(path, exist_ok=True)
            with OpenedFolder(path) as folder:
                self._identity = folder.identity
                for name in (RECORDING_NAME, DESCRIPTION_NAME):
                    folder.remove(name)
        except OSError as error:
            raise OutputError("Cannot create the folder %s: %s.", path, error.strerror) from None
        path = os.path.abspath(path)
        self._use(path, [path] if made else [])
