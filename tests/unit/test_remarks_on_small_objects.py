"""No remark that two things are live at the same time rests on small objects whose lines may be wrong."""

import struct

import pytest
from recording_builder import MEBIBYTE, RecordingBuilder, line_table

from filprofiler import _abi
from filprofiler.profile.build import build_profile
from filprofiler.profile.program import Program
from filprofiler.profile.remark import COPY
from filprofiler.profile.remarks import remarks_of
from filprofiler.profile.source import SourceReader
from filprofiler.profile.top import TopLines
from filprofiler.recording.reader import Recording

SOURCE = """def f():
    rows = [make(number) for number in range(10)]
    copied = sorted(rows)
    return copied
"""
EACH = 20 * MEBIBYTE  # on either line, at the peak


@pytest.mark.parametrize(
    "large, told",
    [
        pytest.param(2 * EACH, True, id="all in large blocks"),
        pytest.param(0, False, id="all in small objects"),
        pytest.param(EACH, False, id="half in small objects: those of either line"),
        pytest.param(2 * EACH - MEBIBYTE, True, id="nearly all in large blocks"),
    ],
)
def test_a_copy_is_told_of_only_where_the_lines_are_sure(tmp_path, large, told):
    path = tmp_path / "job.py"
    path.write_text(SOURCE)
    builder = RecordingBuilder()
    code = builder.code(str(path), "f", first_line=1, table=line_table(4))
    for line_offset in (1, 2):
        builder.hold(builder.node(_abi.FIL_NODE_ROOT, code, line_offset), EACH)
    data = bytearray(builder.build())
    struct.pack_into(_abi.GAUGE_FORMAT, data, _abi.HEADER_OFFSETS["large_blocks"], large, large, builder.epoch, 0)
    profile = build_profile(Recording(bytes(data)), Program())
    found = remarks_of(profile, TopLines(profile), SourceReader(profile.program))
    assert (COPY in [remark.kind for remark in found]) is told
