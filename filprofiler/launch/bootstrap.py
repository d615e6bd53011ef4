"""The first code in the profiled process: it becomes the program, and leaves `__main__` as the program expects it.

    PYTHON [FLAGS] bootstrap.py RECORDING REPORT_SIGNAL MODE TARGET [ARGS...]

MODE is `script`, `module` or `command`. A script has no cached bytecode: this one only leads to become.py, which has.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable


def _load() -> "Callable[[], None]":
    """Find become.enter, without importing the package itself and past all import hooks and search paths."""
    import _signal as signal  # type: ignore[import-not-found]
    import sys

    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # until the program begins, Ctrl-C ends the process without a word
    if not (sys.flags.isolated or getattr(sys.flags, "safe_path", False)):
        del sys.path[0]  # this folder: its modules must not be importable by their bare names
    launch = __file__.rpartition("/")[0]
    for name, folder in (("filprofiler", launch.rpartition("/")[0]), ("filprofiler.launch", launch)):
        package = type(sys)(name)
        package.__path__ = [folder]
        sys.modules[name] = package
    try:
        from filprofiler.launch.become import enter
    except Exception as error:
        import os

        try:
            reason = ascii(str(error))[1:-1]  # as safe for a terminal as wording.quoted, which may be what is missing
            os.write(2, b"=fil-profile= Cannot profile: %s.\n" % reason.encode("ascii"))
        finally:
            os._exit(3)  # statuses.CANNOT_PROFILE
    return enter


_load()()
