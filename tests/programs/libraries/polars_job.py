"""Data frames of polars: what jemalloc holds for them, against their own estimates."""

from typing import Any

import polars as pl
from accounts import expect, peak_is_now

ROWS = 4_000_000


def kept(name: str, thing: Any) -> Any:
    """Say how much the frame or column takes by its own account."""
    expect(name, thing.estimated_size())
    return thing


numbers = kept("made", pl.int_range(0, ROWS, eager=True))  # MARK made
frame = numbers.to_frame("number")
doubled = frame.with_columns((pl.col("number") * 2.5).alias("double"))  # MARK doubled
kept("doubled", doubled["double"])
chosen = doubled.lazy().filter(pl.col("number") % 2 == 0).collect()  # MARK filtered
kept("filtered", chosen)
ordered = doubled.sort("double", descending=True)  # MARK sorted
kept("sorted", ordered)
for _ in range(3):
    rest = doubled.sort("number").head(3).to_dicts()
filler = peak_is_now()
