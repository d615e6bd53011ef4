"""Notebooks in the tests: environments with Jupyter, and kernels that are driven through its own protocol."""

import html
import json
import re
import subprocess
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Sequence

import support
from environments import Environment, environment_with, interpreter_named

# By interpreter: what is newest, and the oldest that is tested, with what else there was at that time.
NEWEST = ("3.11", ("jupyterlab", "notebook", "nbclient", "nbconvert", "ipykernel", "threadpoolctl"))
OLDEST = (
    "3.8",
    (
        "ipykernel==5.0.0",
        "ipython==7.16.3",
        "jupyter_client==6.1.12",
        "jupyter_core==4.7.1",
        "nbclient==0.5.1",
        "nbformat==5.1.3",
        "jsonschema==3.2.0",
        "traitlets==5.0.5",
        "tornado==6.1",
        "pyzmq==25.1.2",
    ),
)
AGES = {"newest": NEWEST, "oldest": OLDEST}
KERNEL = "filprofile"


class Cell(NamedTuple):
    """What a cell has put out."""

    text: str  # streams
    error: str  # "ValueError: boom"
    trace: str  # as it is shown, without colours
    value: str  # of its last expression
    shown: List[str]  # text/plain of what was displayed
    pages: List[str]  # the reports


def jupyter_environment(age: str) -> Environment:
    """The environment with the newest Jupyter, or the oldest."""
    version, packages = AGES[age]
    return environment_with(interpreter_named(version), packages)


class Jupyter:
    """An environment with Jupyter that finds the wheel's files in `package` and our kernel."""

    def __init__(self, environment: Environment, package: Path, folder: Path) -> None:
        self.python = environment.python
        self.folder = folder
        data = folder / "prefix" / "share" / "jupyter"
        private = {"JUPYTER_PATH": str(data), "JUPYTER_DATA_DIR": str(folder / "data")}
        private.update(JUPYTER_CONFIG_DIR=str(folder / "config"), JUPYTER_RUNTIME_DIR=str(folder / "runtime"))
        private.update(IPYTHONDIR=str(folder / "ipython"), HOME=str(folder))
        self.environment = support.clean_environment(package, private)
        install = [self.python, "-m", "filprofiler", "install-kernel", "--prefix", str(folder / "prefix")]
        subprocess.run(install, env=self.environment, check=True, stderr=subprocess.DEVNULL)

    def execute(self, cells: Sequence[str], kernel: str = KERNEL) -> List[Cell]:
        """Execute cells in one kernel; what each has put out."""
        return [cell_of(cell) for cell in self.notebook(cells, kernel)["cells"]]

    def notebook(self, cells: Sequence[str], kernel: str = KERNEL) -> Dict[str, Any]:
        """The notebook of these cells, executed."""
        command = [self.python, str(support.PROGRAMS / "execute_notebook.py"), kernel, str(self.folder)]
        done = subprocess.run(
            command, input=json.dumps(cells).encode(), env=self.environment, capture_output=True, timeout=600
        )
        assert done.returncode == 0, support.text_of(done.stderr)
        notebook = json.loads(done.stdout)
        assert isinstance(notebook, dict)
        return notebook

    def results(self) -> List[Path]:
        """The result folders, oldest first."""
        return sorted((self.folder / "fil-result").iterdir())


def cell_of(cell: Dict[str, Any]) -> Cell:
    """What a cell of an executed notebook has put out."""
    result = Cell("", "", "", "", [], [])
    for output in cell["outputs"]:
        kind = output["output_type"]
        if kind == "stream":
            result = result._replace(text=result.text + "".join(output["text"]))
        elif kind == "error":
            trace = re.sub("\x1b\\[[0-9;]*m", "", "\n".join(output["traceback"]))
            result = result._replace(error="%s: %s" % (output["ename"], output["evalue"]), trace=trace)
        else:
            plain = "".join(output["data"].get("text/plain", ""))
            if kind == "execute_result":
                result = result._replace(value=plain)
            else:
                result.shown.append(plain)
            result.pages.extend(pages_in("".join(output["data"].get("text/html", ""))))
    return result


def pages_in(shown: str) -> List[str]:
    """The reports inside HTML that is displayed."""
    return [html.unescape(one) for one in re.findall(r'<iframe [^>]*srcdoc="([^"]*)"', shown)]


def peak_of(shown: str) -> int:
    """The peak that a report's text tells, bytes."""
    found = re.match(r"Peak memory ([\d,]+) bytes", shown)
    assert found, shown
    return int(found.group(1).replace(",", ""))
