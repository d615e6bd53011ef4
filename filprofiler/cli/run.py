"""`fil-profile run`: prepares, starts the program, watches it, writes the report, and ends as the program did."""

import os
import sys

from filprofiler import exit_statuses
from filprofiler.allocators import set_allocators
from filprofiler.cli import leftover
from filprofiler.cli.target import check_target, describe, output_folder
from filprofiler.environment import BOOTSTRAP_PATH
from filprofiler.errors import CannotProfileError, FilError
from filprofiler.messages import say
from filprofiler.profile.program import STILL_RUNNING, write_description
from filprofiler.result_folder import DESCRIPTION_NAME, OutputError, ResultFolder
from filprofiler.supervisor.child_environment import (
    CHILDREN_VARIABLE,
    library_to_preload,
    limit_thread_pools,
    overridden_sentence,
)
from filprofiler.supervisor.interpreter import executable_to_start
from filprofiler.supervisor.memory_limits import MemoryWatch
from filprofiler.supervisor.quiet import environment_of_program, interpreter_command
from filprofiler.supervisor.supervisor import REPORT_SIGNAL, Supervisor, end_like
from filprofiler.wording import sentence

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable, Dict, Optional

    from filprofiler.cli.arguments import Options, Target
    from filprofiler.supervisor.outcome import Outcome
    from filprofiler.supervisor.watch import Watch


_LATER_SECONDS = 0.5  # until the next look, if one has failed


def run(target: "Target", options: "Options") -> int:
    """Run a program under the profiler. Returns the exit status, or dies of the signal that killed the program."""
    job = _Job(target, options)
    try:
        job.prepare()
        job.start()
    except (CannotProfileError, OutputError) as error:
        say(str(error))
        return error.exit_status
    return job.finish(job.watch())


class _Job:
    """One run, from the command line to our own end. Call prepare, start, watch and finish, in this order."""

    def __init__(self, target: "Target", options: "Options") -> None:
        """Raises UsageError if there is nothing to run."""
        check_target(target)
        self._target = target
        self._options = options
        self._program = describe(target)
        self._output = output_folder(self._program, options.output)
        self._supervisor = Supervisor()
        self._limits = MemoryWatch()
        self._watch: "Optional[Watch]" = None
        self._still_running = 0  # processes that the program has started and that have not ended with it

    def prepare(self) -> None:
        """Make the environment, the result folder and the recording in it. Raises CannotProfileError or OutputError."""
        self._preload = library_to_preload()
        self._folder = ResultFolder(self._output)
        self._folder.create_recording()
        self._environment = self._environment_of_program()
        try:
            self._description = self._folder.create(DESCRIPTION_NAME)
            write_description(self._program, self._description)
        except OSError as error:
            self._folder.discard()
            raise OutputError("Cannot write in %s: %s.", self._folder.path, error.strerror) from None

    def _environment_of_program(self) -> "Dict[str, str]":
        """The program's environment; settings for allocators are added to the description of the run."""
        environment = environment_of_program(os.environ)
        self._preload.put_first(environment)
        if not self._options.keep_thread_pools:
            overridden = limit_thread_pools(environment)
            if overridden:
                say(overridden_sentence(overridden))
        settings = set_allocators(environment, self._options.keep_allocators, self._options.release_memory)
        if settings.overridden:
            say(settings.sentence)
        self._program.settings = tuple(settings.made)
        if sys.version_info >= (3, 13):
            from filprofiler import jit

            jit.turn_off(environment)
        if self._options.children:
            self._record_children(environment)
        return environment

    def _record_children(self, environment: "Dict[str, str]") -> None:
        """Have the processes that the program starts recorded too. If that cannot be, the program is recorded alone."""
        try:
            environment[CHILDREN_VARIABLE] = self._folder.make_processes_folder(self._options.chosen)
        except OSError as error:
            say(sentence("Processes that the program starts cannot be recorded: %s.", error.strerror))

    def start(self) -> None:
        """Start the program through bootstrap.py with the interpreter that runs us. Raises CannotProfileError."""
        name, flags = interpreter_command()
        begins = [BOOTSTRAP_PATH, self._folder.recording_path, str(int(REPORT_SIGNAL))]
        command = [name] + flags + begins + [self._target.mode, self._target.name] + self._target.arguments
        try:
            self._supervisor.start(executable_to_start(self._environment), command, self._environment)
        except OSError as error:
            self._folder.discard()
            problem = "The program cannot be started with %s: %s."
            raise CannotProfileError(problem, sys.executable, error.strerror) from None

    def watch(self) -> "Outcome":
        """Wait for the program's end; meanwhile pass signals on, keep the timeline, and write requested reports."""
        outcome = self._supervisor.wait(lambda: self._aside(self._report_now), self._look)
        if self._watch is None and self._folder.has_processes():
            self._look()  # the program ended before the first look, but what it has started may go on
        if self._watch is not None:
            self._still_running = self._watch.wait_for_children()
            if self._options.children:
                self._program.other_programs = tuple(self._watch.other_programs())
            self._watch.close()
        outcome.killed_for_memory = self._limits.killed(outcome)
        self._supervisor.leave_signals_to_python()
        self._preload.close()
        return outcome

    def _look(self) -> float:
        """Look at the program. Never raises: whatever fails, here even the import, the program is still waited for."""
        try:
            if self._watch is None:
                from filprofiler.supervisor.watch import Watch

                path, pid = self._folder.recording_path, self._supervisor.pid
                # A folder that this run has not made is another's, whose processes are not ours to watch.
                processes = self._environment[CHILDREN_VARIABLE] or None if self._options.children else None
                self._watch = Watch(path, pid, self._limits, self._write_checkpoint, processes, self._supervisor)
            return self._watch.look()
        except Exception:
            return _LATER_SECONDS

    def _aside(self, task: "Callable[[], object]") -> None:
        """Make a report of the program so far in a forked helper."""
        if self._watch is not None:
            self._watch.write()
        try:
            if not self._supervisor.aside(task):
                say("A report is already being written; ask again when it is finished.")
        except OSError as error:
            say(sentence("No report can be written now (%s); the program continues.", error.strerror))

    def _report_now(self) -> None:
        """Write a report of the peak so far to a folder of its own; the program continues, even if that fails."""
        try:
            folder = ResultFolder(self._output)
        except OutputError as error:
            say(str(error))
            return
        if not self._report_so_far(folder):
            from filprofiler.report.formats import all_file_names

            folder.discard(all_file_names())

    def _write_checkpoint(self) -> None:
        """Write a report of the peak so far to the final report's folder, in case that one can no longer be written."""
        say("Memory is running low: writing a report of the peak so far; the program continues.")
        self._aside(lambda: self._report_so_far(self._folder))

    def _report_so_far(self, folder: ResultFolder) -> bool:
        """Write a report on the running program. Returns whether that succeeded."""
        from filprofiler.cli.reporting import make_report

        self._program.outcome = STILL_RUNNING
        self._program.elapsed_seconds = self._supervisor.elapsed_seconds()
        recording, forms, complete = self._folder.recording_path, self._options.formats, self._options.complete
        try:
            make_report(recording, self._program, folder.path, None, None, forms, complete, folder.opened)
        except FilError as error:
            say(str(error))
            return False
        except Exception as error:  # this is a forked helper: the program and its final report are not affected
            say(sentence("The report cannot be made: %s.", error))
            return False
        return True

    def finish(self, outcome: "Outcome") -> int:
        """After the program's end, make the report, then end like the program. Returns the exit status."""
        was_tracking = self._watch is not None and self._watch.was_tracking
        if not leftover.holds_something(self._folder.recording_path, self._supervisor.pid, was_tracking):
            self._folder.discard()
            return end_like(outcome)
        self._describe_end(outcome)
        try:
            from filprofiler.cli.out_of_memory import limit_sentences
            from filprofiler.cli.reporting import make_report

            index_path, out_of_memory = make_report(
                self._folder.recording_path,
                self._program,
                self._folder.path,
                outcome,
                lambda: limit_sentences(outcome, self._limits),
                self._options.formats,
                self._options.complete,
                self._folder.opened,
            )
        except Exception as error:  # whatever it is, end like the program
            leftover.say_unreported(error, self._folder)
            return end_like(outcome)
        if index_path is None:
            say(leftover.kept_sentence(self._folder))
        elif self._still_running:
            say(*leftover.still_running(self._still_running, self._folder))
        elif not self._options.keep_recording:
            self._folder.remove_made()
        else:
            self._folder.remove_empty_processes_folder()
        if index_path is not None and self._options.browser:
            _show(index_path)
        return exit_statuses.OUT_OF_MEMORY if out_of_memory else end_like(outcome)

    def _describe_end(self, outcome: "Outcome") -> None:
        """Add to the description how the program ended, for a report made later."""
        self._program.outcome = outcome.text
        self._program.elapsed_seconds = outcome.elapsed_seconds
        self._program.resident_peak_bytes = outcome.resident_peak_bytes
        try:
            write_description(self._program, self._description)
        except OSError:
            pass


def _show(path: str) -> None:
    from filprofiler.cli import browser

    if browser.browser_possible(os.environ):
        browser.open_in_browser(path)
