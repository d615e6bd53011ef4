"""Arrow's buffers, whose sizes Arrow knows, and which its memory pool counts."""

import sys
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from accounts import expect, peak_is_now

PATH = sys.argv[1]
ROWS = 500_000


def kept(name: str, thing: Any) -> Any:
    """Say how large the buffers of a thing are. Not by how much the pool has grown: threads may give back late."""
    series = getattr(thing, "array", thing)  # pandas has Arrow's array inside
    arrow = getattr(series, "_pa_array", None) or getattr(series, "_data", series)
    expect(name, arrow.get_total_buffer_size())
    return thing


def read_first() -> Any:
    return pq.read_table(PATH)  # MARK read first


def read_second() -> Any:
    return pq.read_table(PATH)  # MARK read second


def read_third() -> Any:
    return pq.ParquetFile(PATH).read(columns=["number", "word"])  # MARK read third


# Tables that Arrow makes once and keeps, outside its pool.
pc.cast(pa.array([1]), pa.string())
pd.Series(["a"], dtype="string[pyarrow]").str.upper()

numbers = pa.array(range(ROWS))  # MARK from Python
things = [kept("from Python", numbers)]
more = pc.add(numbers, 1)  # MARK computed
things += [kept("computed", more)]
words = pc.cast(numbers, pa.string())  # MARK cast
things += [kept("cast", words)]
groups = pc.bit_wise_and(numbers, 1023)  # MARK groups
things += [kept("groups", groups)]
table = pa.table({"number": numbers, "more": more, "word": words, "group": groups})
pq.write_table(table, PATH)
for _ in range(3):
    grouped = table.group_by("group").aggregate([("more", "sum")])  # the last one stays, smaller than a page or two
first = read_first()
things += [kept("read first", first)]
second = read_second()
things += [kept("read second", second)]
third = read_third()
things += [kept("read third", third)]
chosen = table.filter(pc.less(numbers, ROWS // 2))  # MARK filtered
things += [kept("filtered", chosen)]
ordered = table.sort_by([("more", "descending")])  # MARK sorted
things += [kept("sorted", ordered)]
names = pd.Series(["name %d" % (n % 1000) for n in range(ROWS)], dtype="string[pyarrow]")  # MARK pandas strings
things += [kept("pandas strings", names)]
loud = names.str.upper()  # MARK pandas upper
things += [kept("pandas upper", loud)]
print(pa.default_memory_pool().backend_name, pa.total_allocated_bytes())
filler = peak_is_now()
