"""A program behaves under the profiler as it does under Python itself: output, traceback to the byte, exit status."""

import os
import re
import subprocess
import zipfile
from pathlib import Path
from typing import List, Sequence, Tuple

import pytest
from interpreters import Interpreter
from parity_programs import CASES, Case

from filprofiler import environment

PREFIX = b"=fil-profile= "
ADDRESS = re.compile(rb"0x[0-9a-f]{6,}")
THREAD_NUMBER = re.compile(rb"(Thread-)\d+")

MODES = {"-m": "module", "-c": "command"}
RECORDING_BYTES = 640 * 1024


def write_files(case: Case, folder: Path, python: str) -> None:
    """Lay out a case's files; contents that begin with a word of their own are made into something else."""
    for name, content in case.files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        data = content.encode() if isinstance(content, str) else content
        if data.startswith(b"->"):
            path.symlink_to(data[2:].decode())
        elif data.startswith((b"zip:", b"zip-without:")):
            word, _, source = data.partition(b":")
            with zipfile.ZipFile(str(path), "w") as archive:
                archive.writestr("__main__.py" if word == b"zip" else "other.py", source)
        elif data.startswith(b"pyc:"):
            source_path = path.with_suffix(".py")
            source_path.write_bytes(data[4:])
            compile_command = "import py_compile, sys; py_compile.compile(sys.argv[1], sys.argv[2], 'src.py')"
            subprocess.run([python, "-c", compile_command, str(source_path), str(path)], check=True)
            source_path.unlink()
        else:
            path.write_bytes(data)


def split(arguments: Sequence[str]) -> Tuple[List[str], List[str]]:
    """Divide the words after `python` into its flags, and MODE TARGET ARGS for bootstrap.py."""
    words = list(arguments)
    flags = []
    while words[0].startswith("-") and words[0] != "-" and words[0] not in MODES:
        flags.append(words.pop(0))
        if flags[-1] in ("-W", "-X"):
            flags.append(words.pop(0))
    if words[0] in MODES:
        words[0] = MODES[words[0]]
    else:
        words.insert(0, "script")
    return flags, words


def run(command: List[str], cwd: Path, typed: bytes, preload: str = "") -> List[str]:
    """Run a command in an environment that says little; its status, and the lines of stdout and stderr."""
    variables = {"PATH": os.environ["PATH"], "PYTHONHASHSEED": "0", "LC_ALL": "C.UTF-8"}
    if preload:
        variables["LD_PRELOAD"] = preload
    done = subprocess.run(command, cwd=str(cwd), env=variables, input=typed, stdout=-1, stderr=-1, timeout=60)
    stderr = b"".join(line for line in done.stderr.splitlines(True) if not line.startswith(PREFIX))
    return ["status %d" % done.returncode, *comparable(done.stdout), "stderr", *comparable(stderr)]


def comparable(output: bytes) -> List[str]:
    """The lines of an output, without what differs from run to run."""
    output = THREAD_NUMBER.sub(rb"\1N", ADDRESS.sub(b"0xADDRESS", output)).replace(b"/bare/", b"/ours/")
    return output.decode("utf-8", "surrogateescape").splitlines(True)


# The library does not know this path for its own: so bootstrap.py is run as a script, as where the interpreter cannot
# run the program by itself (on macOS).
AS_A_SCRIPT = environment.BOOTSTRAP_PATH.replace("in_process/", "in_process/../in_process/")
RUN_BY_US = [
    "state", "state-module", "state-folder", "state-zip", "state-command", "raise", "raise-in-module",
    "raise-in-command", "exit-number", "exit-in-module", "interrupt-by-signal", "hook", "hook-in-module", "hook-fails",
    "at-exit-after-error", "threads", "dying-after-error", "syntax-error", "no-such-module", "reads-input",
    "standard-input",
]  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_same_as_bare(name: str, interpreter: Interpreter, built_library: Path, tmp_path: Path) -> None:
    compare(name, interpreter, built_library, tmp_path, environment.BOOTSTRAP_PATH)


@pytest.mark.parametrize("name", RUN_BY_US)
def test_same_as_bare_where_we_run_the_program(
    name: str, interpreter: Interpreter, built_library: Path, tmp_path: Path
) -> None:
    compare(name, interpreter, built_library, tmp_path, AS_A_SCRIPT)


def compare(name: str, interpreter: Interpreter, built_library: Path, tmp_path: Path, bootstrap_path: str) -> None:
    case = CASES[name]
    if interpreter.version < case.since:
        pytest.skip("this Python does not know the feature")
    recording = tmp_path / "recording.fil"
    recording.write_bytes(bytes(RECORDING_BYTES))
    bare_folder, profiled_folder = tmp_path / "bare" / "w", tmp_path / "ours" / "w"
    for folder in (bare_folder, profiled_folder):
        folder.mkdir(parents=True)
        write_files(case, folder, interpreter.path)

    bare = run([interpreter.path, *case.arguments], bare_folder, case.typed)
    flags, program = split(case.arguments)
    bootstrap = [bootstrap_path, str(recording), "0"]
    command = [interpreter.path, *flags, *bootstrap, *program]
    profiled = run(command, profiled_folder, case.typed, str(built_library))
    assert profiled == bare
    assert recording.read_bytes()[:8] == b"FILREC\r\n", "the program was not tracked"
