"""The report inside a real JupyterLab, in a real browser."""

from pathlib import Path

import pytest
from lab import ROOT, SECONDS, run_all, server, write_notebook
from notebook import Jupyter, jupyter_environment

CELLS = [
    "%load_ext filprofiler",
    "%%filprofile\nrows = bytearray(30_000_000)\nlen(rows)",
    "%%filprofile\nimport asyncio\nawait asyncio.sleep(0)\nmore = bytearray(12_000_000)",
]


def test_the_report_is_in_the_notebook(browser, built_library: Path, tmp_path: Path) -> None:
    from selenium.webdriver.support.ui import WebDriverWait

    jupyter = Jupyter(jupyter_environment("newest"), ROOT, tmp_path)
    write_notebook(tmp_path / "a.ipynb", CELLS)
    with server(jupyter) as address:
        frames = run_all(browser.driver, address, "a.ipynb", 2)
        for frame, peak, source in zip(frames, ("28.6 MiB", "11.4 MiB"), ("rows = ", "more = ")):
            browser.js("arguments[0].scrollIntoView();", frame)
            browser.driver.switch_to.frame(frame)
            WebDriverWait(browser.driver, SECONDS).until(
                lambda driver: driver.execute_script("return document.documentElement.dataset.ready") == "true"
            )
            headline = browser.js("return document.querySelector('header').innerText")
            text = browser.js("return document.body.innerText")
            browser.driver.switch_to.default_content()
            assert peak in headline and source + "bytearray" in text
        outputs = browser.js("return all('.jp-OutputArea-executeResult').map((one) => one.innerText)")
        assert any("30000000" in one for one in outputs)
    browser.driver.get("about:blank")


@pytest.fixture(autouse=True)
def _leave_page(browser):
    """The next test's page must not be asked whether to leave this one."""
    yield
    browser.driver.get("about:blank")
