"""The timeline over time: what was live and resident, looked at while the program runs."""

import support

from filprofiler.errors import RecordingError
from filprofiler.recording.reader import read_recording

GROWING = support.PROGRAMS / "growing.py"


def test_a_program_that_waits_is_seen(profiler: support.Profiler) -> None:
    output = profiler.new_output()
    command = profiler.command([GROWING, "50"], output, ["--keep-recording"])
    with support.running(profiler, command) as process:
        assert process.stdout.readline() == b"grown\n"
        (path,) = output.glob("*/recording.fil")
        seen = []
        while process.poll() is None and not seen:
            try:
                seen = [sample for sample in read_recording(str(path)).samples if sample[1] >= 50 * support.MIB]
            except RecordingError:
                continue
        process.stdin.close()
        status = process.wait(60)
    assert status == 0
    recording = read_recording(str(path))
    clocks = [clock for clock, _tracked, _resident in recording.samples]
    assert clocks == sorted(clocks)
    assert len(clocks) <= 500
    assert max(tracked for _clock, tracked, _resident in recording.samples) <= recording.peak_bytes
    for _clock, tracked, resident in seen:
        assert tracked < 60 * support.MIB
        assert tracked < resident < tracked + 60 * support.MIB
