"""recording.txt: what is written comes back, and a line of it that makes no sense is left out."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from recording_builder import describe_into

from filprofiler.profile.literals import read_literal
from filprofiler.profile.program import Program, read_description
from filprofiler.result_folder import DESCRIPTION_NAME

SINGLE = st.none() | st.booleans() | st.integers(-(10**30), 10**30) | st.text() | st.floats(allow_nan=False)
VALUES = SINGLE | st.lists(SINGLE) | st.lists(SINGLE).map(tuple) | st.dictionaries(st.text(), SINGLE)


@given(VALUES)
def test_what_python_writes_is_read(value: Any) -> None:
    assert read_literal(ascii(value)) == value


@pytest.mark.parametrize(
    "text",
    ["", "x", "'", "'\\", "'a", "('a'", "('a' 'b')", "['a',, 'b']", "{'a'}", "{'a': }", "1 2", "'a' + 'b'", "((1,),)"]
    + ["__import__('os')", "1" * 5000, "'\\q'", "'\\x1'", "\u0661", "(" * 100000, "-", "1-1", "'\xff'\\", "{[]: 1}"],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        read_literal(text)


# 20 of 29 files like these gave a traceback: the values got into the program as they were.
WRONG = {
    "script": ["3", "('a',)", "{}"],
    "script_absolute": ["[]", "1.5"],
    "command": ["1", "()"],
    "module": ["True", "['m']"],
    "cwd": ["None", "7", "('/',)"],
    "own_files": ["None", "'/a'", "(1,)", "(None, '/a')", "{'a': 'b'}"],
    "arguments": ["3", "('a', 1)"],
    "settings": ["None", "(('a',),)"],
    "name": ["1", "[]"],
    "entry_files": ["1", "'x'"],
    "first_files": ["1", "(2,)"],
    "source_texts": ["None", "()", "{'a': 1}", "{1: 'a'}", "'x'"],
    "shown_paths": ["1", "{'a': None}", "('a', 'b')"],
    "outcome": ["None", "1", "()"],
    "elapsed_seconds": ["'1'", "-1", "1e300", "True", "()"],
    "resident_peak_bytes": ["1.5", "-1", "'1'", "1" * 30],
}


@pytest.mark.parametrize("name", WRONG)
def test_a_value_of_a_wrong_type_is_left_out(tmp_path: Path, name: str) -> None:
    for value in WRONG[name]:
        (tmp_path / DESCRIPTION_NAME).write_text("cwd '/x'\n%s %s\noutcome 'done'\n" % (name, value))
        found = read_description(str(tmp_path))
        expected = Program(cwd="/x", outcome="done")
        assert all(getattr(found, slot) == getattr(expected, slot) for slot in Program.__slots__), value


def test_every_value_comes_back(tmp_path: Path) -> None:
    program = Program(
        script="\udc80 '\".py",
        script_absolute="/\\x.py",
        cwd="/",
        own_files=["/a", "/b"],
        arguments=["", "\n", "\\"],
        settings=["A=b"],
        outcome="exited with status 0",
        elapsed_seconds=1.25e-05,
        resident_peak_bytes=1 << 40,
        name="a block",
        source_texts={"In [3]": "x = 1\n"},
        shown_paths={"/tmp/1.py": "In [3]"},
    )
    describe_into(program, tmp_path)
    found = read_description(str(tmp_path))
    assert all(getattr(found, slot) == getattr(program, slot) for slot in Program.__slots__)
