"""The interactive icicle: zoom, search, filters, tables, and the keyboard."""

import pytest
from reports import DRAWN, exact, write, write_job
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

GRAPH = "return document.getElementById('graph').outerHTML"
LABEL = "return document.activeElement.getAttribute('aria-label')"
FOUND = "return document.getElementById('found').textContent"


@pytest.fixture(scope="module")
def job(tmp_path_factory):
    """The folder of a report on a small job."""
    return write_job(tmp_path_factory.mktemp("job"))


def boxes(browser):
    """Labels of the boxes that are drawn."""
    return browser.js("return Array.from(document.querySelectorAll('.box'), (box) => box.getAttribute('aria-label'))")


def box(browser, text):
    """The box whose label has a text."""
    found = browser.js(
        "return Array.from(document.querySelectorAll('.box')).find((b) => b.getAttribute('aria-label').includes(arguments[0]))",
        text,
    )
    assert found is not None, text
    return found


def search(browser, text):
    """Type into the search field, which is emptied first."""
    field = browser.js("return document.getElementById('search')")
    field.clear()
    field.send_keys(text)


def marked(browser):
    """Labels of the boxes that are marked."""
    return browser.js(
        "return Array.from(document.querySelectorAll('.box.hit'), (box) => box.getAttribute('aria-label'))"
    )


def invariant(browser, whole):
    """Nothing is lost: the leaves, selves and folds that are drawn add up."""
    root, drawn, _count = browser.js(DRAWN)
    assert root == drawn == whole


def peak(browser):
    """The peak, as the page's data has it."""
    return browser.js("return JSON.parse(document.getElementById('profile-data').textContent).peak")


def test_double_click_zooms_and_escape_restores_the_same_elements(browser, job):
    browser.page(job)
    ActionChains(browser.driver).move_to_element(box(browser, "numeric.py:191")).click().perform()
    browser.keys(" ")
    before = browser.js(GRAPH)
    ActionChains(browser.driver).double_click(box(browser, "numeric.py:191")).perform()
    ActionChains(browser.driver).double_click(box(browser, "numeric.py:191")).perform()
    assert boxes(browser)[0].startswith("/venv/lib") and len(boxes(browser)) == 1 or "job.py:3" in boxes(browser)[0]
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
    steps = browser.js("return Array.from(document.querySelectorAll('#trail button'), (step) => step.textContent)")
    assert steps == ["all", "job.py:9 (<module>)", "job.py:4 (main)"]
    browser.js("document.querySelectorAll('#trail button')[1].click()")
    assert "job.py:9 (<module>)" in boxes(browser)[0]


def test_folds_unfold_until_every_byte_has_its_frame(browser, tmp_path):
    """100,000 bytes in 5,000 callstacks of one line: far below a pixel each."""
    stacks = [([("/a.py", 1, "f")], 10**9)] + [([("/a.py", 2, "g"), ("/b.py", n, "leaf")], 20) for n in range(1, 5001)]
    browser.page(write(tmp_path, stacks))
    fold = "return Array.from(document.querySelectorAll('.box.fold')).pop()"
    assert browser.js(fold).get_attribute("aria-label") == (
        "5,000 callstacks, 97.7 KiB (0.01%) folded (100,000 bytes, 0.01%)"
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


def test_search_for_source_text_with_a_space(browser, job):
    browser.page(job)
    search(browser, "np.ones( 5 )")
    assert browser.js(FOUND) == "1 box, 50.0 MiB, %s" % share(52428800, peak(browser))
    assert len(marked(browser)) == 1 and "job.py:3 (main)" in marked(browser)[0]
    for text in ("table = np", "TABLE=NP.ones(5)", "/ta.le = .*ones\\(/", "  table   =np "):
        search(browser, text)
        assert browser.js(FOUND).startswith("1 box, 50.0 MiB"), text


def share(part, whole):
    return "%.2f%%" % (100 * part / whole)


def test_search_counts_each_byte_once(browser, job):
    browser.page(job)
    whole = peak(browser)
    search(browser, "job.py")
    assert browser.js(FOUND).endswith("MiB, 100.00%")
    search(browser, "listcomp")
    assert browser.js(FOUND) == "1 box, 31.0 MiB, %s" % share(31457280 + 1048576, whole)
    search(browser, "/[(]main|listcomp/")
    under_main = whole - 3145728 - 4096
    assert browser.js(FOUND).endswith(share(under_main, whole))
    search(browser, "small.py")  # all of them in a fold
    assert len(marked(browser)) == 1 and "folded" in marked(browser)[0]
    assert browser.js(FOUND).startswith("1 box, 12.6 KiB")
    search(browser, "no such thing")
    assert browser.js(FOUND) == "0 boxes, 0 bytes, 0.00%"
    search(browser, "/[/")
    assert browser.js(FOUND) == "not a regular expression"
    assert browser.severe() == []


def test_search_finds_the_same_in_both_orders(browser, job):
    browser.page(job)
    for text in ("np.ones", "main", "small.py:7", "importlib"):
        sizes = set()
        for order in ("order-callers", "order-callees"):
            browser.js("document.getElementById(arguments[0]).click()", order)
            search(browser, text)
            sizes.add(browser.js(FOUND).partition(", ")[2])
            assert marked(browser)
        assert len(sizes) == 1, text


def test_marks_are_more_than_colour(browser, job):
    browser.page(job)
    search(browser, "np.ones")
    style = "const s = getComputedStyle(document.querySelector('.box.hit')); return [s.boxShadow, s.backgroundImage]"
    shadow, image = browser.js(style)
    assert "inset" in shadow and "gradient" in image


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
    assert not [
        label for label in boxes(browser) if "/lib/" in label and "site-packages" in label or "importlib" in label
    ]
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
        "Of its own\n0 bytes",
    ):
        assert part in text, part
    assert "Of the peak\n%s" % share(52428800, peak(browser)) in text
    ActionChains(browser.driver).move_to_element(box(browser, "(work)")).click().perform()
    assert "(work)" not in browser.js(details) and "job.py:7" in browser.js(details)
    browser.js("arguments[0].focus()", box(browser, "job.py:3 (main)"))
    assert "job.py:7" in browser.js(details)
    pinned = "return document.querySelectorAll('#details.pinned, .box[aria-selected]').length"
    assert browser.js(pinned) == 2
    browser.keys(Keys.ESCAPE)
    assert browser.js(pinned) == 0


def test_a_row_of_a_table_marks_its_boxes(browser, job):
    browser.page(job)
    browser.js(
        "Array.from(document.querySelectorAll('#function-table td button')).find((b) => b.textContent.startsWith('main (')).click()"
    )
    assert {label.split(" | ")[0] for label in marked(browser)} >= {"job.py:3 (main)", "job.py:4 (main)"}
    assert browser.js(FOUND).endswith("through main (job.py)")
    browser.keys(Keys.ESCAPE)
    assert marked(browser) == [] and browser.js(FOUND) == ""


def table(browser, name):
    rows = "return Array.from(document.querySelectorAll(arguments[0]), (row) => Array.from(row.cells, (cell) => cell.textContent))"
    return browser.js(rows, "#%s tbody tr" % name)


def test_tables_are_those_of_the_page_without_scripts(browser, job):
    browser.page(job)
    scripted = [table(browser, name) for name in ("line-table", "function-table")]
    browser.cdp("Emulation.setScriptExecutionDisabled", value=True)
    browser.open(job / "index.html")
    still = [table(browser, name) for name in ("line-table", "function-table")]
    for ours, theirs in zip(scripted, still):
        assert len(ours) == len(theirs) == 30
        assert sorted(ours[:12]) == sorted(theirs[:12])  # the order among equals may differ


def test_tables_are_sorted_and_count_a_recursion_once(browser, tmp_path):
    recursive = [("/j.py", 1, "f"), ("/j.py", 1, "f"), ("/j.py", 2, "g"), ("/j.py", 1, "f")]
    stacks = [(recursive, 10), ([("/j.py", 1, "f")], 1), ([("/j.py", 2, "g")], 5), ([("/j.py", 3, "f")], 2)]
    browser.page(write(tmp_path, stacks))
    assert [row[:2] + row[3:4] for row in table(browser, "line-table")] == [
        ["5 bytes", "15 bytes", "/j.py:2 (g)"],
        ["11 bytes", "11 bytes", "/j.py:1 (f)"],
        ["2 bytes", "2 bytes", "/j.py:3 (f)"],
    ]
    assert [row[:2] + row[3:4] for row in table(browser, "function-table")] == [
        ["5 bytes", "15 bytes", "g (/j.py)"],
        ["13 bytes", "13 bytes", "f (/j.py)"],
    ]
    browser.js("document.querySelector('#line-table th[data-by=own] button').click()")
    assert [row[0] for row in table(browser, "line-table")] == ["11 bytes", "5 bytes", "2 bytes"]
    browser.js("document.querySelector('#line-table th[data-by=own] button').click()")
    assert [row[0] for row in table(browser, "line-table")] == ["2 bytes", "5 bytes", "11 bytes"]
    assert browser.js("return document.querySelector('#line-table th[data-by=own]').ariaSort") == "ascending"


def test_more_rows(browser, tmp_path):
    browser.page(write(tmp_path, [([("/a.py", n, "f%d" % n)], n) for n in range(1, 151)]))
    assert len(table(browser, "line-table")) == 30
    browser.js("document.querySelector('.more').click()")
    assert len(table(browser, "line-table")) == 130
    browser.js("document.querySelector('.more').click()")
    assert len(table(browser, "line-table")) == 150
    assert browser.js("return document.querySelector('.more').hidden")


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
