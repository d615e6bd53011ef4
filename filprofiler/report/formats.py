"""The forms of the report, by the names that --format takes, and the files of each."""

PROF, SVG, HTML, JSON, SPEEDSCOPE, PPROF = "prof", "svg", "html", "json", "speedscope", "pprof"

FILES = {
    PROF: ("peak-memory.prof",),
    SVG: ("peak-memory.svg", "peak-memory-reversed.svg"),
    HTML: ("index.html",),
    JSON: ("peak-memory.json",),
    SPEEDSCOPE: ("peak-memory.speedscope.json",),
    PPROF: ("peak-memory.pb.gz",),
}

ALL = (PROF, SVG, HTML, JSON, SPEEDSCOPE, PPROF)  # in the order in which they are written
USUAL = (PROF, SVG, HTML)  # what a run writes
