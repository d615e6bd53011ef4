"""`fil-profile diff A B`: what has grown and what has shrunk between two results."""

import os

from filprofiler import exit_statuses
from filprofiler.cli import browser
from filprofiler.cli.report import output_folder
from filprofiler.cli.results import FOR_COMPARISON, find_result, read_result
from filprofiler.errors import FilError
from filprofiler.interrupts import end_at_once_again, raise_once
from filprofiler.messages import say, show
from filprofiler.wording import sentence

TYPE_CHECKING = False
if TYPE_CHECKING:
    from filprofiler.cli.arguments import Options
    from filprofiler.profile.comparison import Comparison


def diff(older: str, newer: str, options: "Options") -> int:
    """Print what has changed, and write its page beside the newer result. Returns the exit status."""
    try:
        raise_once()  # so that half-written files are removed
        sources = [find_result(path, FOR_COMPARISON) for path in (older, newer)]
        folder = output_folder(options, os.path.dirname(os.path.abspath(sources[1])))
        comparison, page_path = _compare(sources[0], sources[1], folder, older, newer)
    except FilError as error:
        say(str(error))
        return exit_statuses.CANNOT_REPORT
    except MemoryError:
        say("There is not enough memory to compare the results.")
        return exit_statuses.CANNOT_REPORT
    finally:
        end_at_once_again()
    say("Report: %s" % page_path)
    if options.browser and browser.browser_possible(os.environ):
        browser.open_in_browser(page_path)
    limit = options.fail_over
    if limit is not None and limit.exceeded(comparison.before.peak_bytes, comparison.after.peak_bytes):
        say(sentence("The peak has grown by more than %s.", limit.text))
        return exit_statuses.GREW
    return exit_statuses.OK


def _compare(
    older_path: str, newer_path: str, folder: str, older_name: str, newer_name: str
) -> "tuple[Comparison, str]":
    """Compare two files, print the table and write the page. Raises FilError."""
    from filprofiler.profile.comparison import Comparison
    from filprofiler.profile.source import SourceReader
    from filprofiler.report.comparison_page import COMPARISON_NAME, comparison_page
    from filprofiler.report.comparison_text import comparison_lines
    from filprofiler.report.writer import write_page

    comparison = Comparison(read_result(older_path), read_result(newer_path))
    older, newer = [SourceReader(one.program, one) for one in (comparison.before, comparison.after)]
    show(comparison_lines(comparison, older, newer))
    page_path = os.path.join(folder, COMPARISON_NAME)
    write_page(page_path, comparison_page(comparison, older, newer, older_name, newer_name))
    return comparison, page_path
