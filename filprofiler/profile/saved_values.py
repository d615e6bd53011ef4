"""Validates values from a file, which may be forged.

Numbers must be within the range of a recording, so that a report's arithmetic can handle them. `PROGRAM` is the only
list of what each value of a Program may be, for all forms of files.
"""

from filprofiler.recording.texts import MOST_CHARACTERS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, List, Optional, Tuple

_MOST = (1 << 64) - 1  # of bytes, and of other counts
_MOST_SECONDS = 1 << 34  # five hundred years
_MOST_DIGITS = 20


def of_type(value: "Any", *types: type) -> "Any":
    """The value, which must have one of the types. Raises TypeError."""
    if type(value) not in types:
        raise TypeError("%s where %s was expected" % (type(value).__name__, " or ".join(t.__name__ for t in types)))
    return value


def whole(value: "Any", most: int = _MOST, least: int = 0) -> int:
    """An integer, such as a size in bytes. Raises TypeError or ValueError."""
    number: int = of_type(value, int)
    if not least <= number <= most:
        raise ValueError("a number is out of range")
    return number


def whole_in_words(value: str, most: int = _MOST) -> int:
    """The same, written in digits. Raises ValueError."""
    if len(value) > _MOST_DIGITS:
        raise ValueError("a number is too long")
    return whole(int(value), most)


def seconds(value: "Any", least: int = -_MOST_SECONDS) -> float:
    """A time in seconds; negative before tracking began. Raises TypeError or ValueError."""
    number = of_type(value, float, int)
    if not least <= number <= _MOST_SECONDS:  # false for NaN, too
        raise ValueError("a time is out of range")
    return float(number)


def or_none(read: "Any", value: "Any") -> "Any":
    """None if the value is None, else read(value)."""
    return None if value is None else read(value)


def name(value: "Any") -> str:
    """A path or a name, cut like those in a recording: many call stacks can show it. Raises TypeError."""
    text: str = of_type(value, str)
    return text[:MOST_CHARACTERS]


def _text(value: "Any") -> str:
    return str(of_type(value, str))


def _name_or_none(value: "Any") -> "Optional[str]":
    return None if value is None else name(value)


def _texts(value: "Any") -> "List[str]":
    return [_text(text) for text in of_type(value, list, tuple)]


def _names_by_text(value: "Any") -> "Dict[str, str]":
    return {_text(key): name(text) for key, text in of_type(value, dict).items()}


def _counted_program(value: "Any") -> "Tuple[str, int, int]":
    program, count, most = of_type(value, list, tuple)
    return name(program), whole(count), whole(most)


PROGRAM: "Dict[str, Callable[[Any], Any]]" = {
    "script": _name_or_none,
    "script_absolute": _name_or_none,
    "command": lambda value: or_none(_text, value),
    "module": _name_or_none,
    "cwd": name,
    "own_files": _texts,
    "arguments": _texts,
    "settings": _texts,
    "limits": _texts,
    "other_programs": lambda value: [_counted_program(program) for program in of_type(value, list, tuple)],
    "name": _name_or_none,
    "entry_files": _texts,
    "first_files": _texts,
    "source_texts": lambda value: {name(key): _text(text) for key, text in of_type(value, dict).items()},
    "shown_paths": _names_by_text,
    "outcome": name,
    "elapsed_seconds": lambda value: or_none(lambda number: seconds(number, 0), value),
    "resident_peak_bytes": lambda value: or_none(whole, value),
}
"""By attribute of Program, a function that validates the value read; it raises TypeError or ValueError."""
