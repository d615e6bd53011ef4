"""Ctrl-C ends the command at once and without a word, except where something has to be done first.

Python's own way, an exception wherever the command happens to be, would show a traceback: also while it imports, or
when it is nearly at its end.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal
    from typing import NoReturn
else:
    import _signal as signal


def end_at_once() -> None:
    """Let Ctrl-C end this process from now on, unless whoever started it wants Ctrl-C to be ignored."""
    if signal.getsignal(signal.SIGINT) == signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)


def raise_once() -> None:
    """Let the next Ctrl-C raise KeyboardInterrupt, as it does in a process that has not called `end_at_once`.

    Another one, while that is being dealt with, ends this process.
    """
    if signal.getsignal(signal.SIGINT) == signal.SIG_DFL:
        signal.signal(signal.SIGINT, _raise_once)


def end_at_once_again() -> None:
    """Undo what `raise_once` did."""
    if signal.getsignal(signal.SIGINT) == _raise_once:
        signal.signal(signal.SIGINT, signal.SIG_DFL)


def _raise_once(_number: int, _frame: object) -> "NoReturn":
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    raise KeyboardInterrupt
