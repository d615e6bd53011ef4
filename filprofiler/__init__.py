"""Peak memory of a Python program, and the lines of code that allocated it."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__version__ = "2026.11.0"


def load_ipython_extension(shell: "Any") -> None:
    """IPython's entry point for `%load_ext filprofiler`."""
    from filprofiler.jupyter.magics import register

    register(shell)
