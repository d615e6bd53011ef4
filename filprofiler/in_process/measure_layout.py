"""Measures how an unknown interpreter stores its frames, code objects and texts.

Objects with known contents are made, and their memory is searched for those contents. Each offset is the lowest at
which all samples agree. Nothing is trusted: a measured layout is verified like any other (verify_layout.py) before it
is used.
"""

import sys

from filprofiler import _abi
from filprofiler.errors import LibraryError
from filprofiler.in_process.verify_layout import first_traceable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, Iterable, Iterator, List, Optional, Set, Tuple

    from filprofiler.library import Library

_WORD = 8
_FRAME_BYTES = 96  # of a frame that is not an object: the part before its variables
_STATE_BYTES = 1024  # of a thread state
_CFRAME_BYTES = 32
_TAG = 3  # the low bits of a reference in a frame


def measure_layout(library: "Library") -> "Dict[str, int]":
    """The fields of struct fil_layout for the running interpreter. Raises LibraryError if one cannot be found."""
    memory = _Memory(library)
    layout = {"minor_version": sys.version_info[1]}
    layout.update(_measure_texts(memory))
    layout.update(_measure_code(memory))
    layout.update(_FrameMeasurement(memory, layout["code_bytecode"]).fields())
    return layout


class _Memory:
    """Reads this process's memory safely."""

    def __init__(self, library: "Library") -> None:
        self._library = library
        self.read = library.read_memory
        self.reader_code = library.read_memory.__code__

    def thread_state(self) -> int:
        return self._library.thread_state()

    def words(self, address: int, size: int) -> "List[int]":
        """The words from `address` on; empty if they cannot be read."""
        return _words(self.read(address, size))

    def places(self, address: int, size: int, wanted: int, form: str = "Q", mask: int = 0) -> "Set[int]":
        """Offsets from `address` with the integer `wanted` in that struct format; bits of `mask` are ignored."""
        content = self.read(address, size) or b""
        item = 8 if form == "Q" else 4
        whole = memoryview(content[: len(content) // item * item])
        values = whole.cast("Q") if form == "Q" else whole.cast("I") if form == "I" else whole.cast("i")
        return {at * item for at, value in enumerate(values) if value & ~mask == wanted}


def _words(content: "Optional[bytes]") -> "List[int]":
    return memoryview(content).cast("Q").tolist() if content else []


def _lowest(what: str, candidates: "Iterable[Set[int]]") -> int:
    """The lowest offset that is in all sets. Raises LibraryError if there is none."""
    common = set.intersection(*candidates)
    if not common:
        raise LibraryError("this Python's %s cannot be found", what)
    return min(common)


def _measure_texts(memory: "_Memory") -> "Dict[str, int]":
    """The fields of text and bytes objects."""
    blobs = [bytes(range(7, 7 + size)) for size in (37, 91)]
    # ASCII, then the three character widths. Made here, so that nothing has used them before.
    texts = ["".join(map(chr, range(first, first + size))) for first, size in _TEXT_SAMPLES]
    ascii_at = "".__sizeof__() - 1
    compact_at = texts[2].__sizeof__() - 2 * (len(texts[2]) + 1)
    data_at = bytes.__basicsize__ - 1
    expected = [texts[0].encode("latin-1"), texts[1].encode("latin-1")]
    expected += [texts[2].encode("utf-16-le"), texts[3].encode("utf-32-le")]
    for text, at, content in zip(texts, (ascii_at, compact_at, compact_at, compact_at), expected):
        if memory.read(id(text) + at, len(content)) != content:
            raise LibraryError("this Python's texts cannot be read")
    if any(memory.read(id(blob) + data_at, len(blob)) != blob for blob in blobs):
        raise LibraryError("this Python's bytes cannot be read")
    states = [_state_places(memory.read(id(text), ascii_at), *form) for text, form in zip(texts, _TEXT_FORMS)]
    state, kind = divmod(_lowest("form of texts", states), 32)
    return {
        "text_length": _lowest("texts", [memory.places(id(text), ascii_at, len(text)) for text in texts]),
        "text_state": state,
        "text_kind": kind,
        "text_ascii": ascii_at,
        "text_compact": compact_at,
        "bytes_size": _lowest("bytes", [memory.places(id(blob), data_at, len(blob)) for blob in blobs]),
        "bytes_data": data_at,
    }


_TEXT_SAMPLES = ((0x41, 23), (0xC1, 29), (0x3B1, 17), (0x10400, 11))  # first character, number of characters
_TEXT_FORMS = ((1, True), (1, False), (2, False), (4, False))  # bytes per character, whether all are ASCII


def _state_places(head: "Optional[bytes]", width: int, is_ascii: bool) -> "Set[int]":
    """Offset * 32 + bit for every position in a text's head that may hold its form."""
    wanted = width | 1 << 3 | int(is_ascii) << 4
    head = head or b""
    words = memoryview(head[: len(head) // 4 * 4]).cast("I")
    return {at * 4 * 32 + bit for at, word in enumerate(words) for bit in range(27) if word >> bit & 31 == wanted}


def _measure_code(memory: "_Memory") -> "Dict[str, int]":
    """The fields of code objects."""
    codes = [_sample_code("<one>", 1234, "first"), _sample_code("<another>", 2345, "second")]
    size = type(codes[0]).__basicsize__

    def pointer_to(name: str) -> int:
        return _lowest(name, [memory.places(id(code), size, id(getattr(code, name))) for code in codes])

    has_qualname = hasattr(codes[0], "co_qualname")
    first_lines = [memory.places(id(code), size, code.co_firstlineno, "I") for code in codes]
    return {
        "code_filename": pointer_to("co_filename"),
        "code_name": pointer_to("co_name"),
        "code_qualname": pointer_to("co_qualname") if has_qualname else 0,
        "code_first_line": _lowest("co_firstlineno", first_lines),
        "code_line_table": pointer_to("co_linetable" if sys.version_info >= (3, 10) else "co_lnotab"),
        "code_bytecode": size if has_qualname else 0,  # since qualnames exist, bytecode follows the other fields
        "code_first_traceable": _measure_first_traceable(memory, size) if has_qualname else 0,
    }


def _measure_first_traceable(memory: "_Memory", size: int) -> int:
    """The offset of verify_layout.first_traceable's value in a code object with `size` bytes before its bytecode."""

    def outer(one: int, two: int, three: int) -> "Iterator[int]":
        def inner() -> int:
            return one + two + three

        yield inner()

    codes = [outer.__code__] + [constant for constant in outer.__code__.co_consts if hasattr(constant, "co_code")]
    places = [memory.places(id(code), size, first_traceable(code), "I") for code in codes]
    return _lowest("first traceable instruction", places)


def _sample_code(filename: str, first_line: int, name: str) -> "Any":
    """The code of a method (its qualname is not its name) at that line of that file."""
    source = "%sclass Sample:\n def %s(self):\n  self.a = 1\n\n  self.b = 2\n" % ("\n" * (first_line - 2), name)
    names: "Dict[str, Any]" = {}
    exec(compile(source, filename, "exec"), names)
    return getattr(names["Sample"], name).__code__


class _FrameMeasurement:
    """The fields of frames and thread states. bytecode: its offset in a code object; 0 if it is elsewhere."""

    def __init__(self, memory: "_Memory", bytecode: int) -> None:
        self._memory = memory
        self._bytecode = bytecode

    def fields(self) -> "Dict[str, int]":
        """Raises LibraryError if one cannot be found."""
        fields: "Dict[str, int]" = _call_nested(self._frame_fields)
        fields.update(_call_from_c(lambda frame: self._owner_fields(frame, fields["frame_previous"])))
        shapes = (_call_nested, _call_from_c, _call_nested, lambda use: _call_from_c(lambda _frame: _call_from_c(use)))
        holders = [shape(lambda _frame: self._state_places(fields)) for shape in shapes]
        cframe, frame = divmod(_lowest("thread state", holders), _STATE_BYTES)
        fields.update({"state_cframe": cframe, "state_frame": frame})
        # Chunks of frames are only an optimization, and a mistake in them would show only in deep stacks.
        fields.update({"state_chunk": 0, "chunk_previous": 0, "chunk_size": 0, "frame_locals": 0})
        return fields

    def _address(self, frame: "Any") -> "Tuple[int, int]":
        """The address of the frame behind a frame object, and its size in bytes."""
        size = type(frame).__basicsize__
        for address in self._memory.words(id(frame), size):
            words = self._memory.words(address, _FRAME_BYTES)
            inside = id(frame) <= address < id(frame) + size
            if not inside and id(frame) in words and id(frame.f_code) in [word & ~_TAG for word in words]:
                return address, _FRAME_BYTES
        return id(frame), size

    def _frame_fields(self, innermost: "Any") -> "Dict[str, int]":
        """From a chain of at least four frames that called each other directly."""
        frames = [innermost]
        while len(frames) < 4:
            frames.append(frames[-1].f_back)
        places = [(self._address(frame), frame) for frame in frames]
        read = self._memory.places
        callers = [read(address, size, places[at + 1][0][0]) for at, ((address, size), _) in enumerate(places[:-1])]
        codes = [read(address, size, id(frame.f_code), "Q", _TAG) for (address, size), frame in places]
        fields = {"frame_previous": _lowest("callers", callers), "frame_code": _lowest("functions", codes)}
        forms: "List[Tuple[int, List[Set[int]]]]" = []
        if self._bytecode:
            begin = self._bytecode
            where = [read(at, size, id(frame.f_code) + begin + frame.f_lasti) for (at, size), frame in places]
            forms.append((_abi.INSTRUCTION_POINTER, where))
        else:
            for form, unit in ((_abi.INSTRUCTION_INDEX_BYTES, 1), (_abi.INSTRUCTION_INDEX_UNITS, 2)):
                forms.append((form, [read(at, size, frame.f_lasti // unit, "i") for (at, size), frame in places]))
        found = [(form, set.intersection(*where)) for form, where in forms]
        for form, common in found:
            if common:
                fields.update({"form": form, "frame_instruction": min(common)})
                return fields
        raise LibraryError("this Python's instructions cannot be found")

    def _owner_fields(self, frame: "Any", previous: int) -> "Dict[str, int]":
        """From a frame called by C: whether there is another one between it and its caller, and how to recognize it."""
        nothing = {"frame_owner": 0, "shim_owner": 0}
        own, size = self._address(frame)
        caller = self._address(frame.f_back)[0]
        shim = self._memory.words(own + previous, _WORD)
        if not shim or shim[0] == caller:
            return nothing
        if self._memory.words(shim[0] + previous, _WORD) != [caller]:
            raise LibraryError("this Python's callers cannot be followed")
        generator = (None for _ in ())
        owned = self._memory.read(self._address(generator.gi_frame)[0], size) or b""  # type: ignore[attr-defined]
        samples = [self._memory.read(address, size) or b"" for address in (own, caller, shim[0])] + [owned]
        for at, (running, waiting, between, generators) in enumerate(zip(*samples)):
            if (running, waiting, generators) == (0, 0, 1) and between in (3, 4):
                return {"frame_owner": at, "shim_owner": 3}
        raise LibraryError("this Python's frames do not say who owns them")

    def _state_places(self, fields: "Dict[str, int]") -> "Set[int]":
        """Where the thread state may hold the innermost frame: cframe's offset * _STATE_BYTES + offset.

        While memory is read, that is the reading method's frame; so all reading is done from here, by calls that do not
        move that frame.
        """
        read = self._memory.read
        reader = id(self._memory.reader_code)
        code_at = fields["frame_code"]
        found = set()
        state = _words(read(self._memory.thread_state(), _STATE_BYTES))
        for at, word in enumerate(state):
            code = _words(read(word + code_at, _WORD))
            if code and code[0] & ~_TAG == reader:
                found.add(at * _WORD)
            for inner, frame in enumerate(_words(read(word, _CFRAME_BYTES))):
                code = _words(read(frame + code_at, _WORD))
                if code and code[0] & ~_TAG == reader:
                    found.add(at * _WORD * _STATE_BYTES + inner * _WORD)
        return found


def _call_nested(use: "Callable[[Any], Any]") -> "Any":
    """Call `use` with the innermost of nested frames, each at a different instruction."""

    def inner() -> "Any":
        return use(sys._getframe())

    def middle() -> "Any":
        first = second = third = None
        return first, second, third, inner()

    def outer() -> "Any":
        first = None
        return first, middle()

    return outer()[-1][-1]


def _call_from_c(use: "Callable[[Any], Any]") -> "Any":
    """Call `use` with a frame that was called by the interpreter's C code."""

    def called(_: None) -> "Any":
        return use(sys._getframe())

    return next(map(called, (None,)))
