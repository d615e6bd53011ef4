"""The JSON file: it is what docs/json-format.md says, it comes back as the same profile, and a bad one is refused."""

import json
import os
import re
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, Tuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from recording_builder import RecordingBuilder, profile_of

from filprofiler import _abi
from filprofiler.errors import SavedProfileError
from filprofiler.profile.build import build_profile
from filprofiler.profile.failed_request import FailedRequest
from filprofiler.profile.hint import KINDS, Hint
from filprofiler.profile.memory_breakdown import LargeMapping
from filprofiler.profile.model import OUT_OF_MEMORY, Profile
from filprofiler.profile.processes import FIELDS, RecordedProcess, Share, Together
from filprofiler.profile.program import Program
from filprofiler.profile.threads import ThreadAtPeak
from filprofiler.profile.top import TopLines
from filprofiler.profile.tree import Site
from filprofiler.recording.processes import OtherProcesses
from filprofiler.recording.reader import Recording
from filprofiler.report.formats import ALL, file_names
from filprofiler.report.json_reader import read_saved
from filprofiler.report.writer import write_report

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = ROOT / "docs" / "json-format.md"
NAME = "peak-memory.json"


def saved(profile: Profile, folder: Path) -> Path:
    """The JSON file of a profile."""
    folder.mkdir(exist_ok=True)
    write_report(profile, TopLines(profile), str(folder), ["json"])
    return folder / NAME


def files_of(profile: Profile, folder: Path) -> Dict[str, bytes]:
    """All files of a report, by name."""
    folder.mkdir(exist_ok=True)
    write_report(profile, TopLines(profile), str(folder), ALL)
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def rich_profile(tmp_path: Path) -> Profile:
    """A profile in which every kind of thing occurs: threads, lost callstacks, special frames, hints, bad text."""
    script = tmp_path / "job \udc80\u4e2d.py"
    lines = ["rows = open(path).readlines()", "more = [row for row in rows]", "pass", "\tpass  # \x00\x1b\u2028\u202e"]
    script.write_bytes("\n".join(lines).encode("utf-8", "surrogatepass"))
    builder = RecordingBuilder()
    name = str(script)
    main = builder.node(_abi.FIL_NODE_ROOT, builder.code(name, "<module>"), 0, 5 << 20)
    builder.node(main, builder.code(name, "f\n\x7f;\udcff"), 2, 3 << 20)
    thread = builder.thread(builder.node(main, builder.code(name, "start"), 1))
    builder.node(thread, builder.code("/x/site-packages/p/\u202ea.py", "work"), 3, 1 << 20)
    builder.hold(_abi.FIL_NODE_ROOT, 77)
    builder.hold(_abi.FIL_NODE_LOST, 33)
    builder.missed[_abi.FIL_MISSED_CALLSTACK] = 3
    program = Program(
        script="job.py",
        script_absolute=name,
        cwd=str(tmp_path),
        own_files=["/y/bootstrap.py"],
        arguments=["-x", "\udc80", "</script>"],
        outcome="killed by SIGKILL",
        elapsed_seconds=12.345678901234567,
        resident_peak_bytes=1 << 40,
    )
    program.script = name
    mib = 1 << 20
    builder.files = [[0] * 9, [3 * mib, 0, "/data \u4e2d", 2 * mib, mib, 1, main, 1, 0]]
    builder.counters = dict.fromkeys(range(_abi.FIL_COUNTERS), (2 * mib, 0, 1, 0))
    ends = ((_abi.FIL_RSS_SAMPLE_PEAK, 9 * mib), (_abi.FIL_RSS_SAMPLE_END, mib))
    builder.readings = {number: [6 * 10**9, tracked, mib, *[mib] * 6] for number, tracked in ends}
    profile = build_profile(Recording(builder.build()), program)
    profile.functions = {}  # the file has none of them
    stack = [profile.root.children[0].site]
    profile.timeline = ((0.0, 0, 4096), (1 / 3, 9 << 20, 1 << 40))
    profile.threads = (ThreadAtPeak("MainThread", stack, False), ThreadAtPeak("</li>\udc80", (), True))
    assert profile.memory is not None
    profile.memory.large = (
        LargeMapping("/dev/shm/\udc80 <i>", 64 * mib, 7, stack),
        LargeMapping("", 32 * mib, 0, stack),
        LargeMapping("/memfd:x (deleted)", 16 * mib, None, ()),
    )
    profile.processes = OtherProcesses(3, 5 * 1024 * 1024, "/bin/\udc80 <b>")
    program.other_programs = (("sort \udc80", 2, 5 << 20), ("sh", 1, 0))
    share = Share()
    share.add(3 << 20, 41)
    share.add(1 << 20, 42)
    workers = [
        RecordedProcess(41, 0, "the program", (), False, 9 << 20, 8 << 20, 0.0, 12.5, 1 << 30),
        RecordedProcess(42, 41, "python <b>\udc80", ("python", "-c", "\udc80"), True, 2 << 20, 1 << 20, 0.25),
    ]
    profile.together = Together(workers, 4096, {stack[0]: share})
    profile.failed_requests = 8
    profile.failures = (
        FailedRequest(7, None, False, 3, 0.5, stack),
        FailedRequest(8, 1 << 63, True, 4, 1.0, [*stack, Site("/only/here.py", "f\udc80", 3)]),
    )
    return profile


def test_everything_comes_back(tmp_path: Path) -> None:
    profile = rich_profile(tmp_path)
    first = files_of(profile, tmp_path / "first")
    (tmp_path / "job \udc80\u4e2d.py").write_text("changed since\n")
    back = read_saved(str(tmp_path / "first" / NAME))
    assert files_of(back, tmp_path / "second") == first
    for name in Program.__slots__:
        if name != "source_lines":
            assert getattr(back.program, name) == getattr(profile.program, name), name
    for name in Profile.__slots__:
        apart = {
            "program",
            "root",
            "saved_hints",
            "failures",
            "threads",
            "columns",
            "memory",
            "processes",
            "functions",
            "together",
        }
        if name not in apart and not name.startswith("_"):
            assert getattr(back, name) == getattr(profile, name), name
    assert list(map(told, back.failures)) == list(map(told, profile.failures))
    threads = [[(one.name, repr(one.stack), one.last) for one in each.threads] for each in (profile, back)]
    assert threads[0] == threads[1]
    assert back.processes.count == 3 and back.processes.became == "/bin/\udc80 <b>"
    assert back.processes.largest_resident_bytes == 5 * 1024 * 1024
    assert back.together is not None and profile.together is not None
    for one, other in zip(back.together.processes, profile.together.processes):
        assert [getattr(one, name) for name in FIELDS] == [getattr(other, name) for name in FIELDS]
    ((site, share),) = back.together.lines.items()
    assert repr(site) == repr(profile.root.children[0].site) and back.together.more_bytes == 4096
    assert [getattr(share, name) for name in Share.__slots__] == [1 << 20, 3 << 20, 41, 2]
    assert back.saved_hints and any(node.thread for node in _nodes(back))


def told(failure: FailedRequest) -> List[Any]:
    """All that is known of a failed request."""
    return [getattr(failure, name) for name in FailedRequest.__slots__ if name != "stack"] + [repr(failure.stack)]


def test_a_death_for_want_of_memory_comes_back(tmp_path: Path) -> None:
    profile = rich_profile(tmp_path)
    profile.moment = OUT_OF_MEMORY
    profile.fatal_request = profile.failures[1]
    profile.program.limits = ("Limit: 1.0 GiB of address space (ulimit -v).",)
    first = files_of(profile, tmp_path / "first")
    assert sorted(first) == sorted(name for form in ALL for name in file_names(form, OUT_OF_MEMORY))
    back = read_saved(str(tmp_path / "first" / "out-of-memory.json"))
    assert back.fatal_request is not None and told(back.fatal_request) == told(profile.fatal_request)
    assert files_of(back, tmp_path / "second") == first


def _nodes(profile: Profile) -> Iterator[Any]:
    pending = [profile.root]
    while pending:
        node = pending.pop()
        yield node
        pending += node.children


# Any text but a high surrogate before a low one, which JSON takes for one character.
TEXT = st.text(
    st.one_of(st.characters(exclude_categories=["Cs"]), st.sampled_from("\udc80\udcff\x00\n\r;\\\x85\u2028")),
    min_size=1,
)
FRAME = st.tuples(TEXT, st.integers(1, 1 << 20), TEXT)
STACKS = st.lists(st.tuples(st.lists(FRAME, max_size=4), st.integers(1, 1 << 50)), max_size=8)


@settings(max_examples=60, deadline=None)
@given(stacks=STACKS)
def test_any_callstacks_come_back(tmp_path_factory: pytest.TempPathFactory, stacks: List[Tuple[Any, int]]) -> None:
    folder = tmp_path_factory.mktemp("any")
    profile = profile_of(stacks)
    first = files_of(profile, folder / "first")
    back = read_saved(str(folder / "first" / NAME))
    assert back.peak_bytes == profile.peak_bytes
    assert files_of(back, folder / "second") == first


def test_it_is_the_same_from_each_interpreter(tmp_path: Path, interpreter: Any) -> None:
    import subprocess

    path = saved(rich_profile(tmp_path), tmp_path / "first")
    (tmp_path / "again").mkdir()
    code = (
        "import sys\n"
        "from filprofiler.report.json_reader import read_saved\n"
        "from filprofiler.profile.top import TopLines\n"
        "from filprofiler.report.formats import ALL\n"
        "from filprofiler.report.writer import write_report\n"
        "profile = read_saved(sys.argv[1])\n"
        "write_report(profile, TopLines(profile), sys.argv[2], ALL)\n"
    )
    environment = dict(os.environ, PYTHONPATH=str(ROOT), PYTHONDONTWRITEBYTECODE="1")
    command = [interpreter.path, "-W", "error", "-c", code, str(path), str(tmp_path / "again")]
    subprocess.run(command, env=environment, check=True)
    assert (tmp_path / "again" / NAME).read_bytes() == path.read_bytes()
    assert sorted(p.name for p in (tmp_path / "again").iterdir()) == sorted(
        name for form in ALL for name in file_names(form)
    )


def test_numbers_agree_with_each_other(tmp_path: Path) -> None:
    profile = rich_profile(tmp_path)
    data = json.loads(saved(profile, tmp_path / "out").read_text(encoding="ascii"))
    assert data["peak_bytes"] == profile.peak_bytes == sum(data["nodes"]["own_bytes"])
    assert data["peak_bytes"] == sum(line["held_bytes"] for line in data["top_lines"])
    assert data["peak_bytes"] == sum(line["own_bytes"] for line in data["lines"])
    assert data["callstacks"] == sum(1 for size in data["nodes"]["own_bytes"] if size)
    assert not data["exact"] and data["missed"][0]["events"] == 3


def test_a_file_that_does_not_tell_of_big_blocks_is_read_and_written_as_it_is(tmp_path: Path) -> None:
    path = saved(rich_profile(tmp_path), tmp_path / "out")
    data = json.loads(path.read_text(encoding="ascii"))
    assert sum(data["nodes"]["own_big_bytes"]) == data["peak_bytes"]  # as the recording's builder has it
    told = [kind for kind, (count, _words) in sorted(KINDS.items()) if count == 1]
    data["hints"] = [
        {"kind": kind, "sites": [1] * count, "sizes": [1] * count, "words": dict.fromkeys(words, "x")}
        for kind, (count, words) in sorted(KINDS.items())
    ]
    path.write_text(json.dumps(data))
    assert [hint.kind for hint in read_saved(str(path)).saved_hints or ()] == sorted(KINDS)
    del data["nodes"]["own_big_bytes"]
    path.write_text(json.dumps(data))
    profile = read_saved(str(path))
    assert profile.root.big_bytes() == 0 < profile.peak_bytes
    again = json.loads(saved(profile, tmp_path / "again").read_text(encoding="ascii"))
    assert "own_big_bytes" not in again["nodes"]
    assert [hint["kind"] for hint in again["hints"]] == told  # those of two things may rest on small blocks


def fields_of(data: Any, above: str = "") -> Iterator[str]:
    """The names of all members, with what they are in: "program.cwd", "sites[].line"."""
    if isinstance(data, dict):
        for name, value in data.items():
            path = "%s.%s" % (above, name) if above else name
            yield path
            if name not in ("words", "source_lines", "remarks", "curve"):  # whose members are data; older names
                yield from fields_of(value, path)
    elif isinstance(data, list):
        for value in data:
            yield from fields_of(value, above + "[]")


def test_files_with_older_names_are_read(tmp_path: Path) -> None:
    """The program's files say both; those of the first releases have the older names alone."""
    folder = tmp_path / "first"
    first = files_of(rich_profile(tmp_path), folder)
    path = folder / NAME
    data = json.loads(path.read_text(encoding="ascii"))
    for name in ("hints", "timeline"):
        assert data.pop(name) == data[{"hints": "remarks", "timeline": "curve"}[name]]
    for use in (data["memory"]["at_moment"], data["memory"]["at_end"]):
        for name in ("seconds", "tracked_bytes"):
            assert use.pop("sample_" + name) == use["reading_" + name]
    path.write_text(json.dumps(data), encoding="ascii")
    assert files_of(read_saved(str(path)), tmp_path / "second") == first


def test_every_field_is_documented(tmp_path: Path) -> None:
    data = json.loads(saved(rich_profile(tmp_path), tmp_path / "out").read_text(encoding="ascii"))
    document = DOCUMENT.read_text(encoding="utf-8")
    table = document.partition("## Fields")[2].partition("\n## ")[0]
    documented = re.findall(r"^\| `([^`]+)` \|", table, re.MULTILINE)
    assert sorted(set(fields_of(data))) == sorted(documented)
    for kind in KINDS:
        assert "`%s`" % kind in document, kind


def test_the_documents_program_gives_the_prof_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The example that reads the file in docs/json-format.md prints every callstack, as the .prof file has them."""
    profile = profile_of([([("/a.py", 1, "f"), ("/b.py", 2, "g")], 10), ([("/a.py", 1, "f")], 5), ([], 7)])
    saved(profile, tmp_path)
    (code,) = re.findall(r"```python\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
    here = os.getcwd()
    os.chdir(str(tmp_path))
    try:
        exec(compile(code, "docs", "exec"), {})
    finally:
        os.chdir(here)
    write_report(profile, TopLines(profile), str(tmp_path), ["prof"])
    wanted = (tmp_path / "peak-memory.prof").read_text(encoding="utf-8").splitlines()
    assert sorted(capsys.readouterr().out.splitlines()) == sorted(wanted)


CHANGES = {
    "another version": (lambda d: d.update(version=2), "has format version 2, and this filprofiler reads version 1"),
    "another file": (lambda d: d.update(format="x"), "is not a profile of filprofiler"),
    "a sum that is wrong": (lambda d: d.update(peak_bytes=1), "add up to"),
    "a parent behind its child": (lambda d: d["nodes"]["parent"].__setitem__(1, 1), "node 1 is invalid"),
    "a site that is not there": (lambda d: d["nodes"]["site"].__setitem__(1, 10**9), "is invalid"),
    "a negative size": (lambda d: d["nodes"]["own_bytes"].__setitem__(1, -1), "is invalid"),
    "columns of different length": (lambda d: d["nodes"]["site"].pop(), "not of equal length"),
    "no nodes": (lambda d: d.update(nodes={"parent": [], "site": [], "own_bytes": [], "thread": []}), "equal length"),
    "too few big blocks": (lambda d: d["nodes"]["own_big_bytes"].pop(), "not of equal length"),
    "more in big blocks than there is": (
        lambda d: d["nodes"]["own_big_bytes"].__setitem__(0, d["nodes"]["own_bytes"][0] + 1),
        "out of range",
    ),
    "a thread that is not there": (lambda d: d["nodes"]["thread"].__setitem__(0, 10**9), "is damaged"),
    "a thread without words": (lambda d: d["nodes"]["thread_words"].pop(), "equal length"),
    "a field that is not there": (lambda d: d.pop("pid"), "is damaged"),
    "a text that is a number": (lambda d: d["sites"][0].update(path=1), "is damaged"),
    "a number that is a truth": (lambda d: d["nodes"]["own_bytes"].__setitem__(1, True), "is damaged"),
    "an argument that is none": (lambda d: d["program"].update(arguments=[None]), "is damaged"),
    "an impossible line": (lambda d: d["source_lines"].update({"/a": {"99999999": ""}}), "impossible number"),
    "a line without number": (lambda d: d["source_lines"].update({"/a": {"x": ""}}), "is damaged"),
    "a hint of another kind": (lambda d: d["hints"][0].update(kind="x"), "is invalid"),
    "a hint without words": (lambda d: d["hints"][-1].update(words={}, kind="copy"), "is invalid"),
    "a list": (lambda d: d.update(sites=3), "is damaged"),
    "a root that took less than nothing": (lambda d: d["nodes"]["own_bytes"].__setitem__(0, -1), "out of range"),
    "a stack that counts from its end": (lambda d: d["failures"][0].update(stack=[-1]), "out of range"),
    "a file that nobody mapped": (lambda d: d["memory"]["mapped_files"][0].update(mappings=[]), "is damaged"),
    "a path that is a number": (lambda d: d["memory"]["mapped_files"][0].update(path=3), "is damaged"),
}
NUMBERS: Dict[str, Callable[[Dict[str, Any], float], None]] = {
    "when the peak was": lambda d, value: d.update(peak_seconds=value),
    "when it began": lambda d, value: d.update(started_unix_ns=value),
    "its process": lambda d, value: d.update(pid=value),
    "how long it ran": lambda d, value: d["program"].update(elapsed_seconds=value),
    "what was resident": lambda d, value: d["program"].update(resident_peak_bytes=value),
    "a point of the timeline": lambda d, value: d["timeline"][0].update(seconds=value),
    "a size in the timeline": lambda d, value: d["timeline"][0].update(tracked_bytes=value),
    "a size in a hint": lambda d, value: d["hints"][0]["sizes"].__setitem__(0, value),
    "a line": lambda d, value: d["sites"][0].update(line=value),
    "a request": lambda d, value: d["failures"][0].update(requested_bytes=value),
    "a reading": lambda d, value: d["memory"]["at_moment"].update(sample_seconds=value),
    "bytes": lambda d, value: d.update(peak_bytes=value, nodes=dict(d["nodes"], own_bytes=_first(d, value))),
}


def _first(data: Dict[str, Any], value: float) -> List[Any]:
    """The bytes of the nodes with another first one."""
    return [value, *data["nodes"]["own_bytes"][1:]]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -(10**400), 10**400], ids=["nan", "inf", "low", "high"])
@pytest.mark.parametrize("name", NUMBERS)
def test_numbers_that_no_recording_holds_are_refused(tmp_path: Path, name: str, value: float) -> None:
    path = saved(rich_profile(tmp_path), tmp_path / "out")
    data = json.loads(path.read_text(encoding="ascii"))
    NUMBERS[name](data, value)
    path.write_text(json.dumps(data))
    with pytest.raises(SavedProfileError, match="is damaged") as raised:
        read_saved(str(path))
    assert "\n" not in str(raised.value) and len(str(raised.value)) < 400 + len(str(path))


@pytest.mark.parametrize("name", CHANGES)
def test_a_bad_file_is_refused_in_one_sentence(tmp_path: Path, name: str) -> None:
    change, message = CHANGES[name]
    path = saved(rich_profile(tmp_path), tmp_path / "out")
    data = json.loads(path.read_text(encoding="ascii"))
    change(data)
    path.write_text(json.dumps(data))
    with pytest.raises(SavedProfileError, match=message) as raised:
        read_saved(str(path))
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"3", b"\xff\xfe", b"[" * 100000, b'{"format": 1}'])
def test_what_is_no_profile(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.json"
    path.write_bytes(content)
    with pytest.raises(SavedProfileError) as raised:
        read_saved(str(path))
    assert str(path) in str(raised.value) and "\n" not in str(raised.value)


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_no_damage_gives_another_error(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    """A file with bytes changed, cut or doubled is read, or refused; never anything else."""
    folder = tmp_path_factory.mktemp("damaged")
    content = bytearray(saved(profile_of([([("/a.py", 1, "f"), ("/b.py", 2, "g")], 10)]), folder).read_bytes())
    for _change in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(content) - 1))
        content[at : at + data.draw(st.integers(0, 9))] = data.draw(
            st.binary(max_size=4) | st.sampled_from([b"-1", b"{}"])
        )
    (folder / NAME).write_bytes(bytes(content))
    try:
        profile = read_saved(str(folder / NAME))
    except SavedProfileError as error:
        assert "\n" not in str(error)
    else:
        files_of(profile, folder / "out")


def test_hints_say_what_their_kind_has() -> None:
    """Every kind of hint has words for its sites and names."""
    from filprofiler.report.hint_text import hint_basis, hint_text

    for kind, (count, words) in KINDS.items():
        hint = Hint(kind, [Site("/a.py", "f", 1)] * count, [1 << 20] * count, dict.fromkeys(words, "name"))
        for sentence in (hint_text(hint, 1 << 21), hint_basis(hint, 1 << 21)):
            assert sentence.endswith(".") and "%" not in sentence.replace("50.0%", "")
