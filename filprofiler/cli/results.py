"""Reads the results of earlier runs: a result folder, or one of its files."""

import os

from filprofiler.errors import SavedProfileError
from filprofiler.profile.model import OUT_OF_MEMORY, PEAK
from filprofiler.profile.program import read_description
from filprofiler.report.formats import JSON, PROF, file_names
from filprofiler.result_folder import RECORDING_NAME

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Sequence

    from filprofiler.profile.model import Profile

_RECORDING = (RECORDING_NAME,)
_SAVED = file_names(JSON, PEAK) + file_names(JSON, OUT_OF_MEMORY)
_TEXT = file_names(PROF, PEAK) + file_names(PROF, OUT_OF_MEMORY)

# What `report` and `diff` read in a folder: the first of these that exists.
FOR_REPORT = _RECORDING + _SAVED
FOR_COMPARISON = _SAVED + _RECORDING + _TEXT


def find_result(path: str, names: "Sequence[str]") -> str:
    """The file to read: in a folder, the first of `names` that exists; else the path. Raises SavedProfileError."""
    if not os.path.isdir(path):
        if not os.path.exists(path):
            raise SavedProfileError("There is no %s.", path)
        return path
    for name in names:
        if os.path.exists(os.path.join(path, name)):
            return os.path.join(path, name)
    raise SavedProfileError("There is no %s or %s in %s.", ", ".join(names[:-1]), names[-1], path)


def read_result(path: str) -> "Profile":
    """Read the profile from a recording, a .prof file or a JSON file, chosen by the name. Raises FilError."""
    if path.endswith(".fil"):
        from filprofiler.cli.progress import Progress
        from filprofiler.cli.reporting import read_profile

        return read_profile(path, read_description(os.path.dirname(path)), None, None, Progress())
    if path.endswith(".prof"):
        from filprofiler.report.prof_reader import read_prof

        return read_prof(path)
    from filprofiler.report.json_reader import read_saved

    return read_saved(path)
