"""`fil-profile run`: start the program, wait for its end, write the report, and end as it did."""

import gc
import os
import sys
import time

from filprofiler import exit_statuses
from filprofiler.allocators import set_allocators
from filprofiler.cli import leftover
from filprofiler.cli.target import check_target, describe, output_folder
from filprofiler.environment import BOOTSTRAP_PATH
from filprofiler.errors import FilError
from filprofiler.messages import say
from filprofiler.profile.program import STILL_RUNNING, write_description
from filprofiler.result_folder import DESCRIPTION_NAME, OutputError, ResultFolder
from filprofiler.supervisor.child_environment import (
    CannotProfileError,
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
    from typing import Callable, Dict, Optional, Sequence

    from filprofiler.cli.arguments import Options, Target
    from filprofiler.profile.program import Program
    from filprofiler.supervisor.child_environment import Preload
    from filprofiler.supervisor.outcome import Outcome
    from filprofiler.supervisor.sampler import Sampler


_FIRST_LOOK_SECONDS = 0.03  # later, the sampler says when
_LOOK_SECONDS = 0.5
_REST_SECONDS = 60.0  # after a report that was written because memory was low


def run(target: "Target", options: "Options") -> int:
    """Run a program under the profiler. Returns the exit status, or dies of the signal that the program died of."""
    check_target(target)
    program = describe(target)
    output = output_folder(program, options.output)
    supervisor = Supervisor()
    watch = MemoryWatch()
    try:
        preload = library_to_preload()
        folder = ResultFolder(output)
        folder.create_recording()
    except CannotProfileError as error:
        say(str(error))
        return exit_statuses.CANNOT_PROFILE
    except OutputError as error:
        say(str(error))
        return exit_statuses.CANNOT_WRITE
    environment = _environment(preload, options, program)
    try:
        description = _describe(program, folder)
    except OSError as error:
        folder.discard()
        say(sentence("Cannot write in %s: %s.", folder.path, error.strerror))
        return exit_statuses.CANNOT_WRITE
    try:
        _start(supervisor, environment, target, folder)
    except OSError as error:
        folder.discard()
        say(sentence("The program cannot be started with %s: %s.", sys.executable, error.strerror))
        return exit_statuses.CANNOT_PROFILE
    curve = _Curve(folder.recording_path, supervisor.pid)

    def aside(task: "Callable[[], object]") -> None:
        curve.write()
        try:
            if not supervisor.aside(task):
                say("A report is being written already; ask again when it is there.")
        except OSError as error:
            say(sentence("No report can be written now (%s); the program goes on.", error.strerror))

    checkpoint = _Checkpoint(watch, lambda: aside(lambda: _report(supervisor, program, folder, folder, options)))

    def meanwhile() -> float:
        now = time.monotonic()
        try:
            checkpoint.look(now)
            return curve.look(now)
        except Exception:  # what cannot be looked at now is looked at later: the program is waited for
            return _LOOK_SECONDS

    def report_now() -> None:
        aside(lambda: _report_now(supervisor, program, folder, output, options))

    outcome = _wait(supervisor, report_now, meanwhile)
    curve.close()
    outcome.killed_for_memory = watch.killed(outcome)
    supervisor.leave_signals_to_python()
    preload.close()
    return _finish(outcome, program, folder, description, options, watch, curve)


def _wait(supervisor: Supervisor, report_now: "Callable[[], None]", meanwhile: "Callable[[], float]") -> "Outcome":
    """Wait for the program's end, which can take days: so with the garbage collector, however we were called."""
    collects = gc.isenabled()
    if hasattr(gc, "freeze"):
        gc.freeze()  # what is there stays: the collector need not look through it
    gc.enable()
    try:
        return supervisor.wait(report_now, meanwhile, _FIRST_LOOK_SECONDS)
    finally:
        if not collects:
            gc.disable()
        if hasattr(gc, "unfreeze"):
            gc.unfreeze()


def _environment(preload: "Preload", options: "Options", program: "Program") -> "Dict[str, str]":
    """The environment in which the program is started; what is set for allocators goes into its description."""
    environment = environment_of_program(os.environ)
    preload.put_first(environment)
    if not options.keep_thread_pools:
        overridden = limit_thread_pools(environment)
        if overridden:
            say(overridden_sentence(overridden))
    settings = set_allocators(environment, options.keep_allocators, options.release_memory)
    if settings.overridden:
        say(settings.sentence)
    program.settings = tuple(settings.made)
    if sys.version_info >= (3, 13):
        from filprofiler import jit

        jit.turn_off(environment)
    return environment


def _describe(program: "Program", folder: ResultFolder) -> int:
    """Write what is run beside the recording; that file, opened. Raises OSError."""
    description = folder.create(DESCRIPTION_NAME)
    write_description(program, description)
    return description


def _start(supervisor: Supervisor, environment: "Dict[str, str]", target: "Target", folder: ResultFolder) -> None:
    """Start the program, through bootstrap.py, with the interpreter that runs us. Raises OSError."""
    name, flags = interpreter_command()
    command = [name] + flags
    command += [BOOTSTRAP_PATH, folder.recording_path, str(int(REPORT_SIGNAL)), target.mode, target.name]
    supervisor.start(executable_to_start(environment), command + target.arguments, environment)


def _report_now(
    supervisor: Supervisor, program: "Program", running: ResultFolder, output: str, options: "Options"
) -> None:
    """Write a report of the peak so far to a folder of its own; the program goes on, whatever becomes of that."""
    try:
        folder = ResultFolder(output)
    except OutputError as error:
        say(str(error))
        return
    if not _report(supervisor, program, running, folder, options):
        from filprofiler.report.formats import all_file_names

        folder.discard(all_file_names())


def _report(
    supervisor: Supervisor,
    program: "Program",
    running: ResultFolder,
    folder: ResultFolder,
    options: "Options",
) -> bool:
    """Write a report on the peak so far of a program that is still running; whether that went well."""
    from filprofiler.cli.reporting import make_report

    program.outcome = STILL_RUNNING
    program.elapsed_seconds = supervisor.elapsed_seconds()
    try:
        forms, complete, opened = options.formats, options.complete, folder.opened
        make_report(running.recording_path, program, folder.path, None, None, forms, complete, opened)
    except FilError as error:
        say(str(error))
        return False
    except Exception as error:  # this is a process of its own: the program and its final report go on
        say(sentence("The report cannot be made: %s.", error))
        return False
    return True


class _Curve:
    """A Sampler that is made, and imported, at the first look: a program that has ended by then needs none."""

    def __init__(self, recording_path: str, pid: int) -> None:
        self.pid = pid
        self._recording_path = recording_path
        self._sampler: "Optional[Sampler]" = None

    def look(self, now: float) -> float:
        if self._sampler is None:
            from filprofiler.supervisor.sampler import Sampler

            self._sampler = Sampler(self._recording_path, self.pid)
            now = time.monotonic()  # that has taken its time
        return self._sampler.look(now)

    @property
    def was_tracking(self) -> bool:
        return self._sampler is not None and self._sampler.was_tracking

    def write(self) -> None:
        if self._sampler is not None:
            self._sampler.write()

    def close(self) -> None:
        if self._sampler is not None:
            self._sampler.close()


class _Checkpoint:
    """Writes a report when memory begins to run out: if all of us are killed together, that one is there."""

    def __init__(self, watch: MemoryWatch, write: "Callable[[], object]") -> None:
        self._watch = watch
        self._write = write
        self._next = time.monotonic() + _LOOK_SECONDS

    def look(self, now: float) -> None:
        """Look whether memory is low, twice a second; write a report if it is, at most once in a minute."""
        if now < self._next:
            return
        self._next = now + _LOOK_SECONDS
        self._watch.remember_kills(now)
        if self._watch.is_low():
            say("Little memory is left: a report on the peak so far is written; the program goes on.")
            self._write()
            self._next = now + _REST_SECONDS


def _finish(
    outcome: "Outcome",
    program: "Program",
    folder: ResultFolder,
    description: int,
    options: "Options",
    watch: MemoryWatch,
    curve: _Curve,
) -> int:
    """After the program's end: the report, and our own end. `description`: the file that tells what was run, opened."""
    if not leftover.holds_something(folder.recording_path, curve.pid, curve.was_tracking):
        folder.discard()
        return end_like(outcome)
    program.outcome = outcome.text
    program.elapsed_seconds = outcome.elapsed_seconds
    program.resident_peak_bytes = outcome.resident_peak_bytes
    try:
        write_description(program, description)  # now with the end, for whoever makes the report later
    except OSError:
        pass
    try:
        from filprofiler.cli.out_of_memory import limit_sentences
        from filprofiler.cli.reporting import make_report

        index_path, out_of_memory = make_report(
            folder.recording_path,
            program,
            folder.path,
            outcome,
            lambda: limit_sentences(outcome, watch),
            options.formats,
            options.complete,
            folder.opened,
        )
    except Exception as error:  # whatever it is, the program has ended well or badly, and so do we
        leftover.say_unreported(error, folder)
        return end_like(outcome)
    if index_path is None:
        say(leftover.kept_sentence(folder))
    elif not options.keep_recording:
        folder.remove_made()
    if index_path is not None and options.browser:
        _show(index_path)
    return exit_statuses.OUT_OF_MEMORY if out_of_memory else end_like(outcome)


def _show(path: str) -> None:
    from filprofiler.cli import browser

    if browser.browser_possible(os.environ):
        browser.open_in_browser(path)
