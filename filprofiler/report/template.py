"""Template files: text with placeholders `{{name}}`, filled once with text that is already escaped."""

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, List

_FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "templates")
_read: "Dict[str, str]" = {}
_split: "Dict[str, List[str]]" = {}  # by template: text, a name, text, a name, ..., text


def read_template(name: str) -> str:
    """The text of a file in templates/. Raises OSError if the installation is damaged."""
    if name not in _read:
        with open(os.path.join(_FOLDER, name), "rb", 0) as file:
            _read[name] = file.readall().decode("utf-8")
    return _read[name]


def fill(template: str, values: "Dict[str, str]") -> str:
    """The template with every `{{name}}` replaced. Replacements are not searched again. Raises KeyError."""
    return "".join(filled_pieces(template, values))


def filled_pieces(template: str, values: "Dict[str, str]") -> "List[str]":
    """The same in pieces, for large texts: one wide character would widen the whole string. Raises KeyError."""
    pieces = _split.get(template)
    if pieces is None:
        first, *others = template.split("{{")
        pieces = [first]
        for other in others:
            name, _marks, text = other.partition("}}")
            pieces += (name.strip(), text)
        _split[template] = pieces
    filled = pieces[:]
    filled[1::2] = [values[name] for name in pieces[1::2]]
    return filled
