"""Each form of file that we read, changed at random with its structure in mind, and what must hold of it then.

What is read is read whole, or refused in one sentence; whatever was read can be written in all forms; and the JSON file
that is made from it comes back, and makes the same file once more.
"""

import copy
import json
import os
import struct
from pathlib import Path
from random import Random
from typing import Any, Callable, Dict, List, Tuple

from recording_builder import RecordingBuilder, describe_into

from filprofiler import _abi
from filprofiler.errors import FilError
from filprofiler.profile.build import build_profile
from filprofiler.profile.comparison import Comparison
from filprofiler.profile.model import OUT_OF_MEMORY, PEAK, Profile
from filprofiler.profile.program import Program, read_description
from filprofiler.profile.source import SourceReader
from filprofiler.profile.top import TopLines
from filprofiler.recording.reader import read_recording
from filprofiler.report.comparison_page import comparison_page
from filprofiler.report.comparison_text import comparison_lines
from filprofiler.report.formats import ALL, JSON, file_names
from filprofiler.report.json_reader import read_saved
from filprofiler.report.prof_reader import read_prof
from filprofiler.report.summary import summary_lines
from filprofiler.report.writer import write_report
from filprofiler.result_folder import DESCRIPTION_NAME

MIB = 1 << 20

# Numbers at which something ends: of 8, 16, 31, 32, 63 and 64 bits, of our own limits, and a little on either side.
EDGES = [0, 1, 2, 3, 7, 127, 128, 255, 256, 4095, 4096, 65535, 131071, 131072, 131080]
EDGES += [(1 << bits) + more for bits in (20, 22, 31, 32, 33, 34, 47, 60, 62, 63) for more in (-1, 0, 1)]
EDGES += [(1 << 64) - 1, (1 << 64) - 2]


def recording() -> RecordingBuilder:
    """A recording in which everything occurs."""
    builder = RecordingBuilder(0x030C00F0)
    table = b"\x80\0\0\x88\1\2\xe8\x02\x01\x05\x07\xd0\3\x05\xf8" * 3
    main = builder.node(_abi.FIL_NODE_ROOT, builder.code("/job.py", "<module>", table=table), 0, 5 * MIB)
    builder.node(main, builder.code("/job.py", "f\n\x1b", table=table), 2, 3 * MIB, at_peak=4 * MIB)
    starter = builder.node(main, builder.code("/lib/python3.12/threading.py", "start"), 1)
    thread = builder.thread(starter)
    body = builder.node(thread, builder.code("/lib/python3.12/threading.py", "run"), 1)
    builder.node(body, builder.code("/x/site-packages/p/a.py", "work"), 3, MIB)
    builder.nodes.append([9, 9, builder.epoch, main, 0, _abi.FIL_MARK_WORKER])
    builder.codes.append((builder.text("/x/site-packages/p/_polars_runtime.so"), 0, 0, 0, 0, _abi.FIL_CODE_LIBRARY))
    builder.node(main, len(builder.codes) - 1, 0, 2 * MIB)
    builder.hold(_abi.FIL_NODE_ROOT, 77)
    builder.hold(_abi.FIL_NODE_LOST, 33)
    builder.missed[_abi.FIL_MISSED_CALLSTACK] = 3
    builder.files = [[0] * 9, [3 * MIB, 0, "/data", 2 * MIB, MIB, 1, main, 1, 0]]
    builder.counters = dict.fromkeys(range(_abi.FIL_COUNTERS), (2 * MIB, MIB, builder.epoch, 0))
    builder.readings = {n: [(6 + n) * 10**9, 9 * MIB, MIB, *[(n + 1) * MIB] * 6] for n in range(_abi.FIL_RSS_SAMPLES)}
    builder.failures = [[5 * MIB, MIB, 7 * 10**9, main, 1], [(1 << 64) - 1, MIB, 8 * 10**9, 1, 2]]
    builder.samples = [[(5 + n) * 10**9, n * MIB, 2 * n * MIB] for n in range(5)]
    builder.header["failed_requests"] = 2
    return builder


def fields_of(data: bytes) -> List[Tuple[int, str]]:
    """Where the numbers of a recording are, each with its format: those of the header several times."""
    found: List[Tuple[int, str]] = []

    def table(start: int, form: str, count: int = 1) -> None:
        for number in range(count):
            at = start + number * struct.calcsize(form)
            for letter in form.lstrip("<="):
                if letter in "IQiqHB":
                    found.append((at, letter))
                    at += struct.calcsize("=" + letter)

    header = [(_abi.HEADER_OFFSETS[name], "I") for name in ("epoch", "node_count", "code_count", "segment_count")]
    for name in ("current_bytes", "peak_bytes", "peak_clock_ns", "failed_requests", "snapshot_offset"):
        header.append((_abi.HEADER_OFFSETS[name], "Q"))
    for name in ("snapshot_nodes", "snapshot_number", "snapshot_failure", "snapshot_clock_ns", "files_offset"):
        header.append((_abi.HEADER_OFFSETS[name], "Q"))
    for name in ("malloc_path", "own_function", "largest_resident_bytes", "large_offset"):
        header.append((_abi.HEADER_OFFSETS[name], "Q"))
    for name in ("processes_started", "processes_seen", "large_count"):
        header.append((_abi.HEADER_OFFSETS[name], "I"))
    for name in ("state", "stacks", "uncaught_memory_error", "python_version", "sample_count", "file_count"):
        header.append((_abi.HEADER_OFFSETS[name], "I"))
    for name in ("started_unix_ns", "started_clock_ns", "snapshot_mapped_bytes", "allocations", "allocated_bytes"):
        header.append((_abi.HEADER_OFFSETS[name], "Q"))
    table(_abi.HEADER_OFFSETS["failures"], _abi.FAILURE_FORMAT, 2)
    table(_abi.HEADER_OFFSETS["samples"], _abi.SAMPLE_FORMAT, 5)
    table(_abi.HEADER_OFFSETS["counters"], _abi.COUNTER_FORMAT, _abi.FIL_COUNTERS)
    table(_abi.HEADER_OFFSETS["rss_samples"], _abi.RSS_SAMPLE_FORMAT, _abi.FIL_RSS_SAMPLES)
    start = _abi.HEADER_OFFSETS["segments"]
    for number in range(3):
        at = start + number * _abi.SEGMENT_SIZE
        table(at, _abi.SEGMENT_FORMAT)
        offset, _size, kind, _reserved = struct.unpack_from(_abi.SEGMENT_FORMAT, data, at)
        if kind == _abi.FIL_SEGMENT_NODES:
            table(offset, _abi.NODE_FORMAT, 12)
            table(offset + _abi.NODES_OFFSETS["big"], _abi.BIG_FORMAT, 12)
        elif kind == _abi.FIL_SEGMENT_CODES:
            table(offset, _abi.CODE_FORMAT, 8)
        else:
            found.extend((offset + at, "B") for at in range(0, 300, 3))
    (files,) = struct.unpack_from("<Q", data, _abi.HEADER_OFFSETS["files_offset"])
    table(files, _abi.FILE_FORMAT, 2)
    (large,) = struct.unpack_from("<Q", data, _abi.HEADER_OFFSETS["large_offset"])
    table(large, _abi.LARGE_FORMAT, 2)
    return found + header * 6


def with_all_the_rest(data: bytes) -> bytes:
    """A recording with what the builder does not make: a snapshot at a failure, threads, large mappings, processes."""
    data = bytearray(data)
    for name, form, value in (("large_offset", "Q", len(data)), ("large_count", "I", 2), ("processes_seen", "I", 3)):
        struct.pack_into("<" + form, data, _abi.HEADER_OFFSETS[name], value)
    data += struct.pack(_abi.LARGE_FORMAT, 0, 20 * MIB, 20 * MIB, 0, MIB, 3, 7)
    data += struct.pack(_abi.LARGE_FORMAT, 0, 30 * MIB, 30 * MIB, _abi.FIL_HEADER_BYTES, 3, 4, 7)
    count = 12
    for name, value in (("snapshot_offset", len(data)), ("snapshot_nodes", count), ("snapshot_number", 1)):
        struct.pack_into("<Q", data, _abi.HEADER_OFFSETS[name], value)
    data += struct.pack("<%dQ" % (2 * count), *range(count), *range(count))
    (segments,) = struct.unpack_from("<I", data, _abi.HEADER_OFFSETS["segment_count"])
    place = _abi.HEADER_OFFSETS["segments"] + segments * _abi.SEGMENT_SIZE
    segment = (len(data), _abi.THREADS_SIZE, _abi.FIL_SEGMENT_THREADS, 0)
    struct.pack_into(_abi.SEGMENT_FORMAT, data, place, *segment)
    struct.pack_into("<I", data, _abi.HEADER_OFFSETS["segment_count"], segments + 1)
    threads = bytearray(_abi.THREADS_SIZE)
    struct.pack_into("<4I", threads, 0, 2, 1, 2, 7)
    for number in (1, 2):
        at = _abi.THREADS_OFFSETS["threads"] + (number - 1) * _abi.THREAD_SIZE
        struct.pack_into("<5I", threads, at, number, 3, 2 + number, 7, 0)
        threads[at + _abi.THREAD_OFFSETS["name"] : at + _abi.THREAD_OFFSETS["name"] + 3] = b"T|\xff"
    struct.pack_into("<2I", threads, _abi.THREADS_OFFSETS["links"], 6, 2)
    return bytes(data) + bytes(threads)


RECORDING = with_all_the_rest(recording().build())
FIELDS = fields_of(RECORDING)


def changed_recording(random: Random, begun: bytes = RECORDING) -> bytes:
    """A recording with some numbers changed, or cut."""
    data = bytearray(begun if len(begun) >= len(RECORDING) else RECORDING)
    for _change in range(random.choice((1, 1, 1, 2, 3, 8))):
        at, letter = random.choice(FIELDS)
        size = struct.calcsize("=" + letter)
        (now,) = struct.unpack_from("<" + letter, data, at)
        value = random.choice(
            (random.choice(EDGES), now + random.randint(-9, 9), random.getrandbits(8 * size), len(data))
        )
        data[at : at + size] = (value & (1 << 8 * size) - 1).to_bytes(size, "little")
    if random.random() < 0.05:
        del data[random.randint(0, len(data)) :]
    return bytes(data)


STRANGE: "List[Any]" = [
    None,
    True,
    0,
    -1,
    1.5,
    1e300,
    1 << 63,
    1 << 64,
    1 << 200,
    "",
    "x",
    "\0",
    "\udc80/\n\x1b",
    [],
    {},
]
STRANGE += [[None], ["x", 1], ("x",), {"x": 1}, {"/job.py": "x = [1]\n"}, {1: 2}, "<string>", "/job.py", "a" * 5000, ()]


def changed_value(value: Any, random: Random) -> Any:
    """Another value in its place: of another type, at an edge, or nearly the same."""
    if isinstance(value, (int, float)) and random.random() < 0.5:
        return random.choice((random.choice(EDGES), value + random.choice((-1, 1, 0.5)), -value))
    return copy.deepcopy(random.choice(STRANGE))


def description(random: Random) -> str:
    """A recording.txt in which some values are strange, or cut."""
    program = Program(
        script="job.py",
        script_absolute="/job.py",
        cwd="/",
        arguments=["-x", "\udc80 '\""],
        outcome="killed by SIGKILL",
        elapsed_seconds=12.5,
        resident_peak_bytes=1 << 30,
        source_texts={"In [3]": "a = 1\n" * 5},
        shown_paths={"/x": "In [3]"},
        first_files=["/job.py"] if random.random() < 0.3 else [],
    )
    lines = []
    for name in [slot for slot in Program.__slots__ if slot != "source_lines"]:
        value = getattr(program, name)
        if random.random() < 0.15:
            value = changed_value(value, random)
        line = "%s %s" % (name, ascii(value))
        if random.random() < 0.1 and line:
            at = random.randrange(len(line))
            line = line[:at] + random.choice(("'", "\\", "(", ",", "{", "", "\xff", "\\N{x}")) + line[at + 1 :]
        lines.append(line)
    return "\n".join(lines) + "\n"


def places_of(data: Any, above: "Tuple[Any, ...]" = ()) -> "List[Tuple[Any, ...]]":
    """The paths of all members and items of JSON data; of long lists the first few and the last."""
    found = [above] if above else []
    if isinstance(data, dict):
        for name, value in data.items():
            found += places_of(value, (*above, name))
    elif isinstance(data, list):
        for place in {*range(min(3, len(data))), len(data) - 1} - {-1}:
            found += places_of(data[place], (*above, place))
    return found


def changed_json(data: Any, random: Random) -> str:
    """The data with some members changed, gone or doubled; or the text cut."""
    data = copy.deepcopy(data)
    for _change in range(random.choice((1, 1, 1, 2, 4))):
        place = random.choice(places_of(data))
        holder = data
        for step in place[:-1]:
            holder = holder[step]
        chance = random.random()
        if chance < 0.1:
            del holder[place[-1]]
        elif chance < 0.2 and isinstance(holder, list):
            holder.append(copy.deepcopy(holder[place[-1]]))
        else:
            holder[place[-1]] = changed_value(holder[place[-1]], random)
    text = json.dumps(data)
    if random.random() < 0.05:
        at = random.randrange(len(text))
        text = text[:at] + random.choice(("", "[" * 2000, '"', "1" * 400, "1e999", "\0", "-")) + text[at + 1 :]
    return text


PROF = "a.py:1 (f);/x/b c.py:20 (<lambda>) 1048576\na.py:1 (f);a.py:2 (g) 5000000\n[No Python stack] 99\n"
PIECES = [
    "",
    ";",
    ":",
    " ",
    "(",
    ")",
    " (",
    ":1 (",
    "\\",
    "\\x3b",
    "\\u202e",
    "\n",
    "\0",
    "99999999999",
    "-1",
    "\x85",
    "5",
]


def changed_prof(random: Random, begun: bytes = PROF.encode()) -> bytes:
    """A .prof file with some pieces changed."""
    text = begun.decode("utf-8", "replace") or PROF
    for _change in range(random.choice((1, 1, 1, 3))):
        at = random.randrange(len(text) + 1)
        text = text[:at] + random.choice(PIECES) * random.choice((1, 1, 3, 30)) + text[at + random.randint(0, 4) :]
    content = text.encode("utf-8")
    return content if random.random() < 0.95 else content + b"\xff"


class Checker:
    """Reads files as our commands do, in a folder of its own, and says whether all holds.

    read: how many files were read, of each form; refused: how many were not.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.read: Dict[str, int] = {}
        self.refused: Dict[str, int] = {}
        (folder / "recording.fil").write_bytes(RECORDING)
        self.json = json.loads(self.written(self.profile_of_recording(), folder / "first"))
        self.other = read_prof(str(self.put("other.prof", PROF.encode())))

    def put(self, name: str, content: bytes) -> Path:
        """A file of ours."""
        (self.folder / name).write_bytes(content)
        return self.folder / name

    def profile_of_recording(self, moment: str = PEAK) -> Profile:
        """As `report` has it."""
        found = read_recording(str(self.folder / "recording.fil"))
        return build_profile(found, read_description(str(self.folder)), moment)

    def written(self, profile: Profile, folder: Path, forms: "Tuple[str, ...]" = (JSON,)) -> bytes:
        """The JSON file of a profile, after all files of these forms were written."""
        folder.mkdir(exist_ok=True)
        sources = SourceReader(profile.program)
        top = TopLines(profile)
        write_report(profile, top, str(folder), forms, sources=sources)
        summary_lines(profile, top, "index.html", False, sources)
        return (folder / file_names(JSON, profile.moment)[0]).read_bytes()

    def check(self, form: str, read: "Callable[[], Profile]", forms: "Tuple[str, ...]" = (JSON,)) -> None:
        """Read a file; if that goes well, it can be written, comes back, and is written as it was."""
        try:
            profile = read()
        except FilError as error:
            assert "\n" not in str(error) and len(str(error)) < 1000, error
            self.refused[form] = self.refused.get(form, 0) + 1
            return
        self.read[form] = self.read.get(form, 0) + 1
        first = self.written(profile, self.folder / "out", forms)
        back = read_saved(str(self.folder / "out" / file_names(JSON, profile.moment)[0]))
        assert self.written(back, self.folder / "again") == first

    def check_recording(self, data: bytes, forms: "Tuple[str, ...]" = (JSON,), moment: str = PEAK) -> None:
        """A recording, beside no description."""
        self.put("recording.fil", data)
        (self.folder / DESCRIPTION_NAME).write_bytes(b"")
        self.check("recording", lambda: self.profile_of_recording(moment), forms)

    def check_description(self, text: str, forms: "Tuple[str, ...]" = (JSON,)) -> None:
        """A description, beside a recording that is right. It is never refused, and can be written anew."""
        self.put("recording.fil", RECORDING)
        self.put(DESCRIPTION_NAME, text.encode("utf-8", "surrogatepass"))
        refused = self.refused.get("description", 0)
        self.check("description", self.profile_of_recording, forms)
        assert self.refused.get("description", 0) == refused
        program = read_description(str(self.folder))
        describe_into(program, self.folder)
        again = read_description(str(self.folder))
        assert all(getattr(again, name) == getattr(program, name) for name in Program.__slots__)

    def check_json(self, text: str, forms: "Tuple[str, ...]" = (JSON,)) -> None:
        """A JSON file."""
        path = self.put("x.json", text.encode("utf-8", "surrogatepass"))
        self.check("json", lambda: read_saved(str(path)), forms)

    def check_prof(self, content: bytes) -> None:
        """A .prof file: it can be compared with another."""
        path = self.put("x.prof", content)
        try:
            profile = read_prof(str(path))
        except FilError as error:
            assert "\n" not in str(error) and len(str(error)) < 1000, error
            self.refused["prof"] = self.refused.get("prof", 0) + 1
            return
        self.read["prof"] = self.read.get("prof", 0) + 1
        for before, after in ((self.other, profile), (profile, self.other)):
            comparison = Comparison(before, after)
            older, newer = SourceReader(before.program), SourceReader(after.program)
            comparison_lines(comparison, older, newer)
            comparison_page(comparison, older, newer, "a", "b")

    def check_one(self, form: str, random: Random) -> None:
        """A changed file of a form; now and then every form of the report is made of it."""
        forms = ALL if random.random() < 0.02 else (JSON,)
        if form == "recording":
            moment = OUT_OF_MEMORY if random.random() < 0.2 else PEAK
            self.check_recording(changed_recording(random), forms, moment)
        elif form == "description":
            self.check_description(description(random), forms)
        elif form == "json":
            self.check_json(changed_json(self.json, random), forms)
        else:
            self.check_prof(changed_prof(random))


FORMS = ("recording", "description", "json", "prof")
CASES = int(os.environ.get("FIL_TEST_FUZZ", "0")) or 600
