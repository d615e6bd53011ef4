"""Numeric libraries' own thread pools while a program profiles itself: one thread, and then what they had."""

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, List

_LIMIT = 1

# Libraries that are asked by calls of their own, if the program has imported them: the name of the function, which
# answers with the number that was set before.
_OWN_CALLS = (("numexpr", "set_num_threads"), ("blosc", "set_nthreads"), ("blosc2", "set_nthreads"))


class LimitedPools:
    """The pools that were limited. BLAS and OpenMP are found by threadpoolctl, if it is installed."""

    def __init__(self) -> None:
        """None yet."""
        self._undo: "List[Callable[[], Any]]" = []

    def limit(self) -> None:
        """Limit every pool of the libraries that are loaded."""
        try:
            import threadpoolctl  # type: ignore[import-not-found,import-untyped,unused-ignore]
        except ImportError:
            pass
        else:
            limits = threadpoolctl.threadpool_limits(_LIMIT)
            self._undo.append(getattr(limits, "restore_original_limits", None) or limits.unregister)
        for module, name in _OWN_CALLS:
            call = getattr(sys.modules.get(module), name, None)
            if call is not None:
                self._limit(call)

    def _limit(self, call: "Callable[[int], Any]") -> None:
        try:
            before = call(_LIMIT)
        except Exception:
            return  # it cannot be limited: the program's computation goes on as it was
        if isinstance(before, int):
            self._undo.append(lambda: call(before))

    def restore(self) -> None:
        """Give every pool what it had."""
        while self._undo:
            try:
                self._undo.pop()()
            except Exception:
                pass  # the pools are the program's: no failure of theirs is to end it
