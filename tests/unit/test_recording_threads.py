"""Threads in a recording: their names, and the callstack that each was in at the peak."""

import struct

import pytest

from filprofiler import _abi
from filprofiler.profile.threads import thread_words, threads_at_peak, threads_below
from filprofiler.recording.threads import read_threads

EPOCH = 7
BEFORE = b"x" * 64


def segment(rows, links=(), last=(0, 0, 0)):
    """A fil_threads. rows: number, node, at_peak_node, epoch, name; links: mark, number; last: now, at peak, epoch."""
    packed = {"number": 0, "node": 0, "at_peak_node": 0, "epoch": 0, "start": 0, "ended": 0, "name": b""}
    records = b""
    for number, node, at_peak, epoch, name in rows:
        values = dict(packed, number=number, node=node, at_peak_node=at_peak, epoch=epoch, name=name)
        records += struct.pack(_abi.THREAD_FORMAT, *[values.get(field, 0) for field in _abi.THREAD_FIELDS])
    records = records.ljust(_abi.FIL_THREADS_KEPT * _abi.THREAD_SIZE, b"\0")
    pairs = b"".join(struct.pack(_abi.THREAD_LINK_FORMAT, *link) for link in links)
    head = struct.pack(_abi.THREADS_FORMAT, len(rows), *last)
    return BEFORE + (head + records + pairs).ljust(_abi.THREADS_SIZE, b"\0")


def read(rows, links=(), last=(0, 0, 0), rising=False, nodes=100):
    return read_threads(segment(rows, links, last), len(BEFORE), EPOCH, rising, nodes)


def test_the_epoch_tells_which_callstack_counts():
    rows = [(1, 10, 11, EPOCH, b""), (2, 20, 21, EPOCH - 1, b"old"), (3, 0, 31, EPOCH, b"ended after")]
    rows.append((4, 0, 41, EPOCH - 1, b"ended before"))
    threads = read(rows, last=(2, 3, EPOCH))
    assert [(thread.name, thread.peak_node) for thread in threads.threads] == [
        ("MainThread", 11),
        ("old", 20),
        ("ended after", 31),
        ("ended before", 0),
    ]
    assert threads.last_at_peak == 3
    rising = read(rows, last=(2, 3, EPOCH), rising=True)
    assert [thread.peak_node for thread in rising.threads] == [10, 20, 0, 0]
    assert rising.last_at_peak == 2


def test_damage_is_left_out():
    assert read([(1, 500, 0, 0, b"\xff\xfename")]).threads[0].peak_node == 0
    assert read([(5, 1, 0, 0, b"\xff\xfename")]).threads[0].name == "name"
    assert read([], links=[(500, 1), (7, 1)]).below == {7: {1}}
    assert read_threads(BEFORE, len(BEFORE), 1, False, 10).threads == []
    assert read_threads(segment([(1, 1, 1, 1, b"")]), 0, 1, False, 10).threads == []


@pytest.mark.parametrize(
    "numbers, words",
    [
        ((), "another thread"),
        ((9,), "another thread"),
        ((8, 9), "2 other threads"),
        ((1,), "thread a / b"),
        ((9, 2, 1), "thread a / b and 2 others"),
        ((2, 9, 2), "thread b and 1 other"),
    ],
)
def test_threads_in_words(numbers, words):
    assert thread_words(numbers, {1: "a | b", 2: "b"}) == words


def test_marks_are_told_together():
    threads = read([(2, 1, 1, 0, b"two"), (3, 1, 1, 0, b"three")], links=[(50, 2), (51, 3), (52, 3)])
    offsets = dict.fromkeys((50, 51, 52, 60), _abi.FIL_MARK_SUBMITTED)
    offsets.update(dict.fromkeys((61, 62), _abi.FIL_MARK_TASK))
    assert threads_below(threads, offsets, {0: {50, 51}, 1: {52}, 2: {60}, 3: {61}, 4: {61, 51}}) == {
        0: "thread two and 1 other",
        1: "thread three",
        2: "another thread",
        4: "thread three",
    }


def test_one_thread_alone_is_not_told():
    assert threads_at_peak(read([(1, 5, 0, 0, b"")]), lambda node: [node]) == []
    both = threads_at_peak(read([(1, 5, 0, 0, b""), (2, 6, 0, 0, b"")], last=(2, 0, 0)), lambda node: [node])
    assert [(thread.name, thread.stack, thread.last) for thread in both] == [
        ("MainThread", (5,), False),
        ("thread 2", (6,), True),
    ]
