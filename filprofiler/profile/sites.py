"""The sites of a recording's frames: maps functions and instructions to source lines."""

from filprofiler import _abi
from filprofiler.profile import filters
from filprofiler.profile.lines import MOST_LINE, table_of
from filprofiler.profile.program import Program
from filprofiler.profile.tree import Site

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, List, Optional, Tuple, Union

    from filprofiler.profile.libraries import Libraries
    from filprofiler.profile.lines import LineTable, OwnLines
    from filprofiler.recording.code import Code
    from filprofiler.recording.reader import Recording


class _Function:
    """A function's displayed path, its line table, and its sites so far, by line."""

    __slots__ = ("first_line", "importing", "name", "path", "shim", "sites", "table")

    def __init__(self, path: str, code: "Code", recording: "Recording") -> None:
        self.path = path
        self.name = code.name
        self.first_line = code.first_line
        self.importing = filters.is_import_machinery(code.filename)
        self.shim = self.importing or filters.is_interpreter_shim(code.filename, code.name, code.first_line)
        self.table = table_of(recording, code)
        self.sites: "Dict[int, int]" = {}


class SiteTable:
    """The sites of a recording's frames, each once.

    sites: by number; number 0 means no site.
    known: cache of `number`; the keys are code_number << 32 ^ offset.
    """

    def __init__(self, recording: "Recording", program: Program) -> None:
        self._recording = recording
        self._program = program
        self._libraries: "Optional[Libraries]" = None
        self._functions: "Dict[int, _Function]" = {}
        self._by_place: "Dict[Tuple[str, str, int], int]" = {}
        self.known: "Dict[int, int]" = {}
        self.sites = [Site("", "", 0)]

    def number(self, code_number: int, offset: int) -> int:
        """The number, in `sites`, of a function's instruction; 0 for a frame outside the program's code.

        An instruction without a line gets the function's first line.
        """
        found = self.known.get(code_number << 32 ^ offset)
        return self.learn(code_number, offset) if found is None else found

    def learn(self, code_number: int, offset: int) -> int:
        """Like `number`, for arguments that are not in `known`."""
        function = self._functions.get(code_number) or self._function(code_number)
        line = function.table.line(offset) if function.table is not None else 0
        if not 0 < line <= MOST_LINE:
            line = max(function.first_line, -MOST_LINE)
        found = function.sites.get(line)
        if found is None:
            found = 0 if function.shim else self._of_place(function.path, function.name, line)
            function.sites[line] = found
        self.known[code_number << 32 ^ offset] = found
        return found

    def importing(self, code_number: int) -> bool:
        """Whether a function belongs to the import machinery: only older recordings have its frames."""
        return (self._functions.get(code_number) or self._function(code_number)).importing

    def functions(self) -> "Dict[str, List[Tuple[int, str]]]":
        """By path, the functions seen: first line and name."""
        found: "Dict[str, List[Tuple[int, str]]]" = {}
        for function in self._functions.values():
            if not function.shim:
                found.setdefault(function.path, []).append((function.first_line, function.name))
        return found

    def lines(self, code_number: int) -> "Union[LineTable, OwnLines, None]":
        """The line table of a function; None if it was not kept."""
        return (self._functions.get(code_number) or self._function(code_number)).table

    def worker(self) -> int:
        """The number of the site for a library's own thread."""
        from filprofiler.profile.libraries import WORKER_NAME, WORKER_PATH

        return self._of_place(WORKER_PATH, WORKER_NAME, 0)

    def special(self, name: str) -> int:
        """The number of the special site of this name."""
        return self._of_place("", name, 0)

    def _function(self, code_number: int) -> _Function:
        code = self._recording.code(code_number)
        function = _Function(self._shown(code.filename), code, self._recording)
        if code.kind == _abi.FIL_CODE_LIBRARY:
            role = self._role(function.path)
            function.name = role or ""
            function.shim = role is None
        self._functions[code_number] = function
        return function

    def _role(self, library: str) -> "Optional[str]":
        """The label for memory that a library has mapped; None if it needs none."""
        if self._libraries is None:
            from filprofiler.profile.libraries import Libraries  # few programs need it

            self._libraries = Libraries()
        return self._libraries.role(library)

    def _of_place(self, path: str, name: str, line: int) -> int:
        """The number of a site. Functions of the same name in the same file share their sites."""
        place = (path, name, line)
        found = self._by_place.get(place)
        if found is None:
            found = self._by_place[place] = len(self.sites)
            self.sites.append(Site(*place))
        return found

    def _shown(self, filename: str) -> str:
        """The displayed path: the script as the user gave it, a notebook's cell by number, others unchanged."""
        program = self._program
        if filename in program.shown_paths:
            return program.shown_paths[filename]
        if program.script is not None and filename == program.script_absolute:
            return program.script
        return filename
