"""Reading the results of earlier runs: a result folder, or one of its files."""

import os

from filprofiler.cli.run_description import read_description
from filprofiler.errors import SavedProfileError
from filprofiler.launch.result_folder import RECORDING_NAME
from filprofiler.report.formats import FILES, JSON, PROF

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Sequence

    from filprofiler.profile.model import Profile

RECORDING, SAVED, TEXT = RECORDING_NAME, FILES[JSON][0], FILES[PROF][0]

# What `report` and `diff` read in a folder: the first of these that is there.
FOR_REPORT = (RECORDING, SAVED)
FOR_COMPARISON = (SAVED, RECORDING, TEXT)


def find_result(path: str, names: "Sequence[str]") -> str:
    """The file to be read: in a folder, the first of `names` that is there; else the path. Raises SavedProfileError."""
    if not os.path.isdir(path):
        if not os.path.exists(path):
            raise SavedProfileError("There is no %s." % path)
        return path
    for name in names:
        if os.path.exists(os.path.join(path, name)):
            return os.path.join(path, name)
    raise SavedProfileError("There is no %s in %s." % (" and no ".join(names), path))


def read_result(path: str) -> "Profile":
    """The profile in a recording, a .prof file or a JSON file of ours, told by the name. Raises FilError."""
    if path.endswith(".fil"):
        from filprofiler.profile.build import build_profile
        from filprofiler.recording.reader import read_recording

        return build_profile(read_recording(path), read_description(os.path.dirname(path)))
    if path.endswith(".prof"):
        from filprofiler.profile.prof_file import read_prof

        return read_prof(path)
    from filprofiler.profile.saved import read_saved

    return read_saved(path)
