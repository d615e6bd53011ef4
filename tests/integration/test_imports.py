"""The interpreter's import machinery is no part of callstacks, as it is none of Python's tracebacks."""

import json
from pathlib import Path

import pytest
import support

PROGRAM = support.PROGRAMS / "importing.py"

# What is kept -> its bytes, and what imports it: the marked line.
KEPT = {
    "plain": (2, "plain"),
    "package": (3, "nested"),
    "in a package": (4, "nested"),
    "by name": (5, "by name"),
    "in a thread": (7, "in a thread"),
    "thread of a module": (8, "thread of a module"),
}


def left_out(file: str) -> bool:
    return file in support.IMPORT_MACHINERY or Path(file).name == "threading.py"


@pytest.mark.parametrize("way", support.UNWIND_METHODS)
def test_imports(profiler: support.Profiler, tmp_path: Path, way: str) -> None:
    """At 67b2bf6 each callstack had five frames of <frozen importlib._bootstrap> for each import."""
    profiler.stacks = way
    done = profiler.run_well([PROGRAM, tmp_path])
    account = json.loads((tmp_path / "account.json").read_text())
    found = {
        tuple((frame.file, frame.line, frame.function) for frame in stack.frames): stack.bytes for stack in done.stacks
    }
    machinery = support.IMPORT_MACHINERY
    assert not [stack.text for stack in done.stacks if any(frame.file in machinery for frame in stack.frames)]
    main = (str(PROGRAM), support.marker(PROGRAM, "main"), "<module>")
    for name, (mebibytes, line) in KEPT.items():
        importing = (str(PROGRAM), support.marker(PROGRAM, line), "main")
        own = [tuple(frame) for frame in account["stacks"][name]]
        own = own[own.index(main) + 2 :] if main in own else own
        chain = (main, importing, *[frame for frame in own if not left_out(frame[0])])
        if name == "thread of a module":
            starts = str(tmp_path / "starts_thread.py")
            chain = (main, importing, (starts, 5, "<module>"), *chain[2:])
        assert support.close_to(found.get(chain, 0), mebibytes << 20), (name, chain, done.prof_path.read_text())
    # Module code: the constants are live once each, compiled or read from a cache.
    for line in ("compiled", "unmarshalled"):
        chain = (main, (str(PROGRAM), support.marker(PROGRAM, line), "main"), ("", 0, "[module code]"))
        assert support.close_to(found.get(chain, 0), account["constant"]), (line, done.prof_path.read_text())


def test_the_recording_has_no_nodes_for_the_machinery(profiler: support.Profiler, tmp_path: Path) -> None:
    done = profiler.run([PROGRAM, tmp_path], options=["--keep-recording"])
    assert done.status == 0 and done.folder is not None, done.account()
    content = (done.folder / "recording.fil").read_bytes()
    assert b"starts_thread.py" in content
    assert b"importlib._bootstrap" not in content


def test_a_module_that_runs_by_its_name_owns_only_itself(profiler: support.Profiler, tmp_path: Path) -> None:
    """What `-m package.module` imports on the way is not what the program began with: the page's own code."""
    site = tmp_path / "lib" / "python3.9" / "site-packages" / "package"
    site.mkdir(parents=True)
    (site / "__init__.py").write_text("kept = bytearray(3 << 20)\n")
    (site / "module.py").write_text("import sys\nkept = bytearray(2 << 20)\n")
    output = profiler.new_output()
    environment = {"PYTHONPATH": "%s:%s" % (profiler.package, site.parent)}
    done = profiler.run(["-m", "package.module"], env=environment, output=output, options=["--format", "json"])
    assert done.folder is not None, done.account()
    (path,) = done.folder.glob("*.json")
    assert json.loads(path.read_text())["main_paths"] == [str(site / "module.py")], done.account()
