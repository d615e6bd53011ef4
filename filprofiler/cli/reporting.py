"""From a recording to the report: the stages one after the other, and what is said about it."""

import os

from filprofiler.cli.messages import color_wanted, say
from filprofiler.cli.progress import Progress
from filprofiler.errors import FilError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable, List, Optional, Sequence

    from filprofiler.profile.model import Profile, Program


def make_report(
    recording_path: str, program: "Program", folder: str, more_formats: "Sequence[str]" = ()
) -> "Optional[str]":
    """Read the recording, write the report into `folder`, print the summary; the path of the report's page.

    more_formats: what is wanted beside the usual forms. None if the user has interrupted it: the finished files stay,
    and their paths are printed. Raises FilError.
    """
    from filprofiler.report.formats import USUAL

    def read(progress: Progress) -> "Profile":
        from filprofiler.profile.build import build_profile
        from filprofiler.recording.reader import read_recording

        progress.reading("reading the recording", 0, 2)
        recording = read_recording(recording_path)
        progress.reading("finding callstacks", 1, 2)
        return build_profile(recording, program)

    return write_files(read, folder, USUAL + tuple(more_formats))


def write_files(read: "Callable[[Progress], Profile]", folder: str, forms: "Sequence[str]") -> "Optional[str]":
    """Read a profile, write the files of these forms (see report/formats.py) into `folder`, and print the summary.

    The path of the file to look at first: the page, if it is among them. None if the user has interrupted it: the
    finished files stay, and their paths are printed. Raises FilError.
    """
    from filprofiler.profile.top import TopLines
    from filprofiler.report.summary import summary_lines
    from filprofiler.report.writer import INDEX_NAME, write_report

    progress = Progress()
    begun = []  # type: List[str]

    def begin(name: str, done: int, count: int) -> None:
        begun.append(os.path.join(folder, name))
        progress.writing(name, done, count)

    try:
        profile = read(progress)
        progress.callstacks = profile.root.callstacks
        top = TopLines(profile)
        written = write_report(profile, top, folder, forms, begin)
        progress.close()
        index_path = os.path.join(folder, INDEX_NAME)
        shown = index_path if index_path in written else written[0]
        say(*summary_lines(profile, top, shown, color_wanted()))
        return shown
    except KeyboardInterrupt:
        progress.close()
        finished = begun[:-1]  # the last one is not, or everything is
        say("Interrupted; these files of the report are finished:" if finished else "Interrupted; there is no report.")
        say(*finished)
        return None
    except MemoryError:
        raise FilError("There is not enough memory to make the report.") from None
    except OSError as error:
        raise FilError("The report cannot be made: %s." % error) from None
    finally:
        progress.close()
