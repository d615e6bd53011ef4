"""The forms of the report, by the names that --format takes, and the files of each."""

from filprofiler.profile.model import OUT_OF_MEMORY, PEAK

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Tuple

PROF, SVG, HTML, JSON, SPEEDSCOPE, PPROF = "prof", "svg", "html", "json", "speedscope", "pprof"

ALL = (PROF, SVG, HTML, JSON, SPEEDSCOPE, PPROF)  # in the order in which they are written
USUAL = (PROF, SVG, HTML)  # what a run writes

INDEX_NAME = "index.html"
_STEMS = {PEAK: "peak-memory", OUT_OF_MEMORY: "out-of-memory"}
_ENDINGS = {
    PROF: (".prof",),
    SVG: (".svg", "-reversed.svg"),
    JSON: (".json",),
    SPEEDSCOPE: (".speedscope.json",),
    PPROF: (".pb.gz",),
}


def all_file_names() -> "Tuple[str, ...]":
    """Names of the files of all forms, of both moments."""
    return tuple(name for moment in _STEMS for form in ALL for name in file_names(form, moment))


def file_names(form: str, moment: str = PEAK) -> "Tuple[str, ...]":
    """Names of the files of a form that tell of `moment`. The page is called the same for both."""
    if form == HTML:
        return (INDEX_NAME,)
    return tuple(_STEMS[moment] + ending for ending in _ENDINGS[form])
