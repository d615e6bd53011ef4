"""What is kept of processes whose recordings were removed, and what is made of damaged lines."""

import json
import random
from typing import Any, List

import pytest

from filprofiler.recording.ended import line_of, read_ended
from filprofiler.recording.overview import Overview
from filprofiler.recording.processes import Origin, OtherProcesses, Part


def process(number: int, words: List[str], samples: int = 3) -> Overview:
    return Overview(
        "%d-0.fil" % number,
        number,
        10**12 + number,
        Origin(7, number % 2 == 1, "12-0.34" if number % 3 else ".0", words),
        Part(number % 5, 4, False, 100, 200 + number),
        OtherProcesses(),
        number << 20,
        [(10**12 + at, at, 2 * at) for at in range(samples)],
    )


def facts(one: Overview) -> Any:
    part, origin = one.part, one.origin
    return (
        [one.name, one.pid, one.started_clock_ns, one.peak_bytes, list(origin.command_line), origin.forked]
        + [origin.parent_pid, origin.starter, origin.starter_node]
        + [part.slot, part.alone_best, part.left_out, part.born_best, part.ended_best]
    )


def test_nothing_is_lost() -> None:
    all_of_them = [process(number, ["python", "-c", "a\nb \udc80"][: number % 4]) for number in range(1, 40)]
    found = read_ended(b"".join(map(line_of, all_of_them)))
    assert [facts(one) for one in found] == [facts(one) for one in all_of_them]
    assert [one.samples[:3] for one in found] == [one.samples for one in all_of_them]


def test_a_long_curve_keeps_its_end() -> None:
    (found,) = read_ended(line_of(process(3, [], samples=500)))
    assert len(found.samples) < 40 and found.samples[0] == (10**12, 0, 0) and found.samples[-1][1] == 499


def test_an_incomplete_line_is_left_out() -> None:
    line = line_of(process(3, ["a"]))
    for end in range(len(line) - 1):
        assert [one.pid for one in read_ended(line_of(process(2, [])) + line[:end])] == [2]


WRONG = [None, -1, 1 << 64, 1.5, "x", [], {}, True, [[1, 2, 3]] * 40, ["\ud800"] * 300, "../x.fil"]


@pytest.mark.parametrize("seed", range(20))
def test_forged_lines_are_left_out_or_within_bounds(seed: int) -> None:
    """Each value of a line replaced by another."""
    chooser = random.Random(seed)
    for _ in range(200):
        values = json.loads(line_of(process(3, ["a", "b"])).decode())
        place = values
        while True:
            at = chooser.randrange(len(place))
            if isinstance(place[at], list) and place[at] and chooser.random() < 0.8:
                place = place[at]
            else:
                break
        place[at] = chooser.choice(WRONG)
        for one in read_ended(json.dumps(values).encode() + b"\n"):
            numbers = [one.pid, one.started_clock_ns, one.peak_bytes, one.part.slot, one.part.ended_best]
            assert all(type(number) is int and 0 <= number <= 1 << 63 for number in numbers)
            assert "/" not in one.name and all(isinstance(word, str) for word in one.origin.command_line)
            assert all(len(sample) == 3 for sample in one.samples)
