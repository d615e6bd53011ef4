"""The documentation says what holds: its commands, links, tables and statuses are those of this tree.

Run as a program, this writes the generated blocks anew: the help text and the recording's tables.
"""

import inspect
import re
import subprocess
import sys
from pathlib import Path
from typing import Dict, Iterator, List, Tuple

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from filprofiler import (  # noqa: E402
    __version__,
    api,
    exit_statuses,  # noqa: E402
)
from filprofiler.allocators import JEMALLOC_VARIABLES, MIMALLOC_VARIABLES, SYSTEM_VARIABLES  # noqa: E402
from filprofiler.cli.help import HELP  # noqa: E402
from filprofiler.profile.model import OUT_OF_MEMORY, PEAK  # noqa: E402
from filprofiler.report import formats  # noqa: E402
from filprofiler.supervisor.child_environment import POOL_VARIABLES  # noqa: E402
from filprofiler.systems import LINUX  # noqa: E402
from filprofiler.variables import JIT_VARIABLE, STACKS_VARIABLE  # noqa: E402

API = ROOT / "docs" / "api.md"
COMMAND_LINE = ROOT / "docs" / "command-line.md"
RECORDING_FORMAT = ROOT / "docs" / "recording-format.md"
README = ROOT / "README.md"

PAGES = sorted(
    [
        *ROOT.glob("*.md"),
        *ROOT.glob("docs/*.md"),
        ROOT / "csrc/README.md",
        ROOT / "filprofiler/README.md",
        ROOT / "examples/README.md",
    ]
)

LONGEST_COMMAND = 120

FORBIDDEN = {
    "the path of somebody's machine": r"/root/|/home/|/Users/|/work/|/tmp/|\.pyenv/",
    "a word of the workshop": r"\b(?:session|AI|assistant)s?\b",
    "the number of an issue": r"(?<![\w/&])#\d+|\bissues? \d+",
    "something left to do": r"\b(?:TODO|FIXME|XXX|TBD)\b",
}


def read(path: Path) -> str:
    """A page's text."""
    return path.read_text(encoding="utf-8")


def name_of(path: Path) -> str:
    """A page as a test's name."""
    return str(path.relative_to(ROOT))


def tables() -> str:
    """The recording's tables, as build_tools makes them from csrc/fil_format.h."""
    command = [sys.executable, str(ROOT / "build_tools" / "generate_abi.py"), "--markdown"]
    return subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout.decode("utf-8").strip("\n")


PYTHONS = ROOT / "docs" / "pythons.md"


def minors(table: str, macro: str) -> List[int]:
    """The minor versions that a table of the library has a row for."""
    rows = re.findall(r"^%s\((\d+)," % macro, read(ROOT / "csrc/attribute/layouts" / table), re.MULTILINE)
    return sorted(map(int, rows))


def versions() -> str:
    """The table of Python versions, from the library's own tables."""
    listed, published = minors("layouts.def", "LAYOUT"), minors("published.def", "PUBLISHED")
    lines = ["| CPython | call stacks | tests |", "|---|---|---|"]
    for minor in range(listed[0], published[-1] + 1):
        how = "known: offsets listed" if minor in listed else "known: offsets published by the interpreter"
        lines.append("| 3.%d | %s | all |" % (minor, how))
    lines.append("| 3.%d without the GIL | known: offsets published by the interpreter | all |" % published[0])
    lines.append("| 3.%d and later without the GIL | profiled | none |" % (published[0] + 1))
    lines.append("| 3.%d and later | measured | by `FIL_STACKS=measured` on all others |" % (published[-1] + 1))
    lines.append("| any that cannot be verified | profiled | by `FIL_STACKS=profiled` on all others |")
    return "\n".join(lines)


def parameters(value: object) -> str:
    """A method's parameters in brackets; nothing for a property."""
    if isinstance(value, property):
        return ""
    assert callable(value)
    found = list(inspect.signature(value).parameters.values())[1:]
    return "(%s)" % ", ".join(str(one.replace(annotation=inspect.Parameter.empty)) for one in found)


def api_reference() -> str:
    """The reference of the API, from its docstrings."""
    parts = []
    for name in ("profile", "peak", "check_ready"):
        parts.append("## %s\n\n%s" % (name, inspect.getdoc(getattr(api, name))))
    for kind in (api.Peak, api.Line):
        parts.append("## %s\n\n%s" % (kind.__name__, inspect.getdoc(kind)))
        for name, value in vars(kind).items():
            if not name.startswith("_") and (inspect.isfunction(value) or isinstance(value, property)):
                parts.append("`%s.%s%s`: %s" % (kind.__name__, name, parameters(value), inspect.getdoc(value)))
    return "\n\n".join(parts)


def test_every_option_of_the_plugin_is_documented() -> None:
    plugin = read(ROOT / "filprofiler" / "pytest_plugin.py")
    options = re.findall(r'"(--fil[\w-]*)"', plugin)
    assert options
    for option in options:
        assert "| `%s" % option in read(ROOT / "docs" / "pytest.md"), option


def test_what_the_examples_of_the_api_use_is_there() -> None:
    used = re.findall(r"from filprofiler.api import (.*)", read(API))
    assert used
    for name in used[0].split(", "):
        assert name in api.__all__


def generated_blocks() -> List[Tuple[Path, str, str]]:
    """Each generated block: page, the name in its markers, what must stand between them."""
    return [
        (COMMAND_LINE, "help", "```text\n%s\n```" % HELP),
        (RECORDING_FORMAT, "generated", tables()),
        (PYTHONS, "versions", versions()),
        (API, "api", api_reference()),
    ]


def split_at_markers(page: Path, name: str) -> Tuple[str, str, str]:
    """A page's text before, between and after the markers, which stay outside."""
    text = read(page)
    begin, end = "<!-- %s: begin -->\n" % name, "\n<!-- %s: end -->" % name
    assert text.count(begin) == 1 and text.count(end) == 1, "%s needs its markers" % name_of(page)
    before, _, rest = text.partition(begin)
    block, _, after = rest.partition(end)
    return before + begin, block, end + after


def readme_commands() -> List[str]:
    """The shell commands of the README, each a code block of its own."""
    return [block.strip("\n") for block in re.findall(r"^```sh\n(.*?)^```$", read(README), re.DOTALL | re.MULTILINE)]


def without_code(text: str) -> str:
    """A page without its code blocks, where links are no links and `#` begins a comment."""
    text = re.sub(r"^```.*?^```$", "", text, flags=re.DOTALL | re.MULTILINE)
    return re.sub(r"(?<=\n\n)(?: {4}.*\n+)+", "\n", text)


def anchors(text: str) -> List[str]:
    """What the headings of a page can be linked as."""
    headings = re.findall(r"^#+ (.*)$", without_code(text), re.MULTILINE)
    return [re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings]


def links(page: Path) -> Iterator[Tuple[Path, str]]:
    """The links of a page that lead into this tree: the file, and the anchor or ""."""
    for target in re.findall(r"\]\(([^)\s]+)\)", without_code(read(page))):
        if "://" not in target:
            path, _, anchor = target.partition("#")
            yield (page.parent / path).resolve() if path else page, anchor


def test_the_readme_has_two_short_commands() -> None:
    commands = readme_commands()
    assert len(commands) == 2
    for command in commands:
        assert "\n" not in command and len(command) <= LONGEST_COMMAND, command


def test_what_the_readmes_commands_name_is_there() -> None:
    for command in readme_commands():
        for path in re.findall(r"(?<![\w./-])(?:[\w-]+/)+[\w.-]+", command):
            assert (ROOT / path).exists(), path
        for target in re.findall(r"\bmake ([a-z-]+)", command):
            assert target in make_targets(), target


def test_the_readmes_commands_are_what_ci_runs() -> None:
    run = ROOT / ".ci" / "run"
    if not run.exists():
        pytest.skip("this tree has no .ci/run: it is not a clone")
    text = read(run)
    for command in readme_commands():
        assert command in text, ".ci/run does not run: " + command


def make_targets() -> Dict[str, str]:
    """The Makefile's documented targets, and what it says of them."""
    return dict(re.findall(r"^([a-z-]+):.*?## (.*)$", read(ROOT / "Makefile"), re.MULTILINE))


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_make_targets_exist(page: Path) -> None:
    for target in re.findall(r"`make ([a-z-]+)", read(page)):
        assert target in make_targets(), target


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_resolve(page: Path) -> None:
    for path, anchor in links(page):
        assert path.exists(), "%s leads to %s, which is not there" % (name_of(page), path)
        assert not anchor or anchor in anchors(read(path)), "%s has no heading #%s" % (name_of(path), anchor)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_nothing_that_does_not_belong_to_a_reader(page: Path) -> None:
    for what, pattern in FORBIDDEN.items():
        found = re.search(pattern, read(page))
        assert found is None, "%s has %s: %r" % (name_of(page), what, found and found.group())


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_files_that_are_named_exist(page: Path) -> None:
    folders = r"(?:csrc|docs|tests|examples|benchmarks|build_tools|filprofiler)/"
    for path in re.findall(r"`(%s[\w./-]+)`" % folders, read(page)):
        assert (ROOT / path).exists() or path == "filprofiler/_lib/", path


def test_generated_blocks_are_current() -> None:
    for page, name, wanted in generated_blocks():
        _, block, _ = split_at_markers(page, name)
        assert block == wanted, "%s is stale: run python tests/unit/test_docs.py" % name_of(page)


def test_every_exit_status_is_documented() -> None:
    section = read(COMMAND_LINE).partition("## Exit statuses")[2].partition("\n## ")[0]
    documented = [int(status) for status in re.findall(r"^\| (\d+) \|", section, re.MULTILINE)]
    ours = [value for name, value in vars(exit_statuses).items() if name.isupper()]
    assert ours and sorted(documented) == sorted(ours)


def test_every_option_is_documented() -> None:
    section = read(COMMAND_LINE).partition("## Options")[2].partition("\n## ")[0]
    options = set(re.findall(r"^  (-[\w-]+)(?:, (--[\w-]+))?", HELP, re.MULTILINE))
    for option in filter(None, sum(options, ())):
        assert "`%s" % option in section, option


def test_every_variable_that_is_set_is_documented() -> None:
    section = read(COMMAND_LINE).partition("## Environment")[2]
    allocators = (*SYSTEM_VARIABLES, *JEMALLOC_VARIABLES, *MIMALLOC_VARIABLES)
    for variable in (*POOL_VARIABLES, *allocators, LINUX.preload_variable, JIT_VARIABLE, STACKS_VARIABLE):
        assert "`%s`" % variable in section, variable


@pytest.mark.parametrize("page", [README, COMMAND_LINE], ids=name_of)
def test_every_file_of_a_report_is_documented(page: Path) -> None:
    for name in sum(
        (formats.file_names(form, moment) for form in formats.USUAL for moment in (PEAK, OUT_OF_MEMORY)), ()
    ):
        assert "| `%s` |" % name in read(page), name


def test_the_changelog_has_this_version() -> None:
    assert "\n## %s" % __version__ in read(ROOT / "CHANGELOG.md")


def test_the_recipe_has_this_version() -> None:
    recipe = ROOT / "recipe" / "recipe.yaml"
    if not recipe.exists():
        pytest.skip("this tree has no recipe: it is not a clone")
    assert '  version: "%s"\n' % __version__ in read(recipe)


def test_the_licence_is_whole() -> None:
    text = read(ROOT / "LICENSE")
    assert "Apache License" in text and "END OF TERMS AND CONDITIONS" in text


def test_supported_versions_are_those_of_the_layouts() -> None:
    first, last = minors("layouts.def", "LAYOUT")[0], minors("published.def", "PUBLISHED")[-1]
    assert "CPython 3.%d to 3.%d" % (first, last) in read(README)


def write_generated_blocks() -> None:
    """Put what is current between the markers."""
    for page, name, wanted in generated_blocks():
        before, _, after = split_at_markers(page, name)
        page.write_text(before + wanted + after, encoding="utf-8")


if __name__ == "__main__":
    write_generated_blocks()
