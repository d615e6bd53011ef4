"""CPython's compiler to machine code (3.13 on, off by default) lets lines of frames go stale: the program runs without.

It is turned off by its own environment variable, which is put back before the program can see it.
"""

import sys

from filprofiler.variables import JIT_BEFORE_VARIABLE, JIT_VARIABLE, put, take

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import MutableMapping

_OFF = "0"


def turn_off(environment: "MutableMapping[str, str]") -> None:
    """Let a Python that is started with this environment, the same as the running one, not compile."""
    jit = getattr(sys, "_jit", None)
    if jit.is_enabled() if jit is not None else JIT_VARIABLE in environment:
        environment[JIT_BEFORE_VARIABLE] = environment.get(JIT_VARIABLE, "")
        environment[JIT_VARIABLE] = _OFF


def restore_variable() -> None:
    """Undo what turn_off did to the environment. The running Python goes on without compiling."""
    before = take(JIT_BEFORE_VARIABLE)
    if before:
        put(JIT_VARIABLE, before)
    elif before is not None:
        take(JIT_VARIABLE)
