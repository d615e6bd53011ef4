"""filprofiler/_abi.py says what the headers say."""

import struct
import subprocess
import sys
from pathlib import Path

import pytest

from filprofiler import _abi

BUILD_TOOLS = Path(__file__).resolve().parents[2] / "build_tools"
sys.path.insert(0, str(BUILD_TOOLS))

import header_parser  # noqa: E402


def generator(*arguments):
    return subprocess.run(
        [sys.executable, str(BUILD_TOOLS / "generate_abi.py"), *arguments], stdout=subprocess.PIPE, check=False
    )


def test_generated_file_is_up_to_date():
    assert generator("--check").returncode == 0


def test_formats_have_the_sizes_of_the_structs():
    assert struct.calcsize(_abi.NODE_FORMAT) == _abi.NODE_SIZE == 32
    assert struct.calcsize(_abi.CODE_FORMAT) == _abi.CODE_SIZE == 40
    assert struct.calcsize(_abi.SEGMENT_FORMAT) == _abi.SEGMENT_SIZE == 24
    assert struct.calcsize(_abi.FAILURE_FORMAT) == _abi.FAILURE_SIZE == 32
    assert struct.calcsize(_abi.HEADER_FORMAT) == _abi.HEADER_OFFSETS["failures"] == 256
    assert struct.calcsize(_abi.OBSERVED_FRAME_FORMAT) == _abi.OBSERVED_FRAME_SIZE


@pytest.mark.parametrize("name", ["NODE", "CODE", "SEGMENT", "HEADER", "OBSERVED_FRAME"])
def test_formats_have_a_name_for_each_value(name):
    form = getattr(_abi, name + "_FORMAT")
    assert len(struct.unpack(form, bytes(struct.calcsize(form)))) == len(getattr(_abi, name + "_FIELDS"))


def test_functions_and_constants():
    assert _abi.FUNCTIONS["fil_start"] == ("int32_t", ("const char *", "int32_t"))
    assert _abi.FUNCTIONS["fil_stop"] == ("void", ())
    assert _abi.FIL_ERROR_STARTED == -8
    assert _abi.FIL_FORMAT_MAGIC == b"FILREC\r\n"


def test_markdown_has_a_row_for_each_field_and_enumerator():
    text = generator("--markdown").stdout.decode()
    assert "| 24 | `uint32_t` | `code` | fil_code number; 0: a mark, see enum fil_mark |" in text
    assert "| 192 | `uint64_t[8]` | `missed` | events, by enum fil_missed |" in text
    assert "| 3 | `FIL_STATE_STOPPED` | tracking has stopped normally |" in text


PADDED = """
#define LENGTH 3u
/* A struct that needs padding. */
struct fil_padded {
    uint8_t flags[LENGTH]; /* a | b */
    /* a comment of its own */
    uint64_t size;
    uint16_t end;
};
"""


def test_padding_is_that_of_the_compiler():
    padded = header_parser.parse([PADDED + 'static_assert(sizeof(struct fil_padded) == 24, "");']).struct("fil_padded")
    assert [(field.name, field.offset) for field in padded.fields] == [("flags", 0), ("size", 8), ("end", 16)]
    assert padded.comment == "A struct that needs padding."
    assert padded.fields[0].comment == "a | b"


@pytest.mark.parametrize(
    "text",
    [
        PADDED + 'static_assert(sizeof(struct fil_padded) == 19, "");',
        PADDED + 'static_assert(offsetof(struct fil_padded, size) == 3, "");',
        "struct fil_x {\n    float value;\n};\n",
        "#define WIDTH sizeof(int)\n",
    ],
)
def test_what_is_not_understood_is_refused(text):
    with pytest.raises(header_parser.HeaderError):
        header_parser.parse([text])
