"""What tests fetch once and keep between runs, and how two that run at the same time do not both fetch it."""

import fcntl
import os
from contextlib import contextmanager
from pathlib import Path
from typing import Iterator


def cache_folder() -> Path:
    """FIL_TEST_CACHE, or the user's own folder for such things."""
    return Path(os.environ.get("FIL_TEST_CACHE") or os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")


@contextmanager
def filling(folder: Path) -> Iterator[None]:
    """Wait until nobody else fills `folder`. Look inside of this for what is needed: it may have come meanwhile."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with open(str(folder) + ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
