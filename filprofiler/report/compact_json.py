"""JSON without blanks, in ASCII, for the page.

The json package would do the same; but to import it, with `re` behind it, takes 3 ms, a tenth of what `fil-profile run`
adds to a short program. Only text with unusual characters is left to the part of that package in C, which takes 0.3 ms.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def compact_json(value: "Any") -> str:
    """A text, an integer, or a dict, list or tuple of such values, as JSON.

    Keys are integers, which become text, or names that need no quoting.
    """
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, int):
        return "%d" % value
    if isinstance(value, dict):
        return "{%s}" % ",".join(['"%s":%s' % (key, compact_json(part)) for key, part in value.items()])
    if set(map(type, value)) == {int}:  # long lists are of numbers, and Python writes those as JSON does
        return str(list(value)).replace(" ", "")
    return "[%s]" % ",".join([compact_json(part) for part in value])


def _quoted(text: str) -> str:
    """A text as JSON."""
    plain = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    if plain.isprintable() and len(plain.encode("utf-8", "surrogatepass")) == len(plain):
        return '"%s"' % plain
    try:
        from _json import encode_basestring_ascii as quoted
    except ImportError:  # an interpreter without that part
        from json.encoder import encode_basestring_ascii as quoted
    return quoted(text)
