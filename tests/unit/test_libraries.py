"""Libraries with allocators of their own: what is set for them, and what is said of memory that they have mapped."""

import shutil
import struct
import subprocess
from pathlib import Path
from typing import Dict

import pytest
from recording_builder import RecordingBuilder

from filprofiler import _abi
from filprofiler.allocators import JEMALLOC_SETTINGS, JEMALLOC_VARIABLES, MIMALLOC_VARIABLES, set_allocators
from filprofiler.cli.arguments import parse
from filprofiler.profile.build import build_profile
from filprofiler.profile.libraries import Libraries, data_parts
from filprofiler.profile.program import Program
from filprofiler.profile.source import SourceReader
from filprofiler.recording.reader import Recording
from filprofiler.report.prof_writer import prof_pieces

PACKAGES = "/x/site-packages"


def test_arrow_uses_the_systems_allocator() -> None:
    environment: Dict[str, str] = {}
    settings = set_allocators(environment, keep=False, release=False)
    assert environment == {"ARROW_DEFAULT_MEMORY_POOL": "system"}
    assert settings.made == ["ARROW_DEFAULT_MEMORY_POOL=system"] and not settings.sentence


def test_what_the_user_has_set_is_replaced_and_told() -> None:
    environment = {"ARROW_DEFAULT_MEMORY_POOL": "jemalloc"}
    sentence = set_allocators(environment, keep=False, release=False).sentence
    assert environment["ARROW_DEFAULT_MEMORY_POOL"] == "system"
    assert "ARROW_DEFAULT_MEMORY_POOL=jemalloc" in sentence and "--keep-allocators" in sentence


def test_allocators_are_left_alone() -> None:
    environment = {"ARROW_DEFAULT_MEMORY_POOL": "jemalloc", "MALLOC_CONF": "x:1"}
    settings = set_allocators(environment, keep=True, release=False)
    assert environment == {"ARROW_DEFAULT_MEMORY_POOL": "jemalloc", "MALLOC_CONF": "x:1"}
    assert not settings.made and not settings.sentence


def test_release_is_added_to_settings_of_jemalloc() -> None:
    environment = {"MALLOC_CONF": "narenas:1"}
    settings = set_allocators(environment, keep=True, release=True)
    assert environment.pop("MALLOC_CONF") == "narenas:1," + JEMALLOC_SETTINGS
    expected = {variable: JEMALLOC_SETTINGS for variable in JEMALLOC_VARIABLES if variable != "MALLOC_CONF"}
    assert environment == dict(expected, **MIMALLOC_VARIABLES)
    assert "MALLOC_CONF=narenas:1," + JEMALLOC_SETTINGS in settings.made


@pytest.mark.parametrize("before", [True, False])
def test_options_stand_before_or_after_run(before: bool) -> None:
    words = ["--keep-allocators", "--release-memory"]
    options = parse([*words, "run", "a.py"] if before else ["run", *words, "a.py"]).options
    assert options.keep_allocators and options.release_memory
    options = parse(["run", "a.py", *words]).options
    assert not options.keep_allocators and not options.release_memory


def test_an_allocator_is_known_by_its_messages(tmp_path: Path) -> None:
    """Also where they lie across the pieces in which a file is read."""
    piece = 1 << 22
    for name, content, expected in [
        ("a.so", b"\x7fELF" + bytes(piece - 8) + b"<jemalloc>: %s" + bytes(9), "jemalloc"),
        ("b.so", bytes(10) + b"mimalloc: error: " + bytes(piece) + b"<jemalloc>: ", "jemalloc or mimalloc"),
        ("libarrow.so.9", b"\x7fELF and nothing else", ""),
        ("empty.so", b"", ""),
    ]:
        (tmp_path / name).write_bytes(content)
        assert Libraries().allocator_in(str(tmp_path / name)) == expected, name


def made_library(folder: Path, source: str = 'const char message[] = "<jemalloc>: %s";') -> Path:
    """A library as a compiler makes it."""
    path = folder / "made.so"
    command = ["cc", "-shared", "-fPIC", "-x", "c", "-", "-o", str(path)]
    subprocess.run(command, input=source.encode(), check=True)
    return path


NEEDS_COMPILER = pytest.mark.skipif(not shutil.which("cc"), reason="needs a C compiler")


@NEEDS_COMPILER
def test_all_but_code_is_searched(tmp_path: Path) -> None:
    texts = {
        'const char message[] = "<jemalloc>: %s";': "jemalloc",
        'char message[] = "<jemalloc>: %s";': "jemalloc",
        'int f(void); const struct { char text[20]; int (*f)(void); } message = {"<jemalloc>: %s", f};': "jemalloc",
        '__asm__(".text\\n.ascii \\"<jemalloc>: \\"\\n");': "",
    }
    for source, expected in texts.items():
        assert Libraries().allocator_in(str(made_library(tmp_path, source))) == expected, source


@NEEDS_COMPILER
def test_a_library_that_is_cut_short_is_searched_as_a_whole(tmp_path: Path) -> None:
    path = made_library(tmp_path)
    whole = path.read_bytes()
    for length in range(0, len(whole), 97):
        path.write_bytes(whole[:length])
        assert Libraries().allocator_in(str(path)) == ("jemalloc" if b"<jemalloc>: " in whole[:length] else ""), length


@NEEDS_COMPILER
@pytest.mark.parametrize(
    "section",
    [struct.pack("<4xIQ8xQQ24x", 1, 2, 1 << 63, 9), struct.pack("<4xIQ8xQQ24x", 1, 2, 0, 5000), bytes(64)],
    ids=["beyond all files", "all over one another", "none"],
)
def test_sections_that_make_no_sense_are_not_followed(tmp_path: Path, section: bytes) -> None:
    """The loader does not look at them, so the library works all the same."""
    path = made_library(tmp_path)
    content = bytearray(path.read_bytes())
    place, count = struct.unpack_from("<Q", content, 40)[0], struct.unpack_from("<H", content, 60)[0]
    content[place : place + 64 * count] = section * count
    path.write_bytes(content)
    with open(path, "rb") as file:
        assert data_parts(file) == [(0, len(content))]
    assert Libraries().allocator_in(str(path)) == "jemalloc"


def test_a_file_that_is_not_there_is_known_by_its_name() -> None:
    assert Libraries().allocator_in("/not/there/_polars_runtime.abi3.so") == "jemalloc"
    assert Libraries().allocator_in("/not/there/libother.so") == ""
    assert Libraries().allocator_in("/not/there\0/polars.so") == "jemalloc"


def test_only_libraries_of_packages_are_told() -> None:
    libraries = Libraries()
    assert libraries.role(PACKAGES + "/p/libp.so") == "mapped by the library"
    assert libraries.role(PACKAGES + "/polars/polars.abi3.so") == "held by jemalloc"
    assert libraries.role("/usr/lib/libc.so.6") is None
    assert libraries.role("/home/x/polars.abi3.so") is None


def library(builder: RecordingBuilder, path: str) -> int:
    """Add a library; its number."""
    builder.codes.append((builder.text(path), 0, 0, 0, 0, _abi.FIL_CODE_LIBRARY))
    return len(builder.codes) - 1


def prof_of(builder: RecordingBuilder) -> str:
    profile = build_profile(Recording(builder.build()), Program())
    return b"".join(prof_pieces(profile)).decode()


def test_mappings_of_libraries_are_boxes_of_their_own() -> None:
    builder = RecordingBuilder()
    line = builder.stack([("a.py", "main", 3)], 10)
    path = PACKAGES + "/polars/polars.abi3.so"
    for name, size in [(path, 500), ("/usr/lib/libmap.so", 70)]:
        builder.hold(builder.node(line, library(builder, name), 0), size)
    assert prof_of(builder).splitlines() == ["a.py:3 (main) 80", "a.py:3 (main);%s:0 (held by jemalloc) 500" % path]


def test_a_librarys_own_thread_is_marked() -> None:
    builder = RecordingBuilder()
    line = builder.stack([("a.py", "main", 3)], 10)
    builder.nodes.append([0, 0, builder.epoch, line, 0, _abi.FIL_MARK_WORKER])
    worker = len(builder.nodes) - 1
    builder.hold(worker, 40)
    builder.hold(builder.node(worker, library(builder, PACKAGES + "/polars.abi3.so"), 0), 200)
    assert sorted(prof_of(builder).splitlines()) == [
        "a.py:3 (main) 10",
        "a.py:3 (main);<C thread>:0 (line inferred) 40",
        "a.py:3 (main);<C thread>:0 (line inferred);%s/polars.abi3.so:0 (held by jemalloc) 200" % PACKAGES,
    ]


def test_machine_code_has_no_lines(tmp_path: Path) -> None:
    path = tmp_path / "lib.so.3"
    path.write_text("first\n")
    assert SourceReader(Program()).lines(str(path)) == []
