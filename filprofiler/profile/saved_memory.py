"""Where the memory was, read back from a saved profile. report/json_memory.py writes it."""

from filprofiler.profile.saved_values import name, or_none, seconds, whole
from filprofiler.profile.whereabouts import PARTS, LargeMapping, MappedFile, MemoryUse, Whereabouts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, List, Optional

    from filprofiler.profile.tree import Site

USE_FIELDS = PARTS + ("resident_bytes", "reading_seconds", "reading_tracked_bytes")
_LEAST_REST = -(1 << 64)


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
        whole(data["allocations"]),
        whole(data["allocated_bytes"]),
        whole(data["mapped_files_bytes"]),
        [_file(file, sites) for file in data["mapped_files"]],
        [_large(mapping, sites) for mapping in data.get("large_mappings", ())],
    )


def _use(data: "Any") -> "Optional[MemoryUse]":
    if data is None:
        return None
    use = MemoryUse(whole(data["blocks_bytes"]), whole(data["mappings_bytes"]))
    for field in USE_FIELDS[2:]:
        if data[field] is not None:
            if field == "reading_seconds":
                use.reading_seconds = seconds(data[field])
            else:
                setattr(use, field, whole(data[field], least=_LEAST_REST if field == "rest_bytes" else 0))
    use.at_end = bool(data["at_end"])
    rest = use.rest_bytes
    use.settle()
    if rest != use.rest_bytes:
        raise ValueError("the parts of the resident memory do not add up")
    return use


def _file(data: "Any", sites: "List[Site]") -> MappedFile:
    mappings = [
        (whole(mapping["bytes"]), bool(mapping["private"]), [sites[whole(number)] for number in mapping["stack"]])
        for mapping in data["mappings"]
    ]
    if not mappings:
        raise ValueError("a file is told as mapped, and by nobody")
    sizes = [or_none(whole, data[field]) for field in ("resident_bytes", "written_bytes")]
    return MappedFile(name(data["path"]), sizes[0], sizes[1], mappings)


def _large(mapping: "Any", sites: "List[Site]") -> LargeMapping:
    return LargeMapping(
        name(mapping["name"]),
        whole(mapping["mapped_bytes"]),
        or_none(whole, mapping["touched_bytes"]),
        [sites[whole(number)] for number in mapping["stack"]],
    )
