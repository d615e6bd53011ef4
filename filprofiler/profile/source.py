"""The text of source lines."""

import errno
import os
from sys import getsizeof

from filprofiler.profile.program import Program
from filprofiler.regular_files import open_to_read

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import IO, Dict, Iterable, List, Optional, Sequence

    from filprofiler.profile.model import Profile

# Paths come from a recording or a profile, so they may be forged: a large file is data, a zip can hold anything.
_MOST_FILE_BYTES = 16 << 20  # of one file; the largest generated ones have some megabytes
_MOST_BYTES = 96 << 20  # of all files kept: their texts and lists of lines
_LINE_BYTES = 64  # overhead of a line beside its text
_MOST_LINE_CHARACTERS = 2000  # of a line; longer ones are generated, and cut

_SLOW_ENCODINGS = ("idna", "punycode")  # decoding takes quadratic time; nobody writes programs in them

_UTF8_MARK = b"\xef\xbb\xbf"
_COMMAND_PATH = "<string>"  # CPython's file name for the text of -c


def is_library(path: str) -> bool:
    """Whether a path names machine code, which can be large and has no lines."""
    name = os.path.basename(path)
    return name.endswith(".so") or ".so." in name


class SourceReader:
    """Reads lines of source files, each file once.

    Relative paths start at the program's working directory at its start; the text of `-c` is available. For a saved
    profile, only the lines saved in it are used: the files may have changed since.

    profile: if given, files that are not the code that ran have no lines; without it this is not checked.
    """

    def __init__(self, program: Program, profile: "Optional[Profile]" = None) -> None:
        from filprofiler.profile.vouching import Vouching

        self._program = program
        self._profile = profile
        self._vouching = None if profile is None else Vouching(profile)
        self._files: "Dict[str, List[str]]" = {}
        self._room = _MOST_BYTES

    @property
    def changed(self) -> "Sequence[str]":
        """Paths of the files asked for so far that have no lines because they are not the code that ran."""
        if self._profile is None or self._vouching is None:
            return ()
        return self._profile.changed_files or tuple(self._vouching.changed)

    def line(self, path: str, number: int) -> str:
        """Line `number` (1-based) of a file, without indentation and line end; "" if there is none."""
        return self.indented_line(path, number).strip()

    def indented_line(self, path: str, number: int) -> str:
        """Line `number` (1-based) of a file with its indentation, without line end; "" if there is none."""
        if self._program.source_lines is not None:
            return self._program.source_lines.get(path, {}).get(number, "")[:_MOST_LINE_CHARACTERS]
        lines = self.lines(path)
        return lines[number - 1][:_MOST_LINE_CHARACTERS] if 0 < number <= len(lines) else ""

    def some_lines(self, path: str, numbers: "Iterable[int]") -> "Dict[int, str]":
        """The existing lines among these numbers, by number, as `indented_line` returns them."""
        found = {number: self.indented_line(path, number) for number in numbers}
        return {number: line for number, line in found.items() if line}

    def lines(self, path: str) -> "List[str]":
        """All lines of a file, for parsing; empty if it cannot be read, as for a saved profile."""
        lines = self._files.get(path)
        if lines is None:
            lines = self._files[path] = self._lines(path)
        return lines

    def _lines(self, path: str) -> "List[str]":
        if self._program.source_lines is not None:
            return []
        if path in self._program.source_texts:
            return _split(self._program.source_texts[path])
        if path == _COMMAND_PATH and self._program.command is not None:
            return _split(self._program.command)
        if not path or path.startswith("<") or is_library(path):
            return []
        full_path = os.path.join(self._program.cwd, path)
        try:
            text = decode_source(_content(full_path))
            taken = getsizeof(text) + _LINE_BYTES * (text.count("\n") + text.count("\r"))
            if taken > self._room:
                return []
            lines = _split(text)
            if self._vouching is None or self._vouching.vouches(path, _file_of(full_path), lines):
                self._room -= taken
                return lines
        except (OSError, ValueError):  # ValueError: a null character in the name
            pass
        return []


def _content(path: str) -> bytes:
    """The bytes of a file, or of a file inside a zip. Raises OSError."""
    try:
        with open_to_read(path) as file:
            return _whole(file, os.fstat(file.fileno()).st_size)
    except NotADirectoryError:
        return _zipped_content(path)


def _whole(file: "IO[bytes]", size: int) -> bytes:
    """The content of a file; its stated size may be wrong. Raises OSError if it is too large."""
    content = b"" if size > _MOST_FILE_BYTES else file.read(_MOST_FILE_BYTES + 1)
    if max(size, len(content)) > _MOST_FILE_BYTES:
        raise OSError(errno.EFBIG, os.strerror(errno.EFBIG))
    return content


def _file_of(path: str) -> str:
    """The path of a file, or of the zip that it is in. Raises OSError."""
    file = path
    while not os.path.isfile(file):
        if os.path.dirname(file) == file:
            raise FileNotFoundError(path)  # a device or the like is in its place
        file = os.path.dirname(file)
    return file


def _zipped_content(path: str) -> bytes:
    """The bytes of a file inside a zip; its path continues the zip's. Raises OSError."""
    import zipfile
    import zlib

    archive = _file_of(path)
    try:
        with open_to_read(archive) as file, zipfile.ZipFile(file) as opened:
            name = path[len(archive) + 1 :]
            with opened.open(name) as member:
                return _whole(member, opened.getinfo(name).file_size)
    except (KeyError, RuntimeError, EOFError, ValueError, zipfile.BadZipFile, zlib.error) as problem:
        raise OSError(str(problem)) from None


def decode_source(content: bytes) -> str:
    """Decode a source file as Python does: by its byte-order mark, its coding line, or else as UTF-8.

    Bytes that cannot be decoded are replaced: a report never fails because of a source file.
    """
    if content.startswith(_UTF8_MARK):
        return content[len(_UTF8_MARK) :].decode("utf-8", "replace")
    for line in content.split(b"\n", 2)[:2]:
        name = _declared_encoding(line)
        if name and name.lower() not in _SLOW_ENCODINGS:
            try:
                return content.decode(name, "replace")
            except (LookupError, ValueError):
                break
        if line.split(b"#")[0].strip():  # only comments may precede it
            break
    return content.decode("utf-8", "replace")


def _declared_encoding(line: bytes) -> str:
    """The encoding that a comment declares, "" if it declares none."""
    if not line.lstrip(b" \t\f").startswith(b"#"):
        return ""
    for mark in (b"coding:", b"coding="):
        _before, found, after = line.partition(mark)
        if found:
            text = after.strip().split()[:1]
            name = text[0].decode("ascii", "replace") if text else ""
            return "".join(character for character in name if character.isalnum() or character in "-_.")
    return ""


def _split(text: str) -> "List[str]":
    """Lines as the interpreter counts them; str.splitlines accepts more line ends than Python's grammar."""
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
