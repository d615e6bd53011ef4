"""Where the memory was, read back from a saved profile. report/json_memory.py writes it."""

from filprofiler.profile.whereabouts import PARTS, MappedFile, MemoryUse, Whereabouts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, List, Optional

    from filprofiler.profile.model import Site

USE_FIELDS = PARTS + ("resident_bytes", "reading_seconds", "reading_tracked_bytes")


def memory_of(data: "Any", sites: "List[Site]") -> "Optional[Whereabouts]":
    """What stands under "memory"; None if nothing does. Raises TypeError, KeyError, IndexError or ValueError."""
    if data is None:
        return None
    at_moment, at_end = _use(data["at_moment"]), _use(data["at_end"])
    if at_moment is None:
        raise TypeError("null where an object was expected")
    return Whereabouts(
        at_moment,
        at_end,
        _size(data["allocations"]),
        _size(data["allocated_bytes"]),
        _size(data["mapped_files_bytes"]),
        [_file(file, sites) for file in data["mapped_files"]],
    )


def _use(data: "Any") -> "Optional[MemoryUse]":
    if data is None:
        return None
    use = MemoryUse(_size(data["blocks_bytes"]), _size(data["mappings_bytes"]))
    for name in USE_FIELDS[2:]:
        if data[name] is not None:
            kinds = (int, float) if name == "reading_seconds" else (int,)
            if type(data[name]) not in kinds:
                raise TypeError("%s where a number was expected" % type(data[name]).__name__)
            setattr(use, name, data[name])
    use.at_end = bool(data["at_end"])
    rest = use.rest_bytes
    use.settle()
    if rest != use.rest_bytes:
        raise ValueError("the parts of the resident memory do not add up")
    return use


def _file(data: "Any", sites: "List[Site]") -> MappedFile:
    mappings = [
        (_size(mapping["bytes"]), bool(mapping["private"]), [sites[_size(number)] for number in mapping["stack"]])
        for mapping in data["mappings"]
    ]
    sizes = [None if data[name] is None else _size(data[name]) for name in ("resident_bytes", "written_bytes")]
    return MappedFile(str(data["path"]), sizes[0], sizes[1], mappings)


def _size(value: "Any") -> int:
    if type(value) is not int or value < 0:
        raise TypeError("%r where a size was expected" % (value,))
    return value
