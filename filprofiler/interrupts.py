"""Makes Ctrl-C end the command at once and silently, unless something has to be done first.

Python's default, an exception wherever the command happens to be, would show a traceback, even during imports or near
the end.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal
    from typing import NoReturn
else:
    import _signal as signal


def end_at_once() -> None:
    """Make Ctrl-C end this process from now on, unless its parent set Ctrl-C to be ignored."""
    if signal.getsignal(signal.SIGINT) == signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)


def raise_once() -> None:
    """Make the next Ctrl-C raise KeyboardInterrupt, as in a process that has not called `end_at_once`.

    A further one, while that is being handled, ends this process.
    """
    if signal.getsignal(signal.SIGINT) == signal.SIG_DFL:
        signal.signal(signal.SIGINT, _raise_once)


def end_at_once_again() -> None:
    """Undo `raise_once`."""
    if signal.getsignal(signal.SIGINT) == _raise_once:
        signal.signal(signal.SIGINT, signal.SIG_DFL)


def _raise_once(_number: int, _frame: object) -> "NoReturn":
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    raise KeyboardInterrupt
