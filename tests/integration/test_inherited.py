"""A forked child inherits all memory, and none of our tables: they are zeros there, which takes no time to copy."""

import os
import sys

import pytest
import support

PROGRAM = support.PROGRAMS / "inherited.py"
KINDS = ["one", "two hundred", "children of children", "from a thread", "recording"]
LINES = ["small", "boxes", "blocks", "large", "after"]
INTERPRETERS_OWN = 4096
"""Bytes that the interpreter takes for itself, on whichever line it needs them: its list of arenas, for instance."""


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests here are about a fork that is not recorded."""
    monkeypatch.setattr(support.Profiler, "alone", True)


def test_neither_the_children_nor_the_numbers_change(profiler: support.Profiler) -> None:
    """The children find and print what they do without us: among that, that no byte of the recording changes while one
    works. The parent has at its peak what it has without them, though it gives back half while they live.
    """
    done, alone = (profiler.run_well([PROGRAM, *kinds]) for kinds in (KINDS, []))
    bare = support.run_bare(profiler.python, [PROGRAM, *KINDS])
    assert bare.returncode == 0, support.text_of(bare.stderr)
    assert done.stdout == support.text_of(bare.stdout) and done.stdout.count("\n") == len(KINDS), done.account()
    assert done.program_stderr() == support.text_of(bare.stderr)
    bytes_of = [{line: one.at_marker(PROGRAM, line) for line in LINES} for one in (done, alone)]
    wrong = {line for line in LINES if not support.close_to(bytes_of[0][line], bytes_of[1][line], INTERPRETERS_OWN)}
    assert not wrong, bytes_of
    assert all(bytes_of[0].values()) and bytes_of[0]["after"] >= 40 * support.MIB, bytes_of[0]


@pytest.mark.skipif(sys.platform != "linux", reason="/proc/self/smaps tells what is wiped")
def test_a_child_has_no_tables(profiler: support.Profiler) -> None:
    """Before: the parent's only page that was wiped was that of the flags, "4"."""
    done = profiler.run_well([PROGRAM, "tables"])
    parent, child = done.stdout.splitlines()
    assert int(parent) > 1000
    page = os.sysconf("SC_PAGESIZE") // 1024
    assert child == f"tables [(b'{page} {page}', 7)]", "only the flags' page is written in the child"
