"""Parses a Python literal: a string, a number, None, or a tuple, list or dictionary of these.

Python's own parser takes a hundred times as much memory as the text has characters, and old versions can be made to
crash. This one needs only the memory of its result.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List

_CLOSING = {"(": ")", "[": "]", "{": "}"}
_NAMES = {"None": None, "True": True, "False": False}
_ESCAPES = frozenset("nrtxuU'\"")  # beside the backslash itself
_MOST_CHARACTERS = 40  # of a number


def read_literal(text: str) -> "Any":
    """Parse a text that `ascii` wrote. Raises ValueError for anything else."""
    reader = _Reader(text)
    value = reader.value()
    if reader.at != len(text):
        raise ValueError("something stands behind the value")
    return value


class _Reader:
    """Reads a text from left to right. at: the current position."""

    def __init__(self, text: str) -> None:
        self._text = text
        self.at = 0

    def value(self) -> "Any":
        """The value that begins at the current position."""
        opening = self._text[self.at : self.at + 1]
        if opening == "{":
            return self._dictionary()
        if opening in _CLOSING:
            items = self._items(_CLOSING[opening])
            return tuple(items) if opening == "(" else items
        return self._single()

    def _items(self, closing: str) -> "List[Any]":
        items: "List[Any]" = []
        self.at += 1
        while not self._take(closing):
            items.append(self._single())
            if not self._take(", ") and not self._take(","):
                self._expect(closing)
                break
        return items

    def _dictionary(self) -> "Dict[Any, Any]":
        found: "Dict[Any, Any]" = {}
        self.at += 1
        while not self._take("}"):
            key = self._single()
            self._expect(": ")
            found[key] = self._single()
            if not self._take(", "):
                self._expect("}")
                break
        return found

    def _single(self) -> "Any":
        """A string, a number, or a name."""
        text, start = self._text, self.at
        if text[start : start + 1] in ("'", '"'):
            return self._quoted(text[start])
        while self.at < len(text) and self.at - start <= _MOST_CHARACTERS and text[self.at] not in ",:)]}":
            self.at += 1
        word = text[start : self.at]
        if word in _NAMES:
            return _NAMES[word]
        if word.strip("0123456789+-.einfa"):
            raise ValueError("no number")
        return int(word) if word.lstrip("-").isdigit() else float(word)

    def _quoted(self, quote: str) -> str:
        """A string, up to the next quote with an even number of backslashes before it."""
        text, start = self._text, self.at + 1
        end = text.index(quote, start)
        while True:
            before = end
            while text[before - 1] == "\\":
                before -= 1
            if (end - before) % 2 == 0:
                break
            end = text.index(quote, end + 1)
        self.at = end + 1
        content = text[start:end]
        if "\\" not in content:
            return content
        if not all(piece[:1] in _ESCAPES for piece in content.replace("\\\\", "").split("\\")[1:]):
            raise ValueError("no escape")
        return content.encode("ascii").decode("unicode_escape")

    def _take(self, mark: str) -> bool:
        """If `mark` is next, skip it and return True."""
        if not self._text.startswith(mark, self.at):
            return False
        self.at += len(mark)
        return True

    def _expect(self, mark: str) -> None:
        if not self._take(mark):
            raise ValueError("%r is missing" % mark)
