"""Which moment is told, and the words for it."""

import pytest
from recording_builder import MEBIBYTE, RecordingBuilder

from filprofiler import _abi
from filprofiler.cli.out_of_memory import moment_to_tell
from filprofiler.launch.outcome import Outcome
from filprofiler.profile.build import build_profile
from filprofiler.profile.model import OUT_OF_MEMORY, PEAK, Program
from filprofiler.profile.top import TopLines
from filprofiler.recording.reader import Recording
from filprofiler.report import sentences
from filprofiler.report.summary import summary_lines

SECOND = 10**9
BEYOND = (1 << 64) - 1


def recording(size=800 << 30, failed_at=8 * SECOND, uncaught=0, failed=1):
    """A recording of a program that held 100 MiB at its peak and 30 MiB at the end."""
    builder = RecordingBuilder()
    code = builder.code("/jobs/a.py", "f", first_line=1)
    node = builder.node(_abi.FIL_NODE_ROOT, code, 4, current=30 * MEBIBYTE, at_peak=100 * MEBIBYTE)
    asker = builder.node(node, code, 6)
    builder.failures = [(size, 30 * MEBIBYTE, failed_at, asker, _abi.FIL_REQUEST_BLOCK)] * failed
    builder.header.update(failed_requests=failed, uncaught_memory_error=uncaught)
    builder.header.update(current_bytes=30 * MEBIBYTE, peak_bytes=100 * MEBIBYTE)
    return Recording(builder.build())


def ended(exit_status=None, signal=None, at=9 * SECOND, for_memory=False):
    """An end of the program."""
    outcome = Outcome(exit_status, signal, 10.0, None, None, at)
    outcome.killed_for_memory = for_memory
    return outcome


@pytest.mark.parametrize(
    ("recorded", "outcome", "moment"),
    [
        ({}, ended(0), PEAK),
        ({}, ended(1), PEAK),
        ({}, ended(signal=15), PEAK),
        ({}, ended(signal=9), PEAK),
        ({}, None, PEAK),
        ({"uncaught": 1}, ended(1), OUT_OF_MEMORY),
        ({"uncaught": 1}, None, OUT_OF_MEMORY),
        ({}, ended(signal=11), OUT_OF_MEMORY),
        ({}, ended(signal=6), OUT_OF_MEMORY),
        ({}, ended(signal=6, at=60 * SECOND), PEAK),
        ({"failed": 0}, ended(signal=6), PEAK),
        ({"failed": 0}, ended(signal=9, for_memory=True), OUT_OF_MEMORY),
    ],
)
def test_moment(recorded, outcome, moment):
    assert moment_to_tell(recording(**recorded), outcome) == moment


def summary(profile):
    """The summary of a profile."""
    return summary_lines(profile, TopLines(profile), "i.html", False)


def test_at_the_end_if_no_snapshot_was_kept():
    profile = build_profile(recording(), Program(), OUT_OF_MEMORY)
    assert profile.peak_bytes == 30 * MEBIBYTE
    assert sentences.out_of_memory(profile) == "Out of memory: 30.0 MiB live at the end"
    assert sentences.picture_title(profile) == "Current allocations at out-of-memory time (30.0 MiB)"
    killed = Program(outcome=ended(signal=9, for_memory=True).text)
    profile = build_profile(recording(failed=0), killed, OUT_OF_MEMORY)
    assert sentences.out_of_memory(profile) == "Out of memory: 30.0 MiB live when the kernel ended the program"


@pytest.mark.parametrize(("size", "words"), [(800 << 30, "800.0 GiB"), (1, "1 byte"), (BEYOND, "more than 16 EiB")])
def test_the_request_that_failed(size, words):
    recorded = recording(size)
    recorded.at_failure = [0, 5, 0, 20 * MEBIBYTE, 0]
    recorded.snapshot_failure = 1
    profile = build_profile(recorded, Program(limits=["Limit: 1.0 GiB of address space (ulimit -v)."]), OUT_OF_MEMORY)
    assert profile.peak_bytes == 20 * MEBIBYTE + 5
    assert [site.line for site in profile.fatal_request.stack] == [5, 7]
    assert profile.fatal_request.seconds == 3.0
    assert summary(profile)[:4] == [
        "Out of memory: 20.0 MiB live when a request for %s failed" % words,
        "Asked for by a.py:7 (f)",
        "Limit: 1.0 GiB of address space (ulimit -v).",
        "  20.0 MiB 100% a.py:5",
    ]
    assert len(summary(profile)) <= 8


def test_failures_that_were_survived():
    profile = build_profile(recording(failed=3), Program())
    assert profile.peak_bytes == 100 * MEBIBYTE
    assert "3 requests for memory failed; the program went on." in summary(profile)
    assert [failure.number for failure in profile.failures] == [1, 2, 3]
    assert profile.root.children[0].children == []  # who only asked in vain holds nothing
