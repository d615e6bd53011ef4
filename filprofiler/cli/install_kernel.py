"""`fil-profile install-kernel`: makes the kernel "Python 3 with Fil" available in Jupyter."""

import os
import sys

from filprofiler import exit_statuses
from filprofiler.environment import PACKAGE_FOLDER
from filprofiler.messages import say
from filprofiler.opened_folder import OpenedFolder
from filprofiler.regular_files import make_folders
from filprofiler.wording import sentence

_KERNEL = "filprofile"
_DATA = os.path.join("share", "jupyter")


def install_kernel(prefix: str) -> int:
    """Write the kernel's folder. Returns the exit status.

    prefix: a folder such as /usr/local; "--sys-prefix" for that of this Python, "--user" for the user's own; "" for the
    first of these in a virtual environment, the second elsewhere.
    """
    import json

    with open(os.path.join(PACKAGE_FOLDER, "jupyter", "kernel.json"), encoding="utf-8") as file:
        kernel = json.load(file)
    kernel["argv"][0] = sys.executable
    folder = os.path.join(_data_folder(prefix), "kernels", _KERNEL)
    try:
        make_folders(folder)
        with OpenedFolder(folder) as opened:
            opened.write("kernel.json", [(json.dumps(kernel, indent=1) + "\n").encode("utf-8")])
    except OSError as error:
        say(sentence("The kernel cannot be installed in %s: %s.", folder, error.strerror))
        return exit_statuses.CANNOT_WRITE
    say("Jupyter finds the kernel %s in %s." % (kernel["display_name"], folder))
    return exit_statuses.OK


def _data_folder(prefix: str) -> str:
    """Jupyter's data folder."""
    if not prefix:
        prefix = "--sys-prefix" if sys.prefix != sys.base_prefix else "--user"
    if prefix == "--sys-prefix":
        return os.path.join(sys.prefix, _DATA)
    if prefix != "--user":
        return os.path.join(os.path.abspath(prefix), _DATA)
    data = os.environ.get("XDG_DATA_HOME") or os.path.join(os.path.expanduser("~"), ".local", "share")
    return os.environ.get("JUPYTER_DATA_DIR") or os.path.join(data, "jupyter")
