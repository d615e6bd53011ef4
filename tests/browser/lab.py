"""A real JupyterLab for the browser tests, and for build_tools/notebook_picture.py."""

import contextlib
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, Iterator, List

ROOT = Path(__file__).resolve().parents[2]
for folder in ("tests", "tests/integration"):
    if str(ROOT / folder) not in sys.path:
        sys.path.insert(0, str(ROOT / folder))

from notebook import KERNEL, Jupyter  # noqa: E402

SECONDS = 120
ADDRESS = re.compile(r"http://(?:localhost|127\.0\.0\.1):\d+/lab")


def write_notebook(path: Path, cells: List[str]) -> None:
    """Write a notebook of code cells for our kernel."""
    import json

    empty = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
    content = [dict(empty, id="c%d" % number, source=source) for number, source in enumerate(cells)]
    kernel = {"name": KERNEL, "display_name": "Python 3 with Fil", "language": "python"}
    notebook = {"cells": content, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    path.write_text(json.dumps(notebook))


@contextlib.contextmanager
def server(jupyter: Jupyter) -> Iterator[str]:
    """JupyterLab, serving the folder; its address."""
    command = [jupyter.python, "-m", "jupyterlab", "--no-browser", "--allow-root", "--expose-app-in-browser"]
    command += ["--ServerApp.port=0", "--IdentityProvider.token=", "--ServerApp.password="]
    command += ["--ServerApp.root_dir=%s" % jupyter.folder, "--LabApp.news_url="]
    process = subprocess.Popen(
        command,
        env=jupyter.environment,
        cwd=str(jupyter.folder),
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    )
    assert process.stderr is not None
    said = []
    try:
        for line in process.stderr:
            said.append(line)
            found = ADDRESS.search(line)
            if found:
                break
        else:
            raise AssertionError("JupyterLab did not start:\n" + "".join(said))
        import threading

        threading.Thread(target=process.stderr.read, daemon=True).start()  # so that it never waits for a reader
        yield found.group()
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def run_all(driver: Any, address: str, name: str, reports: int) -> List[Any]:
    """Open a notebook, run all its cells; the frames of the reports, when there are so many."""
    from selenium.webdriver.support.ui import WebDriverWait

    wait = WebDriverWait(driver, SECONDS)
    driver.get("%s/tree/%s?reset" % (address, name))
    ready = """
        const app = window.jupyterapp;
        const panel = app && app.shell && app.shell.currentWidget;
        const kernel = panel && panel.sessionContext && panel.sessionContext.session
            && panel.sessionContext.session.kernel;
        return Boolean(kernel && kernel.status === "idle");
    """
    wait.until(lambda driver: driver.execute_script(ready))
    driver.execute_script('window.jupyterapp.commands.execute("notebook:run-all-cells");')
    frames = 'return Array.from(document.querySelectorAll("iframe.filprofile"));'
    wait.until(lambda driver: len(driver.execute_script(frames)) >= reports)
    found = driver.execute_script(frames)
    assert isinstance(found, list)
    return found
