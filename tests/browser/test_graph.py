"""The interactive icicle: zoom, folds, orders, filters, details, and the keyboard."""

from graph import FOUND, GRAPH, LABEL, Keys, box, boxes, invariant, peak, share
from reports import exact, write


def test_double_click_zooms_and_escape_restores_the_same_elements(browser, job):
    browser.page(job)
    browser.click(box(browser, "numeric.py:191"))
    browser.keys(" ")
    before = browser.js(GRAPH)
    browser.double_click(box(browser, "numeric.py:191"))
    browser.double_click(box(browser, "numeric.py:191"))
    assert "job.py:3" in boxes(browser)[0]  # a leaf has nothing to show, so the box above is shown whole
    assert browser.js(GRAPH) != before
    browser.keys(Keys.ESCAPE)
    assert browser.js(GRAPH) == before


def test_enter_zooms_backspace_goes_back_by_one(browser, job):
    browser.page(job)
    browser.js("arguments[0].focus()", box(browser, "job.py:4 (main)"))
    before = browser.js(GRAPH)
    browser.keys(Keys.ENTER)
    assert "job.py:4 (main)" in boxes(browser)[0]
    invariant(browser, 31457280 + 1048576)
    width = browser.js("return document.querySelector('.box').style.width")
    assert width == "100%"
    browser.keys(Keys.BACKSPACE)
    assert "job.py:9 (<module>)" in boxes(browser)[0]
    browser.keys(Keys.BACKSPACE)
    browser.keys(Keys.BACKSPACE)
    assert boxes(browser)[0].startswith("all: ")
    assert browser.js(GRAPH) == before
    browser.keys(Keys.ENTER, Keys.ESCAPE)
    assert browser.js(GRAPH) == before


def test_the_trail_leads_back(browser, job):
    browser.page(job)
    browser.js("arguments[0].focus()", box(browser, "job.py:4 (<listcomp>)"))
    browser.keys(Keys.ENTER)
    steps = browser.js("return all('#trail button').map((step) => step.textContent)")
    assert steps == ["all", "job.py:9 (<module>)", "job.py:4 (main)"]
    browser.js("document.querySelectorAll('#trail button')[1].click()")
    assert "job.py:9 (<module>)" in boxes(browser)[0]


def test_folds_unfold_until_every_byte_has_its_frame(browser, tmp_path):
    """100,000 bytes in 5,000 callstacks of one line: far below a pixel each."""
    stacks = [([("/a.py", 1, "f")], 10**9)] + [([("/a.py", 2, "g"), ("/b.py", n, "leaf")], 20) for n in range(1, 5001)]
    browser.page(write(tmp_path, stacks))
    fold = "return all('.box.fold').pop()"
    assert browser.js(fold).get_attribute("aria-label") == (
        "5,000 call stacks, 97.7 KiB (0.01%) folded (100,000 bytes, 0.01%)"
    )
    seen = []
    while browser.js(fold) is not None:
        label = browser.js(fold).get_attribute("aria-label")
        size = int(browser.js(fold).get_attribute("data-bytes"))
        browser.js("arguments[0].focus()", browser.js(fold))
        browser.keys(Keys.ENTER)
        invariant(browser, size)
        assert label not in seen[1:]
        seen.append(label)
        assert len(seen) < 8
    assert any("/b.py:" in label for label in boxes(browser))


def test_callees_first(browser, job):
    browser.page(job)
    whole = peak(browser)
    browser.js("document.getElementById('order-callees').click()")
    invariant(browser, whole)
    assert "numeric.py:191" in boxes(browser)[1]
    assert "job.py:3 (main)" in boxes(browser)[2]
    assert "job.py:9 (<module>)" in boxes(browser)[3]


def test_only_my_code_and_hide_imports(browser, job):
    browser.page(job)
    whole = peak(browser)
    browser.js("document.getElementById('mine').click()")
    invariant(browser, whole)
    assert not [label for label in boxes(browser) if "site-packages" in label or "importlib" in label]
    assert any("job.py:3 (main)" in label for label in boxes(browser))
    browser.js("document.getElementById('mine').click(); document.getElementById('imports').click()")
    invariant(browser, whole)
    (imports,) = [label for label in boxes(browser) if "[Importing modules]" in label]
    assert exact(3145728) in imports
    assert not [label for label in boxes(browser) if "json.py" in label]
    browser.js("document.getElementById('order-callees').click()")
    invariant(browser, whole)
    browser.js("document.getElementById('reset').click()")
    assert any("json.py" in label for label in boxes(browser))
    assert browser.js("return document.querySelectorAll('[aria-pressed=true]').length") == 0


def test_what_has_no_line_of_ones_own_stays(browser, tmp_path):
    lib = "/venv/lib/python3.9/site-packages/a.py"
    browser.page(write(tmp_path, [([(lib, 1, "f")], 100), ([("/my.py", 1, "g"), (lib, 1, "f")], 50), ([], 7)]))
    browser.js("document.getElementById('mine').click()")
    invariant(browser, 157)
    labels = " ".join(boxes(browser))
    assert "[No line of your own code]" in labels and "[No Python stack]" in labels and "/my.py:1" in labels
    assert "site-packages" not in labels


def test_the_place_of_a_box_can_be_copied(browser, job):
    from selenium.webdriver.support.ui import WebDriverWait

    browser.page(job)
    browser.click(box(browser, "(work)"))
    (button,) = [
        found for found in browser.driver.find_elements("css selector", "#details button") if "Copy" in found.text
    ]
    button.click()
    WebDriverWait(browser.driver, 20).until(lambda _driver: button.text == "Copied")
    browser.cdp("Browser.grantPermissions", permissions=["clipboardReadWrite"])
    copied = browser.driver.execute_async_script(
        "const done = arguments[0]; navigator.clipboard.readText().then(done, (problem) => done(String(problem)));"
    )
    assert copied == "job.py:7"  # as the program named it


def test_details_on_focus_and_pinned_by_a_click(browser, job):
    browser.page(job)
    details = "return document.getElementById('details').innerText"
    browser.js("arguments[0].focus()", box(browser, "job.py:3 (main)"))
    text = browser.js(details)
    for part in (
        "main",
        "job.py:3",
        "import numpy as np",
        "rows = [work(row)",
        "52,428,800 bytes",
        "Own\n0 bytes",
    ):
        assert part in text, part
    assert "Of the peak\n%s" % share(52428800, peak(browser)) in text
    browser.click(box(browser, "(work)"))
    assert "(work)" not in browser.js(details) and "job.py:7" in browser.js(details)
    browser.js("arguments[0].focus()", box(browser, "job.py:3 (main)"))
    assert "job.py:7" in browser.js(details)
    pinned = "return document.querySelectorAll('#details.pinned, .box[aria-selected]').length"
    assert browser.js(pinned) == 2
    browser.keys(Keys.ESCAPE)
    assert browser.js(pinned) == 0


def test_keyboard_alone_reaches_and_reads_every_box(browser, job):
    browser.page(job)
    for _press in range(40):
        browser.keys(Keys.TAB)
        if browser.js("return document.activeElement.getAttribute('role')") == "treeitem":
            break
    reached = set()
    pending = [browser.js("return document.activeElement.getAttribute('aria-level')")]
    while pending:
        pending.pop()
        browser.keys(Keys.HOME)
        row = browser.js(
            "return document.querySelectorAll(`.box[aria-level='${document.activeElement.ariaLevel}']`).length"
        )
        below = False
        for _box in range(row):
            reached.add(browser.js("return document.activeElement.box.number"))
            assert browser.js(LABEL).endswith("%)")
            if not below:
                level = browser.js("return document.activeElement.ariaLevel")
                browser.keys(Keys.ARROW_DOWN)
                below = browser.js("return document.activeElement.ariaLevel") != level
                if below:
                    browser.keys(Keys.ARROW_UP)
                    assert browser.js("return document.activeElement.ariaLevel") == level
            browser.keys(Keys.ARROW_RIGHT)
        if below:
            browser.keys(Keys.HOME)
            for _box in range(row):
                level = browser.js("return document.activeElement.ariaLevel")
                browser.keys(Keys.ARROW_DOWN)
                if browser.js("return document.activeElement.ariaLevel") != level:
                    pending.append(level)
                    break
                browser.keys(Keys.ARROW_RIGHT)
    assert len(reached) == len(boxes(browser)) > 8
    assert browser.js("return document.querySelectorAll('.box[tabindex=\"0\"]').length") == 1


def test_keys_of_the_page(browser, job):
    browser.page(job)
    browser.keys("/")
    assert browser.js("return document.activeElement.id") == "search"
    browser.keys("main", Keys.ESCAPE)
    assert browser.js("return document.getElementById('search').value") == ""
    assert browser.js(FOUND) == ""
    browser.js("document.querySelector('.box').focus()")
    browser.keys("?")
    assert browser.js("return document.getElementById('help').open")
    browser.keys(Keys.ESCAPE)
    assert not browser.js("return document.getElementById('help').open")
    assert browser.severe() == []


def test_resizing_keeps_the_bytes_and_folds_anew(browser, job):
    browser.page(job)
    whole = peak(browser)
    for width in (320, 2560, 900):
        browser.size(width)
        browser.js("return new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        invariant(browser, whole)
        drawn = browser.js("return document.getElementById('graph').clientWidth")
        assert abs(drawn - browser.js("return document.querySelector('.box').getBoundingClientRect().width")) < 1
    assert browser.severe() == []


def test_what_libraries_took_is_not_called_the_lines_own(browser, job):
    browser.page(job)
    browser.js("document.getElementById('mine').click(); document.getElementById('order-callers').click()")
    assert not [label for label in boxes(browser) if "this line itself" in label]
    assert [label for label in boxes(browser) if "this line, through hidden frames" in label]


def test_smaller_callstacks(browser, tmp_path):
    """They have a box, which says how many there are; the tables and the peak know nothing of that."""
    top, small = ("/a.py", 1, "main"), [("/b.py", line, "f") for line in range(1, 31)]
    stacks = [([top], 10**7), *[([top, frame], 900) for frame in small], ([("/c.py", 7, "g")], 400), ([], 5)]
    browser.page(write(tmp_path, stacks, folds=True))
    invariant(browser, 10**7 + 30 * 900 + 405)
    browser.js(
        "document.querySelectorAll('[aria-level=\"2\"]')[0].dispatchEvent(new MouseEvent('dblclick', {bubbles: true}))"
    )
    assert "[30 smaller callstacks]" in " ".join(boxes(browser))
    text = browser.js("return document.querySelector('#function-table tbody').textContent")
    assert "f (/b.py)" in text and "26.4 KiB" in text and "smaller" not in text
    browser.js("document.getElementById('order-callees').click()")
    invariant(browser, 10**7 + 30 * 900 + 405)
    assert browser.severe() == []
