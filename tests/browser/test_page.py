"""The page in a real browser: what is seen at once, with scripts and without, and nothing asked from anywhere."""

import html

import pytest
from recording_builder import profile_of
from reports import DRAWN, exact, prof_bytes, write

from filprofiler.profile.memory_breakdown import MemoryBreakdown, MemoryUse
from filprofiler.profile.top import TopLines
from filprofiler.report.writer import write_report


def in_frame(browser, folder, tmp_path):
    """Open the page as notebooks show it; the browser stays inside the frame."""
    page = (folder / "index.html").read_text(encoding="utf-8")
    frame = '<iframe sandbox="allow-scripts" width="1200" height="900" srcdoc="%s"></iframe>'
    (tmp_path / "outer.html").write_text(
        "<!DOCTYPE html><title>outer</title>" + frame % html.escape(page), encoding="utf-8"
    )
    browser.open(tmp_path / "outer.html")
    browser.driver.switch_to.frame(0)


def test_no_request_and_no_severe_message_from_a_file(browser, job):
    browser.page(job)
    assert browser.requests() == [(job / "index.html").as_uri()]
    assert browser.severe() == []


def test_no_request_and_no_severe_message_from_a_sandboxed_frame(browser, job, tmp_path):
    in_frame(browser, job, tmp_path)
    assert browser.js("return document.documentElement.dataset.ready") == "true"
    browser.js("document.getElementById('theme').click(); document.querySelectorAll('.box')[1].click()")
    browser.js("all('#details button').forEach((button) => button.click())")
    browser.js("document.getElementById('help-button').click(); document.getElementById('help-close').click()")
    assert not browser.js("return document.getElementById('help').open")
    root, drawn, _count = browser.js(DRAWN)
    assert root == drawn > 0
    browser.driver.switch_to.default_content()
    assert browser.requests() == [(tmp_path / "outer.html").as_uri()]
    assert browser.severe() == []


def headline(browser):
    return browser.js("return document.querySelector('header').innerText")


def test_headline_is_the_peak(browser, job):
    browser.page(job)
    assert exact(prof_bytes(job)) in headline(browser)
    assert "at 3.1 s of 9.0 s" in headline(browser)
    assert "process 4321" in headline(browser)


def test_without_scripts(browser, job):
    browser.cdp("Emulation.setScriptExecutionDisabled", value=True)
    browser.open(job / "index.html")
    assert browser.js("return document.documentElement.dataset.ready || 'never'") == "never"
    assert exact(prof_bytes(job)) in headline(browser)
    seen = browser.js("return document.body.innerText")
    assert "table = np.ones( 5 )" in seen
    assert "numpy/_core/numeric.py:191 (ones)" in seen
    assert "This one" not in seen and "These 3 hold" in seen
    assert "f(x)" not in seen and "Only my code" not in seen
    width = browser.js("return document.querySelector('#picture svg').getBoundingClientRect().width")
    assert width > 1000
    assert browser.js("return document.querySelectorAll('#line-table tbody tr').length") == 30
    assert browser.severe() == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("width", "height"), [(1600, 1000), (360, 740)])
def test_first_screen(browser, job, width, height, scheme):
    browser.theme(scheme)
    browser.size(width, height)
    browser.page(job)
    for selector in ("h1", ".when", ".top li:first-child b", ".top li:first-child pre", ".top li:first-child .place"):
        place = browser.js("return document.querySelector(arguments[0]).getBoundingClientRect().toJSON()", selector)
        assert place["top"] >= 0 and place["bottom"] <= height, selector
        assert place["left"] >= 0 and place["right"] <= width, selector
    if width == 1600:
        assert browser.js("return document.querySelector('.box').getBoundingClientRect().bottom") <= height
    paper = browser.js("return getComputedStyle(document.body).backgroundColor")
    assert paper == {"light": "rgb(255, 255, 255)", "dark": "rgb(23, 19, 15)"}[scheme]


@pytest.mark.parametrize("width", [320, 360, 480, 700, 1000, 1024, 1280, 1600, 1920, 2560])
def test_no_horizontal_scrolling_and_no_text_outside(browser, job, width):
    browser.size(width)
    browser.page(job)
    for state in ("", "document.querySelectorAll('.box')[2].click()"):
        browser.js(state)
        assert browser.js("return document.documentElement.scrollWidth") <= width
        outside = browser.js(
            "const out = ({left, right, width}) => width > 1 && (left < -1 || right > innerWidth + 1);"
            "return all('main > * > *, .controls *, #details *, .top *')"
            ".filter((e) => out(e.getBoundingClientRect())).map((e) => e.outerHTML)"
        )
        assert outside == []


def test_nothing_lies_over_something_else(browser, job):
    for width in (320, 1000, 1600):
        browser.size(width)
        browser.page(job)
        overlaps = browser.js("""
            const parts = all("header > *, .top li, h2, .rest, .controls > *, #graph, #details, .table, footer > *")
              .map((part) => [part.outerHTML.slice(0, 60), part.getBoundingClientRect()])
              .filter(([, place]) => place.width > 1);
            const found = [];
            parts.forEach(([one, a], i) => parts.slice(i + 1).forEach(([other, b]) => {
              const beside = a.left > b.right - 1 || b.left > a.right - 1;
              if (!beside && a.top < b.bottom - 1 && b.top < a.bottom - 1) found.push([one, other]);
            }));
            return found;""")
        assert overlaps == []


@pytest.mark.parametrize("width", [320, 360, 1600])
def test_where_the_memory_was_shows_its_numbers(browser, tmp_path, width):
    """Not only labels, with the numbers out of sight to the right of them; nor far away from them."""
    profile = profile_of([([("/a.py", 1, "f")], 1023 << 20)])
    uses = [MemoryUse(1023 << 20, 1023 << 20) for _moment in ("peak", "end")]
    for use in uses:
        use.resident_bytes, use.before_bytes = 1023 << 10, 1023 << 10
        use.settle()
    profile.memory = MemoryBreakdown(*uses, 1, 1023 << 20, 0, ())
    write_report(profile, TopLines(profile), str(tmp_path))
    browser.size(width)
    browser.page(tmp_path)
    table, seen = browser.js(
        "return ['#memory-table', '.memory-breakdown .table'].map((s) => document.querySelector(s))"
        ".map((e) => [e.scrollWidth, e.clientWidth, e.getBoundingClientRect().width])"
    )
    assert table[2] <= seen[1] + 1 and seen[0] <= seen[1]
    assert seen[2] <= 900


def test_printed_page_one(browser, job, tmp_path):
    browser.theme("dark")
    browser.page(job)
    pages = browser.printed(tmp_path / "printed.pdf")
    first = " ".join(pages[0].split())
    assert exact(prof_bytes(job)) in first
    assert "table = np.ones( 5 )" in first
    assert "job.py:9 (<module>)" in first  # a box
    assert "in 94 call stacks" in first  # the root's box
    assert browser.js("return document.querySelectorAll('.box').length") > 5


def test_the_curve(browser, job, tmp_path):
    browser.page(job)
    words = browser.js("return document.querySelector('.timeline svg').getAttribute('aria-label')")
    assert words == "Memory over 9.0 s: tracked 84.0 MiB at 3.1 s, resident up to 108.0 MiB"
    place = "const {left, right, top, bottom} = document.querySelector(arguments[0]).getBoundingClientRect();"
    place += "return [left, right, top, bottom]"
    left, right, top, bottom = browser.js(place, ".timeline svg")
    for line in (".timeline polyline.tracked", ".timeline polyline.resident", ".timeline .mark"):
        inside = browser.js(place, line)
        assert left - 3 <= inside[0] <= inside[1] <= right + 3 and top - 3 <= inside[2] <= inside[3] <= bottom + 3, line
    mark = browser.js(place, ".timeline .mark")
    assert abs((mark[0] + mark[1]) / 2 - (left + (right - left) * 3.1 / 8.98)) < 2
    browser.page(write(tmp_path, [([("/a.py", 1, "f")], 7)]))
    assert browser.js("return all('.timeline, #over-time').length") == 0


def test_theme_switch_is_kept(browser, job):
    browser.page(job)
    browser.js("localStorage.clear(); document.getElementById('theme').click()")
    paper = "return getComputedStyle(document.body).backgroundColor"
    assert browser.js(paper) == "rgb(23, 19, 15)"
    browser.page(job)
    assert browser.js(paper) == "rgb(23, 19, 15)"
    browser.theme("dark")
    browser.js("document.getElementById('theme').click()")
    assert browser.js(paper) == "rgb(255, 255, 255)"
    browser.js("document.getElementById('theme').click()")
    assert browser.js(paper) == "rgb(23, 19, 15)"
    browser.js("localStorage.clear()")


def test_a_page_whose_script_fails_keeps_the_still_picture(browser, job, tmp_path):
    page = (job / "index.html").read_text(encoding="utf-8")
    (tmp_path / "index.html").write_text(page.replace('"ups":"', '"ups":7,"other":"'), encoding="utf-8")
    browser.open(tmp_path / "index.html")
    assert browser.js("return document.documentElement.dataset.ready || 'never'") == "never"
    assert browser.severe() != []
    assert browser.js("return document.querySelector('#picture svg').getBoundingClientRect().width") > 1000
    assert browser.js("return document.getElementById('graph').getBoundingClientRect().width") == 0


def test_the_expression_is_underlined(browser, tmp_path):
    """With a real recording: this Python's own line tables have columns from 3.11 on."""
    import subprocess
    import sys

    if sys.version_info < (3, 11):
        pytest.skip("this Python does not know the feature")
    (tmp_path / "job.py").write_text(
        "def f():\n    if True:\n        keep = len('a') and bytearray(30_000_000)\n    return keep\n\nx = f()\n"
    )
    command = [sys.executable, "-m", "filprofiler", "--no-browser", "-o", str(tmp_path / "out"), "run", "job.py"]
    subprocess.run(command, check=True, cwd=str(tmp_path), stderr=subprocess.DEVNULL)
    (folder,) = (tmp_path / "out").iterdir()
    browser.page(folder)
    assert browser.js("return document.querySelector('.top u').textContent") == "bytearray(30_000_000)"
    browser.js("all('.box').find((b) => b.innerText.includes('keep =')).click()")
    assert browser.js("return document.querySelector('#details u').textContent") == "bytearray(30_000_000)"
    lines = browser.js("return all('#details pre code').map((line) => line.textContent)")
    assert lines == [
        "1def f():",
        "2    if True:",
        "3        keep = len('a') and bytearray(30_000_000)",
        "4    return keep",
    ]


def test_out_of_memory(browser, axe, tmp_path):
    """A real program that asks for more than there is."""
    import subprocess
    import sys

    (tmp_path / "job.py").write_text(
        "def f():\n    return bytearray(800 << 30)\n\nkeep = bytearray(30_000_000)\nx = f()\n"
    )
    command = [sys.executable, "-m", "filprofiler", "--no-browser", "-o", str(tmp_path / "out"), "run", "job.py"]
    assert subprocess.run(command, cwd=str(tmp_path), stderr=subprocess.DEVNULL).returncode == 53
    (folder,) = (tmp_path / "out").iterdir()
    browser.page(folder)
    banner = browser.js("return document.querySelector('.banner').innerText")
    assert browser.driver.title.startswith("Out of memory: ") and "when a request for 800.0 GiB failed" in banner
    assert "job.py:5 (<module>) x = f()" in banner and "job.py:2 (f) return bytearray(800 << 30)" in banner
    root, drawn, _count = browser.js(DRAWN)
    size = sum(int(line.rpartition(" ")[2]) for line in (folder / "out-of-memory.prof").read_text().splitlines())
    assert 30_000_000 <= size < 100_000_000 and root == drawn == size
    links = browser.js("return all('footer a').map((link) => link.getAttribute('href'))")
    assert len(links) == 3 and all((folder / link).is_file() for link in links)
    browser.size(320)
    assert browser.js("return document.documentElement.scrollWidth") <= 320
    browser.js(axe)
    script = "const done = arguments[0]; axe.run().then((r) => done(r.violations.map((v) => v.id)));"
    assert browser.driver.execute_async_script(script) == []
    browser.size(1600, 1000)
    assert browser.severe() == []


def test_nothing_held_and_one_callstack(browser, tmp_path):
    for name, stacks in (("none", []), ("one", [([("/a.py", 1, "f")], 7)]), ("no stack", [([], 5)])):
        folder = write(tmp_path / name, stacks)
        browser.page(folder)
        assert browser.severe() == []
        root, drawn, count = browser.js(DRAWN)
        assert root == drawn == prof_bytes(folder)
        assert count == 1 + len(stacks)
        assert exact(root) in headline(browser)
