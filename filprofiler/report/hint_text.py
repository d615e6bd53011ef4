"""The hints in words: a text that says what was found, and a basis that says what it rests on."""

from filprofiler.profile import hint as kinds
from filprofiler.report import text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict

    from filprofiler.profile.hint import Hint

# What can be done about a file that is read at once, by the call that reads it.
_PIECEWISE: "Dict[str, str]" = {
    "read": "A loop over the file, or read(size), takes it piece by piece.",
    "readlines": "A loop over the file itself gives the same lines one at a time.",
    "read_text": "A loop over the opened file takes it line by line.",
    "read_bytes": "read(size) on the opened file takes it piece by piece.",
    "list(csv.reader)": "Without list(), a loop over the reader gives one row at a time.",
    "list(csv.DictReader)": "Without list(), a loop over the reader gives one row at a time.",
}
_TABLE_PIECEWISE = "With chunksize= it comes in pieces; usecols= leaves out columns that are not used."
_OTHER_PIECEWISE = "A file with one value a line could be gone through line by line."

_TEXTS: "Dict[str, str]" = {
    kinds.LARGEST_LINE: (
        "Without the %(first)s of this line, this moment would have been at %(rest)s. The peak can fall no "
        "lower by this line alone, and it may fall less: the next highest moment is not recorded."
    ),
    kinds.NESTED_CALLS: (
        "%(outer)s(%(inner)s(...)): %(first)s from %(inner)s and %(second)s from %(outer)s are live at the "
        "same time. If %(outer)s can take one piece after the other, %(inner)s need not return all at once."
    ),
    kinds.TEMPORARIES: (
        "Parts of one expression are live at the same time: %(first)s from %(one)s and %(second)s from "
        "%(other)s. Written as one step after the other, with += and the like or with out=, it needs fewer at once."
    ),
    kinds.COPY: (
        "Two of the same size are live: this line makes %(first)s out of %(name)s, which takes %(second)s and"
        " is not used after it. Working in place, or in one expression that keeps no name for the first, may "
        "save one of them."
    ),
    kinds.WHOLE_FILE: (
        "%(called)s reads all of its file at once; %(first)s from this line is live. If that is not needed "
        "all at once, the peak can be lower. %(advice)s"
    ),
    kinds.GROWN_IN_LOOP: (
        "%(statement)s in a loop makes a new, longer one each time round, while the old one is still there; "
        "%(first)s from this line is live. Collecting the parts in a list and joining them once, after the "
        "loop, avoids that."
    ),
    kinds.FLOAT64: (
        "%(called)s makes float64, which takes 8 bytes a number; %(first)s from this line is live. Where the "
        "seven digits of float32 are enough, it takes half of that."
    ),
}

_BASES: "Dict[str, str]" = {
    kinds.LARGEST_LINE: ("Measured: the line's share of the peak is %(share)s."),
    kinds.NESTED_CALLS: (
        "Measured: %(share)s and %(second_share)s of the peak, in blocks of 512 bytes or more; the line's source has "
        "the one call as an argument of the other."
    ),
    kinds.TEMPORARIES: (
        "Measured: %(share)s and %(second_share)s of the peak, in blocks of 512 bytes or more, told apart by the "
        "columns that the interpreter keeps."
    ),
    kinds.COPY: (
        "Measured: %(share)s and %(second_share)s of the peak, in blocks of 512 bytes or more; the line's source reads "
        "%(name)s, and no later line of the function does."
    ),
}

_OTHER_BASIS = "Measured: %(share)s of the peak; the rest is what the line's source says."


def hint_text(hint: "Hint", peak_bytes: int) -> str:
    """What was found, in one to three sentences. `peak_bytes` is the profile's peak."""
    return _TEXTS[hint.kind] % _values(hint, peak_bytes)


def hint_basis(hint: "Hint", peak_bytes: int) -> str:
    """What a hint rests on, in one sentence."""
    return _BASES.get(hint.kind, _OTHER_BASIS) % _values(hint, peak_bytes)


def _values(hint: "Hint", peak_bytes: int) -> "Dict[str, str]":
    """All that a sentence may name."""
    values = {"rest": text.human_bytes(max(0, peak_bytes - hint.sizes[0]))}
    for place, size in zip(("", "second_"), hint.sizes):
        values[place + "share"] = text.percent(size, peak_bytes, 1)
        values[place.rstrip("_") or "first"] = text.human_bytes(size)
    values.update(hint.words)
    call = hint.words.get("call", "")
    values["called"] = call if call.endswith(")") else call + "()"
    values["advice"] = _PIECEWISE.get(call, _TABLE_PIECEWISE if call.startswith("read_") else _OTHER_PIECEWISE)
    name = hint.words.get("name", "")
    values["statement"] = "%s += ..." % name if call == "+=" else "%s = %s(...)" % (name, call)
    return values
