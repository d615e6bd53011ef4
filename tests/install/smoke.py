"""Does the installed command profile a program? Run by the Python that has it, 3.6 or later, without any package.

python tests/install/smoke.py     exit status 1, and the reason, if it does not
"""

import os
import subprocess
import sys
import tempfile

PROGRAM = "held = [bytes(1 << 20) for _ in range(40)]\n"


def main():
    """Profile the program; what was said has to name its line and its memory."""
    with tempfile.TemporaryDirectory() as folder:
        script = os.path.join(folder, "job.py")
        with open(script, "w") as file:
            file.write(PROGRAM)
        options = ["--no-browser", "-o", os.path.join(folder, "results"), "run", script]
        command = [sys.executable, "-m", "filprofiler"] + options
        done = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        said = done.stdout.decode("utf-8", "replace")
        print(said)
        if done.returncode != 0 or "Peak 40." not in said or "job.py:1" not in said:
            return "the program was not profiled as it should be (status %d)" % done.returncode
    return 0


if __name__ == "__main__":
    sys.exit(main())
