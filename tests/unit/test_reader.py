"""The recording's reader: the epoch rule, and files that are damaged, torn or of another kind."""

import struct

import pytest
from recording_builder import RecordingBuilder, patch_header

from filprofiler import _abi
from filprofiler.errors import CutShortError, NothingRecordedError, RecordingError
from filprofiler.recording.reader import Recording, read_recording, read_snapshot


def small():
    builder = RecordingBuilder()
    code = builder.code("/job.py", "main", first_line=10)
    outer = builder.node(_abi.FIL_NODE_ROOT, code, 1, current=100)
    builder.node(outer, code, 2, current=40, at_peak=400)
    builder.node(outer, code, 3, current=5, at_peak=999, epoch=builder.epoch - 1)
    return builder


def test_peak_is_taken_from_rows_of_the_newest_epoch():
    recording = Recording(small().build())
    assert recording.peak == [0, 0, 0, 100, 400, 5]
    assert recording.peak_bytes == 505
    assert recording.current_bytes == 145
    assert recording.parents[3:] == [1, 3, 3]
    assert recording.offsets[3:] == [2, 4, 6]
    assert (recording.pid, recording.peak_clock_ns) == (4321, 8100000000)
    assert recording.settled


def test_a_peak_that_is_still_rising_is_what_is_live_now():
    recording = Recording(patch_header(small().build(), peak_bytes=144))
    assert recording.peak == [0, 0, 0, 100, 40, 5]
    assert recording.peak_bytes == 145
    assert recording.peak_clock_ns is None


def test_big_blocks_follow_the_same_rule_and_are_no_more_than_the_node_holds():
    builder = small()
    builder.big[4] = (30, 300, builder.epoch, 0)
    builder.big[5] = (6, 999, builder.epoch - 1, 0)
    recording = Recording(builder.build())
    assert recording.big_peak == [0, 0, 0, 100, 300, 5]
    assert recording.big_current == [0, 0, 0, 100, 30, 5]
    assert Recording(patch_header(builder.build(), peak_bytes=144)).big_peak == [0, 0, 0, 100, 30, 5]


def test_big_blocks_of_many_nodes_stand_beside_them():
    """In several segments; of a file that ends amid those of the last one, none are known there."""
    builder = RecordingBuilder()
    code = builder.code("/job.py", "main")
    for number in range(2 * _abi.FIL_NODES_PER_SEGMENT):
        builder.big[builder.node(_abi.FIL_NODE_ROOT, code, 1, current=1 + number)] = (number, 0, 0, 0)
    data = builder.build()
    recording = Recording(data)
    assert recording.peak[3:] == [1 + number for number in range(2 * _abi.FIL_NODES_PER_SEGMENT)]
    assert recording.big_peak[3:] == list(range(2 * _abi.FIL_NODES_PER_SEGMENT))
    place = _abi.HEADER_OFFSETS["segments"] + 2 * _abi.SEGMENT_SIZE  # of the second segment of nodes
    short = bytearray(data)
    struct.pack_into("<Q", short, place + 8, _abi.NODES_OFFSETS["big"] + 10)
    cut = Recording(bytes(short))
    there = _abi.FIL_NODES_PER_SEGMENT
    assert cut.peak == recording.peak
    assert cut.big_peak == recording.big_peak[:there] + [0] * (len(recording.peak) - there)


def test_peak_is_the_sum_of_the_rows_where_the_counter_is_ahead():
    recording = Recording(patch_header(small().build(), current_bytes=200, peak_bytes=9999))
    assert recording.peak_bytes == 505
    assert not recording.settled


def test_code_is_decoded():
    builder = small()
    strange = builder.code("/caf\u00e9/\udc80.py", "\u4e2d", first_line=7, table=b"\1\2\3")
    recording = Recording(builder.build())
    code = recording.code(strange)
    assert (code.filename, code.name, code.qualname) == ("/caf\u00e9/\udc80.py", "\u4e2d", None)
    assert (code.first_line, code.line_table) == (7, b"\1\2\3")
    assert recording.code(1).filename == "/job.py"
    assert recording.code(strange) is code


def test_texts_that_were_not_kept():
    builder = small()
    builder.codes.append((0, 0, 0, 0, 3, 0))
    code = Recording(builder.build()).code(2)
    assert (code.filename, code.name, code.line_table) == ("<not recorded>", "<not recorded>", None)


def test_texts_that_lie_outside_the_file():
    builder = small()
    builder.codes.append((1 << 40, 1 << 63, 1 << 30, 1 << 62, 3, 0))
    code = Recording(builder.build()).code(2)
    assert (code.filename, code.qualname, code.line_table) == ("<not recorded>", None, None)


def test_thousands_of_nodes_lie_in_several_segments():
    builder = RecordingBuilder()
    code = builder.code("/job.py", "main")
    for number in range(2 * _abi.FIL_NODES_PER_SEGMENT + 10):
        builder.node(_abi.FIL_NODE_ROOT, code, 1, current=number)
    for number in range(_abi.FIL_CODES_PER_SEGMENT + 10):
        builder.code("/job.py", "f%d" % number, first_line=number)
    recording = Recording(builder.build())
    assert recording.node_count == len(builder.nodes)
    assert recording.peak_bytes == sum(range(2 * _abi.FIL_NODES_PER_SEGMENT + 10))
    assert recording.code(_abi.FIL_CODES_PER_SEGMENT + 5).name == "f%d" % (_abi.FIL_CODES_PER_SEGMENT + 3)


@pytest.mark.parametrize("cut", [1, 31, 4000, 120000])
def test_torn_tail_keeps_what_is_there(cut):
    builder = RecordingBuilder()
    code = builder.code("/job.py", "main")
    for _number in range(_abi.FIL_NODES_PER_SEGMENT + 10):
        builder.node(_abi.FIL_NODE_ROOT, code, 1, current=1)
    data = builder.build()
    data = data[: len(data) - _abi.FIL_CODES_PER_SEGMENT * _abi.CODE_SIZE]  # the codes stand last
    recording = Recording(data[:-cut] if cut else data)
    assert _abi.FIL_NODES_PER_SEGMENT <= recording.node_count <= len(builder.nodes)
    assert recording.peak_bytes == recording.node_count - _abi.FIL_NODE_FIRST


@pytest.mark.parametrize("cut", [1, 4000, 120000])
def test_a_file_that_lacks_its_end_is_refused(tmp_path, cut):
    path = tmp_path / "recording.fil"
    data = small().build()
    path.write_bytes(data)
    assert read_recording(str(path)).peak_bytes == 505
    path.write_bytes(data[:-cut])
    with pytest.raises(
        CutShortError, match="was cut short: %d of its %d bytes are left" % (len(data) - cut, len(data))
    ):
        read_recording(str(path))


def test_counts_beyond_the_directory_are_cut():
    data = patch_header(small().build(), node_count=1 << 31, code_count=1 << 31, segment_count=1 << 31)
    recording = Recording(data)
    assert recording.peak_bytes == 505
    assert recording.node_count <= _abi.FIL_NODES_PER_SEGMENT


def test_impossible_rows_are_counted_and_keep_their_bytes():
    builder = small()
    builder.nodes.append([7, 7, builder.epoch, 3, 99, 0])  # no such function
    builder.nodes.append([8, 8, builder.epoch, 77, 1, 0])  # no such parent
    builder.nodes.append([9, 9, builder.epoch, len(builder.nodes), 1, 0])  # its own parent
    recording = Recording(builder.build())
    assert recording.damaged == 3
    assert recording.peak_bytes == 505 + 24
    assert recording.parents[-3:] == [_abi.FIL_NODE_LOST] * 3


def test_torn_counter_is_not_taken_for_bytes():
    builder = small()
    builder.hold(3, (1 << 64) - 1)
    builder.header.update(current_bytes=0, peak_bytes=0)
    recording = Recording(builder.build())
    assert recording.damaged == 1
    assert recording.peak_bytes == 405


def test_missed_events():
    builder = small()
    builder.missed[_abi.FIL_MISSED_BLOCK] = 12
    assert Recording(builder.build()).missed == (0, 12, 0, 0, 0, 0, 0, 0)


@pytest.mark.parametrize("data", [b"", b"\0" * 655360, b"\0" * 10])
def test_never_started(tmp_path, data):
    path = tmp_path / "recording.fil"
    path.write_bytes(data)
    with pytest.raises(NothingRecordedError, match="tracking never began"):
        read_recording(str(path))


def test_created_but_never_tracked():
    with pytest.raises(NothingRecordedError):
        Recording(patch_header(small().build(), state=_abi.FIL_STATE_CREATED))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"format_version": 99},
            "has format version 99, and this filprofiler reads version %d" % _abi.FIL_FORMAT_VERSION,
        ),
        ({"byte_order": 0x04030201}, "is from a machine with a different byte order"),
        ({"node_bytes": 48}, "is damaged: its node_bytes is 48, not 32"),
        ({"header_bytes": 4096}, "is damaged: its header_bytes is 4096"),
    ],
)
def test_other_formats_are_refused(tmp_path, change, message):
    path = tmp_path / "recording.fil"
    path.write_bytes(patch_header(small().build(), **change))
    with pytest.raises(RecordingError) as raised:
        read_recording(str(path))
    assert message in str(raised.value)
    assert str(path) in str(raised.value)


def test_other_files_are_refused(tmp_path):
    path = tmp_path / "recording.fil"
    path.write_bytes(b"\x7fELF" * 100000)
    with pytest.raises(RecordingError, match="is not a recording of filprofiler"):
        read_recording(str(path))
    path.write_bytes(small().build()[:4096])
    with pytest.raises(RecordingError, match="was cut short in its header"):
        read_recording(str(path))
    with pytest.raises(RecordingError, match="No such file"):
        read_recording(str(tmp_path / "absent"))
    with pytest.raises(RecordingError, match="Is a directory"):
        read_recording(str(tmp_path))


def test_any_noise_behind_the_magic_is_read_or_refused():
    """Whatever the bytes, the answer is a recording or a RecordingError."""
    data = bytearray(small().build())
    for position in range(8, 160):
        damaged = bytearray(data)
        damaged[position] ^= 0xFF
        try:
            recording = Recording(bytes(damaged))
        except RecordingError:
            continue
        assert recording.peak_bytes == sum(recording.peak)
    for position in range(256, 256 + 72):
        damaged = bytearray(data)
        damaged[position] ^= 0xFF
        recording = Recording(bytes(damaged))
        for number in range(1, min(recording.code_count, 10)):
            assert recording.code(number).filename


def test_snapshot_of_a_recording_that_is_never_settled(tmp_path):
    path = tmp_path / "recording.fil"
    path.write_bytes(patch_header(small().build(), current_bytes=1))
    assert read_snapshot(str(path), attempts=3).peak_bytes == 505


def test_struct_formats_are_little_endian():
    assert struct.calcsize(_abi.HEADER_FORMAT) == 256
    assert _abi.HEADER_FORMAT.startswith("<")


def starved(failed):
    """A recording of two callstacks with so many failed requests, of 1000, 1001, ... bytes."""
    builder = RecordingBuilder()
    code = builder.code("/jobs/a.py", "f")
    first = builder.node(_abi.FIL_NODE_ROOT, code, 1, current=300)
    builder.node(first, code, 2, current=50)
    rows = [(999 + number, 300 + number, 6000000000, first, _abi.FIL_REQUEST_BLOCK) for number in range(1, failed + 1)]
    kept = [(0, 0, 0, 0, 0)] * _abi.FIL_FAILURES_KEPT
    for number, row in enumerate(rows):
        kept[number % _abi.FIL_FAILURES_KEPT] = row
    builder.failures = kept
    builder.header["failed_requests"] = failed
    return builder


@pytest.mark.parametrize("failed", [0, 1, 16, 17, 40])
def test_the_last_failed_requests_are_told_in_order(failed):
    recording = Recording(starved(failed).build())
    assert recording.failed_requests == failed
    expected = list(range(1, failed + 1))[-16:]
    assert [failure.number for failure in recording.failures] == expected
    assert [failure.bytes for failure in recording.failures] == [999 + number for number in expected]
    assert recording.at_failure is None


def with_snapshot(values, count=None, **header):
    """A recording with a snapshot behind all else."""
    builder = starved(3)
    place = len(builder.build())
    count = len(values) if count is None else count
    builder.header.update(snapshot_offset=place, snapshot_nodes=count, snapshot_number=1, snapshot_failure=2)
    builder.header.update(header)
    return Recording(builder.build() + struct.pack("<%dQ" % len(values), *values))


def test_a_snapshot_tells_each_node_and_what_came_later_as_empty():
    recording = with_snapshot([0, 5, 0, 70] + [0, 6, 0, 60], count=4)
    assert recording.at_failure == [0, 5, 0, 70, 0]
    assert recording.big_at_failure == [0, 5, 0, 60, 0]
    assert recording.snapshot_failure == 2
    assert recording.damaged == 0


@pytest.mark.parametrize("header", [{"snapshot_nodes": 6}, {"snapshot_offset": 8}, {"snapshot_nodes": 1 << 40}])
def test_a_snapshot_that_makes_no_sense_is_left_out(header):
    recording = with_snapshot([0, 5, 0, 70, 1, 1, 1, 0, 0, 0, 0], count=5, **header)
    assert recording.at_failure is None
    assert recording.damaged == 1


def test_a_snapshot_that_was_being_written_is_none():
    recording = with_snapshot([0, 5, 0, 70], snapshot_number=0)
    assert recording.at_failure is None
    assert recording.damaged == 0
