"""Configures libraries' own allocators by environment variables, so that memory counts for the allocating line."""

from filprofiler.wording import quoted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Container, Dict, List, Mapping, MutableMapping

# Arrow can use the system's allocator. Then each buffer is seen when it is allocated and freed.
SYSTEM_VARIABLES = {"ARROW_DEFAULT_MEMORY_POOL": "system"}

_LOOKS_AT = (("pyarrow", "ARROW_DEFAULT_MEMORY_POOL"),)  # modules, and the variables that they read

# jemalloc reads a list of settings, the last of which wins, from a variable with the prefix that it was built with.
JEMALLOC_VARIABLES = ("MALLOC_CONF", "_RJEM_MALLOC_CONF", "DUCKDB_JE_MALLOC_CONF", "JE_ARROW_MALLOC_CONF")
JEMALLOC_SETTINGS = "retain:false,dirty_decay_ms:0,muzzy_decay_ms:0"
MIMALLOC_VARIABLES = {"MIMALLOC_PURGE_DELAY": "0", "MIMALLOC_ARENA_RESERVE": "0"}


class AllocatorSettings:
    """The variables set for the program.

    made: the settings, as "NAME=value".
    overridden: the user's own differing values, by variable.
    """

    def __init__(self) -> None:
        self.made: "List[str]" = []
        self.overridden: "Dict[str, str]" = {}

    def put(self, environment: "MutableMapping[str, str]", variable: str, value: str) -> None:
        """Set a variable."""
        before = environment.get(variable, value)
        if before != value:
            self.overridden[variable] = before
        environment[variable] = value
        self.made.append("%s=%s" % (variable, value))

    @property
    def sentence(self) -> str:
        """A line for the user about replaced values; "" if there are none."""
        if not self.overridden:
            return ""
        settings = [quoted("%s=%s" % item) for item in self.overridden.items()]
        return "Not %s but the system's allocator is used; --keep-allocators leaves it alone." % ", ".join(settings)


def set_allocators(environment: "MutableMapping[str, str]", keep: bool, release: bool) -> AllocatorSettings:
    """Set the variables of allocators.

    keep: do not make libraries use the system's allocator.
    release: make allocators inside libraries return freed memory to the system at once.
    """
    settings = AllocatorSettings()
    if not keep:
        for variable, value in SYSTEM_VARIABLES.items():
            settings.put(environment, variable, value)
    if release:
        _release(environment, settings.made)
    return settings


def settings_that_matter(environment: "Mapping[str, str]", modules: "Container[str]") -> "List[str]":
    """For a process that profiles itself: the settings that its imported `modules` read."""
    matters = [variable for module, variable in _LOOKS_AT if module in modules]
    return ["%s=%s" % item for item in SYSTEM_VARIABLES.items() if item[0] in matters and item in environment.items()]


def _release(environment: "MutableMapping[str, str]", made: "List[str]") -> None:
    """Set the variables that --release-memory asks for. Replaced values are not reported."""
    for variable in JEMALLOC_VARIABLES:
        before = environment.get(variable)
        environment[variable] = "%s,%s" % (before, JEMALLOC_SETTINGS) if before else JEMALLOC_SETTINGS
        made.append("%s=%s" % (variable, environment[variable]))
    for variable, value in MIMALLOC_VARIABLES.items():
        environment[variable] = value
        made.append("%s=%s" % (variable, value))
