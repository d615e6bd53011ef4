"""Functions that run submitted work are known in C and, where they are left out, in Python: the same ones."""

import pytest
from task_table import BETWEEN, ROWS, TABLE, Row

from filprofiler.profile import filters


def test_all_rows_are_read() -> None:
    assert len(ROWS) == TABLE.read_text().count("\nTASK_FUNCTION(")


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.file}:{row.qualified_name}")
def test_frames_that_run_submitted_work_are_left_out(row: Row) -> None:
    path = "/usr/lib/python3" + row.file
    if row.holds == "LOOP_WITHOUT_FRAMES":
        assert filters.is_thread_starter(path, "run")
    elif row.holds == "STARTED_THREAD":
        assert filters.is_thread_starter(path, row.name)
    elif row.name != "_guarded_task_generation":  # does a part of the work itself: it runs the program's generator
        assert filters.is_thread_body(path, row.name)
    assert row.qualified_name.rpartition(".")[2] == row.name


@pytest.mark.parametrize("file", BETWEEN)
def test_frames_of_an_event_loop_are_left_out_above_work(file: str) -> None:
    assert filters.is_thread_starter("/usr/lib/python3" + file, "whichever")


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.file}:{row.qualified_name}")
def test_frames_that_submit_work_are_left_out(row: Row) -> None:
    if row.holds != "STARTED_THREAD":
        assert filters.is_thread_starter("/usr/lib/python3" + row.file, "whichever")


def test_every_file_is_known_to_the_library_too() -> None:
    """What is left out in Python only: threads' own start, and what stands between a pool's task and its start."""
    only_between = {
        "/concurrent/futures/_base.py",
        "/concurrent/futures/interpreter.py",
        "/concurrent/interpreters/__init__.py",
        "/multiprocessing/dummy/__init__.py",
        "/distributed/threadpoolexecutor.py",
    }
    assert {end for end, _starters, _bodies in filters.THREADING} - {row.file for row in ROWS} == only_between
