"""Pythons that the program starts make recordings of their own, in the folder that FIL_CHILDREN names."""

import shutil
import subprocess
from pathlib import Path
from typing import Dict, List, Optional, Sequence

import pytest
import support

from filprofiler.profile.build import build_profile
from filprofiler.profile.program import Program
from filprofiler.recording.reader import read_recording
from filprofiler.result_folder import is_process_name, was_started

PROGRAM = support.PROGRAMS / "starts_pythons.py"


class Family:
    """A profiled program and what its children have recorded."""

    def __init__(self, profiler: support.Profiler, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self._environment = dict(profiler.environment(), FIL_CHILDREN=str(folder))
        self._profiler = profiler
        self.python = profiler.python
        self.version = profiler.version
        self.new_output = profiler.new_output

    def run(
        self, args: Sequence[object], output: Optional[Path] = None, options: Sequence[str] = ()
    ) -> "subprocess.CompletedProcess[str]":
        command = self._profiler.command(args, output or self.new_output(), ["--no-children", *options])
        return subprocess.run(
            command,
            env=self._environment,
            cwd=str(self._profiler.scratch),
            capture_output=True,
            text=True,
            timeout=300,
        )

    def recordings(self) -> List[Path]:
        """The recordings of the children: beside them is only what all processes share."""
        return sorted(path for path in self.folder.iterdir() if is_process_name(path.name))

    def peaks(self) -> List[float]:
        """MiB at the peak of each recording."""
        assert all(was_started(str(path)) for path in self.recordings())
        return sorted(read_recording(str(path)).peak_bytes / support.MIB for path in self.recordings())


@pytest.fixture
def family(profiler: support.Profiler, tmp_path: Path) -> Family:
    return Family(profiler, tmp_path / "children")


@pytest.fixture
def one_family(one_profiler: support.Profiler, tmp_path: Path) -> Family:
    return Family(one_profiler, tmp_path / "children")


def test_every_way_to_start_a_python(family: Family, tmp_path: Path) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    done = family.run([PROGRAM, scratch, ""])
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    if support.dynamic_linker(family.python) != support.dynamic_linker(
        "/bin/sh"
    ):  # then the shell cannot load our library for it
        lines = [line for line in lines if "*" not in line]
    numbers = [int(line.rstrip("*")) for line in lines]
    assert len(numbers) >= 23 and "Cannot profile" not in done.stderr
    peaks = family.peaks()
    missing = [number for number in numbers if not [peak for peak in peaks if number <= peak < number + 2.9]]
    assert not missing, (missing, peaks)


FORKED = support.PROGRAMS / "forked.py"


def at_marker(path: Path, program: Path, name: str) -> int:
    """Bytes that a recording has on a marked line at its peak."""
    profile = build_profile(read_recording(str(path)), Program())
    line = support.marker(program, name)
    return sum(
        node.own_bytes
        for node in profile.flat.nodes
        if node.site.line == line and support.same_file(node.site.path, program)
    )


def test_forked_children(family: Family) -> None:
    """Each has what it has taken itself, on the line that did, and nothing of what it has inherited."""
    output = family.new_output()
    done = family.run([FORKED], output, ["--keep-recording"])
    lines = done.stdout.splitlines()
    assert done.returncode == 0 and lines[-1] == "True", (done.stdout, done.stderr)
    numbers = [int(line) for line in lines[:-1]]
    assert sorted(numbers) == [11, 12, 13, 14, 15, 16, 17, 18, 22]
    found = sorted(at_marker(path, FORKED, "child") / support.MIB for path in family.recordings())
    assert [round(size, 1) for size in found if size > 1] == sorted(numbers), found
    for path in family.recordings():
        size = at_marker(path, FORKED, "child")
        spawned = at_marker(path, FORKED, "parent")  # it has run the program's first lines itself
        assert size == 0 or read_recording(str(path)).peak_bytes - size < 12 * support.MIB + spawned
    (recording,) = output.glob("*/recording.fil")
    assert at_marker(recording, FORKED, "child") == 0
    assert abs(at_marker(recording, FORKED, "parent") - 30 * support.MIB) < 1000


MANY = """
import os
for number in range(200):
    pid = os.fork()
    if pid == 0:
        os._exit(len(bytearray(1 << 20)) >> 20)
    assert os.waitpid(pid, 0)[1] == 256
pid = os.fork()
if pid == 0:
    os.execv("/bin/true", ["true"])
assert os.waitpid(pid, 0)[1] == 0
"""


def test_many_forks(one_family: Family) -> None:
    done = one_family.run(["-c", MANY])
    assert done.returncode == 0, done.stderr
    paths = one_family.recordings()
    became = [path for path in paths if read_recording(str(path)).processes.became]
    assert len(paths) == 201 and len(became) == 1
    assert all(read_recording(str(path)).peak_bytes >= support.MIB for path in paths if path not in became)


CLEAN = """
import os, subprocess, sys
assert subprocess.call([sys.executable, "-c", '''
import os, sys
print(sys.argv, getattr(sys, "orig_argv", [])[1:], sorted(os.environ))
''', "x"], env={"A": "1"}) == 0
"""


def test_a_child_sees_nothing_of_it(family: Family) -> None:
    """Its arguments and its environment are what they are without the profiler."""
    done = family.run(["-c", CLEAN])
    bare = subprocess.run([family.python, "-c", CLEAN], stdout=subprocess.PIPE, text=True, check=True)
    assert done.stdout == bare.stdout
    assert len(family.peaks()) == 1


def shows_environment(folder: Path, flags: Sequence[str], name: str) -> Path:
    """A C program that prints what its environment has of ours."""
    source = folder / "shows.c"
    source.write_text(
        "#include <stdio.h>\n#include <string.h>\nextern char **environ;\n"
        "int main(void) { for (char **entry = environ; *entry; entry++)\n"
        'if (!strncmp(*entry, "LD_PRELOAD=", 11) || !strncmp(*entry, "FIL_", 4)) puts(*entry); return 0; }\n'
    )
    program = folder / name
    done = subprocess.run(["cc", *flags, "-o", str(program), str(source)], stderr=subprocess.PIPE)
    if done.returncode != 0:
        pytest.skip("this compiler cannot make such a program: " + done.stderr.decode()[-200:])
    return program


def run_program(family: Family, program: Path, environment: Optional[Dict[str, str]] = None) -> str:
    source = f"import subprocess; subprocess.check_call([{str(program)!r}], env={environment!r})"
    done = family.run(["-c", source])
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_programs_of_another_c_library_are_left_alone(one_family: Family, tmp_path: Path) -> None:
    """The dynamic linker of musl, say, would end a program for which it shall load a library made for glibc."""
    linker = tmp_path / "another-linker.so"
    shutil.copy(support.dynamic_linker("/bin/sh"), str(linker))
    program = shows_environment(tmp_path, ["-Wl,--dynamic-linker=" + str(linker)], "other")
    assert run_program(one_family, program) == ""
    assert run_program(one_family, program, {"LD_PRELOAD": "/nowhere.so"}) == "LD_PRELOAD=/nowhere.so\n"


def test_other_programs_hand_it_on(one_family: Family, tmp_path: Path) -> None:
    program = shows_environment(tmp_path, [], "same")
    told = run_program(one_family, program).splitlines()
    assert sorted(line.partition("=")[0] for line in told) == ["FIL_CHILDREN", "FIL_STARTED_BY", "LD_PRELOAD"], told
    users = tmp_path / "libusers.so"
    empty = tmp_path / "users.c"
    empty.write_text("int users_own;\n")
    subprocess.run(["cc", "-shared", "-fPIC", "-o", str(users), str(empty)], check=True)
    told = run_program(one_family, program, {"LD_PRELOAD": str(users)}).splitlines()
    (preloaded,) = [line for line in told if line.startswith("LD_PRELOAD=")]
    assert preloaded.endswith(":" + str(users)) and preloaded.count(":") == 1


def test_a_static_program_runs(one_family: Family, tmp_path: Path) -> None:
    program = shows_environment(tmp_path, ["-static"], "static")
    run_program(one_family, program)


def test_an_old_python_runs_without_it(one_family: Family, tmp_path: Path) -> None:
    """So does whatever else has no interpreter that can be recorded: here a program that only has its name."""
    program = tmp_path / "python2.7"
    shutil.copy(str(shows_environment(tmp_path, [], "same")), str(program))
    assert "FIL_CHILDREN" in run_program(one_family, program)
    assert one_family.peaks() == []


def test_a_child_that_cannot_be_recorded_runs(one_family: Family) -> None:
    one_family.folder.rmdir()
    source = "import subprocess, sys; sys.exit(subprocess.call([sys.executable, '-c', 'print(5)']))"
    done = one_family.run(["-c", source])
    assert (done.returncode, done.stdout) == (0, "5\n")
    assert "Cannot" not in done.stderr


SHELLS = """
import os, signal, threading
before = signal.getsignal(signal.SIGINT)
print(os.system("exit 3"), os.system("kill -9 $$"), os.system("nothing-of-that-name 2>/dev/null"), os.system("true"))
threads = [threading.Thread(target=os.system, args=("exit 0",)) for _ in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(signal.getsignal(signal.SIGINT) is before, os.system("kill -INT $$"))
"""


def test_system_is_what_it_is_without_it(family: Family) -> None:
    bare = subprocess.run([family.python, "-c", SHELLS], stdout=subprocess.PIPE, text=True)
    done = family.run(["-c", SHELLS])
    assert (done.returncode, done.stdout) == (bare.returncode, bare.stdout)


def test_children_that_are_not_to_be_recorded_get_no_variables(one_profiler: support.Profiler, tmp_path: Path) -> None:
    program = shows_environment(tmp_path, [], "same")
    source = f"import subprocess; subprocess.check_call([{str(program)!r}])"
    done = one_profiler.run(["-c", source], options=["--no-children"])
    assert done.status == 0 and done.stdout == "", done.account()
    done = one_profiler.run(["-c", source])
    names = sorted(line.partition("=")[0] for line in done.stdout.splitlines())
    assert done.status == 0 and names == ["FIL_CHILDREN", "FIL_STARTED_BY", "LD_PRELOAD"], done.account()


# Breaks the file that begins tracking in a process, by Python code, and starts a child and a module; then damages what
# the first process has proved, and starts another.
PROVED = """
import glob, os, subprocess, sys
folder, begins = sys.argv[1:]
subprocess.check_call([sys.executable, "-c", "pass"])
kept = os.path.join(folder, "*.proof")
(proof,) = glob.glob(kept)
with open(begins, "a") as file:
    file.write("raise OSError\\n")
child = [sys.executable, "-c", "kept = bytearray(50 << 20)"]
subprocess.check_call(child)
subprocess.check_call([sys.executable, "-m", "timeit", "-n", "1", "-r", "1", "-s", "kept = bytearray(60 << 20)"])
content = open(proof, "rb").read()
for damaged in (content[:-1], content + b"x", content[:-1] + b"x", b""):
    with open(proof, "wb") as file:
        file.write(damaged)
    subprocess.check_call(child)
"""


def test_an_interpreter_is_proved_once_in_a_run(profiler: support.Profiler, tmp_path: Path) -> None:
    """The others need no Python code to begin. Without a proof they do, and run unrecorded if it is broken."""
    copy = profiler.never_run(tmp_path)
    family = Family(copy, tmp_path / "children")
    done = family.run(["-c", PROVED, family.folder, copy.package / "filprofiler" / "in_process" / "start.py"])
    assert done.returncode == 0, done.stderr
    started = [path for path in family.recordings() if was_started(str(path))]
    peaks = sorted(read_recording(str(path)).peak_bytes / support.MIB for path in started)
    assert len(peaks) == 3 and peaks[0] < 5 and 50 < peaks[1] < 53 and 60 < peaks[2] < 65, peaks


def test_a_library_that_children_cannot_load_is_not_preloaded(one_profiler: support.Profiler, tmp_path: Path) -> None:
    """One whose path no list of preloaded libraries can hold: the dynamic linker would complain in each child."""
    package = tmp_path / "a blank"
    shutil.copytree(str(one_profiler.package), str(package))
    profiler = support.Profiler(one_profiler.python, one_profiler.version, package, tmp_path)
    family = Family(profiler, tmp_path / "children")
    program = shows_environment(tmp_path, [], "same")
    assert run_program(family, program, {}) == ""


def test_an_environment_too_long_to_be_edited_is_passed_unchanged(one_family: Family, tmp_path: Path) -> None:
    program = shows_environment(tmp_path, [], "same")
    assert run_program(one_family, program, {"N%d" % number: "" for number in range(2100)}) == ""
    assert run_program(one_family, program, {"N%d" % number: "" for number in range(2000)}) != ""


WAITS = """
import ctypes, os, signal
libc = ctypes.CDLL(None, use_errno=True)
print(libc.waitpid(-1, ctypes.c_void_p(8), 0), ctypes.get_errno())
pid = os.fork()
if pid == 0:
    signal.pause()
print(os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG), os.waitpid(pid, os.WNOHANG))
os.kill(pid, 9)
print(os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT).si_pid == pid)
print(os.wait4(pid, 0)[1], libc.wait(None), ctypes.get_errno())
pid = os.fork()
if pid == 0:
    os._exit(3)
print(os.wait3(0)[1])
pid = os.fork()
if pid == 0:
    os._exit(3)
print(libc.wait(None) == pid)
"""


def test_waiting_is_what_it_is_without_it(one_family: Family) -> None:
    """By every function that waits for a child, also one that fails."""
    bare = subprocess.run([one_family.python, "-c", WAITS], stdout=subprocess.PIPE, text=True, check=True)
    done = one_family.run(["-c", WAITS])
    assert (done.returncode, done.stdout) == (0, bare.stdout)


def test_an_interpreter_of_another_name(profiler: support.Profiler, tmp_path: Path) -> None:
    """Its program sees no variable of ours. Before, it saw what only other programs hand on."""
    ask = "import os, sys; print(os.path.realpath(sys.executable)); print(sys.base_prefix)"
    python, prefix = support.run_bare(profiler.python, ["-c", ask]).stdout.decode().splitlines()
    renamed = tmp_path / "snake"
    shutil.copy(python, str(renamed))
    home = {"PYTHONHOME": prefix, "LD_LIBRARY_PATH": prefix + "/lib"}
    other = support.Profiler(str(renamed), profiler.version, profiler.package, tmp_path)
    shows = "import os; print(sorted(name for name in os.environ if name.startswith(('FIL_', 'LD_PRE'))))"
    if support.run_bare(str(renamed), ["-c", shows], env=home).returncode != 0:
        pytest.skip("this Python does not know the feature: it finds its own files by its executable's name")
    done = other.run_well(["-c", shows + "; kept = bytearray(30 << 20)"], env=home)
    assert done.stdout == "[]\n" and support.close_to(done.peak, 30 * support.MIB), done.account()
