"""The message of the magics where they cannot work."""

import sys

from filprofiler.wording import sentence

_KERNEL = "filprofile"


def how_to_change(reason: str) -> str:
    """A sentence on what to do in this notebook. reason: why memory cannot be profiled."""
    if "fil-profile python" not in reason:
        return reason  # this is the right kernel
    change = 'This kernel cannot profile memory: change it to "Python 3 with Fil" (in the menu: Kernel, Change Kernel)'
    if _is_installed():
        return change + "."
    return change + sentence(", which this installs: !%s -m filprofiler install-kernel --sys-prefix", sys.executable)


def _is_installed() -> bool:
    try:
        from jupyter_client.kernelspec import KernelSpecManager  # type: ignore[import-not-found,unused-ignore]

        return _KERNEL in KernelSpecManager().find_kernel_specs()
    except Exception:
        return False  # then explain how to install it
