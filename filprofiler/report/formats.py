"""The forms of the report: name, files and module of each.

A form is a module of this package with a function `pieces(content)` that takes a Content (content.py) and yields a file
in pieces, as bytes. To add a form, write the module and add a row to FORMS.
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

    name: its name for --format.
    module: the module that makes its files.
    endings: endings of file names, after "peak-memory" or "out-of-memory"; empty for the page, which has one name.
    usual: whether a run writes it by default.
    """

    __slots__ = ("endings", "module", "name", "usual")

    def __init__(self, name: str, module: str, endings: "Tuple[str, ...]", usual: bool = False) -> None:
        self.name = name
        self.module = module
        self.endings = endings
        self.usual = usual


# In the order of writing.
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
    """Names of the files of all forms, for both moments."""
    return tuple(name for moment in _STEMS for form in ALL for name in file_names(form, moment))


def file_names(form: str, moment: str = PEAK) -> "Tuple[str, ...]":
    """Names of the files of a form that show `moment`. The page has the same name for both."""
    endings = form_named(form).endings
    return tuple(_STEMS[moment] + ending for ending in endings) or (INDEX_NAME,)
