"""What is kept of a process when its recording is removed because it has ended and had nothing of the combined peak.

A program may start thousands of short processes, and a recording takes 640 KiB. The file has one JSON line for each.
Nothing in it is trusted.
"""

import json

from filprofiler import _abi
from filprofiler.recording.bounds import IMPOSSIBLE
from filprofiler.recording.overview import Overview
from filprofiler.recording.processes import Origin, OtherProcesses, Part
from filprofiler.result_folder import is_process_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, List

_MOST_SAMPLES = 16  # of the timeline that are kept
_MOST_WORDS = 256
_MOST_CHARACTERS = 4096


def line_of(process: Overview) -> bytes:
    """The line for a process."""
    origin, part, samples = process.origin, process.part, process.samples
    step = len(samples) // _MOST_SAMPLES + 1
    words = [word[:_MOST_CHARACTERS] for word in origin.command_line[:_MOST_WORDS]]
    values = [
        process.name,
        [process.pid, process.started_clock_ns, process.peak_bytes],
        [origin.parent_pid, origin.forked, "%s.%d" % (origin.starter, origin.starter_node), words],
        [part.slot, part.alone_best, part.left_out, part.born_best, part.ended_best],
        samples[::step] + samples[-1:],
    ]
    return json.dumps(values, separators=(",", ":")).encode("ascii") + b"\n"


def read_ended(content: bytes) -> "List[Overview]":
    """The processes in the file; a line that is damaged, or incomplete at the end, is left out."""
    found = []
    for line in content.split(b"\n"):
        try:
            found.append(_read(json.loads(line.decode("ascii"))))
        except (ValueError, TypeError, RecursionError):
            continue
    return found


def _read(values: "Any") -> Overview:
    """Raises ValueError or TypeError."""
    name, (pid, started, peak), (parent, forked, started_by, words), part, samples = values
    if type(name) is not str or not is_process_name(name) or type(started_by) is not str or len(words) > _MOST_WORDS:
        raise ValueError
    if not all(type(word) is str and len(word) <= _MOST_CHARACTERS for word in words):
        raise ValueError
    if len(samples) > 2 * _MOST_SAMPLES:
        raise ValueError
    slot, alone_best, left_out, born_best, ended_best = part
    return Overview(
        name,
        _whole(pid),
        _whole(started),
        Origin(_whole(parent), bool(forked), started_by, words),
        Part(_whole(slot), _whole(alone_best), bool(left_out), _whole(born_best), _whole(ended_best)),
        OtherProcesses(),
        _whole(peak),
        [(_whole(clock), _whole(tracked), _whole(resident)) for clock, tracked, resident in samples],
    )


def _whole(value: "Any") -> int:
    if type(value) is not int or not 0 <= value <= IMPOSSIBLE:
        raise ValueError
    return value


def can_be_removed(data: bytes, process: Overview) -> bool:
    """Whether nothing else of a recording is told: it started no process, missed nothing, and did not become another.

    data: the recording's bytes.
    """
    missed_at = _abi.HEADER_OFFSETS["missed"]
    missed = data[missed_at : missed_at + 8 * _abi.FIL_MISSED_REASONS]
    others = process.processes
    return not (missed.strip(b"\0") or process.part.left_out or others.started or others.seen or others.became)
