"""The interpreter's flags, which the program gets too."""

import subprocess
import sys
from typing import List

import pytest

from filprofiler.supervisor.interpreter import interpreter_flags


@pytest.mark.parametrize(
    ("words", "flags"),
    [
        ([], []),
        (["-m", "filprofiler", "run", "-O", "x.py"], []),
        (["/usr/bin/fil-profile", "-X", "x"], []),
        (["-O", "-m", "filprofiler"], ["-O"]),
        (["-OO", "-u", "-B", "/usr/bin/fil-profile"], ["-OO", "-u", "-B"]),
        (["-X", "dev", "-W", "error", "-m", "filprofiler"], ["-X", "dev", "-W", "error"]),
        (["-Xdev", "-Werror::UserWarning", "-m", "filprofiler"], ["-Xdev", "-Werror::UserWarning"]),
        (["-bBW", "m", "-mfilprofiler"], ["-bBW", "m"]),
        (["-Im", "filprofiler", "-S"], ["-I"]),
        (["-ImC", "x"], ["-I"]),
        (["-W", "-m", "-m", "filprofiler"], ["-W", "-m"]),
        (["--check-hash-based-pycs", "always", "-m", "x"], ["--check-hash-based-pycs", "always"]),
        (["-Sc", "import filprofiler"], ["-S"]),
        (["-"], []),
    ],
)
def test_flags_end_before_the_program(words: List[str], flags: List[str]) -> None:
    assert interpreter_flags(words) == flags


def test_flags_of_a_real_process() -> None:
    code = "from filprofiler.supervisor.quiet import interpreter_command; print(interpreter_command())"
    command = [sys.executable, "-X", "utf8", "-uW", "ignore", "-c", code]
    done = subprocess.run(command, stdout=subprocess.PIPE, cwd=str(__file__).rpartition("/tests/")[0], check=True)
    assert done.stdout.decode().strip() == str((sys.executable, ["-X", "utf8", "-uW", "ignore"]))
