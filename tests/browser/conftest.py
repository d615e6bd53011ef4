"""A real browser for the tests: Debian's Chromium, driven by selenium; one for the whole run."""

import base64
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from caches import cache_folder, filling

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "unit"))  # recording_builder

BROWSERS = ("chromium", "chromium-browser", "google-chrome")  # the first that is found
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
]
ALL = "const all = (selector) => Array.from(document.querySelectorAll(selector));\n"
SECONDS = 120  # after which the driver gives up
AXE_FOLDER = cache_folder() / "filprofiler-axe-core"


class Browser:
    """The browser, and what the tests ask of it."""

    def __init__(self, driver):
        self.driver = driver

    def open(self, path):
        """Open a file; what was logged before is forgotten."""
        self.clear()
        self.driver.get(Path(path).as_uri())

    def page(self, folder):
        """Open a report's page and wait until its script has run."""
        self.open(Path(folder) / "index.html")
        assert self.js("return document.documentElement.dataset.ready") == "true"

    def clear(self):
        """Forget what was logged."""
        for kind in ("browser", "performance"):
            self.driver.get_log(kind)

    def js(self, script, *arguments):
        """What a piece of JavaScript returns; in it, `all(selector)` is the array of elements."""
        return self.driver.execute_script(ALL + script, *arguments)

    def cdp(self, command, **parameters):
        """A command of the browser's own protocol."""
        return self.driver.execute_cdp_cmd(command, parameters)

    def size(self, width, height=900):
        """The size of what is seen, in CSS pixels; narrower than a window may be."""
        self.cdp("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def theme(self, scheme):
        """What the system is said to prefer: "light" or "dark"."""
        self.cdp("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    def severe(self):
        """The severe messages of the console."""
        return [entry["message"] for entry in self.driver.get_log("browser") if entry["level"] == "SEVERE"]

    def requests(self):
        """The addresses that were asked for, without what stands in the address itself."""
        import json

        messages = [json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")]
        sent = [one["params"]["request"]["url"] for one in messages if one["method"] == "Network.requestWillBeSent"]
        return [url for url in sent if not url.startswith(("data:", "about:"))]

    def keys(self, *keys):
        """Press keys, wherever the focus is."""
        from selenium.webdriver.common.action_chains import ActionChains

        ActionChains(self.driver).send_keys(*keys).perform()

    def click(self, element):
        """Click with the mouse."""
        from selenium.webdriver.common.action_chains import ActionChains

        ActionChains(self.driver).move_to_element(element).click().perform()

    def double_click(self, element):
        """Click twice with the mouse."""
        from selenium.webdriver.common.action_chains import ActionChains

        ActionChains(self.driver).double_click(element).perform()

    def printed(self, path):
        """Print to a PDF; the text of each page."""
        pypdf = pytest.importorskip("pypdf", reason="pypdf is not installed")
        content = self.cdp("Page.printToPDF", printBackground=True, paperWidth=8.27, paperHeight=11.69)["data"]
        Path(path).write_bytes(base64.b64decode(content))
        return [page.extract_text() for page in pypdf.PdfReader(str(path)).pages]


@pytest.fixture(scope="session")
def _driver(tmp_path_factory):
    pytest.importorskip("selenium", reason="selenium is not installed")
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    chromium, chromedriver = next(filter(None, map(shutil.which, BROWSERS)), None), shutil.which("chromedriver")
    if not chromium or not chromedriver:
        pytest.skip("chromium and chromedriver are not installed (Debian: apt-get install chromium chromium-driver)")
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for flag in [*FLAGS, "--user-data-dir=%s" % tmp_path_factory.mktemp("browser")]:
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(chromedriver))
    driver.set_page_load_timeout(SECONDS)
    driver.set_script_timeout(SECONDS)
    yield driver
    driver.quit()


@pytest.fixture
def browser(_driver):
    """The browser with a window of 1600 x 1000 in light colours, at an empty page."""
    found = Browser(_driver)
    found.cdp("Emulation.setScriptExecutionDisabled", value=False)
    _driver.get("about:blank")
    found.size(1600, 1000)
    found.theme("light")
    found.clear()
    return found


@pytest.fixture(scope="session")
def job(tmp_path_factory):
    """The folder of a report on a small job."""
    from reports import write_job

    return write_job(tmp_path_factory.mktemp("job"))


@pytest.fixture(scope="session")
def axe():
    """The text of axe-core, the usual test of accessibility."""
    script = AXE_FOLDER / "node_modules" / "axe-core" / "axe.min.js"
    with filling(AXE_FOLDER):
        if not script.exists():
            npm = shutil.which("npm")
            if not npm:
                pytest.skip("npm, which gets axe-core, is not installed")
            AXE_FOLDER.mkdir(parents=True, exist_ok=True)
            command = [npm, "install", "--silent", "--no-save", "--prefix", str(AXE_FOLDER), "axe-core"]
            if subprocess.run(command, stdout=subprocess.DEVNULL).returncode:
                pytest.skip("axe-core could not be fetched from the npm registry")
    return script.read_text(encoding="utf-8")
