"""The hints in words: a text with the finding, and a basis with the evidence."""

from filprofiler.profile import hint as kinds
from filprofiler.report import text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict

    from filprofiler.profile.hint import Hint

# Advice on a file that is read at once, by the call that reads it.
_PIECEWISE: "Dict[str, str]" = {
    "read": "A loop over the file, or read(size), reads it piece by piece.",
    "readlines": "A loop over the file itself gives the same lines one at a time.",
    "read_text": "A loop over the opened file reads it line by line.",
    "read_bytes": "read(size) on the opened file reads it piece by piece.",
    "list(csv.reader)": "Without list(), a loop over the reader gives one row at a time.",
    "list(csv.DictReader)": "Without list(), a loop over the reader gives one row at a time.",
}
_TABLE_PIECEWISE = "chunksize= reads it in pieces; usecols= leaves out unused columns."
_OTHER_PIECEWISE = "A file with one value per line can be read line by line."

_TEXTS: "Dict[str, str]" = {
    kinds.LARGEST_LINE: (
        "Without this line's %(first)s, memory at this moment would have been %(rest)s. The peak may fall by less, "
        "because memory may have been nearly as high at another moment, which is not recorded."
    ),
    kinds.NESTED_CALLS: (
        "%(outer)s(%(inner)s(...)): %(first)s from %(inner)s and %(second)s from %(outer)s are live at the "
        "same time. If %(outer)s can work piece by piece, %(inner)s need not return everything at once."
    ),
    kinds.TEMPORARIES: (
        "Parts of one expression are live at the same time: %(first)s from %(one)s and %(second)s from "
        "%(other)s. Written as separate steps, with operators such as += or with out=, it needs fewer of them at once."
    ),
    kinds.COPY: (
        "Two objects of the same size are live: this line makes %(first)s from %(name)s, which holds %(second)s and "
        "is not used afterwards. Working in place, or in one expression that does not name the first, may save one "
        "of them."
    ),
    kinds.WHOLE_FILE: (
        "%(called)s reads the whole file at once; %(first)s from this line is live. If not all of it is needed "
        "at once, the peak can be lower. %(advice)s"
    ),
    kinds.GROWN_IN_LOOP: (
        "%(statement)s in a loop makes a new, longer object in each iteration while the old one still exists; "
        "%(first)s from this line is live. Collecting the parts in a list and joining them once, after the "
        "loop, avoids that."
    ),
    kinds.FLOAT64: (
        "%(called)s makes float64, which takes 8 bytes per number; %(first)s from this line is live. Where seven "
        "digits are enough, float32 takes half of that."
    ),
}

_BASES: "Dict[str, str]" = {
    kinds.LARGEST_LINE: ("Measured: the line's share of the peak is %(share)s."),
    kinds.NESTED_CALLS: (
        "Measured: %(share)s and %(second_share)s of the peak, in blocks of 512 bytes or more; in the line's "
        "source, one call is an argument of the other."
    ),
    kinds.TEMPORARIES: (
        "Measured: %(share)s and %(second_share)s of the peak, in blocks of 512 bytes or more, distinguished by "
        "the interpreter's column positions."
    ),
    kinds.COPY: (
        "Measured: %(share)s and %(second_share)s of the peak, in blocks of 512 bytes or more; the line's source reads "
        "%(name)s, and no later line of the function does."
    ),
}

_OTHER_BASIS = "Measured: %(share)s of the peak. What the line does is inferred from its source."


def hint_text(hint: "Hint", peak_bytes: int) -> str:
    """The finding, in one to three sentences. peak_bytes: the profile's peak."""
    return _TEXTS[hint.kind] % _values(hint, peak_bytes)


def hint_basis(hint: "Hint", peak_bytes: int) -> str:
    """The evidence for a hint, in one sentence."""
    return _BASES.get(hint.kind, _OTHER_BASIS) % _values(hint, peak_bytes)


def _values(hint: "Hint", peak_bytes: int) -> "Dict[str, str]":
    """All values that a sentence may use."""
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
