"""Makes untrusted text in our messages safe: paths, arguments, the program's names, source lines, other error messages.

Such text could contain escape sequences that change the terminal's title, colours or earlier lines, line ends that fake
lines of ours, or marks that change the writing direction. `visible` removes all of that, and everything that is shown
goes through it.
"""

PREFIX = "=fil-profile= "  # begins each of our lines on a terminal

_TAB = "    "
JOINERS = "\u200c\u200d"  # zero-width, but needed for spelling in several scripts
_SPACES = "\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"

# Sentences quote only the beginning and end of longer values: the parts that identify a path.
_MOST_QUOTED, _END_QUOTED = 200, 80
_CUT_MARK = "..."


class Styled(str):
    """A line with our own terminal codes; all other text in it must already be visible."""


def visible(text: str) -> str:
    """Make untrusted text safe to show on one line of any medium.

    Tabs become spaces; control characters become their pictures; lone surrogates, marks that change the writing
    direction and other characters without a shape are spelled out ("\\u202e").
    """
    return text if text.isprintable() else "".join(map(_visible_character, text))


def _visible_character(character: str) -> str:
    code = ord(character)
    if character.isprintable() or character in JOINERS:
        return character
    if character == "\t":
        return _TAB
    if code < 32:
        return chr(0x2400 + code)
    if character in _SPACES:
        return " "
    return ("\\u%04x" if code < 0x10000 else "\\U%08x") % code


def quoted(value: object) -> str:
    """A value for quoting in a sentence: visible, and without its middle if it is long."""
    return _shortened(visible(_shortened(str(value))))


def _shortened(text: str) -> str:
    if len(text) <= _MOST_QUOTED:
        return text
    return text[: _MOST_QUOTED - _END_QUOTED - len(_CUT_MARK)] + _CUT_MARK + text[-_END_QUOTED:]


def sentence(form: str, *values: object) -> str:
    """Fill a %-format with values. Numbers and our own sentences are inserted unchanged; everything else is quoted.

    Without values the format is the whole sentence, and made visible too.
    """
    if not values:
        return visible(form)
    return form % tuple([value if _stands_as_it_is(value) else quoted(value) for value in values])


def _stands_as_it_is(value: object) -> bool:
    return isinstance(value, (int, float)) or getattr(value, "is_sentence", False) is True
