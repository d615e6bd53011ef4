"""The help text."""

import os.path

from filprofiler.environment import PACKAGE_FOLDER
from filprofiler.report.formats import ALL

HELP = """\
usage: fil-profile [OPTIONS] run SCRIPT [ARGS...]
       fil-profile [OPTIONS] run -m MODULE [ARGS...]
       fil-profile [OPTIONS] run -c CODE [ARGS...]
       fil-profile python ARGS...
       fil-profile [OPTIONS] report RESULT
       fil-profile [OPTIONS] diff RESULT RESULT
       fil-profile install-kernel [--user | --sys-prefix | --prefix DIR]

Run a Python program and report how much memory it used at its peak, and which
lines of code allocated it. `python -m filprofiler` is the same command; its
interpreter flags (-O, -W, -X, ...) apply to the program too.

commands:
  run SCRIPT, -m MODULE, -c CODE
                          run a program and write the report when it has ended;
                          everything that follows belongs to the program
  python ARGS...          run `python ARGS...` so that the program can profile parts of
                          itself with filprofiler.api; nothing else is recorded
  report RESULT           write the report from a recording, if the run was cut
                          short or the recording was kept, or from a
                          peak-memory.json
  diff RESULT RESULT      show what has grown and shrunk since the first result,
                          and write a comparison page beside the second
                          RESULT: a result folder, or one of its files
  install-kernel          make the kernel "Python 3 with Fil" available in Jupyter;
                          by default for this virtual environment, or else this user

options:
  -o DIR                  run: write results to folders in DIR (default:
                          fil-result); report, diff: write the files to DIR
  --format NAMES          a comma-separated list of
                          %(forms)s;
                          report: write these formats instead of the default ones;
                          run: write them too
  --complete              keep every call stack in every format; otherwise those under
                          1/10,000 of the peak are combined (except in json)
  --fail-over AMOUNT      diff: exit with status 6 if the peak has grown by more
                          than this, such as 5%% or 200MB
  --no-browser            do not open the report in a browser
  --keep-thread-pools     leave the thread pools of numeric libraries alone;
                          otherwise they get one thread, so that memory is attributed
                          to the line that requested the computation
  --keep-allocators       leave Arrow's memory pool alone; otherwise it uses the
                          system's allocator, so that each of its buffers is visible
  --release-memory        make allocators inside libraries (jemalloc, mimalloc)
                          return memory at once instead of keeping it; slower
  --no-children           run: do not record the processes that the program starts;
                          otherwise the report is about all of them together
  --only PATTERN          run: of the Pythons that the program starts, record only
                          those with this in their command; * and ? are wildcards
  --skip PATTERN          run: do not record those with this in their command
  --keep-recording        keep the recording beside the report
  --disable-oom-detection accepted and ignored
  --license               print the licence and exit
  --version               print the version and exit
  -h, --help              print this text and exit; after report, diff or
                          install-kernel, the options of that command

While the program runs, `kill -s SIGUSR2 PID` writes a report of the peak so far.

exit status:
  the program's own; or 2 if the command cannot work as given, 3 if this Python or
  platform cannot be profiled, 4 if the result cannot be written (before the
  program starts), 5 if `report` or `diff` cannot read or write, 6 if the peak has
  grown by more than `diff` allows, 53 if the program ran out of memory.""" % {"forms": ", ".join(ALL)}


# In an installed package the text is beside the code; in a source tree, above it.
_PLACES = (PACKAGE_FOLDER, os.path.dirname(PACKAGE_FOLDER))


def license_text() -> str:
    """The text of filprofiler's licence."""
    for folder in _PLACES:
        try:
            with open(os.path.join(folder, "LICENSE"), encoding="utf-8") as file:
                return file.read().rstrip("\n")
        except OSError:
            continue
    return "The licence is in the file LICENSE of the source distribution."
