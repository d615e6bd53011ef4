"""Who may look into a result, and programs that run with more rights than who started them."""

import os
import shutil
import stat
import subprocess
import tempfile
from pathlib import Path
from typing import Iterator

import pytest
import support

NOBODY = 65534

# Linked with the library, so that its hooks are in use in either case; what it prints is what the library answers.
SOURCE = """
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
int32_t fil_preloaded(void);
int32_t fil_start(const char *path, int32_t signal);
int main(int count, char **arguments)
{
    char *block = malloc(100);
    printf("%d %d\\n", fil_preloaded(), fil_start(arguments[count - 1], 0));
    free(block);
    return 0;
}
"""


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user can look into."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        yield Path(folder)


def started_by_nobody(program: Path, recording: Path) -> str:
    """What the program prints when a user without rights starts it."""
    done = subprocess.run(
        [str(program), str(recording)],
        stdout=subprocess.PIPE,
        cwd="/",
        preexec_fn=lambda: os.setuid(NOBODY),
        check=True,
    )
    return done.stdout.decode().strip()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a set-uid program")
def test_a_set_uid_program_is_left_alone(package: Path, open_folder: Path) -> None:
    library = open_folder / "libfil.so"
    shutil.copy(str(package / "filprofiler" / "_lib" / "libfil.so"), str(library))
    library.chmod(0o755)
    source, program, recording = (open_folder / name for name in ("main.c", "program", "recording"))
    source.write_text(SOURCE)
    command = ["cc", "-o", str(program), str(source), str(library), "-Wl,-rpath," + str(open_folder)]
    subprocess.run(command, check=True)
    assert started_by_nobody(program, recording) == "0 -5"  # in use; but no layout was proved
    program.chmod(0o4755)
    assert started_by_nobody(program, recording) == "-1 -1"
    assert not recording.exists()


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_nobody_else_can_look_into_a_result(one_profiler: support.Profiler, umask: int) -> None:
    kept = os.umask(umask)
    try:
        done = one_profiler.run(["-c", "held = bytes(1 << 20)"])
    finally:
        os.umask(kept)
    assert done.status == 0, done.account()
    folder = done.folder
    assert folder is not None and stat.S_IMODE(folder.stat().st_mode) == 0o700
