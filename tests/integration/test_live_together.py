"""Hints that two things are live at the same time: never by small objects; by large blocks, on every Python.

Small objects that one line drops leave their memory to those that another one keeps. Then the profile has that memory
on the line that dropped (docs/how-it-works.md, "Objects from free lists"), which must not lead to a hint.
"""

import json
import textwrap
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Tuple

import pytest
import support

KINDS = {"nested-calls", "temporaries", "copy"}
COLUMNS = (3, 11)  # from this version on the interpreter keeps them: temporaries are told by them

BEGIN = """
import sys

COUNT = 40000
places, beside = [None] * COUNT, [None] * COUNT
"""

# Each drops an object at DROPPED and keeps one of its kind on another line, or in another part of the line, again and
# again. As long as hints counted blocks of every size, all of these led to one of the kind that they name, on every
# Python (temporaries, from COLUMNS on).
SMALL: Dict[str, str] = {
    "nested-calls, dicts": """
        def scratch(i):
            row = {"a": i}  # MARK dropped
            return i

        def keep(i):
            places[i] = {"a": i}
            beside[i] = bytes(60)
            return i

        for number in range(COUNT):
            keep(scratch(number))
        """,
    "nested-calls, floats": """
        def scratch(i):
            number = i * 0.5  # MARK dropped
            return i

        def keep(i):
            places[i] = i * 0.5
            if i % 2:
                beside[i] = bytes(20)
            return i

        COUNT = 100000
        places, beside = [None] * COUNT, [None] * COUNT
        for number in range(COUNT):
            keep(scratch(number))
        """,
    "temporaries, floats": """
        COUNT = 100000
        places, beside = [None] * COUNT, [None] * COUNT
        for i in range(COUNT):
            places[i], beside[i] = i * 0.5 * 2.0 * 3.0, i * 1000003  # MARK dropped
        """,
    "copy, dicts": """
        ONE, NONE = sys.getsizeof({"a": 1}), sys.getsizeof({})
        # As much as what stands on the line above: from CPython 3.13 on that is the tables of keys only.
        BESIDE = ONE - sys.getsizeof(b"") if sys.version_info < (3, 13) else ONE - NONE - NONE - sys.getsizeof(b"")

        def step(i):
            size = len({"a": i})  # MARK dropped
            places[i], beside[i] = {"a": size}, bytes(BESIDE)

        for number in range(COUNT):
            step(number)
        """,
}


class Live(NamedTuple):
    """A program of which two things are live together, and of which kind the hint is; from which version on."""

    source: str
    kind: str
    version: Tuple[int, int]


LARGE: Dict[str, Live] = {
    "nested calls": Live(
        """
        def read(count):
            return [bytes(1000) for _number in range(count)]

        def longer(words):
            return [word + b"!" for word in words]

        result = longer(read(5000))  # MARK told
        """,
        "nested-calls",
        (3, 6),
    ),
    "two byte arrays": Live(
        """
        def main():
            data = bytearray(8000000)
            copied = bytes(data)  # MARK told
            return len(copied)

        main()
        """,
        "copy",
        (3, 6),
    ),
    "parts of a sum": Live(
        """
        whole = bytes(4000000) + bytearray(4000000)  # MARK told
        """,
        "temporaries",
        COLUMNS,
    ),
}


OUT_OF_MEMORY_STATUS = 53
OUT_OF_MEMORY = """
        def read(count):
            return [bytes(1000) for _number in range(count)]

        def longer(words):
            longer_words = [word + b"!" for word in words]
            return longer_words, bytearray(1 << 60)

        peak = [bytes(1000000) for _number in range(20)]  # so that memory does not run out at the peak
        del peak
        result = longer(read(5000))  # MARK told
        """


def profile_of(
    profiler: support.Profiler, source: str, folder: Path, status: int = 0, name: str = "peak-memory.json"
) -> Tuple[Path, Dict[str, Any]]:
    path = folder / "job.py"
    path.write_text(BEGIN.lstrip("\n") + textwrap.dedent(source))
    done = profiler.run([str(path)], cwd=folder, options=["--format", "json"])
    assert done.status == status and done.folder is not None, done.account()
    data: Dict[str, Any] = json.loads((done.folder / name).read_text(encoding="ascii"))
    return path, data


def told(data: Dict[str, Any]) -> List[Tuple[str, List[int]]]:
    """The hints of these kinds, and their lines."""
    hints = [hint for hint in data["hints"] if hint["kind"] in KINDS]
    return [(hint["kind"], [data["sites"][site]["line"] for site in hint["sites"]]) for hint in hints]


@pytest.mark.parametrize("name", SMALL)
def test_small_objects_that_stand_on_another_line_lead_to_no_hint(
    profiler: support.Profiler, tmp_path: Path, name: str
) -> None:
    path, data = profile_of(profiler, SMALL[name], tmp_path)
    sizes = {data["sites"][line["site"]]["line"]: line["own_bytes"] for line in data["lines"]}
    dropped = sizes[support.marker(path, "dropped")]
    assert dropped * 10 >= data["peak_bytes"], sizes  # else there is nothing that could mislead
    assert told(data) == []


@pytest.mark.parametrize("name", LARGE)
def test_large_blocks_lead_to_one(profiler: support.Profiler, tmp_path: Path, name: str) -> None:
    source, kind, version = LARGE[name]
    path, data = profile_of(profiler, source, tmp_path)
    expected = [kind] if profiler.version >= version else []
    assert [found for found, lines in told(data) if support.marker(path, "told") in lines] == expected, data["hints"]


def test_large_blocks_lead_to_one_where_memory_ran_out(profiler: support.Profiler, tmp_path: Path) -> None:
    path, data = profile_of(profiler, OUT_OF_MEMORY, tmp_path, OUT_OF_MEMORY_STATUS, "out-of-memory.json")
    assert ("nested-calls", [support.marker(path, "told")] * 2) in told(data), data["hints"]
