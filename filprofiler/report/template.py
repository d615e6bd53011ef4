"""Template files: text with places `{{name}}`, each filled once with text that is escaped already."""

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict

_FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "templates")
_read = {}  # type: Dict[str, str]


def read_template(name: str) -> str:
    """The text of a file in templates/. Raises OSError if the installation is damaged."""
    if name not in _read:
        with open(os.path.join(_FOLDER, name), "rb") as file:
            _read[name] = file.read().decode("utf-8")
    return _read[name]


def fill(template: str, values: "Dict[str, str]") -> str:
    """The template with every `{{name}}` replaced. What is filled in is not searched again. Raises KeyError."""
    parts = template.split("{{")
    filled = [parts[0]]
    for part in parts[1:]:
        name, _marks, rest = part.partition("}}")
        filled.append(values[name.strip()])
        filled.append(rest)
    return "".join(filled)
