"""The forms of the report: what each is called, which files it has, and which module makes them.

A form is a module of this package with a function `pieces(content)`: it gives a file piece by piece, as bytes, and
takes a Content (content.py). To add one, write that module and add a row to FORMS.
"""

from filprofiler.profile.model import OUT_OF_MEMORY, PEAK

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Tuple

PROF, SVG, HTML, JSON, SPEEDSCOPE, PPROF = "prof", "svg", "html", "json", "speedscope", "pprof"

INDEX_NAME = "index.html"
_STEMS = {PEAK: "peak-memory", OUT_OF_MEMORY: "out-of-memory"}


class Form:
    """One form of the report.

    name: as --format takes it.
    module: the module that makes its files.
    endings: of its files' names, behind "peak-memory" or "out-of-memory"; none for the page, which has one name.
    usual: whether a run writes it without being asked to.
    """

    __slots__ = ("endings", "module", "name", "usual")

    def __init__(self, name: str, module: str, endings: "Tuple[str, ...]", usual: bool = False) -> None:
        self.name = name
        self.module = module
        self.endings = endings
        self.usual = usual


# In the order in which they are written.
FORMS = (
    Form(PROF, "filprofiler.report.prof_writer", (".prof",), usual=True),
    Form(SVG, "filprofiler.report.svg", (".svg", "-reversed.svg"), usual=True),
    Form(HTML, "filprofiler.report.html", (), usual=True),
    Form(JSON, "filprofiler.report.json_writer", (".json",)),
    Form(SPEEDSCOPE, "filprofiler.report.speedscope", (".speedscope.json",)),
    Form(PPROF, "filprofiler.report.pprof", (".pb.gz",)),
)

ALL = tuple(form.name for form in FORMS)
USUAL = tuple(form.name for form in FORMS if form.usual)
_BY_NAME = {form.name: form for form in FORMS}


def form_named(name: str) -> Form:
    """The form of that name. Raises KeyError."""
    return _BY_NAME[name]


def all_file_names() -> "Tuple[str, ...]":
    """Names of the files of all forms, of both moments."""
    return tuple(name for moment in _STEMS for form in ALL for name in file_names(form, moment))


def file_names(form: str, moment: str = PEAK) -> "Tuple[str, ...]":
    """Names of the files of a form that show `moment`. The page has the same name for both."""
    endings = form_named(form).endings
    return tuple(_STEMS[moment] + ending for ending in endings) or (INDEX_NAME,)
