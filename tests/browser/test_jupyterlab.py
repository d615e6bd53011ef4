"""The report inside a real JupyterLab, in Notebook 7 and in the page that nbconvert makes, in a real browser."""

import json
import os
import subprocess
from pathlib import Path

import pytest
from lab import ROOT, SECONDS, run_all, server, write_notebook
from notebook import Jupyter, jupyter_environment

pytestmark = pytest.mark.slow

CELLS = [
    "%load_ext filprofiler",
    "%%filprofile\nrows = bytearray(30_000_000)\nlen(rows)",
    "%%filprofile\nimport asyncio\nawait asyncio.sleep(0)\nmore = bytearray(12_250_000)",
]


ALL = os.environ.get("FIL_TEST_NOTEBOOKS") == "all"  # as `make test-notebooks` sets it


@pytest.mark.parametrize("application", ["jupyterlab", "notebook"] if ALL else ["jupyterlab"])
def test_the_report_is_in_the_notebook(browser, built_library: Path, tmp_path: Path, application: str) -> None:
    jupyter = Jupyter(jupyter_environment("newest"), ROOT, tmp_path)
    write_notebook(tmp_path / "a.ipynb", CELLS)
    with server(jupyter, application) as address:
        frames = run_all(browser.driver, address, "a.ipynb", 2)
        look_at(browser, frames)
        outputs = browser.js("return all('.jp-OutputArea-executeResult').map((one) => one.innerText)")
        assert any("30000000" in one for one in outputs)


def test_the_report_is_in_the_page_of_nbconvert(browser, built_library: Path, tmp_path: Path) -> None:
    jupyter = Jupyter(jupyter_environment("newest"), ROOT, tmp_path)
    (tmp_path / "a.ipynb").write_text(json.dumps(jupyter.notebook(CELLS)))
    command = [jupyter.python, "-m", "nbconvert", "--to", "html", str(tmp_path / "a.ipynb")]
    subprocess.run(command, env=jupyter.environment, check=True, capture_output=True)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (tmp_path / "a.html").rename(elsewhere / "a.html")
    browser.driver.get((elsewhere / "a.html").as_uri())
    look_at(browser, browser.js("return all('iframe.filprofile')"))


# How VS Code shows an output: as HTML in an element of a page that has these rules, where scripts in it do not run.
# That page itself cannot run here; that the report needs nothing else can be seen.
WEBVIEW = """<!DOCTYPE html>
<html><head><meta http-equiv="Content-Security-Policy"
 content="default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'; style-src 'unsafe-inline'; \
img-src https: http: data:; font-src https:; connect-src https:; child-src https: data:;"></head>
<body><div id="output"></div><script>document.getElementById("output").innerHTML = %s;</script></body></html>
"""


def test_the_report_needs_nothing_but_an_element_of_html(browser, built_library: Path, tmp_path: Path) -> None:
    jupyter = Jupyter(jupyter_environment("newest"), ROOT, tmp_path)
    cells = jupyter.notebook(CELLS)["cells"]
    shown = [
        "".join(one["data"]["text/html"]) for cell in cells for one in cell["outputs"] if "text/html" in one["data"]
    ]
    page = json.dumps("".join(shown)).replace("</", "<\\/")
    (tmp_path / "view.html").write_text(WEBVIEW % page)
    browser.clear()
    browser.driver.get((tmp_path / "view.html").as_uri())
    look_at(browser, browser.js("return all('iframe.filprofile')"))
    assert browser.severe() == [] and len(browser.requests()) == 1, "the page itself"


def look_at(browser, frames) -> None:
    """Read the headline and the source in each report."""
    assert len(frames) == 2
    for frame, peak, source in zip(frames, ("28.6 MiB", "11.7 MiB"), ("rows = ", "more = ")):
        browser.js("arguments[0].scrollIntoView();", frame)
        browser.driver.switch_to.frame(frame)
        assert browser.driver.execute_async_script(READY) == "true"
        headline = browser.js("return document.querySelector('header').innerText")
        text = browser.js("return document.body.innerText")
        browser.driver.switch_to.default_content()
        assert peak in headline and source + "bytearray" in text


READY = """
const done = arguments[0], page = document.documentElement;
const look = () => { if (page.dataset.ready) done(page.dataset.ready); };
new MutationObserver(look).observe(page, { attributes: true });
look();
"""


@pytest.fixture(autouse=True)
def _leave_page(browser):
    """The next test's page must not be asked whether to leave this one."""
    browser.driver.set_script_timeout(SECONDS)
    yield
    browser.driver.get("about:blank")
