"""A folder for one result that has been named by the program itself."""

import os

from filprofiler import _abi
from filprofiler.opened_folder import OpenedFolder
from filprofiler.profile.run_description import DESCRIPTION_BEGINS, DESCRIPTION_NAME
from filprofiler.result_folder import RECORDING_NAME, OutputError, ResultFolder, begins_like_ours

# How our files begin; a recording is nothing but zeros before tracking begins.
_MAGIC = _abi.FIL_FORMAT_MAGIC
_OWN = ((RECORDING_NAME, (_MAGIC, bytes(len(_MAGIC)))), (DESCRIPTION_NAME, (DESCRIPTION_BEGINS,)))


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
                for name, begins in _OWN:
                    in_the_way = os.path.join(path, name)
                    if not begins_like_ours(in_the_way, begins):
                        raise OutputError("%s is not ours, and a file of that name is needed.", in_the_way)
                for name, _begins in _OWN:
                    folder.remove(name)
        except OSError as error:
            raise OutputError("Cannot create the folder %s: %s.", path, error.strerror) from None
        path = os.path.abspath(path)
        self._use(path, [path] if made else [])
