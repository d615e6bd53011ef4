"""A recording's record of one function or library."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Optional


class Code:
    """A function seen in call stacks, or a library that mapped memory; `kind`, an _abi.FIL_CODE_*, says which.

    filename, name: co_filename and co_name; "<not recorded>" if there was no room.
    qualname: co_qualname, None before CPython 3.11.
    first_line: co_firstlineno.
    line_table: co_lnotab or co_linetable, None if not kept.
    """

    __slots__ = ("filename", "first_line", "kind", "line_table", "name", "qualname")

    def __init__(
        self,
        filename: str,
        name: str,
        qualname: "Optional[str]",
        first_line: int,
        line_table: "Optional[bytes]",
        kind: int,
    ) -> None:
        self.filename = filename
        self.name = name
        self.qualname = qualname
        self.first_line = first_line
        self.line_table = line_table
        self.kind = kind
