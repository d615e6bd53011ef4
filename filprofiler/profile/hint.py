"""One hint about a profile: what to look at first to lower the peak."""

from filprofiler.profile.tree import Site

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, Optional, Sequence, Tuple

# What a hint can be about.
LARGEST_LINE = "largest-line"  # how far the peak could fall at most without one line
NESTED_CALLS = "nested-calls"  # f(g(...)): the memory of g's result and of f are live together
TEMPORARIES = "temporaries"  # parts of one arithmetic expression are live together
COPY = "copy"  # a line makes an equally large object from another line's object
WHOLE_FILE = "whole-file"  # a file is read at once
GROWN_IN_LOOP = "grown-in-loop"  # a loop makes a new, longer object in each iteration
FLOAT64 = "float64"  # numbers are converted to float64

# By kind: the number of sites, and the names of its words.
KINDS: "Dict[str, Tuple[int, Tuple[str, ...]]]" = {
    LARGEST_LINE: (1, ()),
    NESTED_CALLS: (2, ("inner", "outer")),
    TEMPORARIES: (2, ("one", "other")),
    COPY: (2, ("name",)),
    WHOLE_FILE: (1, ("call",)),
    GROWN_IN_LOOP: (1, ("call", "name")),
    FLOAT64: (1, ("call",)),
}

# Kinds that say that two things are live together: they count only big blocks and mappings.
LIVE_TOGETHER = frozenset([NESTED_CALLS, TEMPORARIES, COPY])


class Hint:
    """A finding; report/hint_text.py puts it into words.

    kind: one of KINDS, which defines the number of sites and the words.
    sites: the lines it is about, the most important first.
    sizes: by site, the relevant bytes at the peak; for LIVE_TOGETHER, only big blocks and mappings.
    words: names from the source by role, such as {"call": "read_csv"}.
    """

    __slots__ = ("kind", "sites", "sizes", "words")

    def __init__(
        self, kind: str, sites: "Sequence[Site]", sizes: "Sequence[int]", words: "Optional[Dict[str, str]]" = None
    ) -> None:
        self.kind = kind
        self.sites = tuple(sites)
        self.sizes = tuple(sizes)
        self.words = words or {}
