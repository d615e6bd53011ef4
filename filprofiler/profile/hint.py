"""One hint about a profile: what somebody who wants the peak lower might look at first."""

from filprofiler.profile.tree import Site

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, Optional, Sequence, Tuple

# What a hint can be about.
LARGEST_LINE = "largest-line"  # how far the peak could fall at most, were it not for one line
NESTED_CALLS = "nested-calls"  # f(g(...)): what g gave and what f took are live together
TEMPORARIES = "temporaries"  # parts of one expression of arithmetic are live together
COPY = "copy"  # a line makes, of what another line made, as much again
WHOLE_FILE = "whole-file"  # a file is read at once
GROWN_IN_LOOP = "grown-in-loop"  # a loop makes a new, longer one each time round
FLOAT64 = "float64"  # numbers are turned into float64

# Of each kind: how many sites it has, and which words.
KINDS: "Dict[str, Tuple[int, Tuple[str, ...]]]" = {
    LARGEST_LINE: (1, ()),
    NESTED_CALLS: (2, ("inner", "outer")),
    TEMPORARIES: (2, ("one", "other")),
    COPY: (2, ("name",)),
    WHOLE_FILE: (1, ("call",)),
    GROWN_IN_LOOP: (1, ("call", "name")),
    FLOAT64: (1, ("call",)),
}

# Of these kinds are hints that say that two things are live together: they count big blocks and mappings only.
LIVE_TOGETHER = frozenset([NESTED_CALLS, TEMPORARIES, COPY])


class Hint:
    """What was found; report/hint_text.py puts it into words.

    kind: one of KINDS, which says how many sites and which words there are.
    sites: the places that it speaks of, the most important first.
    sizes: for each of the sites, the bytes at the peak that are meant; of LIVE_TOGETHER, the big blocks and mappings.
    words: names from the source, by what they are, such as {"call": "read_csv"}.
    """

    __slots__ = ("kind", "sites", "sizes", "words")

    def __init__(
        self, kind: str, sites: "Sequence[Site]", sizes: "Sequence[int]", words: "Optional[Dict[str, str]]" = None
    ) -> None:
        self.kind = kind
        self.sites = tuple(sites)
        self.sizes = tuple(sizes)
        self.words = words or {}
