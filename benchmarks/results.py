"""From the costs of all runs to medians of ratios, and the conditions under which they were taken."""

import os
import platform
import subprocess
from typing import Any, Dict, List, Optional

from catalog import Program
from contenders import Contender
from measure import Cost

# Costs by program name, then by contender name: one for each round.
Costs = Dict[str, Dict[str, List[Cost]]]

# What `summary` says, by program name and contender name.
Summaries = Dict[str, Dict[str, Dict[str, Any]]]


def median(numbers: List[float]) -> float:
    """The middle number, or the mean of the middle two."""
    ordered = sorted(numbers)
    middle = len(ordered) // 2
    if len(ordered) % 2:
        return ordered[middle]
    return (ordered[middle - 1] + ordered[middle]) / 2


def summary(costs: Costs, program: str, contender: str) -> Dict[str, Any]:
    """Medians over the rounds in which both the contender and bare worked.

    Keys: rounds; cpu (seconds), resident (bytes); cpu_ratio, resident_ratio: to bare in the same round, with the lowest
    and the highest; cpu_added (seconds), resident_added (bytes); failure, if no round worked.
    """
    own = costs[program].get(contender, [])
    bare = costs[program].get("bare", [])
    pairs = [(a, b) for a, b in zip(own, bare) if a.failure is None and b.failure is None]
    if not pairs:
        reasons = [cost.failure for cost in own + bare if cost.failure is not None]
        return {"rounds": 0, "failure": reasons[0] if reasons else "not run"}
    ratios = [a.cpu / b.cpu for a, b in pairs]
    resident_ratios = [a.resident / b.resident for a, b in pairs]
    return {
        "rounds": len(pairs),
        "cpu": round(median([a.cpu for a, _ in pairs]), 4),
        "cpu_ratio": round(median(ratios), 4),
        "cpu_ratio_range": [round(min(ratios), 4), round(max(ratios), 4)],
        "cpu_added": round(median([a.cpu - b.cpu for a, b in pairs]), 4),
        "resident": int(median([float(a.resident) for a, _ in pairs])),
        "resident_ratio": round(median(resident_ratios), 4),
        "resident_ratio_range": [round(min(resident_ratios), 4), round(max(resident_ratios), 4)],
        "resident_added": int(median([float(a.resident - b.resident) for a, b in pairs])),
    }


def all_summaries(costs: Costs, programs: List[Program], contenders: List[Contender]) -> Summaries:
    """`summary` of everything that was run, by program name and contender name."""
    return {
        program.name: {contender.name: summary(costs, program.name, contender.name) for contender in contenders}
        for program in programs
        if program.name in costs
    }


def conditions() -> Dict[str, Any]:
    """The machine: processor model and count, kernel, system, memory in bytes."""
    model = platform.processor() or platform.machine()
    try:
        with open("/proc/cpuinfo") as file:
            for line in file:
                if line.startswith("model name"):
                    model = line.split(":", 1)[1].strip()
                    break
    except OSError:
        pass
    return {
        "cpu": model,
        "cpus": os.cpu_count(),
        "kernel": platform.release(),
        "system": platform.platform(),
        "memory_bytes": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        "load_before": os.getloadavg()[0],
    }


def commit_of(folder: str) -> Optional[str]:
    """The commit that the source tree `folder` is at, with `+changes` if it differs; None if git does not know."""
    try:
        done = subprocess.run(
            ["git", "-C", folder, "describe", "--always", "--dirty=+changes", "--abbrev=12"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
    except OSError:
        return None
    return done.stdout.decode("ascii", "replace").strip() or None if done.returncode == 0 else None
