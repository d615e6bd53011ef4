"""Which moment is told, and the words for it."""

import pytest
from recording_builder import MEBIBYTE, RecordingBuilder

from filprofiler import _abi
from filprofiler.cli.out_of_memory import moment_to_tell
from filprofiler.profile.build import build_profile
from filprofiler.profile.model import OUT_OF_MEMORY, PEAK
from filprofiler.profile.program import Program
from filprofiler.profile.top import TopLines
from filprofiler.recording.reader import Recording
from filprofiler.report import sentences
from filprofiler.report.summary import summary_lines
from filprofiler.supervisor.outcome import Outcome

SECOND = 10**9
BEYOND = (1 << 64) - 1


def recording(size=800 << 30, failed_at=8 * SECOND, uncaught=0, failed=1, allocations_after=0):
    """A recording of a program that held 100 MiB at its peak and 30 MiB at the end."""
    builder = RecordingBuilder()
    code = builder.code("/jobs/a.py", "f", first_line=1)
    node = builder.node(_abi.FIL_NODE_ROOT, code, 4, current=30 * MEBIBYTE, at_peak=100 * MEBIBYTE)
    asker = builder.node(node, code, 6)
    builder.failures = [(size, 30 * MEBIBYTE, failed_at, asker, _abi.FIL_REQUEST_BLOCK)] * failed
    builder.header.update(failed_requests=failed, uncaught_memory_error=uncaught)
    builder.header.update(allocations=20000 + allocations_after)
    builder.allocations_before_failure = 20000
    builder.header.update(current_bytes=30 * MEBIBYTE, peak_bytes=100 * MEBIBYTE)
    return Recording(builder.build())


def ended(exit_status=None, signal=None, at=9 * SECOND, for_memory=False):
    """An end of the program."""
    outcome = Outcome(exit_status, signal, 10.0, None, None, at)
    outcome.killed_for_memory = for_memory
    return outcome


PEAK_MOMENT, FAILURE, END = (PEAK, False), (OUT_OF_MEMORY, False), (OUT_OF_MEMORY, True)


@pytest.mark.parametrize(
    ("recorded", "outcome", "moment"),
    [
        ({}, ended(0), PEAK_MOMENT),
        ({}, ended(1), PEAK_MOMENT),
        ({}, ended(signal=15), PEAK_MOMENT),
        ({}, ended(signal=9), PEAK_MOMENT),
        ({}, None, PEAK_MOMENT),
        ({"uncaught": 1}, ended(1), FAILURE),
        ({"uncaught": 1}, None, FAILURE),
        ({}, ended(signal=11), FAILURE),
        ({}, ended(signal=6), FAILURE),
        ({}, ended(signal=6, at=50 * SECOND), FAILURE),  # a busy machine
        ({}, ended(signal=6, at=100 * SECOND), PEAK_MOMENT),
        ({"allocations_after": 20000}, ended(signal=6), PEAK_MOMENT),
        ({"failed": 0}, ended(signal=6), PEAK_MOMENT),
        ({"failed": 0}, ended(signal=9, for_memory=True), END),
        ({}, ended(signal=9, for_memory=True), END),
    ],
)
def test_moment(recorded, outcome, moment):
    assert moment_to_tell(recording(**recorded), outcome) == moment


def summary(profile):
    """The summary of a profile."""
    return summary_lines(profile, TopLines(profile), "i.html", False)


def test_killed_by_the_kernel():
    """What was live at the end counts, also if a request failed long ago."""
    killed = Program(outcome=ended(signal=9, for_memory=True).text)
    recorded = recording()
    recorded.at_failure = [0, 5, 0, 0, 0]
    profile = build_profile(recorded, killed, OUT_OF_MEMORY, at_end=True)
    assert profile.peak_bytes == 30 * MEBIBYTE
    assert profile.fatal_request is None
    assert sentences.out_of_memory(profile) == "Out of memory: 30.0 MiB live when the kernel killed the program"
    assert sentences.picture_title(profile) == "Current allocations at out-of-memory time (30.0 MiB)"


def test_an_uncaught_error_without_a_failed_request():
    recorded = recording(failed=0, uncaught=1)
    recorded.at_failure = [0, 0, 0, 20 * MEBIBYTE, 0]
    profile = build_profile(recorded, Program(), OUT_OF_MEMORY)
    assert sentences.out_of_memory(profile) == "Out of memory: 20.0 MiB live at the end"


@pytest.mark.parametrize("snapshot", [None, [0, 5, 0, 0, 0]])
def test_without_a_snapshot_of_that_moment_the_peak_is_shown_and_said(snapshot):
    recorded = recording(failed=3)
    recorded.at_failure, recorded.snapshot_failure, recorded.snapshot_clock_ns = snapshot, 1, 6 * SECOND
    profile = build_profile(recorded, Program(), OUT_OF_MEMORY)
    assert profile.peak_bytes == 100 * MEBIBYTE
    assert sentences.out_of_memory(profile) == "Out of memory: 30.0 MiB live when a request for 800.0 GiB failed"
    assert "the peak is shown instead" in sentences.completeness(profile)


@pytest.mark.parametrize(("size", "words"), [(800 << 30, "800.0 GiB"), (1, "1 byte"), (BEYOND, "more than 16 EiB")])
def test_the_request_that_failed(size, words):
    recorded = recording(size)
    recorded.at_failure = [0, 5, 0, 30 * MEBIBYTE - 5, 0]
    recorded.snapshot_failure, recorded.snapshot_clock_ns = 1, 8 * SECOND
    profile = build_profile(recorded, Program(limits=["Limit: 1.0 GiB of address space (ulimit -v)."]), OUT_OF_MEMORY)
    assert profile.peak_bytes == 30 * MEBIBYTE
    assert [site.line for site in profile.fatal_request.stack] == [5, 7]
    assert profile.fatal_request.seconds == 3.0
    assert summary(profile)[:4] == [
        "Out of memory: 30.0 MiB live when a request for %s failed" % words,
        "Requested by a.py:7 (f)",
        "Limit: 1.0 GiB of address space (ulimit -v).",
        "  30.0 MiB 100% a.py:5",
    ]
    assert len(summary(profile)) <= 8


def test_failures_that_were_survived():
    profile = build_profile(recording(failed=3), Program())
    assert profile.peak_bytes == 100 * MEBIBYTE
    assert "3 requests for memory failed; the program went on." in summary(profile)
    assert [failure.number for failure in profile.failures] == [1, 2, 3]
    assert profile.root.children[0].children == []  # who only asked in vain holds nothing
