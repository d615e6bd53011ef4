"""The end of a recorded process, noted in what the processes share: its own slot only, whatever its recording says."""

import os
import struct
import subprocess
import sys
from pathlib import Path
from typing import Dict

import pytest
from recording_builder import RecordingBuilder

from filprofiler import _abi
from filprofiler.result_folder import SHARED_NAME
from filprofiler.supervisor.recorded_children import RecordedChildren

SLOT = struct.Struct(_abi.SLOT_FORMAT)
BEST = 77


def shared_file(folder: Path, pids: "Dict[int, int]") -> Path:
    """What they share, with live slots. pids: by number of slot."""
    values = dict.fromkeys(_abi.PROCESSES_FIELDS, 0)
    del values["magic"]
    values.update(version=_abi.FIL_FORMAT_VERSION, slots_used=max(pids) + 1, word=BEST << 32)
    data = bytearray(_abi.PROCESSES_SIZE)
    struct.pack_into(_abi.PROCESSES_FORMAT, data, 0, _abi.FIL_PROCESSES_MAGIC, *values.values())
    for number, pid in pids.items():
        slot = dict.fromkeys(_abi.SLOT_FIELDS, 0)
        slot.update(pid=pid, state=_abi.FIL_SLOT_LIVE, total=1 << 20)
        SLOT.pack_into(data, _abi.PROCESSES_FORMAT_SIZE + number * SLOT.size, *slot.values())
    path = folder / SHARED_NAME
    path.write_bytes(bytes(data))
    return path


def slot_of(path: Path, number: int) -> "Dict[str, int]":
    place = _abi.PROCESSES_FORMAT_SIZE + number * SLOT.size
    return dict(zip(_abi.SLOT_FIELDS, SLOT.unpack_from(path.read_bytes(), place)))


def recording(folder: Path, pid: int, slot: int) -> Path:
    """A process's recording. slot: counted from 1."""
    builder = RecordingBuilder()
    builder.header["pid"] = pid
    data = bytearray(builder.build())
    struct.pack_into("<I", data, _abi.HEADER_OFFSETS["slot"], slot)
    path = folder / ("%d-0.fil" % pid)
    path.write_bytes(bytes(data))
    return path


def test_an_ended_process_frees_its_slot(tmp_path: Path) -> None:
    """It is found in the folder, though it has ended before anybody looked."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    shared = shared_file(tmp_path, {0: os.getpid(), 2: process.pid})
    path = recording(tmp_path, process.pid, 3)
    children = RecordedChildren(str(tmp_path))
    children.look(0.0)
    assert (slot_of(shared, 2)["state"], slot_of(shared, 2)["pid"]) == (_abi.FIL_SLOT_FREE, 0)
    assert slot_of(shared, 0)["state"] == _abi.FIL_SLOT_LIVE
    assert struct.unpack_from("<I", path.read_bytes(), _abi.HEADER_OFFSETS["ended_best"]) == (BEST,)
    (word,) = struct.unpack_from("<Q", shared.read_bytes(), _abi.PROCESSES_OFFSETS["word"])
    assert word == BEST << 32 | 1  # a turn was taken


@pytest.mark.parametrize("slot", [0, 1, 2, _abi.FIL_PROCESSES_KEPT, _abi.FIL_PROCESSES_KEPT + 1, 0xFFFFFFFF])
def test_a_forged_slot_ends_nobody(tmp_path: Path, slot: int) -> None:
    shared = shared_file(tmp_path, {0: os.getpid(), 1: os.getppid()})
    before = shared.read_bytes()
    path = recording(tmp_path, 4194303, slot)
    RecordedChildren(str(tmp_path)).ended(str(path), 4194303)
    assert shared.read_bytes() == before


@pytest.mark.parametrize("kind", ["short", "link", "pipe", "absent"])
def test_a_shared_file_that_is_not_ours(tmp_path: Path, kind: str) -> None:
    """It is not waited for, not followed, and not mapped where it is too short."""
    path = recording(tmp_path, 4194303, 1)
    shared, elsewhere = tmp_path / SHARED_NAME, tmp_path / "elsewhere"
    elsewhere.mkdir()
    victim = shared_file(elsewhere, {0: 4194303})
    before = victim.read_bytes()
    if kind == "short":
        shared.write_bytes(before[:200])
    elif kind == "link":
        shared.symlink_to(victim)
    elif kind == "pipe":
        os.mkfifo(str(shared))
    RecordedChildren(str(tmp_path)).ended(str(path), 4194303)
    assert victim.read_bytes() == before
