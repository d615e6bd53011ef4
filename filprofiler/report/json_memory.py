"""Where the memory was, for the JSON file. profile/saved_memory.py reads it back."""

from filprofiler.profile.saved_memory import USE_FIELDS
from filprofiler.profile.whereabouts import import_bytes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, Optional

    from filprofiler.profile.model import Profile
    from filprofiler.profile.tree import Site
    from filprofiler.profile.whereabouts import MemoryUse


def memory_member(profile: "Profile", number: "Callable[[Site], int]") -> "Optional[Dict[str, Any]]":
    """The value of "memory". number: gives a site's number in the file."""
    memory = profile.memory
    if memory is None:
        return None
    files = [
        {
            "path": file.path,
            "mapped_bytes": file.mapped_bytes,
            "resident_bytes": file.resident_bytes,
            "written_bytes": file.written_bytes,
            "mappings": [
                {"bytes": size, "private": private, "stack": [number(site) for site in stack]}
                for size, private, stack in file.mappings
            ],
        }
        for file in memory.files
    ]
    return {
        "allocations": memory.allocations,
        "allocated_bytes": memory.allocated_bytes,
        "import_bytes": import_bytes(profile.flat),
        "at_moment": _use(memory.at_moment),
        "at_end": None if memory.at_end is None else _use(memory.at_end),
        "mapped_files_bytes": memory.files_bytes,
        "mapped_files": files,
        "large_mappings": [
            {
                "name": mapping.name,
                "mapped_bytes": mapping.mapped_bytes,
                "touched_bytes": mapping.touched_bytes,
                "stack": [number(site) for site in mapping.stack],
            }
            for mapping in memory.large
        ],
    }


def _use(use: "MemoryUse") -> "Dict[str, Any]":
    values: "Dict[str, Any]" = {name: getattr(use, name) for name in USE_FIELDS}
    values["at_end"] = use.at_end
    return values
