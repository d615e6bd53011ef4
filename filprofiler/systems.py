"""Names, numbers and sentences that differ between the operating systems that filprofiler runs on.

Their abilities are tested where they are used, by whether Python has the function (supervisor/signals.py,
result_folder.py).
"""

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Tuple


class System:
    """One operating system.

    library: the file name of our library.
    library_begins: possible first bytes of such a file.
    preload_variable: the environment variable that lists preloaded libraries.
    separators: characters that separate entries of that list; we use the first.
    open_files_have_names: whether others can open this process's open files as /proc/PID/fd/NUMBER.
    resident_unit: unit of wait4's ru_maxrss, in bytes.
    not_preloaded: why the library may not have been loaded; part of a sentence.
    """

    def __init__(
        self,
        library: str,
        library_begins: "Tuple[bytes, ...]",
        preload_variable: str,
        separators: "Tuple[str, ...]",
        open_files_have_names: bool,
        resident_unit: int,
        not_preloaded: str,
    ) -> None:
        self.library = library
        self.library_begins = library_begins
        self.preload_variable = preload_variable
        self.separators = separators
        self.open_files_have_names = open_files_have_names
        self.resident_unit = resident_unit
        self.not_preloaded = not_preloaded


LINUX = System(
    library="libfil.so",
    library_begins=(b"\x7fELF",),
    preload_variable="LD_PRELOAD",
    separators=(":", " "),
    open_files_have_names=True,
    resident_unit=1024,
    not_preloaded="is Python static, or set-uid, or is there another malloc in its executable?",
)

MACOS = System(
    library="libfil.dylib",
    library_begins=(b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe"),  # for one processor; for several
    preload_variable="DYLD_INSERT_LIBRARIES",
    separators=(":",),
    open_files_have_names=False,
    resident_unit=1,
    not_preloaded="is Python one of the system's own, as /usr/bin/python3, or hardened? macOS loads nothing into those",
)


def system_of(platform: str) -> System:
    """The system for a value of sys.platform."""
    return MACOS if platform == "darwin" else LINUX


HERE = system_of(sys.platform)
