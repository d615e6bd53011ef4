"""Our reading of a program's filters of system calls (csrc/platform/linux_sandbox.c) against the kernel's."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import support

DRIVER = support.TESTS / "filters" / "filters_driver.c"
FLAGS = "-std=c11 -D_GNU_SOURCE -O1 -g -Wall -Wextra -Werror -fsanitize=undefined -fno-sanitize-recover"


@pytest.mark.skipif(sys.platform != "linux", reason="filters of system calls are Linux's")
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_random_filters_answer_as_in_the_kernel(tmp_path: Path, seed: int) -> None:
    compiler = os.environ.get("CC", "cc").split()
    assert shutil.which(compiler[0]), "this test needs a C compiler"
    driver = tmp_path / "driver"
    command = [*compiler, *FLAGS.split(), f"-I{support.ROOT / 'csrc'}", "-o", str(driver), str(DRIVER)]
    subprocess.run(command, check=True)
    done = subprocess.run([str(driver), "1500", str(seed)], stdout=subprocess.PIPE, timeout=120)
    assert done.returncode == 0, done.stdout.decode()
