"""Several processes as one profile: merged trees against a brute-force sum, and folders that somebody has made up."""

import os
import random
import struct
from pathlib import Path
from typing import Dict, List, Tuple

import pytest
from recording_builder import RecordingBuilder, profile_of

from filprofiler import _abi
from filprofiler.cli.reporting import combined_profile
from filprofiler.opened_folder import OpenedFolder
from filprofiler.profile.processes import MergedTree, Share, role_of
from filprofiler.profile.program import Program
from filprofiler.profile.tree import Node, Site
from filprofiler.recording.reader import Recording, read_recording
from filprofiler.recording.run import SharedPeak, other_processes
from filprofiler.result_folder import PROCESSES_NAME, RECORDING_NAME, SHARED_NAME, is_process_name, remove_processes

Path_ = Tuple[Tuple[str, str, int], ...]


def paths_of(node: Node, above: Path_ = ()) -> "Dict[Path_, Node]":
    """All nodes by their path from the root."""
    found = {}
    for child in node.children:
        path = (*above, (child.site.path, child.site.name, child.site.line))
        assert path not in found
        found[path] = child
        found.update(paths_of(child, path))
    return found


def random_stack(chooser: random.Random) -> "List[Tuple[str, int, str]]":
    depth = chooser.randrange(1, 5)
    return [("/%s.py" % chooser.choice("ab"), chooser.randrange(1, 3), "f") for _ in range(depth)]


@pytest.mark.parametrize("seed", range(8))
def test_merged_trees_are_sums(seed: int) -> None:
    chooser = random.Random(seed)
    merged = MergedTree(Site("", "all", 0))
    sums: "Dict[Path_, int]" = {}
    for number in range(5):
        stacks = [(random_stack(chooser), size) for size in chooser.sample(range(1, 1000), chooser.randrange(9))]
        below = (Site("", "[worker]", 0),) if number > 2 else ()
        profile = profile_of(stacks)
        merged.add(profile.root, below)
        outside: Path_ = tuple((site.path, site.name, site.line) for site in below)
        parts = {(*outside, *path): node.total_bytes for path, node in paths_of(profile.root).items()}
        parts.update({outside: profile.root.total_bytes} if outside else {})
        for path, size in parts.items():
            sums[path] = sums.get(path, 0) + size
    found = {path: node.total_bytes for path, node in paths_of(merged.finish()).items()}
    assert found == {path: size for path, size in sums.items() if size}


def test_how_a_line_is_spread() -> None:
    share = Share()
    for size, pid in ((5, 11), (0, 12), (9, 13), (2, 14)):
        share.add(size, pid)
    assert (share.processes, share.least_bytes, share.most_bytes, share.most_pid) == (3, 2, 9, 13)


def test_processes_that_do_the_same_have_one_role() -> None:
    spawned = "from multiprocessing.spawn import spawn_main; spawn_main(tracker_fd=%d, pipe_handle=%d)"
    roles = {role_of(["/usr/bin/python3", "-c", spawned % (number, number + 7)]) for number in range(3)}
    assert len(roles) == 1 and "python#" in roles.pop()
    assert role_of(["python3", "a\n b.py"]) == "python# a b.py"


SHARED = struct.Struct(_abi.PROCESSES_FORMAT)
SLOT = struct.Struct(_abi.SLOT_FORMAT)


def shared_file(best: int, slots: "List[Dict[str, int]]", quotas: int = 0) -> bytes:
    values = dict.fromkeys(_abi.PROCESSES_FIELDS, 0)
    values.update(version=_abi.FIL_FORMAT_VERSION, slots_used=len(slots), word=best << 32, quotas=quotas)
    head = SHARED.pack(
        *[_abi.FIL_PROCESSES_MAGIC if name == "magic" else values[name] for name in _abi.PROCESSES_FIELDS]
    )
    rows = b"".join(SLOT.pack(*[slot.get(name, 0) for name in _abi.SLOT_FIELDS]) for slot in slots)
    return (head + rows).ljust(_abi.PROCESSES_SIZE, b"\0")


def member(
    pid: int, rows: "List[Tuple[int, int, int]]", alone_best: int = 0, born_best: int = 0, ended_best: int = 0
) -> Recording:
    """A process. rows: current bytes, bytes kept, and beside which best, of its call stacks."""
    builder = RecordingBuilder()
    builder.header["pid"] = pid
    for number, (current, kept, best) in enumerate(rows):
        node = builder.stack([("/job.py", "f", number + 1)], current)
        builder.combined[node] = (kept, best, 0)
    data = bytearray(builder.build())
    struct.pack_into("<5I", data, _abi.HEADER_OFFSETS["slot"], 1, alone_best, 0, born_best, ended_best)
    return Recording(bytes(data))


LIVE, ENDED = _abi.FIL_SLOT_LIVE, _abi.FIL_SLOT_ENDED


@pytest.mark.parametrize(
    ("slot", "part", "held"),
    [
        ({"state": LIVE, "pid": 7}, {}, [10, 25]),
        ({"state": ENDED, "pid": 7, "ended_best": 99}, {}, [0, 0]),
        ({"state": ENDED, "pid": 7, "ended_best": 100}, {}, [10, 25]),
        ({"state": ENDED, "pid": 7}, {}, [10, 25]),  # whoever ended it was killed before it could say when
        ({"state": LIVE, "pid": 7}, {"born_best": 100}, [0, 0]),
        ({"state": LIVE, "pid": 8}, {"ended_best": 99}, [0, 0]),  # another has its slot
        ({"state": ENDED, "pid": 8, "ended_best": 99}, {"ended_best": 100}, [10, 25]),
    ],
)
def test_what_a_process_had(slot: "Dict[str, int]", part: "Dict[str, int]", held: "List[int]") -> None:
    """The first row has not changed since the best rose, the second has."""
    recording = member(7, [(10, 3, 99), (20, 25, 100)], **part)
    assert SharedPeak(shared_file(100, [slot])).held(recording)[_abi.FIL_NODE_FIRST :] == held


def test_the_first_process_may_have_had_most_alone() -> None:
    recording = member(7, [(10, 3, 99), (20, 25, 100)], alone_best=100)
    assert SharedPeak(shared_file(100, [{"state": LIVE, "pid": 7}])).held(recording) == recording.peak
    later = SharedPeak(shared_file(101, [{"state": LIVE, "pid": 7}])).held(recording)
    assert later[_abi.FIL_NODE_FIRST :] == [10, 20]


def test_the_bound_that_is_told() -> None:
    shared = SharedPeak(shared_file(1000, [], quotas=64 << 10))
    assert shared.more_bytes(1000 * 1024) == 1024 + (32 << 10)
    assert shared.more_bytes(2000 * 1024) == 0


def family(folder: Path, children: "Dict[str, bytes]", shared: bytes) -> None:
    builder = RecordingBuilder()
    builder.stack([("/job.py", "main", 1)], 5 << 20)
    builder.write(folder / RECORDING_NAME)
    (folder / PROCESSES_NAME).mkdir()
    for name, data in children.items():
        (folder / PROCESSES_NAME / name).write_bytes(data)
    (folder / PROCESSES_NAME / SHARED_NAME).write_bytes(shared)


def test_a_folder_that_somebody_has_made_up(tmp_path: Path) -> None:
    """Nothing is waited for, followed or believed; what can be read is told."""
    good = RecordingBuilder()
    good.header["pid"] = 11
    good.stack([("/job.py", "work", 2)], 3 << 20)
    data = good.build()
    family(tmp_path, {"11-0.fil": data, "12-0.fil": data[:5000], "13-0.fil": b"", "readme": b"x"}, b"\xff" * 100)
    os.mkfifo(str(tmp_path / PROCESSES_NAME / "14-0.fil"))
    (tmp_path / PROCESSES_NAME / "15-0.fil").symlink_to("/dev/zero")
    (tmp_path / PROCESSES_NAME / "16-0.fil").mkdir()
    others = other_processes(str(tmp_path))
    assert [other.name for other in others] == ["11-0.fil"]
    profile = combined_profile(
        read_recording(str(tmp_path / RECORDING_NAME)), others, str(tmp_path), Program(script="/job.py")
    )
    assert profile is not None and profile.together is not None
    assert any("own peak" in reason for _count, reason in profile.missed)  # the file that all share is damaged
    assert profile.peak_bytes == 8 << 20 and [one.pid for one in profile.together.processes] == [4321, 11]
    with OpenedFolder(str(tmp_path)) as opened:
        remove_processes(opened)
    left = sorted(path.name for path in (tmp_path / PROCESSES_NAME).iterdir())
    assert left == ["16-0.fil", "readme"]  # a folder, and what we did not make


@pytest.mark.parametrize("seed", range(30))
def test_damaged_bytes_give_a_profile(tmp_path: Path, seed: int) -> None:
    chooser = random.Random(seed)
    builder = RecordingBuilder()
    for line in range(1, 9):
        builder.stack([("/job.py", "f", line), ("/lib.py", "g", line)], line << 16)
    data = bytearray(builder.build())
    for field, form in (
        ("parent_pid", "<I"),
        ("forked", "<I"),
        ("started_by", "<Q"),
        ("command_line", "<Q"),
        ("slot", "<I"),
    ):
        struct.pack_into(form, data, _abi.HEADER_OFFSETS[field], chooser.choice([0, 1, 2, 131080, 0xFFFFFFFF]))
    for _ in range(20):
        data[chooser.randrange(_abi.FIL_HEADER_BYTES, len(data))] = chooser.randrange(256)
    slots = [{name: chooser.choice([0, 1, 2, 3, 4321, 0xFFFFFFFF]) for name in _abi.SLOT_FIELDS} for _ in range(3)]
    shared = shared_file(chooser.choice([0, 1, 0xFFFFFFFF]), slots, quotas=chooser.choice([0, (1 << 64) - 1]))
    family(tmp_path, {"21-0.fil": bytes(data), "22-0.fil": bytes(data)}, shared)
    recording = read_recording(str(tmp_path / RECORDING_NAME))
    profile = combined_profile(recording, other_processes(str(tmp_path)), str(tmp_path), Program())
    assert profile is not None and profile.together is not None
    assert sum(process.part_bytes for process in profile.together.processes) == profile.peak_bytes


def test_names_of_recordings() -> None:
    assert is_process_name("1-0.fil") and is_process_name("4194304-999.fil")
    for name in ("1.fil", "-1.fil", "1-.fil", "1-0.fil.part", "a-0.fil", "1-0-0.fil", "\u0661-0.fil", SHARED_NAME):
        assert not is_process_name(name)
