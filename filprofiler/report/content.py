"""The input of a report's files."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Sequence

    from filprofiler.profile.model import Profile
    from filprofiler.profile.source import SourceReader
    from filprofiler.profile.top import TopLines
    from filprofiler.profile.tree import Site


class Drawn:
    """Data shared by the pictures of one report, computed once.

    words: the texts of boxes, by site.
    """

    def __init__(self, sources: "SourceReader") -> None:
        self.sources = sources
        self.words: "Dict[Site, Any]" = {}


class Content:
    """The input of one file of the report.

    name: the file's name.
    drawn: shared by the pictures of one report; its `sources` reads source lines.
    beside: names of the report's other files, without the page.
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
