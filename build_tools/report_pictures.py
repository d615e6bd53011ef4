"""Take the pictures of README.md and docs/reading-a-report.md: real examples, real pages, opened in Chromium.

    python build_tools/report_pictures.py [FOLDER]

FOLDER is where the pictures go; by default docs/pictures. Needs selenium, Debian's chromium and chromium-driver, and
filprofiler built in this tree.
"""

import importlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, List, Tuple

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "docs" / "pictures"
WIDTH, HEIGHT = 1000, 3000  # CSS pixels

FIRST_SCREEN = 1650  # CSS pixels: the height of the picture of the whole page

REPORT, COMPARISON = "index.html", "peak-memory-diff.html"
TOP = ""  # in place of an element: the page from its top on

# Each picture: its name, the page, and where in the page it is.
PICTURES: List[Tuple[str, str, str]] = [
    ("page", REPORT, TOP),
    ("headline", REPORT, "//header"),
    ("lines", REPORT, "//section[h2/@id='lines']"),
    ("hints", REPORT, "//section[h2/@id='hints']"),
    ("callstacks", REPORT, "//section[h2/@id='callstacks']"),
    ("comparison", COMPARISON, "//section[h2/@id='callstacks']"),
]


def fil_profile(arguments: List[str], folder: Path) -> None:
    """Run a command of ours in a folder."""
    command = [sys.executable, "-m", "filprofiler", "--no-browser", *arguments]
    environment = dict(os.environ, PYTHONPATH=str(ROOT), TZ="UTC")
    subprocess.run(command, cwd=str(folder), env=environment, check=True, stdout=subprocess.DEVNULL)


def make_pages(folder: Path) -> Path:
    """Profile the sales report, and again when it reads one sale at a time, and compare; the folder of the pages."""
    examples, script, pages = folder / "examples", "sales_report.py", folder / "pages"
    shutil.copytree(str(ROOT / "examples"), str(examples))
    subprocess.run([sys.executable, script], cwd=str(examples), check=True, stdout=subprocess.DEVNULL)  # makes the data
    pages.mkdir()
    for name in ("before", "after"):
        fil_profile(["-o", str(folder / "results"), "run", "--format", "json", script], examples)
        (result,) = (folder / "results").iterdir()
        result.rename(folder / name)
        shutil.copy(str(examples / "sales_report_streaming.py"), str(examples / script))
    shutil.copy(str(folder / "before" / REPORT), str(pages))
    fil_profile(["diff", "before", "after", "-o", str(pages)], folder)
    return pages


def open_browser(profile: Path) -> Any:
    """Chromium without a screen, and with a fresh profile."""
    webdriver = importlib.import_module("selenium.webdriver")  # by name, since the type checker need not have it
    service = importlib.import_module("selenium.webdriver.chrome.service")
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium") or ""
    for argument in (
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--hide-scrollbars",
        "--window-size=%d,%d" % (WIDTH, HEIGHT),
        "--user-data-dir=%s" % profile,
    ):
        options.add_argument(argument)
    driver = webdriver.Chrome(options=options, service=service.Service(shutil.which("chromedriver")))
    driver.set_page_load_timeout(60)
    return driver


def picture_of(driver: Any, where: str) -> bytes:
    """A PNG of an element of the open page, or of the page's first screen."""
    if where == TOP:
        driver.set_window_size(WIDTH, FIRST_SCREEN)
        picture = driver.get_screenshot_as_png()
        driver.set_window_size(WIDTH, HEIGHT)
    else:
        picture = driver.find_element("xpath", where).screenshot_as_png
    return bytes(picture)


def main() -> None:
    """Take all pictures."""
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        pages = make_pages(Path(scratch))
        driver = open_browser(Path(scratch) / "browser")
        try:
            for name, page, where in PICTURES:
                driver.get((pages / page).as_uri())
                picture = target / (name + ".png")
                picture.write_bytes(picture_of(driver, where))
                print("%s: %d kB" % (picture, picture.stat().st_size // 1000))
        finally:
            driver.quit()


if __name__ == "__main__":
    main()
