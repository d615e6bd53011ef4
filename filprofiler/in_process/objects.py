"""Reports every new object to the library, so that memory from the interpreter's free lists gets the right line.

CPython keeps dead dicts, lists, tuples, ... for the next object of the kind. From 3.13 on it reports such reuse. The
library follows all kinds but floats, of which calculations make too many.
"""

import sys

from filprofiler.errors import LibraryError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Sequence, Tuple

    from filprofiler.library import Library

_WORD = 8
_OBJECT_BYTES = 48  # of an object that are searched for its type
_TYPE_BYTES = 256  # of a type that are searched for its flags
_COLLECTED = 1 << 14  # Py_TPFLAGS_HAVE_GC
_MANAGED = 3 << 3  # Py_TPFLAGS_MANAGED_WEAKREF, Py_TPFLAGS_MANAGED_DICT


def follow_objects(library: "Library") -> None:
    """Begin, if this interpreter can, and stores its objects in a known way. Call before tracking begins."""
    if sys.version_info < (3, 13):
        return
    try:
        library.follow_objects(_layout(library))
    except LibraryError:
        pass  # then a block from a free list counts for its first line, as before 3.13


def _layout(library: "Library") -> "Tuple[int, int, int, int]":
    """The fields of struct fil_objects, measured on existing objects. Raises LibraryError if they are not found."""

    class Managed:
        pass

    samples: "Sequence[Any]" = (1.5, [1.5], {1.5: 1.5}, Managed())
    types = [type(sample) for sample in samples]
    before = [sys.getsizeof(sample) - sample.__sizeof__() for sample in samples]
    type_at = _place(library, samples, types, _OBJECT_BYTES, id)
    flags_at = _place(library, types, types, _TYPE_BYTES, lambda kind: kind.__flags__)
    flags = [kind.__flags__ & (_COLLECTED | _MANAGED) for kind in types]
    expected = [0, before[1], before[1], before[3]]
    shapes = [0, _COLLECTED, _COLLECTED]
    if before != expected or flags[:3] != shapes or not (flags[3] & _COLLECTED and flags[3] & _MANAGED):
        raise LibraryError("this build of Python stores its objects in an unknown way")
    return type_at, flags_at, before[1], before[3] - before[1]


def _place(library: "Library", objects: "Sequence[Any]", types: "Sequence[Any]", size: int, value: "Any") -> int:
    """The lowest offset at which each object has the word `value(type)`. Raises LibraryError if there is none."""
    contents = [library.read_memory(id(item), size) or b"" for item in objects]
    wanted = [value(kind) for kind in types]
    for at in range(0, size, _WORD):
        if [int.from_bytes(content[at : at + _WORD], sys.byteorder) for content in contents] == wanted:
            return at
    raise LibraryError("this build of Python stores its objects in an unknown way")
