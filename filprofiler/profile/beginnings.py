"""Cuts off the frames above the profiled code if only part of a program was profiled."""

from filprofiler import _abi
from filprofiler.profile.program import Program

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Set

    from filprofiler.recording.reader import Recording


def begin_late(recording: "Recording", program: Program) -> None:
    """Move the nodes at which call stacks begin under the root.

    These are the frames of program.entry_files, which are left out later as our own, and the outermost frames of
    program.first_files.
    """
    entries = _codes_of(recording, program.entry_files)
    firsts = _codes_of(recording, program.first_files)
    if not (entries or firsts):
        return
    parents, codes = recording.parents, recording.codes
    begun = bytearray(recording.node_count)
    for number in range(_abi.FIL_NODE_FIRST, recording.node_count):
        code = codes[number]
        begun[number] = begun[parents[number]]
        if code in entries or (code in firsts and not begun[number]):
            parents[number] = _abi.FIL_NODE_ROOT
            begun[number] = code in firsts


def _codes_of(recording: "Recording", files: "tuple[str, ...]") -> "Set[int]":
    """The numbers of the functions in these files."""
    if not files:
        return set()
    wanted = frozenset(files)
    return {number for number in set(recording.codes) if number and recording.code(number).filename in wanted}
