"""Every kind of call: the right number of bytes on the right line of the right function, under the right callers."""

import json
from pathlib import Path
from typing import Any, Dict, List, Tuple

import pytest
import support

PROGRAM = support.PROGRAMS / "kinds_of_call.py"
MODULE = support.PROGRAMS / "imported_while_profiled.py"

# What takes memory -> the function it happens in. The line is the one with the marker of that name.
FUNCTIONS = {
    "module level": "<module>",
    "class body": "Body",
    "constructor": "__init__",
    "property": "shelf",
    "length slot": "__len__",
    "item slot": "__getitem__",
    "addition slot": "__add__",
    "call slot": "__call__",
    "missing attribute": "__getattr__",
    "finalizer": "__del__",
    "static method": "counter",
    "class method": "opened",
    "metaclass": "__new__",
    "generator first": "generator",
    "generator resumed": "generator",
    "delegated generator": "inner_generator",
    "decorator": "decorate",
    "wrapper": "wrapper",
    "wrapped": "decorated",
    "recursion": "recursive",
    "sort key": "sort_key",
    "map": "mapped",
    "lambda": "<lambda>",
    "partial": "partly",
    "generator expression": "<genexpr>",
    "except block": "exceptions",
    "finally block": "exceptions",
    "enter": "__enter__",
    "with body": "managers",
    "exit": "__exit__",
    "generator manager": "generator_manager",
    "coroutine first": "coroutine",
    "coroutine resumed": "coroutine",
    "asyncio task": "waiting",
    "thread": "in_thread",
    "raw thread": "in_raw_thread",
    "thread subclass": "run",
    "import": "<module>",
    "imported function": "later",
    "after a gap": "many_lines",
    "hot constructor": "__init__",
    "hot property": "shelf",
    "hot item": "__getitem__",
    "hot method": "method",
}

# Who called it: what takes memory -> the marked lines of the functions around it, innermost last.
CALLERS = {
    "constructor": [("constructor caller", "slots")],
    "property": [("property caller", "slots")],
    "length slot": [("length slot caller", "slots")],
    "finalizer": [("finalizer caller", "slots")],
    "generator first": [("generator first caller", "generators")],
    "generator resumed": [("generator resumed caller", "generators")],
    "delegated generator": [("delegating generator caller", "delegating")],
    "wrapped": [("wrapped caller", "wrapper")],
    "recursion": [("recursion caller", "recursive")] * 5,
    "sort key": [("sort key caller", "callbacks")],
    "map": [("map caller", "callbacks")],
    "partial": [("partial caller", "callbacks")],
    "coroutine first": [("coroutine caller", "outer_coroutine")],
    "coroutine resumed": [("coroutine resumed caller", "coroutines"), ("coroutine caller", "outer_coroutine")],
    "thread": [("main caller", "<module>"), ("threads caller", "main"), ("thread caller", "threads")],
    "thread subclass": [("thread subclass caller", "threads")],
    "raw thread": [("raw thread caller", "threads")],
    "imported function": [("imported function caller", "imports")],
    "hot constructor": [("hot constructor caller", "hot_calls")],
    "hot property": [("hot caller", "hot_calls"), ("hot attribute", "__getattribute__")],
    "hot item": [("hot caller", "hot_calls")],
    "hot method": [("hot caller", "hot_calls")],
    "first of two": [("first of two caller", "two_calls_on_two_lines")],
    "second of two": [("second of two caller", "two_calls_on_two_lines")],
}

Chain = Tuple[Tuple[str, int, str], ...]


def expected_leaf(name: str, version: Tuple[int, ...]) -> Tuple[str, int, str]:
    """File, line and function that must own the bytes, from the markers alone."""
    inlined = version >= (3, 12)
    special = {
        "executed": ("<made up>", 4, "inside"),
        "evaluated": ("<string>", 1, "<module>"),
        "moved code": ("far down.py", 100000, "<module>"),
        "first of two": (str(PROGRAM), support.marker(PROGRAM, "of two"), "same_function"),
        "second of two": (str(PROGRAM), support.marker(PROGRAM, "of two"), "same_function"),
    }
    if name in special:
        return special[name]
    path = MODULE if name.startswith("import") else PROGRAM
    line = support.marker(path, name)
    if name == "list comprehension":
        return str(path), line, "comprehensions" if inlined else "<listcomp>"
    if name == "dict comprehension":
        return str(path), line, "comprehensions" if inlined else "<dictcomp>"
    return str(path), line, FUNCTIONS[name]


def expected_chain(name: str, account: Dict[str, Any]) -> Chain:
    """The whole callstack as the program itself saw it, preceded by that of the line which started its thread."""
    own = [tuple(frame) for frame in account["stacks"][name] if frame[0] not in support.IMPORT_MACHINERY]
    started = account["started_from"].get(name)
    if started is None:
        return tuple(own[first_of_program(own) :])
    before = [tuple(frame) for frame in started]
    own = [frame for frame in own if Path(frame[0]).name != "threading.py"]
    return tuple(before[first_of_program(before) :] + own)


def first_of_program(frames: List[Tuple[Any, ...]]) -> int:
    return [frame[0] for frame in frames].index(str(PROGRAM))


def wrong_callers(name: str, chain: Chain) -> List[str]:
    """Marked callers that are not the innermost ones of this chain."""
    expected = [(str(PROGRAM), support.marker(PROGRAM, at), function) for at, function in CALLERS.get(name, [])]
    start = len(chain) - 1 - len(expected)
    if list(chain[max(start, 0) : -1]) == expected:
        return []
    return [f"{name}: callers {chain[:-1]} instead of {expected}"]


@pytest.mark.parametrize("way", support.UNWIND_METHODS)
def test_every_kind_of_call(profiler: support.Profiler, tmp_path: Path, way: str) -> None:
    profiler.stacks = way
    done = profiler.run_well([PROGRAM, tmp_path / "account.json"])
    account = json.loads((tmp_path / "account.json").read_text())
    assert len(account["sizes"]) >= 51
    by_chain: "Dict[Chain, int]" = {}
    for stack in done.stacks:
        chain = tuple((frame.file, frame.line, frame.function) for frame in stack.frames)
        assert chain not in by_chain, f"one callstack on two lines of the .prof: {stack.text}"
        by_chain[chain] = stack.bytes
    wrong = []
    for name, size in account["sizes"].items():
        leaf = expected_leaf(name, profiler.version)
        chain = expected_chain(name, account)
        if way == "known" and name == "asyncio task":  # it belongs to the line that made it; the loop is left out
            chain = tuple(frame for frame in chain if "/asyncio/" not in frame[0])
        if way == "profiled" and name == "raw thread":
            # No profile function can be given to a thread that is started past threading: all of it is its starter's.
            leaf = (str(PROGRAM), support.marker(PROGRAM, "raw thread caller"), "threads")
            chain = chain[: chain.index(leaf) + 1]
        found = [(at, amount) for at, amount in by_chain.items() if at[-1:] == (leaf,) and amount > support.TOLERANCE]
        if name in ("first of two", "second of two"):
            found = [(at, amount) for at, amount in found if at == chain]
        if len(found) != 1:
            wrong.append(f"{name}: expected one callstack ending at {leaf}, found {found}")
            continue
        got_chain, amount = found[0]
        if not support.close_to(amount, size):
            wrong.append(f"{name}: {support.in_mib(amount)} instead of {support.in_mib(size)}")
        if got_chain != chain:
            wrong.append(f"{name}: callstack {got_chain} instead of {chain}")
        wrong += wrong_callers(name, got_chain) if got_chain[-1] == expected_leaf(name, profiler.version) else []
    assert not wrong, "\n".join(wrong) + "\n" + done.account()
    unexplained = done.peak - sum(account["sizes"].values())
    assert 0 <= unexplained < 12 * support.MIB, f"{support.in_mib(unexplained)} at the peak that nobody took"


def test_no_frame_of_the_profiler_or_of_runpy(profiler: support.Profiler, tmp_path: Path) -> None:
    done = profiler.run_well(["-m", "kinds_of_call", tmp_path / "account.json"], cwd=support.PROGRAMS)
    for stack in done.stacks:
        for frame in stack.frames:
            assert str(profiler.package) not in frame.file, stack.text
            assert "runpy" not in frame.file, stack.text
            assert frame.file not in support.IMPORT_MACHINERY, stack.text
        # What stands there of its own is the loading of the module, before its first line runs.
        if stack.frames and stack.frames[0].file and "importlib" not in stack.frames[0].file:
            assert stack.frames[0].file == str(PROGRAM), stack.text
    assert support.close_to(
        done.at_marker(PROGRAM, "recursion", "recursive"),
        json.loads((tmp_path / "account.json").read_text())["sizes"]["recursion"],
    )


def test_a_relative_script_stays_relative(profiler: support.Profiler, tmp_path: Path) -> None:
    (tmp_path / "job.py").write_text("kept = bytearray(5 << 20)\n")
    done = profiler.run_well(["job.py"], cwd=tmp_path)
    expected = (5 << 20) + support.TOLERANCE
    amounts = [stack.bytes for stack in done.stacks if stack.frames == (("job.py", 1, "<module>"),)]
    assert len(amounts) == 1 and 5 << 20 <= amounts[0] < expected, done.prof_path.read_text()


def test_command_text(profiler: support.Profiler) -> None:
    done = profiler.run_well(["-c", "x = 1\nkept = bytearray(5 << 20)\n"])
    amounts = [stack.bytes for stack in done.stacks if stack.frames == (("<string>", 2, "<module>"),)]
    assert len(amounts) == 1 and support.close_to(amounts[0], 5 << 20), done.prof_path.read_text()


HOSTILE_NAMES = """
class A: pass
def keep(name, file):
    scope = {}
    code = compile("def f(n):\\n    return bytearray(n)\\n", file, "exec")
    exec(code, scope)
    f = scope["f"]
    if hasattr(f.__code__, "replace"):
        f.__code__ = f.__code__.replace(co_name=name)
    return f(3 << 20)
kept = [
    keep("na\\u00efve", "d\\u00e9j\\u00e0 vu.py"),
    keep("\\u0444\\u0443\\u043d\\u043a", "\\u0434\\u043e\\u043c/x y.py"),
    keep("\\U0001f600", "\\U0001f600.py"),
    keep("<&>\\"'", "a <b> & c.py"),
]
"""


def test_names_that_are_not_ascii(profiler: support.Profiler) -> None:
    done = profiler.run_well(["-c", HOSTILE_NAMES])
    text = done.prof_path.read_bytes().decode("utf-8")
    renamed = profiler.version >= (3, 8)
    for file, name in [
        ("d\u00e9j\u00e0 vu.py", "na\u00efve"),
        ("\u0434\u043e\u043c/x y.py", "\u0444\u0443\u043d\u043a"),
        ("\U0001f600.py", "\U0001f600"),
        ("a <b> & c.py", "<&>\"'"),
    ]:
        frame = ";{}:2 ({}) ".format(file, name if renamed else "f")
        amounts = [int(line.split()[-1]) for line in text.splitlines() if frame in line]
        assert len(amounts) == 1 and support.close_to(amounts[0], 3 << 20), (frame, text)


def test_a_semicolon_in_a_file_name(one_profiler: support.Profiler) -> None:
    """The path is that of the code object, but for what would end a frame early: docs/command-line.md."""
    code = "exec(compile('kept = bytearray(5 << 20)', 'a;b.py', 'exec'))"
    done = one_profiler.run_well(["-c", code])
    text = done.prof_path.read_text()
    assert "<string>:1 (<module>);a\\x3bb.py:1 (<module>) 5242" in text, text


def test_what_runs_after_the_program(profiler: support.Profiler, tmp_path: Path) -> None:
    """Frames of exit handlers lie where ours and the program's lay, whose callstacks are remembered: of every size."""
    script = tmp_path / "job.py"
    lines = ["import atexit", "kept = []", "def take(size): kept.append(bytearray(size))"]
    for names in range(80):
        names_set = "".join("v%d = " % number for number in range(names))
        lines += ["@atexit.register", "def handler(): %sNone; take(%d)" % (names_set, 200000 + names)]
    script.write_text("\n".join(lines) + "\ntake(1000000)\n")
    done = profiler.run_well([script])
    by_caller: "Dict[int, int]" = {}
    for stack in done.stacks:
        frames = stack.frames
        if frames[-1:] == ((str(script), 3, "take"),):
            assert len(frames) == 2, stack.text
            by_caller[frames[0].line] = stack.bytes
    handlers = {5 + 2 * names: 200000 + names for names in range(80)}
    for line, size in handlers.items():
        assert support.close_to(by_caller.get(line, 0), size, 2000), (line, size, by_caller)


UNFINISHED = support.PROGRAMS / "unfinished_calls.py"


@pytest.mark.parametrize("way", support.UNWIND_METHODS)
def test_what_a_call_takes_before_its_function_begins_is_the_callers(profiler: support.Profiler, way: str) -> None:
    """As tracemalloc has it: sys._getframe does not show the frame of a call that makes cells, or its own generator."""
    profiler.stacks = way
    done = profiler.run_well([UNFINISHED])
    for name in ("generator", "coroutine", "asynchronous generator"):
        at_caller = done.by_leaf(UNFINISHED)[(support.marker(UNFINISHED, name), "of_" + name.replace(" ", "_"))]
        assert at_caller > 120 * 5000 * 7, (name, done.account())
    at_caller = done.by_leaf(UNFINISHED)[(support.marker(UNFINISHED, "cells"), "of_cells")]
    assert at_caller > 120 * 5000 * 31, done.account()
    inside = [stack for stack in done.stacks if stack.frames and stack.frames[-1].file == "<made>"]
    large = {stack.frames[-1].function for stack in inside if stack.bytes > support.TOLERANCE}
    assert large == {"closing"}, done.account()


COLLECTED = support.PROGRAMS / "collected_in_calls.py"


@pytest.mark.parametrize("way", support.UNWIND_METHODS)
def test_a_collection_inside_a_call_that_has_not_begun(profiler: support.Profiler, way: str) -> None:
    """The callers of a destructor are those of sys._getframe: up to 3.11 without the call in whose making it runs."""
    profiler.stacks = way
    done = profiler.run_well([COLLECTED])
    expected: "Dict[Chain, int]" = {}
    for line in done.stdout.splitlines():
        callers, size = json.loads(line)
        chain = tuple((file, number, function) for file, number, function in callers)
        expected[chain] = expected.get(chain, 0) + size
    if profiler.version < (3, 12):
        assert list(expected) == [((str(COLLECTED), support.marker(COLLECTED, "call"), "<module>"),)]
    leaf = (str(COLLECTED), support.marker(COLLECTED, "kept"), "__del__")
    found = {tuple(stack.frames[:-1]): stack.bytes for stack in done.stacks if stack.frames[-1:] == (leaf,)}
    assert sum(expected.values()) == 18 << 20 and set(found) == set(expected), done.account()
    assert all(support.close_to(found[chain], size) for chain, size in expected.items()), done.account()
