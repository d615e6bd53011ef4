"""`fil-profile report PATH`: makes the report from a leftover or kept recording, or from a saved profile."""

import os
import sys

from filprofiler import _abi, exit_statuses
from filprofiler.cli import browser
from filprofiler.cli.reporting import make_report, write_files
from filprofiler.cli.results import FOR_REPORT, find_result, read_result
from filprofiler.errors import FilError, SavedProfileError
from filprofiler.messages import say
from filprofiler.opened_folder import OpenedFolder
from filprofiler.profile.program import read_description
from filprofiler.regular_files import make_folders, open_to_read
from filprofiler.result_folder import DESCRIPTION_NAME, PROCESSES_NAME, RECORDING_NAME, remove_processes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Optional

    from filprofiler.cli.arguments import Options


def report(path: str, options: "Options") -> int:
    """Write the report beside its source, or where the options say. Returns the exit status.

    The usual report beside a recording replaces it: the recording is removed, unless it is to be kept or the program
    still writes to it.
    """
    path = os.path.abspath(path)
    takes_its_place = not options.formats and not options.output_given
    source = None
    try:
        source = find_result(path, FOR_REPORT)
        folder = output_folder(options, os.path.dirname(source))
        shown = _write(source, folder, options)
    except FilError as error:
        if source is not None and not os.path.lexists(source):
            return report(path, options)  # another process has made the report meanwhile
        finished = _finished_report(path) if takes_its_place else None
        if finished is None:
            say(str(error))
            return exit_statuses.CANNOT_REPORT
        say("The report already exists: %s" % finished)
        return exit_statuses.OK
    if shown is None:
        return exit_statuses.CANNOT_REPORT
    if takes_its_place and os.path.basename(source) == RECORDING_NAME and not options.keep_recording:
        _remove_recording(folder)
    if shown.endswith(".html") and options.browser and browser.browser_possible(os.environ):
        browser.open_in_browser(shown)
    return exit_statuses.OK


def _finished_report(path: str) -> "Optional[str]":
    """The page, if there is a report here but no recording: another process was quicker."""
    from filprofiler.profile.model import OUT_OF_MEMORY, PEAK
    from filprofiler.report.formats import INDEX_NAME, PROF, file_names

    if os.path.basename(path) == RECORDING_NAME:
        path = os.path.dirname(path)
    if any(os.path.lexists(os.path.join(path, name)) for name in FOR_REPORT):
        return None
    beside = [os.path.join(path, name) for moment in (PEAK, OUT_OF_MEMORY) for name in file_names(PROF, moment)]
    page = os.path.join(path, INDEX_NAME)
    return page if os.path.isfile(page) and any(map(os.path.isfile, beside)) else None


def _remove_recording(folder: str) -> None:
    """Remove all recordings and their description, if they still exist and nothing writes to them any more."""
    from filprofiler.recording.run import other_processes

    try:
        paths = [os.path.join(folder, RECORDING_NAME)]
        paths += [os.path.join(folder, PROCESSES_NAME, process.name) for process in other_processes(folder)]
        if not any(map(_still_written, paths)):
            with OpenedFolder(folder) as opened:
                for name in (RECORDING_NAME, DESCRIPTION_NAME):
                    opened.remove(name)
                remove_processes(opened)
    except OSError:
        pass


def output_folder(options: "Options", beside: str) -> str:
    """The folder that the user named, created if needed; else `beside`. Raises FilError."""
    if not options.output_given:
        return beside
    folder = os.path.abspath(options.output)
    try:
        make_folders(folder)
    except OSError as error:
        raise FilError("Cannot create the folder %s: %s.", folder, error.strerror) from None
    return folder


def _write(source: str, folder: str, options: "Options") -> "Optional[str]":
    """Make the files. Returns the path of the main one; None if the user interrupted it. Raises FilError."""
    from filprofiler.report.formats import USUAL

    if source.endswith(".prof"):
        raise SavedProfileError("A .prof file does not hold enough for a report; give a recording or a JSON file.")
    if source.endswith(".fil") and not options.formats:
        return make_report(source, read_description(os.path.dirname(source)), folder, complete=options.complete)[0]
    return write_files(lambda _progress: read_result(source), folder, options.formats or USUAL, options.complete)


def _still_written(recording_path: str) -> bool:
    """Whether a process that may be the program is alive. If its pid was reused, we only keep the file."""
    with open_to_read(recording_path) as file:
        file.seek(_abi.HEADER_OFFSETS["pid"])
        pid = int.from_bytes(file.read(4), sys.byteorder)
    if not os.path.isdir("/proc/self"):
        return _is_alive(pid)
    try:
        with open("/proc/%d/stat" % pid, "rb") as file:
            state = file.read().rpartition(b")")[2].split()[0]
        return state not in (b"Z", b"X")  # ended, but not waited for
    except FileNotFoundError:
        return False
    except (OSError, IndexError):
        return True


def _is_alive(pid: int) -> bool:
    """Whether there is such a process, including zombies."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        pass  # it belongs to another user
    return True
