"""Decides whether the program died because it ran out of memory, and what limited it."""

from filprofiler.profile.model import OUT_OF_MEMORY, PEAK
from filprofiler.report.text import human_bytes

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal
    from typing import List, Optional, Tuple

    from filprofiler.recording.reader import Recording
    from filprofiler.supervisor.memory_limits import MemoryWatch
    from filprofiler.supervisor.outcome import Outcome
else:
    import _signal as signal

# A crash so soon after a failed request is taken for its consequence. Whoever uses NULL dies before many more requests,
# however slow the machine is; the time is only there for programs that ask for little.
_CONSEQUENCE_ALLOCATIONS = 10000
_CONSEQUENCE_NS = 60 * 10**9

# The signals of a C library that does not handle NULL.
_CRASHES = (signal.SIGILL, signal.SIGTRAP, signal.SIGABRT, signal.SIGBUS, signal.SIGFPE, signal.SIGSEGV)


def moment_to_tell(recording: "Recording", outcome: "Optional[Outcome]") -> "Tuple[str, bool]":
    """OUT_OF_MEMORY if the program died of it, else PEAK; and whether no failed request but its end is that moment.

    Without an outcome only the program's own word counts.
    """
    if recording.uncaught_memory_error and (outcome is None or outcome.exit_status != 0):  # with -i it can end well
        return OUT_OF_MEMORY, False
    if outcome is None:
        return PEAK, False
    if outcome.killed_for_memory:
        return OUT_OF_MEMORY, True
    if outcome.signal in _CRASHES and recording.failures:
        soon = outcome.ended_clock_ns - recording.failures[-1].clock_ns < _CONSEQUENCE_NS
        if soon and recording.allocations_since_failure < _CONSEQUENCE_ALLOCATIONS:
            return OUT_OF_MEMORY, False
    return PEAK, False


def limit_sentences(outcome: "Outcome", watch: "MemoryWatch") -> "List[str]":
    """What limited the program's memory, the most likely first."""
    sentences = []
    if not outcome.killed_for_memory:
        if "RLIMIT_AS" in outcome.limits:
            sentences.append("Limit: %s of address space (ulimit -v)." % human_bytes(outcome.limits["RLIMIT_AS"]))
        if "RLIMIT_DATA" in outcome.limits:
            sentences.append("Limit: %s of data (ulimit -d)." % human_bytes(outcome.limits["RLIMIT_DATA"]))
    allowed = watch.group_bytes()
    if allowed is not None:
        sentences.append("Limit: %s for the control group or container." % human_bytes(allowed))
    physical = watch.physical_bytes()
    if physical is not None:
        sentences.append("This machine has %s of memory." % human_bytes(physical))
    return sentences
