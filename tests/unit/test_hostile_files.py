"""Files that somebody has made up to hurt who reads them: time and memory stay within a small multiple of their size.

The reader runs in a process of its own, with a limit of processor time that is far from what it needs, and a limit of
address space: 110 MiB, and 75 bytes for each of the files given.
"""

import json
import os
import struct
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any, Callable, Dict, List, NamedTuple, Sequence, Tuple

import pytest
from interpreters import find_interpreters
from recording_builder import RecordingBuilder, profile_of

from filprofiler import _abi
from filprofiler.profile.top import TopLines
from filprofiler.report import formats
from filprofiler.report.writer import write_report

ROOT = Path(__file__).resolve().parents[2]
CPU_SECONDS = 30  # what takes the square of a file's size would take minutes or more
SPACE = 110 << 20
SPACE_PER_BYTE = 75
SPACE_PER_NODE = 50  # bytes for each of a file that is nearly all nodes

CHILD = """
import resource, sys
space, cpu = int(sys.argv[1]), int(sys.argv[2])
resource.setrlimit(resource.RLIMIT_AS, (space, space))
resource.setrlimit(resource.RLIMIT_CPU, (cpu, cpu))
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
from filprofiler.cli import main
sys.exit(main(["--no-browser"] + sys.argv[3:]))
"""


class Done(NamedTuple):
    """How a reader has ended: its status, and what it has said."""

    status: int
    said: str


def read(words: Sequence[Any], given: int, python: str = sys.executable, per_byte: int = SPACE_PER_BYTE) -> Done:
    """Carry out a command of ours, of which files of `given` bytes are read."""
    space = SPACE + per_byte * given
    command = [python, "-c", CHILD, str(space), str(CPU_SECONDS), *map(str, words)]
    environment = dict(os.environ, PYTHONPATH=str(ROOT), PYTHONDONTWRITEBYTECODE="1", PYTHONIOENCODING="utf-8")
    done = subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    said = done.stderr.decode("utf-8")
    assert "Traceback" not in said and "not enough memory" not in said, said
    assert len(said) < 2000, said[:2000]
    return Done(done.returncode, said)


def saved(folder: Path, change: "Callable[[Dict[str, Any]], object]", name: str = "x.json") -> Path:
    """A JSON file of ours that was changed."""
    profile = profile_of([([("/a.py", 1, "f"), ("/b.py", 2, "g")], 10)])
    write_report(profile, TopLines(profile), str(folder), ["json"])
    data = json.loads((folder / "peak-memory.json").read_text())
    (folder / "peak-memory.json").unlink()
    change(data)
    (folder / name).write_text(json.dumps(data))
    return folder / name


def recorded(folder: Path, data: bytes) -> Path:
    """A recording of these bytes."""
    (folder / "recording.fil").write_bytes(data)
    return folder / "recording.fil"


def distant_lines(folder: Path) -> List[Path]:
    """A path's lines were made a list as long as the largest number among them: 33 MB."""

    def change(data: Dict[str, Any]) -> None:
        data["sites"] += [{"path": "/%d.py" % n, "function": "f", "line": 4194303, "columns": None} for n in range(40)]
        data["nodes"]["parent"] += [0] * 40
        data["nodes"]["site"] += range(len(data["sites"]) - 40, len(data["sites"]))
        data["nodes"]["own_bytes"] += [7] * 40
        data["nodes"]["own_big_bytes"] += [0] * 40
        data["peak_bytes"] += 40 * 7
        data["source_lines"] = {"/%d.py" % n: {"4194303": "x = 1"} for n in range(40)}

    return [saved(folder, change)]


def one_segment_for_all(folder: Path) -> List[Path]:
    """A directory whose segments all name the same bytes: 20 million callstacks of 128 kB."""
    builder = RecordingBuilder()
    code = builder.code("/job.py", "f")
    for _number in range(_abi.FIL_NODES_PER_SEGMENT):
        builder.node(_abi.FIL_NODE_ROOT, code, 1, current=1)
    data = bytearray(builder.build())
    start = _abi.HEADER_OFFSETS["segments"]
    entries = [struct.unpack_from(_abi.SEGMENT_FORMAT, data, start + n * _abi.SEGMENT_SIZE) for n in range(10)]
    (nodes,) = [entry for entry in entries if entry[2] == _abi.FIL_SEGMENT_NODES][:1]
    for number in range(3, _abi.FIL_SEGMENT_CAPACITY):
        struct.pack_into(_abi.SEGMENT_FORMAT, data, start + number * _abi.SEGMENT_SIZE, *nodes)
    for name, value in (("segment_count", _abi.FIL_SEGMENT_CAPACITY), ("node_count", (1 << 32) - 1)):
        struct.pack_into("<I", data, _abi.HEADER_OFFSETS[name], value)
    return [recorded(folder, bytes(data))]


def with_codes(texts: bytes, rows: "Sequence[Tuple[int, int, int]]", version: int = 0x030C0000) -> bytes:
    """A recording with these texts, and a function and a callstack for each (filename, name, table: places in them)."""
    builder = RecordingBuilder(version)
    builder.text_bytes = texts
    for number, row in enumerate(rows, 1):
        filename, name, table = (place and place + 1 for place in row)
        builder.codes.append((filename, name, 0, table, number, 0))
        builder.node(_abi.FIL_NODE_ROOT, len(builder.codes) - 1, 1, current=number)
    return builder.build()


def text(content: bytes) -> bytes:
    return struct.pack("<I", len(content)) + content


def one_text_for_all(folder: Path) -> List[Path]:
    """A thousand functions with one name of 2 MB."""
    texts = b"...." + text(b"x" * (2 << 20))
    return [recorded(folder, with_codes(texts, [(4, 4, 0)] * 1000))]


def texts_over_each_other(folder: Path) -> List[Path]:
    """A thousand names of 1 MB, each beginning one byte behind the last."""
    texts = b"...." + struct.pack("<I", 0x00101010)[:1] * 3 + b"\0" + b"\x10\x10\x10\0" * (1 << 19)
    return [recorded(folder, with_codes(texts, [(4 + 4 * n, 4 + 4 * n, 0) for n in range(1000)]))]


def one_line_table_for_all(folder: Path) -> List[Path]:
    """A thousand functions with one line table of 1 MB."""
    texts = b"...." + text(b"/a.py") + text(b"\x80\1" * (1 << 19))
    return [recorded(folder, with_codes(texts, [(4, 4, 13)] * 1000))]


def a_number_without_end(folder: Path) -> List[Path]:
    """A line table whose first step is a number of 1 MB."""
    texts = b"...." + text(b"/a.py") + text(b"\xe8" + b"\x7f" * (1 << 20))
    return [recorded(folder, with_codes(texts, [(4, 4, 13)] * 3))]


def a_deep_chain(
    folder: Path, mark: int = 0, filename: str = "/a.py", name: str = "f", count: int = 20000
) -> List[Path]:
    """A recursion, each level of which has started a thread, mapped a file or asked in vain."""
    builder = RecordingBuilder()
    code, other = builder.code(filename, name), builder.code("/b.py", "g")
    node, nodes = _abi.FIL_NODE_ROOT, []
    for level in range(count):
        node = builder.node(node, code, level % 100, current=0 if mark else 1)
        nodes.append(node)
    for level in range(count if mark else 0):
        builder.nodes.append([0, 0, builder.epoch, nodes[-1 - level % 10], 0, mark])
        builder.node(len(builder.nodes) - 1, other, 1, current=5)
    builder.files = [[9, 0, "/f%d" % n, 1, 1, 1, nodes[-1 - n], 1, 0] for n in range(1000)]
    builder.failures = [[5, 5, 6 * 10**9, nodes[-1 - n], 1] for n in range(16)]
    builder.header["failed_requests"] = 16
    return [recorded(folder, builder.build())]


def threads_below_a_deep_chain(folder: Path) -> List[Path]:
    """For each thread, the frames of threading's start above it were gone through, here 20,000."""
    return a_deep_chain(folder, _abi.FIL_MARK_THREAD, "/lib/python3.9/threading.py", "start")


def a_deep_chain_of_thread_bodies(folder: Path) -> List[Path]:
    """Frames that are left out between a mark and what is shown: gone through for each callstack below them."""
    builder = RecordingBuilder()
    body, other = builder.code("/lib/python3.9/threading.py", "run"), builder.code("/b.py", "g")
    node = builder.thread(builder.node(_abi.FIL_NODE_ROOT, other, 1, current=1))
    for level in range(20000):
        node = builder.node(node, body, 1 + level % 100)
        builder.node(node, other, level % 100, current=5)
    return [recorded(folder, builder.build())]


def a_zip_bomb(folder: Path) -> List[Path]:
    """A source file of 300 MB that is 300 kB in a zip."""
    with zipfile.ZipFile(str(folder / "bomb.zip"), "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.py", b"\n" * (300 << 20))
    return [recorded(folder, sources(folder, ["bomb.zip/a.py"])), folder / "bomb.zip"]


def zip_bombs_that_lie(folder: Path) -> List[Path]:
    """The same, which is said to be small."""
    files = a_zip_bomb(folder)
    content = (folder / "bomb.zip").read_bytes()
    (folder / "bomb.zip").write_bytes(content.replace(struct.pack("<I", 300 << 20), struct.pack("<I", 1000)))
    return files


def sources(folder: Path, names: "Sequence[str]") -> bytes:
    """A recording with callstacks in these files."""
    builder = RecordingBuilder()
    for name in names:
        builder.stack([(str(folder / name), "f", 1)], 5 << 20)
    return builder.build()


def a_source_that_is_large(folder: Path) -> List[Path]:
    """A file of 8 GB that has no byte on disk."""
    with open(str(folder / "large.py"), "wb") as file:
        file.truncate(8 << 30)
    return [recorded(folder, sources(folder, ["large.py"]))]


def libraries_that_are_large(folder: Path) -> List[Path]:
    """Libraries of 4 GB in each of which the signs of allocators were looked for."""
    (folder / "site-packages").mkdir()
    builder = RecordingBuilder()
    for number in range(8):
        path = folder / "site-packages" / ("%d.so" % number)
        with open(str(path), "wb") as file:
            file.truncate((4 << 30) if number % 2 else 900 << 20)
        row = (builder.text(str(path)), 0, 0, 0, 0, _abi.FIL_CODE_LIBRARY)
        builder.codes.append(row)
        builder.node(_abi.FIL_NODE_ROOT, len(builder.codes) - 1, 0, 5 << 20)
    return [recorded(folder, builder.build())]


def many_sources(folder: Path) -> List[Path]:
    """Each of twenty names of one file was kept apart; and its lines take more than its bytes."""
    (folder / "a.py").write_bytes(b"ab\n" * (1 << 19))
    for number in range(20):
        os.link(str(folder / "a.py"), str(folder / ("%d.py" % number)))
    return [recorded(folder, sources(folder, ["%d.py" % number for number in range(20)]))]


def a_slow_encoding(folder: Path) -> List[Path]:
    """Decoding it takes the square of its length."""
    (folder / "a.py").write_bytes(b"# coding: punycode\n" + b"a" * 100000 + b"-" + b"a" * 2000000)
    return [recorded(folder, sources(folder, ["a.py"])), folder / "a.py"]


def a_slow_line(folder: Path) -> List[Path]:
    """A .prof line that a regular expression tried to take apart at each of its places: 88 s for 80 kB."""
    (folder / "x.prof").write_text("a.py:1 (f) 5\n" + ":1 (" * 50000 + " 5\n")
    return [folder / "x.prof"]


def a_long_line_number(folder: Path) -> List[Path]:
    """A number of 2 MB."""
    (folder / "x.prof").write_text("a.py:%s (f) 5\n" % ("1" * (2 << 20)))
    return [folder / "x.prof"]


def many_frames(folder: Path) -> List[Path]:
    """In one line, each at another place: all of them were kept, 100 bytes for each of the file."""
    line = ";".join("a.py:%d (f)" % number for number in range(1000000))
    (folder / "x.prof").write_text(line + " 5\n")
    return [folder / "x.prof"]


def many_lines(folder: Path) -> List[Path]:
    """Of one frame each, as short as they can be."""
    (folder / "x.prof").write_text("".join("a:%d (f) 5\n" % number for number in range(150000)))
    return [folder / "x.prof"]


def a_long_version(folder: Path) -> List[Path]:
    """The sentence that refuses it quoted all of its 10 MB."""
    return [saved(folder, lambda data: data.update(version="x" * (10 << 20)))]


def a_long_number(folder: Path) -> List[Path]:
    """Before CPython 3.11 reading it takes the square of its digits."""
    path = saved(folder, lambda data: data.update(pid=12345))
    path.write_text(path.read_text().replace("12345", "1" * (2 << 20)))
    return [path]


def long_names(folder: Path) -> List[Path]:
    """A path of 1 MB, which is told with each of many callstacks."""

    def change(data: Dict[str, Any]) -> None:
        for site in data["sites"]:
            site["path"] = site["function"] = "/" + "x" * (1 << 20)

    return [saved(folder, change)]


def alike_lines(folder: Path, name: str = "x.json") -> List[Path]:
    """A function whose 20,000 lines have the same text: each was compared with each."""
    count = 20000

    def change(data: Dict[str, Any]) -> None:
        first = 10 if name == "x.json" else 10 + count
        data["sites"] = [
            {"path": "/a.py", "function": "f", "line": n, "columns": None} for n in range(first, first + count)
        ]
        data["nodes"].update(parent=[-1] + [0] * (count - 1), site=list(range(count)))
        data["nodes"].update(own_bytes=[1] * count, own_big_bytes=[1] * count)
        data["peak_bytes"] = count
        for member in ("top_lines", "lines", "hints", "threads", "failures"):
            data[member] = []
        data["memory"] = None
        data["source_lines"] = {"/a.py": {str(n): "x = 1" for n in range(first, first + count)}}

    return [saved(folder, change, name)]


def changed_lines(folder: Path, name: str = "x.json") -> List[Path]:
    """Functions of which all lines were edited: how much alike they are was worked out for each pair."""
    count = 12000

    def change(data: Dict[str, Any]) -> None:
        alike_lines(folder, name)
        data.update(json.loads((folder / name).read_text()), source_lines={"/a.py": {}})
        data["sites"], own = data["sites"][:count], [1] * count
        data["nodes"].update(parent=[-1] + [0] * (count - 1), site=list(range(count)))
        data["nodes"].update(own_bytes=own, own_big_bytes=own)
        data["peak_bytes"] = count
        for number, site in enumerate(data["sites"]):
            site["function"] = "f%d" % (number // 20)
            data["source_lines"]["/a.py"][str(site["line"])] = ("ab" if name == "x.json" else "ba") * 95 + str(number)

    return [saved(folder, change, name)]


def a_description_of_many(folder: Path) -> List[Path]:
    """Python's own parser took a hundred times as much memory, and crashed on some nesting."""
    values = "arguments (%s)\nsettings %s\nlimits %s1%s\n" % (
        "'', " * 1000000,
        "(" * 100000,
        "-" * 100000,
        "+1" * 100000,
    )
    (folder / "recording.txt").write_text(values)
    return [recorded(folder, profile_data()), folder / "recording.txt"]


def many_first_files(folder: Path) -> List[Path]:
    """Each function's file was looked for among all of these."""
    builder = RecordingBuilder()
    for number in range(20000):
        builder.stack([("/%d.py" % number, "f", 1)], 1)
    names = ["/x%d.py" % number for number in range(50000)]
    (folder / "recording.txt").write_text("first_files %r\n" % (tuple(names),))
    return [recorded(folder, builder.build()), folder / "recording.txt"]


def profile_data() -> bytes:
    builder = RecordingBuilder()
    builder.stack([("/a.py", "f", 1)], 5)
    return builder.build()


def tree(folder: Path, parents: "List[int]", sites: "List[int]", own: "List[int]", function: str = "f") -> List[Path]:
    """A JSON file of these nodes below the root, each as short as it can be; the root is node 0 and site 0."""

    def change(data: "Dict[str, Any]") -> None:
        lines = range(1 + max(sites))
        data["sites"] = [{"path": "/" + function, "function": function, "line": n, "columns": None} for n in lines]
        data["nodes"] = {"parent": [-1, *parents], "site": [0, *sites], "own_bytes": [0, *own], "thread": []}
        data["peak_bytes"] = sum(own)
        for member in ("top_lines", "lines", "hints", "threads", "failures"):
            data[member] = []
        data.update(memory=None, source_lines={})

    path = saved(folder, change)
    path.write_text(json.dumps(json.loads(path.read_text()), separators=(",", ":")))
    return [path]


def a_chain(folder: Path) -> List[Path]:
    """One callstack."""
    count = 60000
    return tree(folder, list(range(count)), [1] * count, [0] * (count - 1) + [5])


def a_chain_that_keeps(folder: Path) -> List[Path]:
    """A recursion of one line: the reversed picture had each callstack in each of its rows, 770 bytes for a byte."""
    count = 60000
    return tree(folder, list(range(count)), [1] * count, [1] * count)


def a_comb(folder: Path) -> List[Path]:
    """A recursion, each level of which calls something that keeps: the callstacks' lengths add up to 10 billion."""
    count = 100000
    parents = [0, 1]
    for level in range(1, count):
        parents += [2 * level - 1, 2 * level + 1]
    return tree(folder, parents, [1, 2] * count, [0, 5] * count)


def a_bush(folder: Path) -> List[Path]:
    """Many callstacks of two frames, each with a line of its own."""
    count = 100000
    return tree(folder, [0] + [1] * count, [1, *range(2, count + 2)], [0] + [5] * count)


def a_bush_of_one_line(folder: Path) -> List[Path]:
    """The shortest nodes that there are."""
    count = 200000
    return tree(folder, [0] * count, [1] * count, [1] * count)


def a_chain_of_long_names(folder: Path) -> List[Path]:
    """All beginnings of the only line of the .prof file were kept: 4 GB for 30 kB."""
    count = 990
    return tree(folder, list(range(count)), [1] * count, [0] * (count - 1) + [5], "g" * 4095)


def many_boxes_of_a_long_name(folder: Path) -> List[Path]:
    """The name was gone through anew for each box: a minute for the pictures."""
    parents = [0 if place % 60 == 0 else place for place in range(3600)]
    sites = [1 + place // 60 for place in range(3600)]
    return tree(folder, parents, sites, [int(place % 60 == 59) for place in range(3600)], "\0" * 4095)


def a_recorded_recursion(folder: Path) -> List[Path]:
    """As a_chain_that_keeps, with a hundred lines."""
    builder = RecordingBuilder()
    code, node = builder.code("/a.py", "f"), _abi.FIL_NODE_ROOT
    for level in range(60000):
        node = builder.node(node, code, level * level % 100, current=5)
    return [recorded(folder, builder.build())]


TREES = [a_chain, a_chain_that_keeps, a_comb, a_bush, a_bush_of_one_line, a_chain_of_long_names]
TREES += [many_boxes_of_a_long_name, a_recorded_recursion]

READ = [distant_lines, one_segment_for_all, one_text_for_all, texts_over_each_other, one_line_table_for_all]
READ += [a_number_without_end, a_deep_chain, threads_below_a_deep_chain, a_deep_chain_of_thread_bodies, a_zip_bomb]
READ += [zip_bombs_that_lie, a_source_that_is_large, many_sources, a_slow_encoding, a_long_version, a_long_number]
READ += [libraries_that_are_large, long_names, a_description_of_many, many_first_files]
COMPARED = [a_slow_line, a_long_line_number, many_frames, many_lines]


def sizes(files: "Sequence[Path]") -> int:
    return sum(path.stat().st_size for path in files)


@pytest.mark.slow
@pytest.mark.parametrize("make", READ, ids=lambda make: make.__name__)
def test_a_report_of_a_hostile_file(tmp_path: Path, make: "Callable[[Path], List[Path]]") -> None:
    files = make(tmp_path)
    done = read(["report", files[0], "-o", tmp_path / "out", "--format", "json"], sizes(files))
    refused = make in (a_long_version, a_long_number)
    assert done.status == (5 if refused else 0), done


@pytest.mark.parametrize("make", READ[:1] + READ[5:8], ids=lambda make: make.__name__)
def test_a_page_of_a_hostile_file(tmp_path: Path, make: "Callable[[Path], List[Path]]") -> None:
    files = make(tmp_path)
    done = read(["report", files[0], "-o", tmp_path / "out", "--format", "html,svg"], sizes(files))
    assert done.status == 0, done


@pytest.mark.parametrize("make", TREES, ids=lambda make: make.__name__)
def test_all_forms_of_a_large_tree(tmp_path: Path, make: "Callable[[Path], List[Path]]") -> None:
    files = make(tmp_path)
    forms = ",".join(formats.ALL)
    done = read(["report", files[0], "-o", tmp_path / "out", "--format", forms], sizes(files), per_byte=SPACE_PER_NODE)
    assert done.status == 0, done


@pytest.mark.parametrize("make", TREES, ids=lambda make: make.__name__)
def test_all_callstacks_of_a_large_tree(tmp_path: Path, make: "Callable[[Path], List[Path]]") -> None:
    """The lists of a comb's callstacks in pprof's file took a minute."""
    files = make(tmp_path)
    words = ["--complete", "report", files[0], "-o", tmp_path / "out", "--format", "html,speedscope,pprof"]
    done = read(words, sizes(files), per_byte=SPACE_PER_NODE)
    assert done.status == 0, done


@pytest.mark.slow
@pytest.mark.parametrize("make", TREES, ids=lambda make: make.__name__)
def test_a_comparison_of_a_large_tree(tmp_path: Path, make: "Callable[[Path], List[Path]]") -> None:
    (tmp_path / "ok.prof").write_text("a.py:1 (f) 5000\n")
    files = make(tmp_path)
    assert read(["diff", tmp_path / "ok.prof", files[0]], sizes(files)).status == 0


@pytest.mark.slow
@pytest.mark.parametrize("make", COMPARED, ids=lambda make: make.__name__)
def test_a_comparison_with_a_hostile_file(tmp_path: Path, make: "Callable[[Path], List[Path]]") -> None:
    (tmp_path / "ok.prof").write_text("a.py:1 (f) 5000\n")
    files = make(tmp_path)
    per_byte = SPACE_PER_BYTE if make is many_lines else 10
    done = read(["diff", tmp_path / "ok.prof", files[0]], sizes(files), per_byte=per_byte)
    assert done.status == (0 if make in (many_frames, many_lines) else 5), done


@pytest.mark.slow
@pytest.mark.parametrize("make", [alike_lines, changed_lines], ids=lambda make: make.__name__)
def test_a_comparison_of_hostile_files(tmp_path: Path, make: "Callable[[Path, str], List[Path]]") -> None:
    files = make(tmp_path, "x.json") + make(tmp_path, "y.json")
    assert read(["diff", *files], sizes(files)).status == 0


OLDEST = [one.path for one in find_interpreters() if one.version < (3, 9)][:1]


@pytest.mark.parametrize("make", [a_long_number, a_description_of_many, one_segment_for_all], ids=lambda m: m.__name__)
@pytest.mark.skipif(not OLDEST, reason="there is no old Python here")
def test_an_old_python_too(tmp_path: Path, make: "Callable[[Path], List[Path]]") -> None:
    files = make(tmp_path)
    done = read(["report", files[0], "-o", tmp_path / "out", "--format", "json"], sizes(files), OLDEST[0])
    assert done.status == (5 if make is a_long_number else 0), done


@pytest.mark.slow
def test_the_limits_bite(tmp_path: Path) -> None:
    """What does take too much is seen: a file that is as large as it says it is takes its multiple of it."""
    files = many_lines(tmp_path)
    with pytest.raises(AssertionError, match="not enough memory"):
        read(["diff", files[0], files[0]], 0)
