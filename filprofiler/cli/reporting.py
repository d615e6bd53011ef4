"""From a recording to the report: the stages one after the other, and what is said about it."""

import os

from filprofiler.cli.messages import color_wanted, say
from filprofiler.errors import FilError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable, Optional, Sequence, Set, Tuple

    from filprofiler.launch.outcome import Outcome
    from filprofiler.profile.model import Program


def make_report(
    recording_path: str,
    program: "Program",
    folder: str,
    outcome: "Optional[Outcome]" = None,
    limits: "Optional[Callable[[], Sequence[str]]]" = None,
) -> "Tuple[Optional[str], bool]":
    """Read the recording, write the report into `folder`, print the summary.

    outcome: how the program ended, if that is known; limits: gives what limited its memory, if that is to be told.
    Returns the path of the report's page, and whether the program died for want of memory.

    The path is None if the user has interrupted us: finished files stay, and their paths are printed. Raises FilError.
    """
    from filprofiler.cli.out_of_memory import moment_to_tell
    from filprofiler.profile.build import build_profile
    from filprofiler.profile.model import OUT_OF_MEMORY, PEAK
    from filprofiler.profile.top import TopLines
    from filprofiler.recording.reader import read_recording
    from filprofiler.report.summary import summary_lines
    from filprofiler.report.writer import INDEX_NAME, write_report

    already = set()  # type: Set[str]
    moment = PEAK
    try:
        already = set(os.listdir(folder))
        recording = read_recording(recording_path)
        moment, at_end = moment_to_tell(recording, outcome)
        if limits is not None and (moment == OUT_OF_MEMORY or recording.failures):
            program.limits = tuple(limits())
        profile = build_profile(recording, program, moment, at_end)
        top = TopLines(profile)
        write_report(profile, top, folder)
        index_path = os.path.join(folder, INDEX_NAME)
        say(*summary_lines(profile, top, index_path, color_wanted()))
        return index_path, moment == OUT_OF_MEMORY
    except KeyboardInterrupt:
        finished = sorted(set(os.listdir(folder)) - already)
        say("Interrupted; these files of the report are finished:" if finished else "Interrupted; there is no report.")
        say(*(os.path.join(folder, name) for name in finished))
        return None, moment == OUT_OF_MEMORY
    except MemoryError:
        raise FilError("There is not enough memory to make the report.") from None
    except OSError as error:
        raise FilError("The report cannot be made: %s." % error) from None
