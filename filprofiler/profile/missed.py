"""Describes what could not be recorded, and why."""

from filprofiler import _abi

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import List, Tuple

    from filprofiler.recording.reader import Recording

MISSED_REASONS = {
    _abi.FIL_MISSED_CALLSTACK: "the call stack was lost because the recording could not grow",
    _abi.FIL_MISSED_BLOCK: "the bytes were not counted because the table of addresses could not grow",
    _abi.FIL_MISSED_MAPPING: "the bytes of a mapping were not counted because the table of mappings could not grow or "
    "its size was unknown",
    _abi.FIL_MISSED_TEXT: "a function's name or lines were not kept because the recording could not grow",
}
UNSEEN_REASONS = dict(MISSED_REASONS)
UNSEEN_REASONS[_abi.FIL_MISSED_CALLSTACK] = "the call stack was not seen: the program set its own profile function"
_MALLOC_REASON = (
    "malloc calls went to %s and bypassed the profiler: their blocks are not counted, only what it saw mapped for them"
)
_OWN_FUNCTION_REASON = (
    "calls to a function that only the allocator %s has (%s) bypassed the profiler: the memory mapped for them is "
    "counted, not the individual blocks"
)
_UNCOUNTED = (_abi.FIL_MISSED_MALLOC, _abi.FIL_MISSED_OWN_FUNCTION, _abi.FIL_MISSED_DAMAGE)  # not numbers of events
_DAMAGED_REASON = "part of the recording is damaged, as if something else had overwritten it"
_UNKNOWN_REASON = "the reason is unknown to this version"
_ONE_EVENT_BYTES = 1 << 20  # if the program is killed during an event, the sums differ by it; most events are smaller


def missed_of(recording: "Recording", ended: bool) -> "List[Tuple[int, str]]":
    """(Number of events or 0 if not known, reason) for everything that could not be recorded.

    ended: nothing writes to the recording any more.
    """
    followed = recording.stacks == _abi.FIL_STACKS_PROFILED
    reasons = UNSEEN_REASONS if followed else MISSED_REASONS
    missed = [
        (count, reasons.get(reason, _UNKNOWN_REASON))
        for reason, count in enumerate(recording.missed)
        if count and reason not in _UNCOUNTED
    ]
    if recording.damaged or (ended and recording.astray_bytes > _ONE_EVENT_BYTES):
        missed.append((0, _DAMAGED_REASON))
    if recording.missed[_abi.FIL_MISSED_MALLOC]:
        missed.append((0, _MALLOC_REASON % (recording.memory.malloc_path or "another library")))
    if recording.missed[_abi.FIL_MISSED_OWN_FUNCTION]:
        memory = recording.memory
        names = (memory.malloc_path or "in use", memory.own_function or "its name was not kept")
        missed.append((0, _OWN_FUNCTION_REASON % names))
    return missed
