"""The profile for pprof and other readers of its files: a gzipped protocol buffer, profile.proto of google/pprof.

The few kinds of values in this message are encoded here, so that no package is needed.

Each call stack is a list of the numbers of its frames, packed so well that a small file can take gigabytes in its
readers. So deep call stacks lack their middle if all lists together would be too long: see deep_recursions.py.
"""

import zlib

from filprofiler.profile.tree import LEFT_OUT
from filprofiler.report import text
from filprofiler.report.deep_recursions import DEEP, frames_at_each_end
from filprofiler.report.sentences import completeness, program_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, Iterable, Iterator, List, Tuple

    from filprofiler.profile.model import Profile
    from filprofiler.profile.tree import Site
    from filprofiler.report.content import Content

# Field numbers, named after the messages and fields in profile.proto.
_PROFILE_SAMPLE_TYPE, _PROFILE_SAMPLE, _PROFILE_LOCATION, _PROFILE_FUNCTION, _PROFILE_STRING_TABLE = 1, 2, 4, 5, 6
_PROFILE_TIME_NANOS, _PROFILE_DURATION_NANOS, _PROFILE_COMMENT, _PROFILE_DEFAULT_SAMPLE_TYPE = 9, 10, 13, 14
_VALUE_TYPE_TYPE, _VALUE_TYPE_UNIT = 1, 2
_SAMPLE_LOCATION_ID, _SAMPLE_VALUE = 1, 2
_LOCATION_ID, _LOCATION_LINE = 1, 4
_LINE_FUNCTION_ID, _LINE_LINE = 1, 2
_FUNCTION_ID, _FUNCTION_NAME, _FUNCTION_SYSTEM_NAME, _FUNCTION_FILENAME = 1, 2, 3, 4

_VARINT, _BYTES = 0, 2  # kinds of values
_MOST_BYTES = 64 << 20  # of all lists; `go tool pprof` needs 16 times that, because most numbers have 1 byte
_GZIP = 31  # for zlib: the largest window, with gzip's header and trailer; the header contains no time


def pieces(content: "Content") -> "Iterator[bytes]":
    """The file in pieces."""
    return pprof_pieces(content.profile)


def pprof_pieces(profile: "Profile") -> "Iterator[bytes]":
    """The file in pieces. Each call stack has one value, its bytes; they add up to the peak."""
    packer = zlib.compressobj(6, zlib.DEFLATED, _GZIP)
    for message in _Message(profile).pieces():
        packed = packer.compress(message)
        if packed:
            yield packed
    yield packer.flush()


def varint(value: int) -> bytes:
    """A number, 0 <= value < 1 << 64, in groups of 7 bits, lowest first."""
    groups = bytearray()
    while value > 127:
        groups.append(value & 127 | 128)
        value >>= 7
    groups.append(value)
    return bytes(groups)


def _number(field: int, value: int) -> bytes:
    return varint(field << 3 | _VARINT) + varint(value)


def _block(field: int, content: bytes) -> bytes:
    """A text, a message, or packed numbers."""
    return varint(field << 3 | _BYTES) + varint(len(content)) + content


class _Message:
    """Builds the message `Profile`."""

    def __init__(self, profile: "Profile") -> None:
        self._profile = profile
        self._texts = {"": 0}
        self._functions: "Dict[Tuple[str, str], int]" = {}
        self._function_messages: "List[bytes]" = []
        self._locations: "Dict[Site, int]" = {}
        self._location_messages: "List[bytes]" = []

    def pieces(self) -> "Iterator[bytes]":
        """The message; its tables follow the data that refers to them, which the format allows."""
        profile = self._profile
        kind = self._text("peak_memory")
        value_type = _number(_VALUE_TYPE_TYPE, kind) + _number(_VALUE_TYPE_UNIT, self._text("bytes"))
        yield _block(_PROFILE_SAMPLE_TYPE, value_type)
        yield _number(_PROFILE_DEFAULT_SAMPLE_TYPE, kind)
        if profile.started_unix_ns:
            yield _number(_PROFILE_TIME_NANOS, profile.started_unix_ns)
        if profile.program.elapsed_seconds:
            yield _number(_PROFILE_DURATION_NANOS, int(profile.program.elapsed_seconds * 1e9))
        for comment in ("filprofiler: peak memory of " + program_name(profile), completeness(profile)):
            yield _number(_PROFILE_COMMENT, self._text(comment))
        for sample in self._samples():
            yield _block(_PROFILE_SAMPLE, sample)
        for location in self._location_messages:
            yield _block(_PROFILE_LOCATION, location)
        for function in self._function_messages:
            yield _block(_PROFILE_FUNCTION, function)
        for content in self._texts:  # in the order of their numbers
            yield _block(_PROFILE_STRING_TABLE, content.encode("utf-8"))

    def _samples(self) -> "Iterable[bytes]":
        """Each call stack with bytes of its own: the numbers of its locations, innermost first, and the bytes."""
        flat = self._profile.shown
        locations = [b""] + [varint(self._location(site))[::-1] for site in flat.sites[1:]]
        half, gap = frames_at_each_end(flat, [len(location) for location in locations], _MOST_BYTES), b""
        stack = bytearray()  # the numbers from the root, bytes reversed, so that the whole can be reversed at once
        ends = [0] * (2 + max(flat.depths, default=0))  # by depth, where the number ends in it
        for number, depth, size in zip(flat.numbers, flat.depths, flat.own_bytes):
            del stack[ends[depth - 1] :]
            stack += locations[number]
            ends[depth] = len(stack)
            if size:
                inner = depth - 1 - half
                if depth > DEEP and inner > half:
                    gap = gap or varint(self._location(LEFT_OUT))
                    numbers = b"".join((stack[ends[inner] :][::-1], gap, stack[: ends[half]][::-1]))
                else:
                    numbers = bytes(stack[::-1])
                yield _block(_SAMPLE_LOCATION_ID, numbers) + _block(_SAMPLE_VALUE, varint(size))

    def _location(self, site: "Site") -> int:
        found = self._locations.get(site)
        if found is None:
            found = self._locations[site] = len(self._locations) + 1
            line = _number(_LINE_FUNCTION_ID, self._function(site)) + _number(_LINE_LINE, max(0, site.line))
            self._location_messages.append(_number(_LOCATION_ID, found) + _block(_LOCATION_LINE, line))
        return found

    def _function(self, site: "Site") -> int:
        key = (site.path, site.name)
        found = self._functions.get(key)
        if found is None:
            found = self._functions[key] = len(self._functions) + 1
            name = self._text(site.name)
            self._function_messages.append(
                _number(_FUNCTION_ID, found)
                + _number(_FUNCTION_NAME, name)
                + _number(_FUNCTION_SYSTEM_NAME, name)
                + _number(_FUNCTION_FILENAME, self._text(site.path))
            )
        return found

    def _text(self, content: str) -> int:
        """The number of a text in the table of strings."""
        return self._texts.setdefault(text.visible(content), len(self._texts))
