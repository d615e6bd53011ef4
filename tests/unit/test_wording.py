"""What is quoted can do nothing to a terminal: one function makes it visible, and nothing gets round that function."""

import ast
import unicodedata
from pathlib import Path
from typing import Dict, Iterator, List, Set, Tuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filprofiler import errors, messages
from filprofiler.wording import Styled, quoted, sentence, visible

PACKAGE = Path(__file__).resolve().parents[2] / "filprofiler"

# A title for the terminal, a line's end and a false line of ours, a bidirectional override, C1's CSI, and others.
HOSTILE = "\x1b]0;x\x07\n=fil-profile= \u202e\x9b31m\x85\u2028\u2029\r\x00\udc9b\U000e0041\ufeff"
NAMES = ["plain", HOSTILE, "\x1b[2J" * 5000, "\u202e" + "x" * 100000]


def harmless(text: str) -> bool:
    """Whether a terminal shows a text as it is: no controls, no line ends, nothing that turns the direction."""
    kept = text.replace("\u200c", "").replace("\u200d", "")  # zero-width joiners belong to the spelling
    return all(unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Zl", "Zp") for character in kept)


@given(st.text() | st.text(st.sampled_from(HOSTILE)))
def test_what_is_visible_is_harmless_and_stays_so(text: str) -> None:
    shown = visible(text)
    assert harmless(shown) and visible(shown) == shown


@given(st.text(min_size=150, max_size=800))
def test_what_is_quoted_is_short(text: str) -> None:
    told = quoted(text)
    assert harmless(told) and len(told) <= 200
    if len(text) <= 200 and text.isprintable():
        assert told == text


def test_of_a_long_path_both_ends_are_quoted() -> None:
    path = "/" + "folder/" * 600 + "job.py"
    assert quoted(path).startswith("/folder/folder/") and quoted(path).endswith("/folder/job.py")


def test_numbers_and_our_own_sentences_stand_as_they_are() -> None:
    inner = errors.FilError("There is no %s.", "x" * 199)
    assert str(errors.TrackingError("%d: %s", 10**300, inner)) == "1%s: There is no %s." % ("0" * 300, "x" * 199)
    assert str(errors.FilError("100%")) == "100%"


@pytest.mark.parametrize("name", NAMES, ids=["plain", "hostile", "long", "longer"])
def test_what_we_write_is_harmless(name: str, capfd: pytest.CaptureFixture[str]) -> None:
    messages.say("Report: %s" % name, name)
    messages.show([name, name])
    messages.say_through_python(name)
    out, err = capfd.readouterr()
    lines = out.split("\n") + err.split("\n")
    assert len(lines) == 2 + 1 + 3 + 1 and all(map(harmless, lines))
    messages.rewrite(name)
    told = capfd.readouterr().err
    assert told.startswith("\r\x1b[K=fil-profile= ") and harmless(told[len("\r\x1b[K") :])


def trees() -> Iterator[Tuple[str, ast.Module]]:
    """Each file of the package, by its path in it."""
    for path in sorted(PACKAGE.rglob("*.py")):
        yield str(path.relative_to(PACKAGE)), ast.parse(path.read_text(encoding="utf-8"))


def name_of(node: ast.AST) -> str:
    """The last word of a name: "write" of `sys.stderr.write`."""
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


# Who else may write to the terminal, and why that is harmless.
WRITERS = {
    "messages.py": "the one place",
    "in_process/become.py": "in the program's process: what Python itself prints of exceptions",
    "in_process/bootstrap.py": "where nothing can be imported: ascii()",
    "result_folder.py": "a descriptor of its own",
    "in_process/start.py": "in the program's process: fixed text, and sentences",
    "supervisor/supervisor.py": "a pipe of its own",
}


def writes(node: ast.AST) -> bool:
    """Whether a call may write to a terminal."""
    if not isinstance(node, ast.Call):
        return False
    name = name_of(node.func)
    if name in ("print", "write_line", "write_sep"):
        return True
    if name not in ("write", "writelines") or not isinstance(node.func, ast.Attribute):
        return False
    target = name_of(node.func.value)
    return target in ("os", "posix", "stdout", "stderr", "__stdout__", "__stderr__")


def test_one_place_writes_to_the_terminal() -> None:
    found = {name for name, tree in trees() if any(map(writes, ast.walk(tree)))}
    assert found - {"pytest_plugin.py"} == set(WRITERS)  # that has pytest write; tests of it see what comes out


def error_classes() -> Set[str]:
    """The names of FilError and all classes that are made from it."""
    bases: Dict[str, Set[str]] = {}
    for _name, tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                bases.setdefault(node.name, set()).update(map(name_of, node.bases))
    found = {"FilError"}
    while True:
        more = {name for name, above in bases.items() if above & found} - found
        if not more:
            return found
        found |= more


# What is said with a path that somebody may want to copy: visible, but not shortened.
WHOLE = (
    "Report: %s",
    "The report already exists: %s",
    "The recording was kept; to make the report later: fil-profile report %s",
    "Jupyter finds the",
)


def put_together(node: ast.AST) -> bool:
    """Whether an argument is text that values were put into by other means than `sentence`."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Mod, ast.Add)):
        left = node.left
        text = left.value if isinstance(left, ast.Constant) and isinstance(left.value, str) else ""
        return not text.startswith(WHOLE)
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Call) and name_of(node.func) == "format")


def test_values_get_into_sentences_by_one_function() -> None:
    told = error_classes() | {"say", "say_through_python", "_complain"}
    found: List[str] = []
    count = 0
    for name, tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and name_of(node.func) in told:
                count += 1
                found += ["%s:%d" % (name, node.lineno) for given in node.args if put_together(given)]
    assert not found and count > 80


def forms() -> List[str]:
    """Every text in the package that values are put into to make a sentence of an error, or of what we say."""
    told = error_classes() | {"sentence"}
    found = set()
    for _name, tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and name_of(node.func) in told and len(node.args) > 1:
                form = node.args[0]
                if isinstance(form, ast.Constant) and isinstance(form.value, str):
                    found.add(form.value)
    return sorted(found)


@pytest.mark.parametrize("form", forms())
def test_no_sentence_carries_what_it_quotes_raw(form: str) -> None:
    for name in NAMES:
        letters = [piece[0] for piece in form.replace("%%", "").split("%")[1:]]
        values = [7 if letter in "di" else name for letter in letters]
        told = sentence(form, *values)
        assert harmless(told) and len(told) <= len(form) + 200 * len(values)


def test_a_styled_line_is_ours() -> None:
    """The only one is the summary's first, which holds numbers."""
    assert [name for name, tree in trees() for node in ast.walk(tree) if name_of(node) == Styled.__name__] == [
        "messages.py",
        "report/summary.py",
    ]
