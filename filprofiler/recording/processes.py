"""What a recording says about processes that it does not include."""

from struct import Struct

from filprofiler import _abi

_COUNT = Struct("<I")
_SIZE = Struct("<Q")
_PART = Struct("<5I")  # slot, alone_best, left_out, born_best, ended_best
_PLACE = Struct("<2I2Q")  # parent_pid, forked, started_by, command_line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable, Optional, Sequence

_IMPOSSIBLE_BYTES = 1 << 63


class OtherProcesses:
    """Processes that the program started, and the program that its own process became. Sizes are bytes.

    count: how many it started, as far as they were counted or seen.
    started: how many were counted. seen: how many were seen, these and their own, that do not record themselves.
    largest_resident_bytes: the largest resident memory sampled in any of them; None: none was sampled.
    became: the path, or its end, of the program that replaced this one by exec; "" if none did.
    """

    __slots__ = ("became", "count", "largest_resident_bytes", "seen", "started")

    def __init__(
        self,
        count: int = 0,
        largest_resident_bytes: "int | None" = None,
        became: str = "",
        started: int = 0,
        seen: int = 0,
    ) -> None:
        self.count = count
        self.started = started
        self.seen = seen
        self.largest_resident_bytes = largest_resident_bytes
        self.became = became


def read_processes(data: bytes) -> OtherProcesses:
    """Read from the bytes of a recording whose header is complete."""
    (started,) = _COUNT.unpack_from(data, _abi.HEADER_OFFSETS["processes_started"])
    (seen,) = _COUNT.unpack_from(data, _abi.HEADER_OFFSETS["processes_seen"])
    (largest,) = _SIZE.unpack_from(data, _abi.HEADER_OFFSETS["largest_resident_bytes"])
    became_at = _abi.HEADER_OFFSETS["became"]
    became = data[became_at : became_at + _abi.FIL_BECAME_BYTES]
    known = largest if 0 < largest < _IMPOSSIBLE_BYTES else None
    path = became.partition(b"\0")[0].decode("utf-8", "surrogateescape")
    return OtherProcesses(max(started, seen), known, path, started, seen)


class Origin:
    """Where a process comes from.

    parent_pid: its parent when tracking began; 0 for the process that the user has started.
    forked: whether it is a fork of a recorded process, so that its call stacks begin with those of its parent.
    command_line: the words of its command; empty if not known, or if they are its parent's.
    starter: the name of the recording of the process that has started it, without the ending; "" if not known.
    starter_node: the call stack in that recording which has started it.
    """

    __slots__ = ("command_line", "forked", "parent_pid", "starter", "starter_node")

    def __init__(
        self, parent_pid: int = 0, forked: bool = False, started_by: str = "", command_line: "Sequence[str]" = ()
    ) -> None:
        """started_by: "RECORDING.NODE"."""
        self.parent_pid = parent_pid
        self.forked = forked
        self.command_line = tuple(command_line)
        name, _, node = started_by.partition(".")
        known = node and not node.strip("0123456789")
        self.starter, self.starter_node = (name, int(node[:10])) if known else ("", 0)


class Part:
    """A process's part in the combined peak of several.

    slot: the number of its slot in what the processes of a run share, from 1; 0 if it has none.
    alone_best: its own peak, in KiB, before there were others; 0 if there were some before it.
    left_out: whether it could take no part.
    born_best, ended_best: the combined peak, in KiB, when it began and when it had ended; 0 if only its slot tells.
    """

    __slots__ = ("alone_best", "born_best", "ended_best", "left_out", "slot")

    def __init__(
        self, slot: int = 0, alone_best: int = 0, left_out: bool = False, born_best: int = 0, ended_best: int = 0
    ) -> None:
        self.slot = slot
        self.born_best = born_best
        self.ended_best = ended_best
        self.alone_best = alone_best
        self.left_out = left_out


def read_part(data: bytes) -> Part:
    """Read from the bytes of a recording whose header is complete."""
    slot, alone_best, left_out, born_best, ended_best = _PART.unpack_from(data, _abi.HEADER_OFFSETS["slot"])
    return Part(slot, alone_best, left_out != 0, born_best, ended_best)


def read_origin(data: bytes, text: "Callable[[int], Optional[str]]") -> Origin:
    """Read from the bytes of a recording whose header is complete. text: reads a text at its offset."""
    parent, forked, started_by, words = _PLACE.unpack_from(data, _abi.HEADER_OFFSETS["parent_pid"])
    return Origin(parent, forked == 1, text(started_by) or "", (text(words) or "").split("\0")[:-1])
