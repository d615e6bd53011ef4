"""The texts of a recording: names, paths and line tables, found by their offset in the file."""

from struct import Struct

from filprofiler import _abi

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, Optional

_HEAD = Struct("<2I")  # length, check

MOST_CHARACTERS = 4096
"""Longest path or name; longer ones are cut, because every call stack could show them."""


class Texts:
    """Reads each text once.

    In a file that the library wrote, texts do not overlap, so together they are no longer than the file. In a forged
    one they may overlap: once as many bytes as the file has were read, no more texts are.

    damaged: how many of the texts read are not as the library wrote them.
    """

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._room = len(data)
        self.damaged = 0
        self._contents: "Dict[int, Optional[bytes]]" = {}
        self._texts: "Dict[int, Optional[str]]" = {}

    def text(self, offset: int) -> "Optional[str]":
        """The text at an offset of the file; None if it was not kept or lies outside the file."""
        if offset not in self._texts:
            content = self.content(offset)
            self._texts[offset] = None if content is None else _decoded(content)
        return self._texts[offset]

    def content(self, offset: int) -> "Optional[bytes]":
        """The bytes of the text there."""
        if offset not in self._contents:
            self._contents[offset] = self._read(offset)
        return self._contents[offset]

    def _read(self, offset: int) -> "Optional[bytes]":
        if offset == 0:
            return None
        start = offset + _HEAD.size
        if offset >= _abi.FIL_HEADER_BYTES and start <= len(self._data):
            length, check = _HEAD.unpack_from(self._data, offset)
            if length <= min(len(self._data) - start, self._room):
                self._room -= length
                content = self._data[start : start + length]
                if int.from_bytes(content, "little") % _abi.FIL_TEXT_PRIME + 1 == check:
                    return content
        self.damaged += 1
        return None


def _decoded(content: bytes) -> str:
    content = content[: 4 * MOST_CHARACTERS]
    try:
        return content.decode("utf-8", "surrogatepass")[:MOST_CHARACTERS]
    except UnicodeDecodeError:
        return content.decode("utf-8", "replace")[:MOST_CHARACTERS]
