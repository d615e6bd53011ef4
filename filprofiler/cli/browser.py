"""Opens the report in a browser."""

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Mapping, Optional

_DISPLAYS = ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")


def browser_possible(environment: "Mapping[str, str]") -> bool:
    """Whether there is a display for a browser, or the user has named a browser."""
    return sys.platform == "darwin" or any(environment.get(variable) for variable in _DISPLAYS)


def open_in_browser(path: str) -> None:
    """Open a file in the user's browser. Failure is not an error: the path was printed."""
    import webbrowser
    from pathlib import Path

    kept: "Optional[int]" = None
    try:
        kept = os.dup(1)
        os.dup2(2, 1)  # the browser's output must not mix with the program's
    except OSError:
        pass  # one of the two is closed
    try:
        webbrowser.open(Path(path).as_uri())
    except Exception:
        pass
    finally:
        if kept is not None:
            os.dup2(kept, 1)
            os.close(kept)
