"""`fil-profile report FOLDER`: the report from a recording that was left over."""

import os
import sys

from filprofiler import _abi
from filprofiler.cli import browser
from filprofiler.cli.messages import say
from filprofiler.cli.reporting import make_report
from filprofiler.cli.run_description import DESCRIPTION_NAME, read_description
from filprofiler.errors import FilError
from filprofiler.launch import statuses
from filprofiler.launch.result_folder import RECORDING_NAME, remove

TYPE_CHECKING = False
if TYPE_CHECKING:
    from filprofiler.cli.arguments import Options


def report(folder: str, options: "Options") -> int:
    """Write the report into the folder in which the recording lies; the exit status.

    The recording is removed then, unless it is to be kept or the program still writes to it.
    """
    folder = os.path.abspath(folder)
    recording_path = os.path.join(folder, RECORDING_NAME)
    try:
        if not os.path.exists(recording_path):
            raise FilError("There is no recording (%s) in %s." % (RECORDING_NAME, folder))
        index_path, _out_of_memory = make_report(recording_path, read_description(folder), folder)
    except FilError as error:
        say(str(error))
        return statuses.CANNOT_REPORT
    if index_path is None:
        return statuses.CANNOT_REPORT
    if not options.keep_recording and not _still_written(recording_path):
        remove(recording_path)
        remove(os.path.join(folder, DESCRIPTION_NAME))
    if options.browser and browser.browser_possible(os.environ):
        browser.open_in_browser(index_path)
    return statuses.OK


def _still_written(recording_path: str) -> bool:
    """Whether a process that may be the program is alive. A stranger with its number only makes us keep the file."""
    with open(recording_path, "rb") as file:
        file.seek(_abi.HEADER_OFFSETS["pid"])
        pid = int.from_bytes(file.read(4), sys.byteorder)
    try:
        with open("/proc/%d/stat" % pid, "rb") as file:
            state = file.read().rpartition(b")")[2].split()[0]
        return state not in (b"Z", b"X")  # those have ended, and nobody has asked how
    except FileNotFoundError:
        return False
    except (OSError, IndexError):
        return True
