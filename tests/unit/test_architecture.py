"""The rules of the source tree: who may import or include whom, how long files are, what they may not mention."""

import ast
import re
import shutil
import subprocess
from pathlib import Path
from typing import Dict, Iterator, List, Set, Tuple

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
PACKAGE = ROOT / "filprofiler"
CSRC = ROOT / "csrc"

PYTHON_FILES = sorted(PACKAGE.rglob("*.py"))
C_FILES = sorted(path for ending in ("*.c", "*.h") for path in CSRC.rglob(ending))
OF_THIS_SYSTEM = [path for path in C_FILES if not path.name.startswith("macos")]  # tests/install compiles the others
DEFINITIONS = sorted(CSRC.rglob("*.def"))

C_FILE_LINES = 400
PYTHON_FILE_LINES = 300
FUNCTION_LINES = 60

# Generated: as long as what it is generated from.
GENERATED = {PACKAGE / "_abi.py"}

# What each part of the package may import of the others. A part is a sub-package, or a file in the package itself.
ALLOWED: Dict[str, Set[str]] = {
    "__init__": {"jupyter"},
    "_abi": set(),
    "errors": {"wording"},
    "wording": set(),
    "systems": set(),
    "interrupts": set(),
    "regular_files": set(),
    "opened_folder": {"regular_files"},
    "environment": {"systems"},
    "library": {"_abi", "errors", "foreign", "launch.statuses", "systems"},
    "foreign": {"_abi", "environment", "library"},
    "recording": {"_abi", "errors", "regular_files"},
    "profile": {"_abi", "errors", "recording", "regular_files"},
    "report": {"_abi", "errors", "opened_folder", "profile", "recording", "regular_files", "wording"},
    "launch": {
        "_abi",
        "environment",
        "errors",
        "foreign",
        "library",
        "opened_folder",
        "regular_files",
        "systems",
        "wording",
    },
    "cli": {
        "__init__",
        "_abi",
        "environment",
        "errors",
        "interrupts",
        "launch",
        "library",
        "opened_folder",
        "profile",
        "recording",
        "regular_files",
        "report",
        "wording",
    },
    "inside": {
        "_abi",
        "environment",
        "errors",
        "foreign",
        "library",
        "launch",
        "opened_folder",
        "profile",
        "recording",
    },
    "findings": {"errors", "opened_folder", "profile", "report"},
    "api": {"environment", "errors", "findings", "inside", "launch"},
    "jupyter": {"api", "cli.messages", "errors", "wording"},
    "pytest_plugin": {
        "api",
        "cli.messages",
        "errors",
        "opened_folder",
        "profile.saved_values",
        "profile.threshold",
        "pytest_start",
        "regular_files",
        "report.formats",
        "wording",
    },
    "pytest_start": {"api", "environment", "wording"},
    "command": {"cli", "interrupts", "launch.quiet"},
    "__main__": {"command"},
}

# Modules that cost a user's start-up much, and that these parts of it get on without.
SLOW_MODULES = {
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

FREESTANDING_HEADERS = {"stdint.h", "stddef.h", "stdbool.h", "string.h"}
OS_MACRO = re.compile(r"\b(__linux__|__linux|__gnu_linux__|__APPLE__|__MACH__|_WIN32|__FreeBSD__|__GLIBC__)\b")
INCLUDE = re.compile(r'^\s*#\s*include\s+([<"])([^>"]+)[>"]', re.MULTILINE)

# Paths that exist on one machine only. Written in pieces, so that this file does not mention one itself.
MACHINE_PATHS = re.compile("|".join(("/" + "root/", "/" + "work/shared", re.escape(str(Path.home()) + "/"))))


def part_of(path: Path) -> str:
    """The part of the package that a file belongs to."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return parts[0]


def runtime_imports(tree: ast.AST) -> Iterator[ast.stmt]:
    """The import statements that are carried out: not those under `if TYPE_CHECKING`."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            for statement in node.orelse:
                yield from runtime_imports(ast.Module([statement], []))
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            yield node
        else:
            yield from runtime_imports(node)


def imported_modules(path: Path) -> List[str]:
    """Full names of what a file imports at run time; of `from a import b`, both `a` and `a.b`."""
    names = []
    for node in runtime_imports(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0 and node.module, "%s: relative import" % path
            names += ["%s.%s" % (node.module, alias.name) for alias in node.names]
    return names


def own_part(name: str) -> Tuple[str, str]:
    """Of a full name inside our package: the part, and the part with the module in it."""
    words = name.split(".")[1:]
    if len(words) == 1 and not (PACKAGE / words[0]).is_dir() and not (PACKAGE / (words[0] + ".py")).exists():
        return "__init__", "__init__"  # a name that the package itself defines
    return words[0], ".".join(words[:2])


@pytest.mark.parametrize("path", PYTHON_FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_go_one_way(path: Path) -> None:
    part = part_of(path)
    allowed = ALLOWED[part] | {part}
    for name in imported_modules(path):
        if name.partition(".")[0] == "filprofiler":
            target, module = own_part(name)
            assert target in allowed or module in allowed, "%s may not import %s" % (part, name)


@pytest.mark.parametrize("path", PYTHON_FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_one_file_uses_ctypes(path: Path) -> None:
    modules = {name.partition(".")[0] for name in imported_modules(path)}
    assert path.name == "foreign.py" or not modules & {"ctypes", "_ctypes"}


# What runs in the profiled process before its program: it leaves nothing in sys.modules, so it may import only what
# every interpreter has imported by then, with any flag, and what is left there on purpose.
AT_THE_START = [PACKAGE / name for name in ("_abi.py", "errors.py", "library.py", "systems.py", "wording.py")] + [
    PACKAGE / "in_process" / (name + ".py")
    for name in ("bootstrap", "jit", "measure", "proof", "stacks", "start", "statuses", "variables")
]
THERE_ANYWAY = {"_imp", "_signal", "_thread", "builtins", "marshal", "posix", "sys"}
LEFT_ON_PURPOSE = {"threading"}  # with a profile function only


@pytest.mark.parametrize("path", AT_THE_START, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_start_imports_what_is_there_anyway(path: Path) -> None:
    modules = {name.partition(".")[0] for name in imported_modules(path)}
    own = {PACKAGE / (name.partition(".")[2].replace(".", "/") + ".py") for name in imported_modules(path)}
    assert modules <= THERE_ANYWAY | LEFT_ON_PURPOSE | {"filprofiler"}
    wrong = (
        {one for one in own if one.exists()}
        - set(AT_THE_START)
        - {PACKAGE / "foreign.py", PACKAGE / "in_process" / "become.py"}
    )
    assert not wrong


@pytest.mark.parametrize("path", PYTHON_FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_start_up_imports_little(path: Path) -> None:
    if part_of(path) not in ("recording", "profile", "report", "inside", "findings", "api", "jupyter"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        at_once = [n for n in runtime_imports(tree) if n in tree.body or n in _else_branches(tree)]
        modules = {alias.name for node in at_once if isinstance(node, ast.Import) for alias in node.names}
        modules |= {node.module or "" for node in at_once if isinstance(node, ast.ImportFrom)}
        assert not modules & SLOW_MODULES


def _else_branches(tree: ast.Module) -> List[ast.stmt]:
    return [statement for node in tree.body if isinstance(node, ast.If) for statement in node.orelse]


@pytest.mark.parametrize("path", sorted(set(PYTHON_FILES) - GENERATED), ids=lambda path: str(path.relative_to(ROOT)))
def test_python_files_and_functions_are_short(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count("\n") <= PYTHON_FILE_LINES
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            last = max(getattr(child, "end_lineno", 0) or 0 for child in ast.walk(node))
            assert last - node.lineno < FUNCTION_LINES, "%s is too long" % node.name


@pytest.mark.parametrize(
    "path", [p for p in PYTHON_FILES if p not in GENERATED], ids=lambda p: str(p.relative_to(ROOT))
)
def test_public_names_are_documented(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert ast.get_docstring(tree), "the file says nothing of itself"
    for node in tree.body:
        documented = isinstance(node, (ast.FunctionDef, ast.ClassDef)) and not node.name.startswith("_")
        if documented and "overload" not in [getattr(one, "id", "") for one in node.decorator_list]:
            assert ast.get_docstring(node), "%s has no docstring" % node.name


@pytest.mark.parametrize("path", C_FILES + DEFINITIONS, ids=lambda path: str(path.relative_to(ROOT)))
def test_c_files_are_short(path: Path) -> None:
    assert path.read_text(encoding="utf-8").count("\n") <= C_FILE_LINES


@pytest.mark.parametrize("path", C_FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_ledger_stands_alone(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for kind, name in INCLUDE.findall(text):
        assert name != "Python.h"
        if CSRC / "ledger" in path.parents:
            if kind == "<":
                assert name in FREESTANDING_HEADERS, "the ledger may not include <%s>" % name
            else:
                assert name == "fil_format.h" or name.startswith("ledger/"), 'the ledger may not include "%s"' % name


@pytest.mark.parametrize("path", C_FILES + DEFINITIONS, ids=lambda path: str(path.relative_to(ROOT)))
def test_systems_differ_in_one_place(path: Path) -> None:
    if path.name != "interposed.def" and CSRC / "platform" not in path.parents:
        found = OS_MACRO.search(path.read_text(encoding="utf-8"))
        assert not found, "%s belongs to csrc/platform" % (found and found.group())


@pytest.mark.parametrize("path", OF_THIS_SYSTEM, ids=lambda path: str(path.relative_to(ROOT)))
@pytest.mark.skipif(not shutil.which("cc"), reason="needs a C compiler")
def test_each_c_file_compiles_alone(path: Path) -> None:
    flags = ["-std=c11", "-D_GNU_SOURCE", "-Icsrc", "-Wall", "-Wextra", "-Wno-unused-function", "-Werror"]
    # A header is read as the only line of a file, because as a main file it would be warned of.
    source = '#include "%s"\n' % path.relative_to(CSRC)
    command = ["cc", "-fsyntax-only", *flags, "-x", "c", "-"]
    done = subprocess.run(
        command, cwd=str(ROOT), input=source.encode(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    assert done.returncode == 0, done.stdout.decode()


OLD_HEADERS = """
#include <sys/mman.h>
#include <sys/syscall.h>
#undef MADV_WIPEONFORK
#undef SYS_pkey_mprotect
"""


@pytest.mark.parametrize("path", sorted(CSRC.glob("platform/linux*.c")), ids=lambda path: path.name)
@pytest.mark.skipif(not shutil.which("cc"), reason="needs a C compiler")
def test_linux_is_compiled_with_the_headers_of_glibc_2_17(path: Path, tmp_path: Path) -> None:
    old = tmp_path / "old_headers.h"
    old.write_text(OLD_HEADERS)
    command = ["cc", "-std=c11", "-fsyntax-only", "-D_GNU_SOURCE", "-Icsrc", "-include", str(old), str(path)]
    done = subprocess.run(command, cwd=str(ROOT), stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert done.returncode == 0, done.stdout.decode()


def test_no_file_mentions_a_machines_paths() -> None:
    folders = ("filprofiler", "csrc", "tests", "build_tools", "benchmarks", "docs", "examples", ".ci", ".github")
    top = [path for path in ROOT.iterdir() if path.is_file()]
    below = [path for folder in folders for path in (ROOT / folder).rglob("*") if path.is_file()]
    for path in top + below:
        if any(part.startswith("__pycache__") or part.endswith("_cache") for part in path.parts):
            continue
        if path.suffix in (".so", ".dylib", ".o", ".csv") or path.name == "test_docs.py":
            continue  # that has the same rule for documents
        found = MACHINE_PATHS.search(path.read_text(encoding="utf-8", errors="replace"))
        assert not found, "%s mentions %s" % (path.relative_to(ROOT), found and found.group())
