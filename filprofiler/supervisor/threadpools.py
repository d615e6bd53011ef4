"""Numeric libraries' own thread pools, limited so that computation runs in the Python thread that asked for it."""

from filprofiler.wording import quoted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, MutableMapping

POOL_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "BLOSC_NTHREADS",
    "NUMEXPR_NUM_THREADS",
    "NUMEXPR_MAX_THREADS",
)

_LIMIT = "1"


def limit_thread_pools(environment: "MutableMapping[str, str]") -> "Dict[str, str]":
    """Set every pool's variable to 1. Returns the values that the user had set otherwise, by variable."""
    overridden = {}
    for variable in POOL_VARIABLES:
        before = environment.get(variable, _LIMIT)
        if before != _LIMIT:
            overridden[variable] = before
        environment[variable] = _LIMIT
    return overridden


def overridden_sentence(overridden: "Dict[str, str]") -> str:
    """One line for the user about the values that limit_thread_pools replaced."""
    settings = [quoted("%s=%s" % item) for item in overridden.items()]
    return "Thread pools run with 1 thread instead of %s; --keep-thread-pools leaves them alone." % ", ".join(settings)
