"""The kernel's counts of a process's memory, read from outside."""

import os
import sys

from filprofiler.foreign import process_usage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, Iterable, List, Tuple, Union

    AnyProcessMemory = Union["ProcessMemory", "MacProcessMemory"]

_STATUS_BYTES = 8192
_PIECE_BYTES = 1 << 18
_ENTRY_BYTES = 8  # of /proc/PID/pagemap, per page
_TOUCHED = bytes(range(0x40, 0x100))  # the highest byte of such an entry: resident, or swapped out
_KINDS = (b"\nRssAnon:", b"\nRssFile:", b"\nRssShmem:")


def process_memory(pid: int) -> "AnyProcessMemory":
    """A reader of a process's memory counts for this system. Raises OSError."""
    if sys.platform != "darwin":
        return ProcessMemory(pid)
    return MacProcessMemory(pid)


class ProcessMemory:
    """One process; its files in /proc stay open. Methods raise OSError or ValueError when it is gone."""

    tells_files = True  # whether of_files and touched may be called

    def __init__(self, pid: int) -> None:
        """Raises OSError."""
        self._page = os.sysconf("SC_PAGE_SIZE")
        self._folder = "/proc/%d/" % pid
        self._open: "Dict[str, int]" = {}
        self._statm = self._file("statm")

    def close(self) -> None:
        """Close the files."""
        while self._open:
            os.close(self._open.popitem()[1])

    def resident(self) -> int:
        """Resident bytes; 0 for a zombie."""
        return int(os.pread(self._statm, 128, 0).split()[1]) * self._page

    def kinds(self) -> "Tuple[int, int, int]":
        """Resident bytes of anonymous memory, of files, and of shared memory."""
        text = os.pread(self._file("status"), _STATUS_BYTES, 0)
        anonymous, files, shared = [_size_at(text, text.index(name) + len(name)) for name in _KINDS]
        return anonymous, files, shared

    def of_files(self, paths: "Iterable[bytes]") -> "Dict[bytes, Tuple[int, int]]":
        """For each path, resident bytes of its mappings, and how many of them are the process's own copies.

        The kernel walks the page tables: this takes some milliseconds per resident GiB.
        """
        pieces: "List[bytes]" = []
        offset = 0
        while True:
            piece = os.pread(self._file("smaps"), _PIECE_BYTES, offset)
            if not piece:
                break
            pieces.append(piece)
            offset += len(piece)
        text = b"".join(pieces)
        return {path: _mappings_of(text, path) for path in paths}

    def touched(self, start: int, size: int, most: int) -> int:
        """Bytes of [start, start + size) that were ever touched, that is, are resident or swapped out.

        Counting stops when the result exceeds `most`.
        """
        entries, end = start // self._page * _ENTRY_BYTES, (start + size) // self._page * _ENTRY_BYTES
        found = 0
        while entries < end and found <= most:
            piece = os.pread(self._file("pagemap"), min(_PIECE_BYTES, end - entries), entries)
            if not piece:
                break
            flags = piece[_ENTRY_BYTES - 1 :: _ENTRY_BYTES]
            found += (len(flags) - len(flags.translate(None, _TOUCHED))) * self._page
            entries += len(piece)
        return found

    def _file(self, name: str) -> int:
        if name not in self._open:
            self._open[name] = os.open(self._folder + name, os.O_RDONLY | os.O_CLOEXEC)
        return self._open[name]


def _mappings_of(text: bytes, path: bytes) -> "Tuple[int, int]":
    """The sums over all mappings of a path in the text of smaps: Rss, and Anonymous."""
    shown = b" " + path.replace(b"\n", b"\\012") + b"\n"
    resident = copied = 0
    at = text.find(shown)
    while at >= 0:
        at += len(shown)
        resident += _size_at(text, text.index(b"\nRss:", at) + 5)
        copied += _size_at(text, text.index(b"\nAnonymous:", at) + 11)
        at = text.find(shown, at)
    return resident, copied


def _size_at(text: bytes, at: int) -> int:
    """The size at that position, in bytes: the kernel writes KiB."""
    return int(text[at : text.index(b"k", at)]) * 1024


class MacProcessMemory:
    """One process. Methods raise OSError when it is gone."""

    tells_files = False

    def __init__(self, pid: int) -> None:
        """Raises OSError."""
        self._pid = pid
        process_usage(pid)

    def close(self) -> None:
        """There is nothing to close."""

    def resident(self) -> int:
        """Resident bytes; 0 for a zombie."""
        return process_usage(self._pid)[0]

    def kinds(self) -> "Tuple[int, int, int]":
        """Bytes of anonymous memory (the footprint, including compressed memory), files, and shared memory (0)."""
        resident, footprint = process_usage(self._pid)
        return footprint, max(0, resident - footprint), 0

    def of_files(self, paths: "Iterable[bytes]") -> "Dict[bytes, Tuple[int, int]]":
        """Not supported; see `tells_files`."""
        raise OSError("macOS does not tell how much of a file is in memory")

    def touched(self, start: int, size: int, most: int) -> int:
        """Not supported; see `tells_files`."""
        raise OSError("macOS does not tell which pages of a mapping were touched")
