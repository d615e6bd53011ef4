"""Tables of duckdb: its own account says how much each query has left in memory."""

from typing import Any

import duckdb
from accounts import expect, peak_is_now

connection = duckdb.connect()
connection.execute("set preserve_insertion_order = true")
before = 0


def kept(name: str) -> None:
    """Say how much more the tables take."""
    global before
    rows: Any = connection.execute("select sum(memory_usage_bytes) from duckdb_memory()").fetchall()
    now = int(rows[0][0])
    expect(name, now - before)
    before = now


connection.execute("create table first as select range as k, random() as v from range(4000000)")  # MARK first
kept("first")
connection.execute("create table second as select k, v from first")  # MARK second
kept("second")
filler = peak_is_now()
