"""Text from elsewhere in what we say: paths, arguments, names from the program, lines of source, other errors' words.

Anybody may have chosen it. Shown as it is, it could hold escape sequences that change the terminal's title, colours or
what stands above, ends of lines that look like lines of ours, or marks that turn the writing direction. `visible` takes
all of that out, and everything that is shown goes through it.
"""

PREFIX = "=fil-profile= "  # of every line of ours on a terminal

_TAB = "    "
JOINERS = "\u200c\u200d"  # zero-width, but part of the spelling in several scripts
_SPACES = "\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"

# Of a longer value a sentence quotes the beginning and the end: of a path, what tells it from others.
_MOST_QUOTED, _END_QUOTED = 200, 80
_CUT_MARK = "..."


class Styled(str):
    """A line with terminal codes of our own in it; who makes one has made visible all that is not."""


def visible(text: str) -> str:
    """Text from the program, made safe to show on one line of any medium.

    Tabs become spaces; control characters their pictures; lone surrogates, marks that turn the writing direction and
    other characters without a shape are spelled out ("\\u202e").
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
    """A value as a sentence quotes it: visible, and its middle left out if it is long."""
    return _shortened(visible(_shortened(str(value))))


def _shortened(text: str) -> str:
    if len(text) <= _MOST_QUOTED:
        return text
    return text[: _MOST_QUOTED - _END_QUOTED - len(_CUT_MARK)] + _CUT_MARK + text[-_END_QUOTED:]


def sentence(form: str, *values: object) -> str:
    """A %-form filled with values. Numbers and sentences of ours stand as they are; all else is quoted.

    Without values the form is the whole sentence, and made visible too.
    """
    if not values:
        return visible(form)
    return form % tuple([value if _stands_as_it_is(value) else quoted(value) for value in values])


def _stands_as_it_is(value: object) -> bool:
    return isinstance(value, (int, float)) or getattr(value, "is_sentence", False) is True
