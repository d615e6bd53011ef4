"""The timeline over time, as the supervisor writes it."""

import os
import time

import pytest
from recording_builder import MEBIBYTE, RecordingBuilder, patch_header

from filprofiler import _abi
from filprofiler.profile.build import build_profile
from filprofiler.profile.program import Program
from filprofiler.recording.reader import Recording
from filprofiler.supervisor.memory_limits import MemoryWatch
from filprofiler.supervisor.process_memory import process_memory
from filprofiler.supervisor.sampler import Sampler
from filprofiler.supervisor.watch import Watch

SECOND = 10**9
STEP = 2 * MEBIBYTE  # memory that changes by so much has changed


def recording_file(tmp_path):
    """A recording that holds 7 MiB now, and its contents."""
    builder = RecordingBuilder()
    builder.hold(_abi.FIL_NODE_ROOT, 7 * MEBIBYTE)
    path = tmp_path / "recording.fil"
    return builder.write(path), path


class Memory:
    """The memory of a process, but for what is resident: that is what a test says."""

    def __init__(self, resident):
        self.resident_bytes = resident
        self._real = None

    def __call__(self, pid):
        self._real = process_memory(pid)
        return self

    def resident(self):
        return self.resident_bytes

    def __getattr__(self, name):
        return getattr(self._real, name)


def test_first_look(tmp_path):
    name, path = recording_file(tmp_path)
    sampler = Sampler(name, os.getpid())
    now = time.monotonic()
    assert sampler.look(now) == 0.03
    sampler.look(now + 0.001)  # not yet time for another
    sampler.write()
    ((_clock, tracked, resident),) = Recording(path.read_bytes()).samples
    sampler.close()
    assert tracked == 7 * MEBIBYTE
    assert 5 * MEBIBYTE < resident < 2000 * MEBIBYTE


def look_at(sampler, path, current, peak=7 * MEBIBYTE):
    """How long the sampler waits after it has seen these bytes."""
    patched = patch_header(path.read_bytes(), current_bytes=current, peak_bytes=peak)
    path.write_bytes(patched)
    sampler._next = 0.0
    return sampler.look(time.monotonic())


def test_pauses_are_short_while_memory_changes(tmp_path):
    name, path = recording_file(tmp_path)
    sampler = Sampler(name, os.getpid())
    for number in range(20):  # the peak of a short run is not to be missed
        assert look_at(sampler, path, number % 2 * STEP) == 0.03
    for number in range(20):  # there were higher moments in between
        assert look_at(sampler, path, MEBIBYTE, 8 * MEBIBYTE + number * STEP) == 0.03
    sampler.close()


def test_pauses_double_while_memory_does_not_change(tmp_path):
    name, path = recording_file(tmp_path)
    memory = Memory(50 * MEBIBYTE)
    sampler = Sampler(name, os.getpid(), memory)
    assert [look_at(sampler, path, MEBIBYTE + number) for number in range(5)] == [0.03, 0.06, 0.12, 0.12, 0.12]
    assert look_at(sampler, path, 3 * MEBIBYTE) == 0.03
    slowly = [look_at(sampler, path, 3 * MEBIBYTE + number * STEP // 12) for number in range(1, 15)]
    assert slowly.count(0.03) == 2  # many small steps are a change too
    memory.resident_bytes += STEP
    assert look_at(sampler, path, 3 * MEBIBYTE + 14 * STEP // 12) == 0.03
    sampler.close()


def test_late_in_a_long_run_the_pauses_are_no_longer_than_those_for_the_memory(tmp_path):
    name, path = recording_file(tmp_path)
    sampler = Sampler(name, os.getpid(), Memory(50 * MEBIBYTE), seconds_between=0.24)
    assert [look_at(sampler, path, number * STEP) for number in range(3)] == [0.12, 0.12, 0.12]
    sampler.close()


def test_a_small_part_of_the_peak_is_no_change(tmp_path):
    name, path = recording_file(tmp_path)
    sampler = Sampler(name, os.getpid(), Memory(2000 * MEBIBYTE))
    sizes = [900, 901, 910, 920]
    pauses = [look_at(sampler, path, size * MEBIBYTE, 1024 * MEBIBYTE) for size in sizes]
    assert pauses == [0.03, 0.06, 0.03, 0.03]
    sampler.close()


@pytest.mark.parametrize("every", [0.03, 0.06, 0.12, 0.24, 0.48])
def test_points_have_their_distance_while_memory_changes(tmp_path, every):
    name, path = recording_file(tmp_path)
    memory = Memory(50 * MEBIBYTE)
    sampler = Sampler(name, os.getpid(), memory, every)
    clock = begun = time.monotonic()
    while clock < begun + 5:
        memory.resident_bytes ^= STEP
        clock += sampler.look(clock) + 0.0001
    sampler.close()
    clocks = samples_in(path)
    pauses = {round((after - before) / SECOND, 2) for before, after in zip(clocks, clocks[1:])}
    assert pauses == {every}


def test_what_was_done_before_a_reading_is_not_its_cost(tmp_path):
    name, _path = recording_file(tmp_path)
    sampler = Sampler(name, os.getpid())
    sampler.look(time.monotonic() - 10)  # as if it had taken so long to get there
    sampler.close()
    assert 0 < sampler._rss_samples._spent < 5


def test_points_are_there_when_a_report_is_asked_for(tmp_path):
    name, path = recording_file(tmp_path)
    watch = Watch(name, os.getpid(), MemoryWatch(), lambda: None)
    assert 0 < watch.look() <= 0.12
    assert samples_in(path) == []  # it waits for more
    watch.write()
    assert len(samples_in(path)) == 1
    watch.close()


class Limits:
    """Memory is low, or it is not; how often it was asked."""

    def __init__(self, low):
        self.low = low
        self.asked = 0

    def remember_kills(self, _now):
        self.asked += 1

    def is_low(self):
        return self.low


@pytest.mark.parametrize("low", [False, True])
def test_a_checkpoint_when_memory_is_low_once_a_minute(tmp_path, monkeypatch, low):
    name, _path = recording_file(tmp_path)
    clock = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    limits, written = Limits(low), []
    watch = Watch(name, os.getpid(), limits, lambda: written.append(clock[0]))
    while clock[0] < 1130:
        clock[0] += watch.look()
    watch.close()
    assert len(written) == (3 if low else 0)
    assert limits.asked == 3 if low else 200 < limits.asked < 261


def test_points_and_readings_while_memory_does_not_change(tmp_path, monkeypatch):
    name, path = recording_file(tmp_path)
    clock = time.monotonic()
    sampler = Sampler(name, os.getpid(), Memory(50 * MEBIBYTE))
    taken = []
    monkeypatch.setattr(sampler._rss_samples, "_take", lambda clock_ns, *_rest: taken.append(clock_ns))
    sampler._rss_samples._best_tracked = 8 * MEBIBYTE  # the peak is over
    for _look in range(40):
        clock += sampler.look(clock)
    sampler.close()
    clocks = samples_in(path)
    assert len(clocks) == 40
    pauses = [round((after - before) / SECOND, 3) for before, after in zip(clocks, clocks[1:])]
    assert pauses[:3] == [0.03, 0.06, 0.12]
    assert set(pauses[3:]) == {0.12}
    assert len(taken) == 5  # one a second


def test_any_number_of_samples_is_kept_evenly(tmp_path):
    name, path = recording_file(tmp_path)
    sampler = Sampler(name, os.getpid())
    for number in range(5000):
        data = path.read_bytes()[: _abi.FIL_HEADER_BYTES] if number % 1000 == 0 else b""
        if data:
            path.write_bytes(patch_header(path.read_bytes(), current_bytes=number))
        sampler._take((5 + number) * SECOND)
        count = len(Recording(path.read_bytes()).samples)
        assert number - 2 <= count <= number + 1 or 247 <= count <= 500  # the last three may not be written yet
    sampler.write()
    samples = Recording(path.read_bytes()).samples
    clocks = [clock // SECOND - 5 for clock, _tracked, _resident in samples]
    assert clocks[0] == 0
    assert clocks == sorted(set(clocks))
    assert all(tracked == clock // 1000 * 1000 for clock, (_, tracked, _) in zip(clocks, samples))
    sampler.close()


def samples_in(path):
    """The clocks of the points in the recording."""
    return [clock for clock, _tracked, _resident in Recording(path.read_bytes()).samples]


def test_points_are_written_a_few_at_a_time_and_at_the_end(tmp_path):
    name, path = recording_file(tmp_path)
    sampler = Sampler(name, os.getpid())
    counts = []
    for number in range(7):
        sampler._take(number + 1)
        counts.append(len(samples_in(path)))
    assert counts == [0, 0, 0, 4, 4, 4, 4]
    sampler.close()
    assert samples_in(path) == [1, 2, 3, 4, 5, 6, 7]


def test_points_that_are_far_apart_are_written_at_once(tmp_path):
    name, path = recording_file(tmp_path)
    sampler = Sampler(name, os.getpid(), seconds_between=0.1)
    for number in range(3):
        sampler._take(number + 1)
        assert len(samples_in(path)) == number + 1
    sampler.close()


def full(*_arguments):
    raise OSError(28, "No space left on device")


def short(_file, data, _place):
    return len(data) - 1


@pytest.mark.parametrize("pwrite", [full, short])
def test_points_that_cannot_be_written_are_tried_again(tmp_path, monkeypatch, pwrite):
    name, path = recording_file(tmp_path)
    sampler = Sampler(name, os.getpid())
    with monkeypatch.context() as patch:
        patch.setattr(os, "pwrite", pwrite)
        for number in range(5):
            sampler._add((number + 1, 1, 1))
    assert samples_in(path) == []
    sampler._add((6, 1, 1))
    assert samples_in(path) == [1, 2, 3, 4, 5, 6]
    sampler.close()


def test_nothing_is_lost_if_the_disk_is_full_when_points_are_thinned(tmp_path, monkeypatch):
    name, path = recording_file(tmp_path)
    sampler = Sampler(name, os.getpid())
    for number in range(_abi.FIL_SAMPLES_KEPT):
        sampler._add((number + 1, 1, 1))
    every = list(range(1, _abi.FIL_SAMPLES_KEPT + 1))
    assert samples_in(path) == every
    with monkeypatch.context() as patch:
        patch.setattr(os, "pwrite", full)
        sampler._add((501, 1, 1))
        assert samples_in(path) == every
    sampler.close()
    assert samples_in(path) == every[::2] + [501]


def test_a_recording_that_was_cut_short_ends_the_curve_only(tmp_path):
    name, _path = recording_file(tmp_path)
    sampler = Sampler(name, os.getpid())
    sampler.look(time.monotonic())
    os.truncate(name, 0)
    sampler._next = 0.0
    assert sampler.look(time.monotonic()) > 0
    sampler.close()


def test_no_curve_without_a_recording_or_a_process(tmp_path):
    assert Sampler(str(tmp_path / "absent"), os.getpid()).look(1.0) == 0.5
    name, path = recording_file(tmp_path)
    assert Sampler(name, 1 << 30).look(1.0) == 0.5
    assert Recording(path.read_bytes()).samples == []


def test_nothing_before_tracking_begins(tmp_path):
    path = tmp_path / "recording.fil"
    path.write_bytes(bytes(1 << 20))
    sampler = Sampler(str(path), os.getpid())
    sampler.look(time.monotonic())
    assert not path.read_bytes().strip(b"\0")
    sampler.close()


def test_the_profile_tells_seconds_since_tracking_began():
    builder = RecordingBuilder()
    builder.samples = [(4 * SECOND, 1, 1), (5 * SECOND, 10, 20), (7500000000, 30, 40)]
    profile = build_profile(Recording(builder.build()), Program())
    assert profile.timeline == ((0.0, 10, 20), (2.5, 30, 40))
