"""Pauses the garbage collector while many objects are made and none is dropped."""

import gc

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType
    from typing import Optional, Type


class PausedCollector:
    """A context in which the cyclic garbage collector does not run; its state is restored afterwards.

    On a large profile its fruitless searches would take about a third of the time.
    """

    def __enter__(self) -> None:
        self._was_enabled = gc.isenabled()
        gc.disable()

    def __exit__(
        self,
        kind: "Optional[Type[BaseException]]",
        problem: "Optional[BaseException]",
        trace: "Optional[TracebackType]",
    ) -> None:
        if self._was_enabled:
            gc.enable()
