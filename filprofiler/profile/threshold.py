"""The allowed growth of a peak: "5%", "200MB"."""

from filprofiler.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Optional

_UNITS = {
    "": 1,
    "b": 1,
    "kb": 1000,
    "mb": 1000**2,
    "gb": 1000**3,
    "kib": 1 << 10,
    "mib": 1 << 20,
    "gib": 1 << 30,
}


class Threshold:
    """A share of the older peak (percent) or an amount (size_bytes); the other is None. text: as given."""

    def __init__(self, text: str, percent: "Optional[float]", size_bytes: "Optional[float]") -> None:
        self.text = text
        self.percent = percent
        self.size_bytes = size_bytes

    def exceeded(self, before_bytes: int, after_bytes: int) -> bool:
        """Whether a peak has grown by more than this."""
        limit = self.size_bytes if self.percent is None else before_bytes * self.percent / 100
        return after_bytes - before_bytes > (limit or 0)


def parse_threshold(text: str, option: str = "--fail-over") -> Threshold:
    """Parse an amount: a number followed by % or a unit of bytes.

    Raises UsageError, which names the option.
    """
    number = text.rstrip("%abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ ").strip()
    unit = text.strip()[len(number) :].strip().lower()
    if _is_number(number):
        if unit == "%":
            return Threshold(text, float(number), None)
        if unit in _UNITS:
            return Threshold(text, None, float(number) * _UNITS[unit])
    raise UsageError("%s takes a number with %% or a unit (such as 5%%, 200MB, 1.5GiB), not '%s'.", option, text)


def _is_number(text: str) -> bool:
    digits = text.replace(".", "", 1)
    return digits.isdecimal() and len(digits) == len(digits.encode("utf-8"))
