"""Where a program's memory was: by kind, beside what the kernel counted as resident, in parts that add up."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import List, Optional, Sequence, Tuple

    from filprofiler.profile.flat_tree import FlatTree
    from filprofiler.profile.tree import Site

_LITTLE = 10  # less than this part of a mapping is little

PARTS = (
    "blocks_bytes",
    "mappings_bytes",
    "mapped_files_bytes",
    "before_bytes",
    "libraries_bytes",
    "allocator_free_bytes",
    "rest_bytes",
)
"""The parts of MemoryUse that add up to resident_bytes, if that is known; one that is not known is part of the rest."""


class MemoryUse:
    """Where the memory was at one moment. Sizes are bytes; None: not known.

    blocks_bytes, mappings_bytes: tracked blocks (malloc and Python objects), tracked mappings: exact.
    mapped_files_bytes: resident memory of the files that the program has mapped.
    before_bytes: what was resident before tracking began: the interpreter and its libraries.
    libraries_bytes: what has become resident of other files since: libraries that were loaded.
    allocator_free_bytes: what malloc keeps free for later, more than before tracking began.
    rest_bytes: what is left of resident_bytes. Below 0: more was asked for than was resident (not touched yet, given
        back, or swapped out). Above 0: what allocators take beyond what was asked for, thread stacks, our own tables.
    resident_bytes: what the kernel counted. reading_seconds: when it did, since tracking began.
    reading_tracked_bytes: the tracked bytes then.
    at_end: whether this is a reading that the program's process took itself at its ordinary end.
    """

    __slots__ = PARTS + ("resident_bytes", "reading_seconds", "reading_tracked_bytes", "at_end")

    blocks_bytes: int
    mappings_bytes: int
    mapped_files_bytes: "Optional[int]"
    before_bytes: "Optional[int]"
    libraries_bytes: "Optional[int]"
    allocator_free_bytes: "Optional[int]"
    rest_bytes: "Optional[int]"
    resident_bytes: "Optional[int]"
    reading_seconds: "Optional[float]"
    reading_tracked_bytes: "Optional[int]"
    at_end: bool

    def __init__(self, blocks_bytes: int, mappings_bytes: int) -> None:
        """Only the tracked bytes are known."""
        for name in self.__slots__:
            setattr(self, name, None)
        self.blocks_bytes = blocks_bytes
        self.mappings_bytes = mappings_bytes
        self.at_end = False

    @property
    def tracked_bytes(self) -> int:
        """The tracked bytes of that moment."""
        return self.blocks_bytes + self.mappings_bytes

    def settle(self) -> None:
        """Work out the rest, of everything else."""
        known = [getattr(self, name) or 0 for name in PARTS if name != "rest_bytes"]
        self.rest_bytes = None if self.resident_bytes is None else self.resident_bytes - sum(known)


class MappedFile:
    """A file that was mapped at the moment that is told. It is no part of the peak.

    path: as the kernel names it; "" if that was not kept.
    resident_bytes: what of it was resident; written_bytes: what of that is the process's own copy, because it was
        written (MAP_PRIVATE). None: not known.
    mappings: who mapped it: (bytes, whether privately, callstack with the outermost site first), the largest first.
    """

    __slots__ = ("mappings", "path", "resident_bytes", "written_bytes")

    def __init__(
        self,
        path: str,
        resident_bytes: "Optional[int]",
        written_bytes: "Optional[int]",
        mappings: "Sequence[Tuple[int, bool, Sequence[Site]]]",
    ) -> None:
        self.path = path
        self.resident_bytes = resident_bytes
        self.written_bytes = written_bytes
        self.mappings = tuple(mappings)

    @property
    def mapped_bytes(self) -> int:
        """Mapped bytes, exact, at the moment itself."""
        return sum(size for size, _private, _stack in self.mappings)


class LargeMapping:
    """A large mapping that is a part of the peak, and that has a name or was hardly touched.

    name: of shared memory, as the kernel has it; "" if it has none.
    mapped_bytes: what counts in the peak. touched_bytes: what of it the process had touched; None: not known.
    stack: who mapped it, the outermost site first.
    """

    __slots__ = ("mapped_bytes", "name", "stack", "touched_bytes")

    def __init__(self, name: str, mapped_bytes: int, touched_bytes: "Optional[int]", stack: "Sequence[Site]") -> None:
        self.name = name
        self.mapped_bytes = mapped_bytes
        self.touched_bytes = touched_bytes
        self.stack = tuple(stack)

    @property
    def reserved(self) -> bool:
        """Whether it is addresses rather than memory: under a tenth was ever touched."""
        return self.touched_bytes is not None and self.touched_bytes * _LITTLE < self.mapped_bytes

    @property
    def untouched_bytes(self) -> int:
        """What was not touched; 0 if that is not known."""
        return 0 if self.touched_bytes is None else max(0, self.mapped_bytes - self.touched_bytes)


class Whereabouts:
    """All that is told beside the callstacks.

    at_moment: at the peak, or when memory ran out. at_end: at the end, or when it was last looked at; None: not known.
    allocations, allocated_bytes: blocks and mappings taken in the whole run, and their bytes; one resized is a new one.
    files_bytes: mapped bytes of files at the moment, exact. files: these files, the largest first.
    large: large mappings that have a name, or were hardly touched, the largest first.
    """

    __slots__ = ("allocated_bytes", "allocations", "at_end", "at_moment", "files", "files_bytes", "large")

    def __init__(
        self,
        at_moment: MemoryUse,
        at_end: "Optional[MemoryUse]",
        allocations: int,
        allocated_bytes: int,
        files_bytes: int,
        files: "Sequence[MappedFile]",
        large: "Sequence[LargeMapping]" = (),
    ) -> None:
        self.at_moment = at_moment
        self.at_end = at_end
        self.allocations = allocations
        self.allocated_bytes = allocated_bytes
        self.files_bytes = files_bytes
        self.files = tuple(files)
        self.large = tuple(large)


def import_bytes(flat: "FlatTree") -> int:
    """Bytes on callstacks that lead through the import of a module."""
    importing = [_is_importing(site.path) for site in flat.sites]  # in profiles that older versions have saved
    found = behind = 0
    places: "List[int]" = [
        place
        for place, (node, number) in enumerate(zip(flat.nodes, flat.numbers))
        if node.imported or importing[number]
    ]
    for place in places:
        if place >= behind:  # else it is below one that was counted
            behind = flat.ends[place]
            found += flat.total_bytes[place]
    return found


def _is_importing(path: str) -> bool:
    return path.startswith("<frozen importlib") or path.endswith(
        ("/importlib/_bootstrap.py", "/importlib/_bootstrap_external.py")
    )
