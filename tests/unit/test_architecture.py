"""The rules of the source tree: who may import or include whom, how long files are, what they may not mention.

One test a rule; what fails it lists every offender.
"""

import ast
import re
import shutil
import subprocess
from pathlib import Path
from typing import Dict, Iterator, List, Set

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
PACKAGE = ROOT / "filprofiler"
CSRC = ROOT / "csrc"

PYTHON_FILES = sorted(PACKAGE.rglob("*.py"))
C_FILES = sorted(path for ending in ("*.c", "*.h") for path in CSRC.rglob(ending))
OF_THIS_SYSTEM = [path for path in C_FILES if not path.name.startswith("macos")]  # tests/install compiles the others
DEFINITIONS = sorted(CSRC.rglob("*.def"))

FILE_LINES = 400
FUNCTION_LINES = 60

# Generated: as long as what it is generated from.
GENERATED = {PACKAGE / "_abi.py"}

# What each room may import of the others, as the map says. A room is a sub-package, or a file in the package itself.
MAP = PACKAGE / "README.md"
ROW = re.compile(r"^\| `(\w+)` \|.*\| ?((?:`\w+`(?:, )?)*) ?\|$", re.MULTILINE)
ALLOWED: Dict[str, Set[str]] = {
    room: set(re.findall(r"`(\w+)`", allowed)) for room, allowed in ROW.findall(MAP.read_text(encoding="utf-8"))
}

# Modules that cost a user's start-up much, and that these rooms of it get on without.
STARTS = set(ALLOWED) - {"recording", "profile", "report", "in_process", "peak", "measurement", "api", "jupyter"}
NOT_AT_START = {"cli.subcommands"}  # only commands that start no program import it: the rule holds for who imports it
SLOW_MODULES = {
    "filprofiler.cli.subcommands",
    "argparse",
    "json",
    "subprocess",
    "inspect",
    "typing",
    "threading",
    "logging",
    "pathlib",
    "tempfile",
    "re",
}

# What runs in the profiled process before its program: it leaves nothing in sys.modules, so it may import only what
# every interpreter has imported by then, with any flag, and what is left there on purpose.
AT_THE_START = {
    "_abi",
    "errors",
    "exit_statuses",
    "jit",
    "library",
    "systems",
    "variables",
    "wording",
    "in_process.bootstrap",
    "in_process.measure_layout",
    "in_process.objects",
    "in_process.verify_layout",
    "in_process.stacks",
    "in_process.start",
}
THERE_ANYWAY = {"_imp", "_signal", "_thread", "builtins", "marshal", "posix", "sys"}
LEFT_ON_PURPOSE = {"threading"}  # with a profile function only
NOT_AT_THE_START = {"foreign", "in_process.become"}  # imported where the library is not in front of the program

FREESTANDING_HEADERS = {"stdint.h", "stddef.h", "stdbool.h", "string.h"}
OS_MACRO = re.compile(r"\b(__linux__|__linux|__gnu_linux__|__APPLE__|__MACH__|_WIN32|__FreeBSD__|__GLIBC__)\b")
INCLUDE = re.compile(r'^\s*#\s*include\s+([<"])([^>"]+)[>"]', re.MULTILINE)

# Paths that exist on one machine only. Written in pieces, so that this file does not mention one itself.
MACHINE_PATHS = re.compile("|".join(("/" + "root/", "/" + "work/shared", re.escape(str(Path.home()) + "/"))))


def name_of(path: Path) -> str:
    """The dotted name of a file below the package."""
    return ".".join(path.relative_to(PACKAGE).with_suffix("").parts)


def room_of(name: str) -> str:
    """The room of a module below the package."""
    return name.split(".")[0]


def parsed(path: Path) -> ast.Module:
    """A file's syntax tree."""
    return ast.parse(path.read_text(encoding="utf-8"))


def carried_out(tree: ast.AST) -> Iterator[ast.stmt]:
    """The import statements that are carried out: not those under `if TYPE_CHECKING`."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            for statement in node.orelse:
                yield from carried_out(ast.Module([statement], []))
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            yield node
        else:
            yield from carried_out(node)


def all_imports(tree: ast.AST) -> Iterator[ast.stmt]:
    """The import statements, those for typing too."""
    return (node for node in ast.walk(tree) if isinstance(node, (ast.Import, ast.ImportFrom)))


def names_of(statements: Iterator[ast.stmt]) -> Iterator[str]:
    """Full names of what is imported; of `from a import b`, `a.b`."""
    for node in statements:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0 and node.module, "relative import"
            yield from ("%s.%s" % (node.module, alias.name) for alias in node.names)


def own_module(name: str) -> str:
    """The module below the package that a full name leads to; "" if it is not ours."""
    words = name.split(".")
    if words[0] != "filprofiler":
        return ""
    for count in range(len(words), 1, -1):
        path = PACKAGE.joinpath(*words[1:count])
        if path.with_suffix(".py").exists():
            return ".".join(words[1:count])
        if path.is_dir():
            return ".".join(words[1:count] + ["__init__"])
    return "__init__"


def uses(path: Path) -> Set[str]:
    """The other modules of ours that a file imports, for typing too."""
    return {own_module(name) for name in names_of(all_imports(parsed(path)))} - {"", name_of(path)}


def test_the_map_names_every_room() -> None:
    assert set(ALLOWED) == {room_of(name_of(path)) for path in PYTHON_FILES}


def test_imports_go_one_way() -> None:
    wrong = [
        "%s imports %s" % (name_of(path), used)
        for path in PYTHON_FILES
        for used in uses(path)
        if room_of(used) not in ALLOWED[room_of(name_of(path))] | {room_of(name_of(path))}
    ]
    assert not wrong


def test_the_map_allows_no_more_than_is_used() -> None:
    used: Dict[str, Set[str]] = {room: set() for room in ALLOWED}
    for path in PYTHON_FILES:
        room = room_of(name_of(path))
        used[room] |= {room_of(one) for one in uses(path)} - {room}
    assert {room: ALLOWED[room] - used[room] for room in ALLOWED if ALLOWED[room] - used[room]} == {}


def test_supervisor_and_program_know_nothing_of_each_other() -> None:
    assert "in_process" not in ALLOWED["supervisor"] and "supervisor" not in ALLOWED["in_process"]


def in_circles(graph: Dict[str, Set[str]]) -> List[str]:
    """The nodes from which a way leads back to themselves."""
    found = []
    for start in graph:
        seen: Set[str] = set()
        waiting = list(graph[start])
        while waiting:
            node = waiting.pop()
            if node not in seen:
                seen.add(node)
                waiting.extend(graph.get(node, ()))
        if start in seen:
            found.append(start)
    return found


def test_nothing_imports_in_a_circle() -> None:
    modules = {name_of(path): uses(path) for path in PYTHON_FILES}
    assert in_circles(modules) == []
    rooms: Dict[str, Set[str]] = {}
    for name, used in modules.items():
        rooms.setdefault(room_of(name), set()).update({room_of(one) for one in used} - {room_of(name)})
    assert in_circles(rooms) == []


def test_one_file_uses_ctypes() -> None:
    users = [
        name_of(path)
        for path in PYTHON_FILES
        if {name.partition(".")[0] for name in names_of(carried_out(parsed(path)))} & {"ctypes", "_ctypes"}
    ]
    assert users == ["foreign"]


def test_the_start_imports_what_is_there_anyway() -> None:
    wrong = []
    for path in PYTHON_FILES:
        if name_of(path) in AT_THE_START:
            for name in names_of(carried_out(parsed(path))):
                own = own_module(name)
                known = own in AT_THE_START | NOT_AT_THE_START | {"__init__", "in_process.__init__"}
                if not known if own else name.partition(".")[0] not in THERE_ANYWAY | LEFT_ON_PURPOSE:
                    wrong.append("%s imports %s" % (name_of(path), name))
    assert not wrong


def test_start_up_imports_little() -> None:
    wrong = []
    for path in PYTHON_FILES:
        tree = parsed(path)
        if room_of(name_of(path)) in STARTS and name_of(path) not in NOT_AT_START:
            at_once = [node for node in carried_out(tree) if node in tree.body or node in else_branches(tree)]
            names = set(names_of(iter(at_once)))
            found = (names | {name.partition(".")[0] for name in names}) & SLOW_MODULES
            wrong += ["%s imports %s" % (name_of(path), name) for name in found]
    assert not wrong


def else_branches(tree: ast.Module) -> List[ast.stmt]:
    """The statements of the `else` of conditions at the top of a file."""
    return [statement for node in tree.body if isinstance(node, ast.If) for statement in node.orelse]


def test_files_and_functions_are_short() -> None:
    wrong = []
    for path in [*PYTHON_FILES, *C_FILES, *DEFINITIONS]:
        lines = path.read_text(encoding="utf-8").count("\n")
        if lines > FILE_LINES and path not in GENERATED:
            wrong.append("%s: %d lines" % (path.relative_to(ROOT), lines))
    for path in set(PYTHON_FILES) - GENERATED:
        for node in ast.walk(parsed(path)):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                last = max(getattr(child, "end_lineno", 0) or 0 for child in ast.walk(node))
                if last - node.lineno >= FUNCTION_LINES:
                    wrong.append("%s: %s has %d lines" % (name_of(path), node.name, last - node.lineno + 1))
    assert not wrong


def test_public_names_are_documented() -> None:
    wrong = []
    for path in set(PYTHON_FILES) - GENERATED:
        tree = parsed(path)
        if not ast.get_docstring(tree):
            wrong.append(name_of(path))
        for node in tree.body:
            if not isinstance(node, (ast.FunctionDef, ast.ClassDef)) or node.name.startswith("_"):
                continue
            overload = "overload" in [getattr(one, "id", "") for one in node.decorator_list]
            if not overload and not ast.get_docstring(node):
                wrong.append("%s.%s" % (name_of(path), node.name))
    assert not wrong


def test_the_ledger_stands_alone() -> None:
    wrong = []
    for path in C_FILES:
        for kind, name in INCLUDE.findall(path.read_text(encoding="utf-8")):
            in_ledger = CSRC / "ledger" in path.parents
            allowed = (
                name in FREESTANDING_HEADERS
                if kind == "<"
                else name.startswith(("fil_format.h", "fil_processes.h", "ledger/"))
            )
            if name == "Python.h" or (in_ledger and not allowed):
                wrong.append("%s includes %s" % (path.relative_to(CSRC), name))
    assert not wrong


def test_systems_differ_in_one_place() -> None:
    others = [p for p in C_FILES + DEFINITIONS if p.name != "interposed.def" and CSRC / "platform" not in p.parents]
    assert [str(path) for path in others if OS_MACRO.search(path.read_text(encoding="utf-8"))] == []


def compile_alone(flags: List[str], path: Path, source: str) -> str:
    """What the compiler says of a source text that includes one file."""
    command = ["cc", "-fsyntax-only", "-std=c11", "-D_GNU_SOURCE", "-Icsrc", *flags, "-x", "c", "-"]
    done = subprocess.run(
        command, cwd=str(ROOT), input=source.encode(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    return "" if done.returncode == 0 else "%s\n%s" % (path.relative_to(CSRC), done.stdout.decode())


@pytest.mark.skipif(not shutil.which("cc"), reason="needs a C compiler")
def test_each_c_file_compiles_alone() -> None:
    flags = ["-Wall", "-Wextra", "-Wno-unused-function", "-Werror"]
    # A header is read as the only line of a file, because as a main file it would be warned of.
    found = [compile_alone(flags, path, '#include "%s"\n' % path.relative_to(CSRC)) for path in OF_THIS_SYSTEM]
    assert not list(filter(None, found)), "\n".join(found)


OLD_HEADERS = """
#include <sys/mman.h>
#include <sys/syscall.h>
#undef MADV_WIPEONFORK
#undef SYS_pkey_mprotect
"""


@pytest.mark.skipif(not shutil.which("cc"), reason="needs a C compiler")
def test_linux_is_compiled_with_the_headers_of_glibc_2_17() -> None:
    files = sorted(CSRC.glob("platform/linux*.c"))
    found = [compile_alone([], path, OLD_HEADERS + '#include "%s"\n' % path.relative_to(CSRC)) for path in files]
    assert files and not list(filter(None, found)), "\n".join(found)


def test_no_file_mentions_a_machines_paths() -> None:
    folders = ("filprofiler", "csrc", "tests", "build_tools", "benchmarks", "docs", "examples", ".ci", ".github")
    top = [path for path in ROOT.iterdir() if path.is_file()]
    below = [path for folder in folders for path in (ROOT / folder).rglob("*") if path.is_file()]
    wrong = []
    for path in top + below:
        if any(part.startswith("__pycache__") or part.endswith("_cache") for part in path.parts):
            continue
        if path.suffix in (".so", ".dylib", ".o", ".csv") or path.name == "test_docs.py":
            continue  # that has the same rule for documents
        if MACHINE_PATHS.search(path.read_text(encoding="utf-8", errors="replace")):
            wrong.append(str(path.relative_to(ROOT)))
    assert not wrong
