"""The text of source lines."""

import os

from filprofiler.profile.program import Program
from filprofiler.regular_files import open_to_read, read_regular

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, List, Optional, Sequence

    from filprofiler.profile.model import Profile

_UTF8_MARK = b"\xef\xbb\xbf"
_COMMAND_PATH = "<string>"  # what CPython calls the text of -c


def is_library(path: str) -> bool:
    """Whether a path is that of machine code, which can be large and has no lines."""
    name = os.path.basename(path)
    return name.endswith(".so") or ".so." in name


class SourceReader:
    """Reads lines of source files, each file once.

    A relative file is meant from the program's working directory at its start; the text of `-c` is at hand. Of a
    profile that was saved, the lines that were saved with it are all there is: the files may have changed since.

    profile: with it, a file that is not what ran has no lines; else files are not looked at so closely.
    """

    def __init__(self, program: Program, profile: "Optional[Profile]" = None) -> None:
        from filprofiler.profile.vouching import Vouching

        self._program = program
        self._profile = profile
        self._vouching = None if profile is None else Vouching(profile)
        self._files = {}  # type: Dict[str, List[str]]

    @property
    def changed(self) -> "Sequence[str]":
        """The paths of files without lines, of those that were asked for, because they are not what ran."""
        if self._profile is None or self._vouching is None:
            return ()
        return self._profile.changed_files or tuple(self._vouching.changed)

    def line(self, path: str, number: int) -> str:
        """Line `number` (1-based) of a file, without indentation and end; "" where there is none."""
        return self.indented_line(path, number).strip()

    def indented_line(self, path: str, number: int) -> str:
        """Line `number` (1-based) of a file as it stands there, without its end; "" where there is none."""
        lines = self.lines(path)
        return lines[number - 1] if 0 < number <= len(lines) else ""

    def lines(self, path: str) -> "List[str]":
        """All lines of a file; none where it cannot be read. Of a saved profile, "" for those that were not saved."""
        lines = self._files.get(path)
        if lines is None:
            lines = self._files[path] = self._lines(path)
        return lines

    def _lines(self, path: str) -> "List[str]":
        if self._program.source_lines is not None:
            return _list_of(self._program.source_lines.get(path, {}))
        if path in self._program.source_texts:
            return _split(self._program.source_texts[path])
        if path == _COMMAND_PATH and self._program.command is not None:
            return _split(self._program.command)
        if not path or path.startswith("<") or is_library(path):
            return []
        full_path = os.path.join(self._program.cwd, path)
        try:
            lines = _split(decode_source(_content(full_path)))
            if self._vouching is None or self._vouching.vouches(path, _file_of(full_path), lines):
                return lines
        except (OSError, ValueError):  # ValueError: a null character in the name
            pass
        return []


def _list_of(lines: "Dict[int, str]") -> "List[str]":
    """The lines of a file of which only some are known."""
    last = max(lines, default=0)
    return [lines.get(number, "") for number in range(1, last + 1)]


def _content(path: str) -> bytes:
    """The bytes of a file, or of a file inside a zip. Raises OSError."""
    try:
        return read_regular(path)
    except NotADirectoryError:
        return _zipped_content(path)


def _file_of(path: str) -> str:
    """The path of a file, or of the zip that it is in. Raises OSError."""
    file = path
    while not os.path.isfile(file):
        if os.path.dirname(file) == file:
            raise FileNotFoundError(path)  # what stands in the way is a device or the like
        file = os.path.dirname(file)
    return file


def _zipped_content(path: str) -> bytes:
    """The bytes of a file inside a zip, whose path goes on behind the zip's. Raises OSError."""
    import zipfile
    import zlib

    archive = _file_of(path)
    try:
        with open_to_read(archive) as file, zipfile.ZipFile(file) as opened:
            return opened.read(path[len(archive) + 1 :])
    except (KeyError, RuntimeError, EOFError, ValueError, zipfile.BadZipFile, zlib.error) as problem:
        raise OSError(str(problem)) from None


def decode_source(content: bytes) -> str:
    """Decode a source file as Python does: by its byte-order mark, its coding line, or else as UTF-8.

    What cannot be decoded is replaced: a report never fails for a source file.
    """
    if content.startswith(_UTF8_MARK):
        return content[len(_UTF8_MARK) :].decode("utf-8", "replace")
    for line in content.split(b"\n", 2)[:2]:
        name = _declared_encoding(line)
        if name:
            try:
                return content.decode(name, "replace")
            except (LookupError, ValueError):
                break
        if line.split(b"#")[0].strip():  # only comments may stand before it
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
    """Lines as the interpreter counts them; str.splitlines knows more ends than Python's grammar does."""
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
