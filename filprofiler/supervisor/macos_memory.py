"""What macOS counts as a process's memory, read from outside: as process_memory.py, which is for systems with /proc."""

from filprofiler.foreign import process_usage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, Iterable, Tuple


class MacProcessMemory:
    """One process. Methods raise OSError when it is gone."""

    tells_files = False

    def __init__(self, pid: int) -> None:
        """Raises OSError."""
        self._pid = pid
        process_usage(pid)

    def close(self) -> None:
        """There is nothing to let go of."""

    def resident(self) -> int:
        """Resident bytes; 0 if the process has ended and is only waited for."""
        return process_usage(self._pid)[0]

    def kinds(self) -> "Tuple[int, int, int]":
        """Bytes of anonymous memory (its footprint, with what is compressed), of files, and of shared memory (none)."""
        resident, footprint = process_usage(self._pid)
        return footprint, max(0, resident - footprint), 0

    def of_files(self, paths: "Iterable[bytes]") -> "Dict[bytes, Tuple[int, int]]":
        """Not to be asked: `tells_files`."""
        raise OSError("macOS does not tell how much of a file is in memory")

    def touched(self, start: int, size: int, most: int) -> int:
        """Not to be asked: `tells_files`."""
        raise OSError("macOS does not tell which pages of a mapping were touched")
