"""A real JupyterLab, or Notebook 7, for the browser tests, and for build_tools/notebook_picture.py."""

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
ADDRESS = re.compile(r"http://(?:localhost|127\.0\.0\.1):\d+/(?:lab|tree)")


def write_notebook(path: Path, cells: List[str]) -> None:
    """Write a notebook of code cells for our kernel."""
    import json

    empty = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
    content = [dict(empty, id="c%d" % number, source=source) for number, source in enumerate(cells)]
    kernel = {"name": KERNEL, "display_name": "Python 3 with Fil", "language": "python"}
    notebook = {"cells": content, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    path.write_text(json.dumps(notebook))


@contextlib.contextmanager
def server(jupyter: Jupyter, application: str = "jupyterlab") -> Iterator[str]:
    """JupyterLab, or "notebook", serving the folder; its address."""
    command = [jupyter.python, "-m", application, "--no-browser", "--allow-root", "--expose-app-in-browser"]
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


# Before the page's own scripts: a promise of the application, which the page puts there when it has it.
PROMISE_OF_APP = """
window.filApp = new Promise((resolve) => {
  let app;
  Object.defineProperty(window, "jupyterapp", { get: () => app, set: (value) => { app = value; resolve(value); } });
});
"""
RUN_ALL = """
const [reports, done] = arguments;
const panelOf = (app) => new Promise((resolve) => {
  const look = () => {
    const widget = app.shell.currentWidget;
    if (widget && widget.sessionContext) resolve(widget);
  };
  app.shell.currentChanged.connect(look);
  look();
});
const shown = () => new Promise((resolve) => {
  const look = () => {
    const frames = Array.from(document.querySelectorAll("iframe.filprofile"));
    if (frames.length >= reports) resolve(frames);
  };
  new MutationObserver(look).observe(document.body, { childList: true, subtree: true });
  look();
});
(async () => {
  const app = await window.filApp;
  await app.restored;
  const panel = await panelOf(app);
  await panel.context.ready;
  await panel.sessionContext.ready;
  await panel.sessionContext.session.kernel.info;
  await app.commands.execute("notebook:run-all-cells");
  return shown();
})().then(done, (problem) => done(String(problem && problem.stack || problem)));
"""


def run_all(driver: Any, address: str, name: str, reports: int) -> List[Any]:
    """Open a notebook, run all its cells; the frames of the reports, when there are so many."""
    added = driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": PROMISE_OF_APP})
    driver.set_script_timeout(SECONDS)
    folder, _, kind = address.rpartition("/")
    driver.get(f"{address}/tree/{name}?reset" if kind == "lab" else f"{folder}/notebooks/{name}")
    found = driver.execute_async_script(RUN_ALL, reports)
    driver.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", added)
    assert isinstance(found, list), found
    return found
