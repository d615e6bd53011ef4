"""Check the page's JavaScript, or with --write put it into the common form. Needs npm, which fetches biome.

Form and usual mistakes are checked in each file; undeclared and unused names in the scripts as a page has them, which
are several files in a row. biome.json has the rules. Exit status 1 if something is wrong.
"""

import os
import shutil
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, ROOT)

from filprofiler.report.style import page_script  # noqa: E402
from filprofiler.report.template import read_template  # noqa: E402

BIOME = "@biomejs/biome@2.6.8"
FOLDER = os.path.join(ROOT, "build", "biome")
JOINED = os.path.join(ROOT, "build", "scripts")


def fetch() -> str:
    """The path of biome, fetched if it is not there yet. Raises SystemExit."""
    program = os.path.join(FOLDER, "node_modules", ".bin", "biome")
    if not os.path.exists(program):
        if not shutil.which("npm"):
            raise SystemExit("npm is needed, to fetch biome (Debian: apt-get install npm)")
        os.makedirs(FOLDER, exist_ok=True)
        command = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", FOLDER, BIOME]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return program


def join_scripts() -> None:
    """Write the scripts as pages have them."""
    os.makedirs(JOINED, exist_ok=True)
    for name, text in (("page.js", page_script()), ("picture.js", read_template("icicle.js"))):
        with open(os.path.join(JOINED, name), "w", encoding="utf-8") as file:
            file.write(text)


def main() -> int:
    """See the module's text."""
    biome = fetch()
    write = ["--write"] if "--write" in sys.argv[1:] else []
    if subprocess.call([biome, "check", "--error-on-warnings", *write, "filprofiler"], cwd=ROOT) != 0:
        return 1
    join_scripts()
    return subprocess.call([biome, "lint", "--error-on-warnings", "build/scripts"], cwd=ROOT)


if __name__ == "__main__":
    sys.exit(main())
