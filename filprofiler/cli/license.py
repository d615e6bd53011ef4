"""`fil-profile --license`."""

import os.path

from filprofiler.environment import PACKAGE_FOLDER

# In an installed package the text lies beside the code; in a source tree, above it.
_PLACES = (PACKAGE_FOLDER, os.path.dirname(PACKAGE_FOLDER))


def license_text() -> str:
    """The licence under which filprofiler is given."""
    for folder in _PLACES:
        try:
            with open(os.path.join(folder, "LICENSE"), encoding="utf-8") as file:
                return file.read().rstrip("\n")
        except OSError:
            continue
    return "The licence is in the file LICENSE of the source distribution."
