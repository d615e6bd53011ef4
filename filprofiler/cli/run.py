"""`fil-profile run`: start the program, wait for its end, write the report, and end as it did."""

import os
import sys

from filprofiler.cli import browser
from filprofiler.cli.messages import say
from filprofiler.cli.run_description import DESCRIPTION_NAME, write_description
from filprofiler.cli.target import check_target, describe
from filprofiler.environment import BOOTSTRAP_PATH, LIBRARY_PATH
from filprofiler.errors import FilError
from filprofiler.launch import jit, statuses
from filprofiler.launch.interpreter import interpreter_command
from filprofiler.launch.preload import Preload
from filprofiler.launch.result_folder import OutputError, ResultFolder, remove, was_started
from filprofiler.launch.supervisor import REPORT_SIGNAL, Supervisor, end_like
from filprofiler.launch.threadpools import limit_thread_pools, overridden_sentence

TYPE_CHECKING = False
if TYPE_CHECKING:
    from filprofiler.cli.arguments import Options, Target
    from filprofiler.launch.outcome import Outcome
    from filprofiler.profile.model import Program


class _CannotProfileError(FilError):
    """This interpreter or platform cannot be profiled."""


def run(target: "Target", options: "Options") -> int:
    """Run a program under the profiler. Returns the exit status, or dies of the signal that the program died of."""
    check_target(target)
    program = describe(target)
    output = os.path.join(program.cwd, options.output)
    supervisor = Supervisor()
    try:
        preload = _preload()
        folder = ResultFolder(output)
        folder.create_recording()
    except _CannotProfileError as error:
        say(str(error))
        return statuses.CANNOT_PROFILE
    except OutputError as error:
        say(str(error))
        return statuses.CANNOT_WRITE
    try:
        write_description(program, folder.path)
        _start(supervisor, preload, target, options, folder)
    except OSError as error:
        folder.discard()
        say("The program cannot be started with %s: %s." % (sys.executable, error.strerror))
        return statuses.CANNOT_PROFILE
    outcome = supervisor.wait(lambda: _report_now(supervisor, program, folder, output))
    supervisor.leave_signals_to_python()
    preload.close()
    return _finish(outcome, program, folder, options)


def _preload() -> Preload:
    """Our library, ready to be preloaded. Raises _CannotProfileError."""
    if not sys.executable:
        raise _CannotProfileError("Python does not know its own path, so it cannot start the program.")
    try:
        return Preload(LIBRARY_PATH)
    except OSError as error:
        problem = "The library %s cannot be read (%s); install filprofiler again."
        raise _CannotProfileError(problem % (LIBRARY_PATH, error.strerror)) from None


def _start(
    supervisor: Supervisor, preload: Preload, target: "Target", options: "Options", folder: ResultFolder
) -> None:
    """Start the program, through bootstrap.py, with the interpreter that runs us. Raises OSError."""
    environment = dict(os.environ)
    preload.put_first(environment)
    if not options.keep_thread_pools:
        overridden = limit_thread_pools(environment)
        if overridden:
            say(overridden_sentence(overridden))
    jit.turn_off(environment)
    name, flags = interpreter_command()
    command = [name] + flags
    command += [BOOTSTRAP_PATH, folder.recording_path, str(int(REPORT_SIGNAL)), target.mode, target.name]
    supervisor.start(sys.executable, command + target.arguments, environment)


def _report_now(supervisor: Supervisor, program: "Program", running: ResultFolder, output: str) -> None:
    """Write a report of the peak so far to a folder of its own; the program goes on, whatever becomes of that."""
    from filprofiler.cli.reporting import make_report

    program.outcome = "still running"
    program.elapsed_seconds = supervisor.elapsed_seconds()
    try:
        folder = ResultFolder(output)
    except OutputError as error:
        say(str(error))
        return
    try:
        make_report(running.recording_path, program, folder.path)
    except FilError as error:
        folder.discard()
        say(str(error))


def _finish(outcome: "Outcome", program: "Program", folder: ResultFolder, options: "Options") -> int:
    """After the program's end: the report, and our own end."""
    if not was_started(folder.recording_path):
        # The child has said why it refused, if it came that far.
        if not os.path.exists(folder.recording_path):
            say("There is no report: the recording %s is gone." % folder.recording_path)
        folder.discard()
        return end_like(outcome)
    program.outcome = outcome.text
    program.elapsed_seconds = outcome.elapsed_seconds
    program.resident_peak_bytes = outcome.resident_peak_bytes
    from filprofiler.cli.reporting import make_report

    try:
        index_path = make_report(folder.recording_path, program, folder.path)
    except FilError as error:
        say(str(error), "The recording is kept; to make the report later: fil-profile report %s" % folder.path)
        return end_like(outcome)
    if not options.keep_recording:
        remove(folder.recording_path)
        remove(os.path.join(folder.path, DESCRIPTION_NAME))
    if index_path is not None and options.browser and browser.browser_possible(os.environ):
        browser.open_in_browser(index_path)
    return end_like(outcome)
