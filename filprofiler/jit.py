"""Turns off CPython's JIT compiler (from 3.13 on, off by default) for the program: it leaves frames' lines stale.

This uses the compiler's own environment variable, which is restored before the program can see it.
"""

import sys

from filprofiler.variables import JIT_BEFORE_VARIABLE, JIT_VARIABLE, put, take

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import MutableMapping

_OFF = "0"


def turn_off(environment: "MutableMapping[str, str]") -> None:
    """Turn the JIT off for a Python, the same as the running one, that is started with this environment."""
    jit = getattr(sys, "_jit", None)
    if jit.is_enabled() if jit is not None else JIT_VARIABLE in environment:
        environment[JIT_BEFORE_VARIABLE] = environment.get(JIT_VARIABLE, "")
        environment[JIT_VARIABLE] = _OFF


def restore_variable() -> None:
    """Undo turn_off's changes to the environment. The running Python continues without the JIT."""
    before = take(JIT_BEFORE_VARIABLE)
    if before:
        put(JIT_VARIABLE, before)
    elif before is not None:
        take(JIT_VARIABLE)
