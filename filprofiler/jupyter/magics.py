"""The magics `%%filprofile` and `%filprofile`.

A cell is compiled here and run directly below a frame of this file, so that its call stacks begin at the cell. A cell
that awaits cannot be run inside a magic: its first line is replaced by a call that begins tracking, IPython runs it as
usual, and tracking ends when IPython reports the end of the cell.
"""

import ast
import asyncio
import linecache
import sys
import warnings
from typing import Any, Callable, List, Optional

from IPython.core.error import UsageError  # type: ignore[import-not-found,unused-ignore]
from IPython.core.magic import (  # type: ignore[import-not-found,unused-ignore]
    Magics,
    line_cell_magic,
    line_magic,
    magics_class,
)

from filprofiler import api
from filprofiler.jupyter.options import NAME, OptionsError, read_options
from filprofiler.jupyter.show import show
from filprofiler.jupyter.usage import how_to_change
from filprofiler.measurement import Measurement
from filprofiler.messages import say_through_python
from filprofiler.wording import sentence

_BEGIN = "_filprofile_begin"


@magics_class  # type: ignore[misc,untyped-decorator,unused-ignore]
class FilMagics(Magics):  # type: ignore[misc,untyped-decorator,unused-ignore]
    """The magics of one shell."""

    @line_cell_magic  # type: ignore[misc,untyped-decorator,unused-ignore]
    def filprofile(self, line: str, cell: "Optional[str]" = None) -> Any:
        """Show the peak memory of the cell or the statement, and the lines that allocated it.

        %%filprofile [--output DIR] [--top N]
        %filprofile [--output DIR] [--top N] STATEMENT

        --output DIR: where to make the report's folder (default: fil-result).
        --top N: also print the N lines that held most.
        """
        __tracebackhide__ = True  # IPython's debugger skips this frame
        options = _options(line, takes_statement=cell is None)
        run = _runner(self.shell, options.statement if cell is None else cell, first_line=1 if cell is None else 2)
        found: "Any" = api.Peak()
        error: "Any" = None
        measurement = _measurement(self.shell, options.output)
        try:
            _begin(measurement)
            try:
                value = run()
            except BaseException as raised:
                error = raised
                _show_without_us(self.shell, raised)
                raise
            finally:
                _end(measurement, found, error, options.top)
        finally:
            measurement.close()
        return None if (cell or line).rstrip().endswith(";") else value

    @line_magic  # type: ignore[misc,untyped-decorator,unused-ignore]
    def _filprofile_begin(self, line: str) -> None:
        """Replaces the first line of a cell that awaits."""
        shell, options = self.shell, _options(line, takes_statement=False)
        found = api.Peak()
        frame: Any = sys._getframe()
        while frame.f_back is not None and frame.f_globals is not shell.user_global_ns:
            frame = frame.f_back
        _show_as_written(frame.f_code.co_filename, line)
        measurement = _measurement(shell, options.output, [frame.f_code.co_filename])

        def ended(error: "Optional[BaseException]") -> None:
            try:
                _end(measurement, found, error, options.top)
            finally:
                measurement.close()

        _begin(measurement)
        try:
            _when_ended(shell, ended)
        except BaseException:
            measurement.close()
            raise


def _when_ended(shell: Any, ended: "Callable[[Optional[BaseException]], None]") -> None:
    """Call `ended` once when the running cell has ended, with the exception that it raised, if any.

    IPython reports the end; but ipykernel 5.0 does not for cells that await, and runs each of them as its own task.
    """
    waiting = [ended]
    show_traceback = shell.showtraceback

    def told(error: "Optional[BaseException]" = None) -> None:
        if waiting:
            shell.events.unregister("post_run_cell", told_result)
            del shell.showtraceback
            waiting.pop()(error)

    def told_result(result: Any = None) -> None:
        told(getattr(result, "error_in_exec", None))

    def told_error(*arguments: Any, **named: Any) -> Any:
        """Called before the traceback is shown, because its memory is not the cell's."""
        told(sys.exc_info()[1])
        return show_traceback(*arguments, **named)

    shell.events.register("post_run_cell", told_result)
    shell.showtraceback = told_error
    current: Any = getattr(asyncio, "current_task", None) or asyncio.Task.current_task  # type: ignore[attr-defined]
    task = current()
    if task is not None:
        task.add_done_callback(
            lambda task: told_result(None if task.cancelled() or task.exception() else task.result())
        )


def register(shell: Any) -> None:
    """Add the magics to a shell. Where they cannot work, they say how to start the kernel."""
    shell.register_magics(FilMagics)

    def fil_cells(lines: "List[str]") -> "List[str]":
        return _transformed(shell, lines)

    transformers = shell.input_transformers_cleanup
    if not any(getattr(one, "__name__", "") == fil_cells.__name__ for one in transformers):
        transformers.append(fil_cells)


def _transformed(shell: Any, lines: "List[str]") -> "List[str]":
    """The lines of a cell; a profiled cell that awaits, or cannot be compiled, gets a different first line."""
    if not lines or lines[0].split()[:1] != ["%%" + NAME]:
        return lines
    body = shell.transform_cell("".join(lines[1:]))
    try:
        awaits = shell.should_run_async(body, transformed_cell=body)
    except TypeError:  # IPython to 7.13
        awaits = shell.should_run_async(body)
    if awaits:
        return ["%%%s %s\n" % (_BEGIN, lines[0].partition(NAME)[2].strip())] + lines[1:]
    if not _compiles(shell, body):
        return ["# " + lines[0]] + lines[1:]  # IPython reports the error as in any cell
    return lines


def _compiles(shell: Any, source: str) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # they appear when it is compiled to be run
            compile(source, "<cell>", "exec", shell.compile.flags)
    except (SyntaxError, ValueError):
        return False
    return True


def _options(line: str, takes_statement: bool) -> Any:
    try:
        return read_options(line, takes_statement)
    except OptionsError as error:
        raise UsageError(str(error)) from None


def _measurement(shell: Any, output: str, first_files: "Any" = ()) -> Measurement:
    """A measurement of the running cell, not yet begun."""
    return Measurement("In [%d]" % _number(shell), output=output, first_files=first_files)


def _begin(measurement: Measurement) -> None:
    """Begin tracking. Raises UsageError."""
    try:
        measurement.begin()
    except api.TrackingError as error:
        raise UsageError(how_to_change(str(error))) from None


def _number(shell: Any) -> int:
    """The number of the running cell."""
    return len(shell.user_ns.get("In", ())) - 1


def _end(measurement: Measurement, found: Any, error: "Optional[BaseException]", top: int) -> None:
    """End tracking and show the result. Failures are reported and do not end the cell."""
    folder = measurement.folder
    try:
        try:
            if not measurement.end(found, error, report=True):
                return
        except api.FilError as problem:
            say_through_python(str(problem))
            folder = ""  # the files cannot be written, but the result can be shown
        if found._profile is not None:
            show(found, folder, top)
    except Exception as problem:  # the cell's own value or error has priority
        say_through_python(sentence("The report cannot be made: %s.", repr(problem)))


def _show_without_us(shell: Any, error: BaseException) -> None:
    """Make IPython show a propagating exception as if no magic had run the code."""
    trace: Any = error.__traceback__
    while trace is not None and trace.tb_frame.f_code.co_filename == __file__:
        trace = trace.tb_next

    def render() -> Any:
        vars(error).pop("_render_traceback_", None)  # only this time
        return shell.InteractiveTB.structured_traceback(type(error), error, trace, tb_offset=0)

    if trace is not None:
        try:
            error._render_traceback_ = render  # type: ignore[attr-defined]
        except AttributeError:
            pass  # this kind of exception takes no attributes: it is shown with our frames


def _show_as_written(path: str, line: str) -> None:
    """Make the source of a cell whose first line was replaced begin with the original line, as a comment."""
    entry: Any = linecache.cache.get(path)
    if entry is not None and len(entry) > 2 and entry[2]:
        entry[2][0] = "# %%%%%s %s\n" % (NAME, line)


def _runner(shell: Any, source: str, first_line: int) -> "Callable[[], Any]":
    """A function that runs the source in the user's namespace and returns its last expression's value.

    first_line: the number of its first line; the magic is above it.

    Raises UsageError if this process cannot be profiled, SyntaxError, and errors of the source's own magics.
    """
    try:
        api.check_ready()
    except api.TrackingError as error:
        raise UsageError(how_to_change(str(error))) from None
    lines = source.split("\n")
    while len(lines) > 1 and not lines[0].strip():
        lines.pop(0)  # IPython would remove leading empty lines, and line numbers would change
    above = first_line - 1 + source.count("\n") + 1 - len(lines)
    magic = "# %%%%%s" % NAME if first_line > 1 else ""
    source = magic + "\n" * above + shell.transform_cell("\n".join(lines))
    name = shell.compile.cache(source, _number(shell))
    tree = shell.transform_ast(shell.compile.ast_parse(source, filename=name))
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    code = compile(tree, name, "exec", shell.compile.flags)
    end = compile(ast.Expression(last.value), name, "eval", shell.compile.flags) if last is not None else None
    namespaces = shell.user_global_ns, shell.user_ns

    def run() -> Any:
        __tracebackhide__ = True
        exec(code, *namespaces)
        return eval(end, *namespaces) if end is not None else None

    return run
