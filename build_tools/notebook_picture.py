"""Make the picture of docs/notebooks.md: a real notebook in a real JupyterLab, in Chromium.

    python build_tools/notebook_picture.py [FILE]

FILE is by default docs/pictures/notebook.png. Needs selenium, Debian's chromium and chromium-driver, filprofiler built
in this tree, and the environment with JupyterLab that the tests make.
"""

import base64
import importlib
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PICTURE = ROOT / "docs" / "pictures" / "notebook.png"
WIDTH, HEIGHT = 1100, 1000  # CSS pixels
SHOWN = 684  # of its height: what is below depends on the machine

CELLS = [
    "%load_ext filprofiler",
    "def read(days):\n    return [{'day': day, 'sold': str(day % 97)} for day in range(days)]",
    "%%filprofile\nsales = read(200_000)\ntotals = [int(one['sold']) for one in sales]\nsum(totals)",
]


def main(path: str = str(PICTURE)) -> None:
    """Run the notebook, and take the picture."""
    for place in ("tests/browser", "build_tools"):
        sys.path.insert(0, str(ROOT / place))
    lab, pictures = importlib.import_module("lab"), importlib.import_module("report_pictures")
    notebook = importlib.import_module("notebook")
    with tempfile.TemporaryDirectory(prefix="fil-picture-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        jupyter = notebook.Jupyter(notebook.jupyter_environment("newest"), ROOT, folder)
        lab.write_notebook(folder / "sales.ipynb", CELLS)
        driver = pictures.open_browser(folder / "browser")
        try:
            with lab.server(jupyter) as address:
                size = {"width": WIDTH, "height": HEIGHT, "deviceScaleFactor": 1, "mobile": False}
                driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
                (frame,) = lab.run_all(driver, address, "sales.ipynb", 1)
                driver.execute_script('window.jupyterapp.commands.execute("application:toggle-left-area");')
                driver.execute_script("arguments[0].scrollIntoView(false);", frame)
                clip = {"x": 0, "y": 0, "width": WIDTH, "height": SHOWN, "scale": 1}
                content = driver.execute_cdp_cmd("Page.captureScreenshot", {"format": "png", "clip": clip})["data"]
        finally:
            driver.quit()
    Path(path).write_bytes(base64.b64decode(content))


if __name__ == "__main__":
    main(*sys.argv[1:2])
