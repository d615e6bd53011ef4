"""Syntax trees without the package ast: as that makes them, and without a trace in the process that asks for them."""

import ast
import warnings
from pathlib import Path

import pytest

from filprofiler.profile import statements

WARNED_OF = "pattern = '\\d'\n"


def test_trees_are_those_of_the_package():
    for path in sorted(Path(ast.__file__).parent.glob("*.py"))[::11]:
        text = path.read_text(encoding="utf-8", errors="replace")
        tree, expected = statements.parse(text), ast.parse(text)
        assert ast.dump(tree) == ast.dump(expected)
        assert list(statements.children(tree)) == list(ast.iter_child_nodes(tree))
        assert len(list(statements.walk(tree))) == len(list(ast.walk(expected)))
    with pytest.raises(SyntaxError):
        statements.parse("def")


def test_nothing_is_warned_of():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(SyntaxError):
            compile(WARNED_OF, "x", "exec")
        statements.parse(WARNED_OF)
        with pytest.raises(SyntaxError):
            compile(WARNED_OF, "x", "exec")


def test_a_warning_that_was_shown_once_does_not_come_again():
    with warnings.catch_warnings(record=True) as shown:
        warnings.simplefilter("default")
        for _time in range(3):
            warnings.warn("the user's", UserWarning, stacklevel=1)
            statements.parse(WARNED_OF)
    assert [str(one.message) for one in shown] == ["the user's"]


def test_other_threads_keep_their_warnings(monkeypatch):
    """Another thread that saves the filters meanwhile, and puts them back later, hides nothing by that."""
    saved = []

    def compile_beside(*arguments):
        saved.append(list(warnings.filters))
        return compile(*arguments)

    monkeypatch.setattr(statements, "compile", compile_beside, raising=False)
    before = list(warnings.filters)
    statements.parse(WARNED_OF)
    assert list(warnings.filters) == before
    with warnings.catch_warnings(record=True) as shown:
        warnings.filters[:] = [("always", None, UserWarning, None, 0), *saved[0]]
        warnings.filters.insert(0, warnings.filters.pop(1))  # what was there first, first again
        warnings.warn("the user's", UserWarning, stacklevel=1)
    assert len(shown) == 1
