"""What the programs beside this one share: they say themselves how much each of their marked lines must hold."""

import mmap
from typing import Any

FILLER_BYTES = 1 << 30


def expect(name: str, size: int) -> None:
    """The line marked `name` must hold `size` bytes at the peak."""
    print("EXPECT", size, name)


def peak_is_now() -> Any:
    """Take more than any computation before can have had for a while. Nothing of it is touched."""
    return mmap.mmap(-1, FILLER_BYTES)
