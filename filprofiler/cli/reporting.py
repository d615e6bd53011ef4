"""From a recording to the report: the stages one after the other, and what is said about it."""

import os

from filprofiler.cli.messages import color_wanted, say
from filprofiler.errors import FilError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Optional

    from filprofiler.profile.model import Program


def make_report(recording_path: str, program: "Program", folder: str) -> "Optional[str]":
    """Read the recording, write the report into `folder`, print the summary; the path of the report's page.

    None if the user has interrupted it: the finished files stay, and their paths are printed. Raises FilError.
    """
    from filprofiler.profile.build import build_profile
    from filprofiler.profile.top import TopLines
    from filprofiler.recording.reader import read_recording
    from filprofiler.report.summary import summary_lines
    from filprofiler.report.writer import INDEX_NAME, write_report

    already = set(os.listdir(folder))
    try:
        profile = build_profile(read_recording(recording_path), program)
        top = TopLines(profile)
        write_report(profile, top, folder)
        index_path = os.path.join(folder, INDEX_NAME)
        say(*summary_lines(profile, top, index_path, color_wanted()))
        return index_path
    except KeyboardInterrupt:
        finished = sorted(set(os.listdir(folder)) - already)
        say("Interrupted; these files of the report are finished:" if finished else "Interrupted; there is no report.")
        say(*(os.path.join(folder, name) for name in finished))
        return None
    except MemoryError:
        raise FilError("There is not enough memory to make the report.") from None
    except OSError as error:
        raise FilError("The report cannot be made: %s." % error) from None
