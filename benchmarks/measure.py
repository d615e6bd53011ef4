"""Run a command and say what it cost: CPU time of its whole process tree, resident memory of its largest process."""

import os
import signal
import subprocess
import sys
from typing import Dict, List, NamedTuple, Optional

SPAWN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "spawn_and_measure.py")


class Cost(NamedTuple):
    """What one run cost."""

    cpu: float  # seconds, user and system, of the process and all descendants that were waited for
    resident: int  # bytes at the peak of the largest process among them
    failure: Optional[str]


def measure(commands: List[List[str]], environment: Dict[str, str], folder: str, limit: float) -> Cost:
    """Run the commands one after the other in `folder`; their times add up, the largest resident peak counts.

    A command that fails, or is not done after `limit` seconds and is killed, ends the series; `failure` says why.
    """
    cpu = 0.0
    resident = 0
    for command in commands:
        cost = _measure_one(command, environment, folder, limit)
        cpu += cost.cpu
        resident = max(resident, cost.resident)
        if cost.failure is not None:
            return Cost(cpu, resident, cost.failure)
    return Cost(cpu, resident, None)


def _measure_one(command: List[str], environment: Dict[str, str], folder: str, limit: float) -> Cost:
    messages = os.path.join(folder, "messages.txt")
    # A session of its own, so that everything in it can be killed at once.
    process = subprocess.Popen(
        [sys.executable, "-I", "-S", SPAWN, messages] + command,
        stdout=subprocess.PIPE,
        cwd=folder,
        env=environment,
        start_new_session=True,
    )
    try:
        output, _ = process.communicate(timeout=limit)
    except subprocess.TimeoutExpired:
        _kill(process)
        return Cost(0.0, 0, "killed after %g s" % limit)
    except BaseException:
        _kill(process)
        raise
    cpu, resident, status = output.decode("ascii").split()
    return Cost(float(cpu), int(resident) * 1024, _failure(int(status), messages))


def _failure(status: int, messages: str) -> Optional[str]:
    if status == 0:
        return None
    with open(messages, "rb") as written:
        lines = written.read()[-4000:].decode("utf-8", "replace").strip().splitlines()
    how = "signal %d" % os.WTERMSIG(status) if os.WIFSIGNALED(status) else "status %d" % os.WEXITSTATUS(status)
    return "%s: %s" % (how, lines[-1] if lines else "no message")


def _kill(process: "subprocess.Popen[bytes]") -> None:
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.communicate()
