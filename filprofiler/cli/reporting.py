"""Makes the report from a recording, stage by stage, with messages."""

import os

from filprofiler.cli.progress import Progress
from filprofiler.errors import FilError, ReportError
from filprofiler.interrupts import end_at_once_again, raise_once
from filprofiler.messages import color_wanted, say
from filprofiler.result_folder import PROCESSES_NAME

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable, List, Optional, Sequence, Tuple

    from filprofiler.opened_folder import OpenedFolder
    from filprofiler.profile.model import Profile
    from filprofiler.profile.program import Program
    from filprofiler.recording.overview import Overview
    from filprofiler.recording.reader import Recording
    from filprofiler.supervisor.outcome import Outcome


# Keeps the last profile alive: the process ends soon, and freeing a large one would waste time.
_kept: "List[object]" = []


def make_report(
    recording_path: str,
    program: "Program",
    folder: str,
    outcome: "Optional[Outcome]" = None,
    limits: "Optional[Callable[[], Sequence[str]]]" = None,
    more_formats: "Sequence[str]" = (),
    complete: bool = False,
    open_folder: "Optional[Callable[[str], OpenedFolder]]" = None,
) -> "Tuple[Optional[str], bool]":
    """Read the recording, write the report into `folder`, print the summary.

    outcome: how the program ended, if known. limits: returns sentences on what limited its memory, if relevant.
    more_formats: formats in addition to the default ones. complete: combine no call stacks in any format.
    open_folder: as in write_report.
    Returns the path of the report's page, and whether the program ran out of memory and died.

    The path is None if the user interrupted us: finished files stay, and their paths are printed. Raises FilError.
    """
    from filprofiler.profile.model import OUT_OF_MEMORY, PEAK
    from filprofiler.report.formats import USUAL

    moments = [PEAK]

    def read(progress: Progress) -> "Profile":
        profile = read_profile(recording_path, program, outcome, limits, progress)
        moments.append(profile.moment)
        return profile

    shown = write_files(read, folder, USUAL + tuple(more_formats), complete, open_folder)
    return shown, moments[-1] == OUT_OF_MEMORY


def read_profile(
    recording_path: str,
    program: "Program",
    outcome: "Optional[Outcome]",
    limits: "Optional[Callable[[], Sequence[str]]]",
    progress: Progress,
) -> "Profile":
    """The profile of a recording at the moment to report. Raises RecordingError."""
    from filprofiler.cli.out_of_memory import moment_to_tell
    from filprofiler.profile.build import build_profile
    from filprofiler.profile.model import OUT_OF_MEMORY, PEAK
    from filprofiler.recording.reader import read_recording

    progress.reading("reading the recording", 0, 2)
    recording = read_recording(recording_path)
    moment, at_end = moment_to_tell(recording, outcome)
    if limits is not None and (moment == OUT_OF_MEMORY or recording.failures):
        program.limits = tuple(limits())
    progress.reading("finding call stacks", 1, 2)
    others = _others(os.path.dirname(recording_path)) if moment == PEAK else []
    if others:
        profile = combined_profile(recording, others, os.path.dirname(recording_path), program)
        if profile is not None:
            return profile
    return build_profile(recording, program, moment, at_end)


def _others(folder: str) -> "List[Overview]":
    """What is known of the other processes recorded in a result folder. Usually there are none, and no import."""
    try:
        if not os.listdir(os.path.join(folder, PROCESSES_NAME)):
            return []
    except OSError:
        return []
    from filprofiler.recording.run import other_processes

    return other_processes(folder)


def combined_profile(
    recording: "Recording", others: "Sequence[Overview]", folder: str, program: "Program"
) -> "Optional[Profile]":
    """The profile of all processes of a run together; None if the others have recorded nothing to tell."""
    from filprofiler.profile.combined import CombinedProfile
    from filprofiler.recording.run import read_shared_peak, recording_of
    from filprofiler.result_folder import RECORDING_NAME

    combined = CombinedProfile(program, read_shared_peak(folder), [other.origin for other in others])
    combined.add(RECORDING_NAME, recording)
    for other in others:
        if combined.needs(other):
            read = recording_of(folder, other)
            if read is not None:
                combined.add(other.name, read)
        else:
            combined.add_without(other)
    return combined.finish() if combined.processes > 1 else None


def write_files(
    read: "Callable[[Progress], Profile]",
    folder: str,
    forms: "Sequence[str]",
    complete: bool,
    open_folder: "Optional[Callable[[str], OpenedFolder]]" = None,
) -> "Optional[str]":
    """Read a profile, write the files of these forms (see report/formats.py) into `folder`, and print the summary.

    complete: do not combine small call stacks.

    Returns the path of the main file: the page, if it is among them. Returns None if the user interrupted it: finished
    files stay, and their paths are printed. If files cannot be written, the summary is still printed. Raises FilError.
    """
    from filprofiler.profile.source import SourceReader
    from filprofiler.profile.top import TopLines
    from filprofiler.report.formats import INDEX_NAME
    from filprofiler.report.summary import summary_lines
    from filprofiler.report.writer import write_report

    progress = Progress()
    begun: "List[str]" = []

    def begin(name: str, done: int, count: int) -> None:
        begun.append(os.path.join(folder, name))
        progress.writing(name, done, count)

    try:
        raise_once()
        profile = read(progress)
        profile.folds = not complete
        progress.callstacks = profile.root.callstacks
        top = TopLines(profile)
        sources = SourceReader(profile.program, profile)
        _kept[:] = [profile, top, sources]
        try:
            written = write_report(profile, top, folder, forms, begin, sources, open_folder)
        except (ReportError, MemoryError) as problem:
            progress.close()
            page = [path for path in getattr(problem, "written", ()) if os.path.basename(path) == INDEX_NAME]
            say(*summary_lines(profile, top, page[0] if page else None, color_wanted(), sources))
            raise
        progress.close()
        index_path = os.path.join(folder, INDEX_NAME)
        shown = index_path if index_path in written else written[0]
        say(*summary_lines(profile, top, shown, color_wanted(), sources))
        end_at_once_again()
        return shown
    except KeyboardInterrupt:
        progress.close()
        _say_interrupted(begun[:-1])  # the last one is unfinished, or all are finished
        return None
    except MemoryError:
        raise FilError("There is not enough memory to make the report.") from None
    except OSError as error:
        raise FilError("The report cannot be made: %s.", error) from None
    finally:
        progress.close()
        end_at_once_again()


def _say_interrupted(finished: "Sequence[str]") -> None:
    say("Interrupted; these files of the report are finished:" if finished else "Interrupted; there is no report.")
    say(*finished)
