"""Run one command and print what it cost: `cpu_seconds resident_kib wait_status`. A helper of measure.py.

    python -I -S spawn_and_measure.py OUTPUT_FILE COMMAND [ARGUMENT...]

Linux begins a program's resident peak with what the process had before exec, which after a fork is the size of its
parent. So the parent must be smaller than anything that is measured: this file imports nothing beyond what Python
itself has loaded already.
"""

import os
import sys


def main(output: str, command: "list[str]") -> None:
    """Run `command`, its input empty and its stdout and stderr in the file `output`."""
    child = os.fork()
    if child == 0:
        try:
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            os.dup2(os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), 1)
            os.dup2(1, 2)
            os.execv(command[0], command)
        except OSError as error:
            os.write(2, ("cannot run %s: %s\n" % (command[0], error)).encode("utf-8", "replace"))
        finally:
            os._exit(127)
    # The figures of a supervisor contain the children that it has waited for: times as a sum, resident memory as the
    # maximum.
    _, status, usage = os.wait4(child, 0)
    print("%.6f %d %d" % (usage.ru_utime + usage.ru_stime, usage.ru_maxrss, status))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
