"""The remarks in words: a text that says what was found, and a basis that says what it rests on."""

from filprofiler.profile import remark as kinds
from filprofiler.report import text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict

    from filprofiler.profile.remark import Remark

# What can be done about a file that is read at once, by the call that reads it.
_PIECEWISE = {
    "read": "A loop over the file, or read(size), takes it piece by piece.",
    "readlines": "A loop over the file itself gives the same lines one at a time.",
    "read_text": "A loop over the opened file takes it line by line.",
    "read_bytes": "read(size) on the opened file takes it piece by piece.",
    "list(csv.reader)": "Without list(), a loop over the reader gives one row at a time.",
    "list(csv.DictReader)": "Without list(), a loop over the reader gives one row at a time.",
}  # type: Dict[str, str]
_TABLE_PIECEWISE = "With chunksize= it comes in pieces; usecols= leaves out columns that are not used."
_OTHER_PIECEWISE = "A file with one value a line could be gone through line by line."

_MEANS = "If that is not needed all at once, the peak can be lower. "


def remark_text(remark: "Remark", peak_bytes: int) -> str:
    """What was found, in one to three sentences. `peak_bytes` is the profile's peak."""
    sizes = [text.human_bytes(size) for size in remark.sizes]
    words = remark.words
    if remark.kind == kinds.LARGEST_LINE:
        rest = text.human_bytes(max(0, peak_bytes - remark.sizes[0]))
        return (
            "Without the %s of this line, this moment would have been at %s. The peak can fall no lower by this line alone, "
            "and it may fall less: the next highest moment is not recorded." % (sizes[0], rest)
        )
    if remark.kind == kinds.NESTED_CALLS:
        values = {"outer": words["outer"], "inner": words["inner"], "given": sizes[0], "taken": sizes[1]}
        return (
            "%(outer)s(%(inner)s(...)): %(given)s from %(inner)s and %(taken)s from %(outer)s are live at the same time. "
            "If %(outer)s can take one piece after the other, %(inner)s need not return all at once." % values
        )
    if remark.kind == kinds.COPY:
        return (
            "Two of the same size are live: this line makes %s out of %s, which takes %s and is not used after it. "
            "Working in place, or in one expression that keeps no name for the first, may save one of them."
            % (sizes[0], words["name"], sizes[1])
        )
    if remark.kind == kinds.WHOLE_FILE:
        call = words["call"]
        advice = _TABLE_PIECEWISE if call.startswith("read_") and call not in _PIECEWISE else _OTHER_PIECEWISE
        return "%s reads all of its file at once; %s from this line is live. %s%s" % (
            _name_of(call),
            sizes[0],
            _MEANS,
            _PIECEWISE.get(call, advice),
        )
    if remark.kind == kinds.GROWN_IN_LOOP:
        what = "%s += ..." % words["name"] if words["call"] == "+=" else "%s = %s(...)" % (words["name"], words["call"])
        return (
            "%s in a loop makes a new, longer one each time round, while the old one is still there; %s from this line is "
            "live. Collecting the parts in a list and joining them once, after the loop, avoids that."
            % (what, sizes[0])
        )
    return (
        "%s makes float64, which takes 8 bytes a number; %s from this line is live. Where the seven digits of float32 are "
        "enough, it takes half of that." % (_name_of(words["call"]), sizes[0])
    )


def remark_basis(remark: "Remark", peak_bytes: int) -> str:
    """What a remark rests on, in one sentence."""
    shares = [text.percent(size, peak_bytes, 1) for size in remark.sizes]
    if remark.kind == kinds.LARGEST_LINE:
        return "Measured: the line's share of the peak is %s." % shares[0]
    if remark.kind == kinds.NESTED_CALLS:
        return "Measured: %s and %s of the peak; the line's source has the one call as an argument of the other." % (
            shares[0],
            shares[1],
        )
    if remark.kind == kinds.COPY:
        return (
            "Measured: %s and %s of the peak; the line's source reads %s, and no later line of the function does."
            % (
                shares[0],
                shares[1],
                remark.words["name"],
            )
        )
    return "Measured: %s of the peak; the rest is what the line's source says." % shares[0]


def _name_of(call: str) -> str:
    return call if call.endswith(")") else call + "()"
