"""Values of a saved profile, looked at before they are used: anybody may have written the file.

Numbers are within what a recording can hold, so that none of them is too much for the arithmetic of a report.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_MOST = (1 << 64) - 1  # of bytes, and of anything that is counted
_MOST_SECONDS = 1 << 34  # five hundred years


def of_type(value: "Any", *types: type) -> "Any":
    """The value, if it is of one of the types. Raises TypeError."""
    if type(value) not in types:
        raise TypeError("%s where %s was expected" % (type(value).__name__, " or ".join(t.__name__ for t in types)))
    return value


def whole(value: "Any", most: int = _MOST, least: int = 0) -> int:
    """A whole number, such as a size. Raises TypeError or ValueError."""
    number = of_type(value, int)  # type: int
    if not least <= number <= most:
        raise ValueError("a number is out of range")
    return number


def seconds(value: "Any", least: int = -_MOST_SECONDS) -> float:
    """A time; below 0 it is before tracking began. Raises TypeError or ValueError."""
    number = of_type(value, float, int)
    if not least <= number <= _MOST_SECONDS:  # nor is it "not a number"
        raise ValueError("a time is out of range")
    return float(number)


def or_none(read: "Any", value: "Any") -> "Any":
    """None, or what `read` makes of the value."""
    return None if value is None else read(value)
