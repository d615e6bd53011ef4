"""What the files of a report are made of."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Sequence

    from filprofiler.profile.model import Profile
    from filprofiler.profile.source import SourceReader
    from filprofiler.profile.top import TopLines
    from filprofiler.profile.tree import Site


class Drawn:
    """What the pictures of one report have in common, so that it is worked out once.

    words: what boxes say of a site, by site.
    """

    def __init__(self, sources: "SourceReader") -> None:
        self.sources = sources
        self.words: "Dict[Site, Any]" = {}


class Content:
    """What a file of the report is made of.

    name: the file's own name.
    drawn: what the pictures of one report have in common; its `sources` read source lines.
    beside: names of the report's other files, but for the page.
    """

    __slots__ = ("beside", "drawn", "name", "profile", "top")

    def __init__(
        self, name: str, profile: "Profile", top: "TopLines", drawn: "Drawn", beside: "Sequence[str]" = ()
    ) -> None:
        self.name = name
        self.profile = profile
        self.top = top
        self.drawn = drawn
        self.beside = beside
