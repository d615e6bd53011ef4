"""Ctrl-C ends the command at once and silently (command.py), unless something has to be done first.

Python's default, an exception wherever the command happens to be, would show a traceback, even during imports or near
the end.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal
    from typing import NoReturn
else:
    import _signal as signal


def raise_once() -> None:
    """Make the next Ctrl-C raise KeyboardInterrupt, as in any other Python process.

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
