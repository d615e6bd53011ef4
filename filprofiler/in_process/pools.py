"""Limits numeric libraries' thread pools to one thread while a program profiles itself, and restores them."""

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, List

_LIMIT = 1

# Libraries with their own call for it, used if the program has imported them: the function's name. It returns the
# number set before.
_OWN_CALLS = (("numexpr", "set_num_threads"), ("blosc", "set_nthreads"), ("blosc2", "set_nthreads"))


class LimitedPools:
    """The pools that were limited. BLAS and OpenMP are found by threadpoolctl, if it is installed."""

    def __init__(self) -> None:
        """No pool is limited yet."""
        self._undo: "List[Callable[[], Any]]" = []

    def limit(self) -> None:
        """Limit every pool of the loaded libraries."""
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
            return  # it cannot be limited: the program's computation continues unchanged
        if isinstance(before, int):
            self._undo.append(lambda: call(before))

    def restore(self) -> None:
        """Restore every pool."""
        while self._undo:
            try:
                self._undo.pop()()
            except Exception:
                pass  # the pools are the program's: their failures must not end it
