"""The pictures that stand alone: readable without scripts, and search, zoom and keys inside."""

import pytest
from graph import Keys
from reports import PICTURES, write

NOTE = "return document.querySelector('.note').textContent"
BOXES = """
return all("g").map((g) => [g.querySelector("title").textContent, g.getAttribute("display"),
  g.querySelector("rect").outerHTML, Array.from(g.querySelectorAll("text"), (text) => text.outerHTML)]);
"""
SHOWN = """
return all("g").filter((g) => g.getAttribute("display") !== "none")
  .map((g) => [g.querySelector("title").textContent, g.querySelector("rect").getBoundingClientRect().width,
    Array.from(g.querySelectorAll("text"), (text) => text.textContent)]);
"""
# Of each text, how far it sticks out of its box on the right, in pixels.
STICKING_OUT = """
return Math.max(...all("g text").map((text) =>
  text.getBoundingClientRect().right - text.parentNode.querySelector("rect").getBoundingClientRect().right));
"""


def focus(browser, text):
    """Focus the box whose title has a text."""
    script = "all('g').find((g) => g.querySelector('title').textContent.includes(arguments[0])).focus()"
    browser.js(script, text)


@pytest.mark.parametrize("name", PICTURES)
def test_readable_without_scripts(browser, job, name):
    browser.size(1200, 800)
    browser.cdp("Emulation.setScriptExecutionDisabled", value=True)
    browser.open(job / name)
    assert browser.requests() == [(job / name).as_uri()]
    assert browser.js("return document.documentElement.getBoundingClientRect().width") == 1200
    size = browser.js("const text = document.querySelector('g text'); return text.getBoundingClientRect().height")
    assert size >= 12
    assert browser.js(STICKING_OUT) <= 0
    texts = [text for _title, _width, texts in browser.js(SHOWN) for text in texts]
    assert "table = np.ones( 5 )" in texts and "numeric.py:191 (ones)" in texts
    assert browser.js("return document.querySelectorAll('[tabindex]').length") == 0


@pytest.mark.parametrize("name", PICTURES)
def test_no_severe_message_and_as_wide_as_its_place(browser, job, name):
    for width in (400, 1200, 2000):
        browser.size(width)
        browser.open(job / name)
        assert browser.js("return document.documentElement.getBoundingClientRect().width") == width
    assert browser.severe() == []


@pytest.mark.parametrize("name", PICTURES)
def test_zoom_and_escape_restore_the_same_elements(browser, job, name):
    browser.open(job / name)
    before = browser.js(BOXES)
    focus(browser, "job.py:4 (main)")
    browser.keys(Keys.ENTER)
    shown = browser.js(SHOWN)
    assert len(shown) < len(before)
    zoomed = next(box for box in shown if "job.py:4 (main)" in box[0])
    assert abs(zoomed[1] - 1184 * 1600 / 1200) < 1
    assert zoomed[2] == ["job.py:4 (main)", "rows = [work(row) for row in table]"]
    assert browser.js(STICKING_OUT) <= 0
    browser.keys(Keys.ESCAPE)
    assert browser.js(BOXES) == before
    browser.js("document.querySelectorAll('g')[2].dispatchEvent(new MouseEvent('click', {bubbles: true}))")
    assert browser.js(BOXES) != before
    browser.keys(Keys.BACKSPACE, Keys.BACKSPACE, Keys.BACKSPACE)
    assert browser.js(BOXES) == before


def test_zoom_of_all_boxes_gives_the_texts_that_were_cut(browser, job):
    browser.open(job / PICTURES[0])
    for number in range(1, browser.js("return document.querySelectorAll('g').length")):
        browser.js(
            "document.querySelectorAll('g')[arguments[0]].dispatchEvent(new MouseEvent('click', {bubbles: true}))",
            number,
        )
        title, _width, texts = next(
            box for box in browser.js(SHOWN) if box[0] == browser.js("return document.activeElement.ariaLabel")
        )
        assert texts and all(text in title for text in texts), title


def test_search_counts_each_byte_once(browser, job):
    browser.open(job / PICTURES[0])
    said = browser.js(NOTE)
    focus(browser, "all:")
    browser.keys("/", "np.ones( 5 )")
    assert browser.js(NOTE).startswith("Search: np.ones( 5 )\u258f 1 box, 52,428,800 bytes, ")
    assert browser.js("return document.querySelectorAll('g.hit').length") == 1
    browser.keys(Keys.ESCAPE, "/", "listcomp")
    assert " 1 box, 32,505,856 bytes, " in browser.js(NOTE)
    browser.keys(Keys.ESCAPE, "/", "/[(]main|listcomp/")
    assert " 3 boxes, 84,934,656 bytes, " in browser.js(NOTE)
    browser.keys(Keys.ESCAPE)
    assert browser.js(NOTE) == said
    assert browser.js("return document.querySelectorAll('g.hit').length") == 0


@pytest.mark.parametrize("key", [Keys.ENTER, " "])
def test_the_control_for_search_answers_keys(browser, job, key):
    browser.open(job / PICTURES[0])
    browser.js("document.querySelector('.control').focus()")
    browser.keys(key, "np.ones( 5 )")
    assert browser.js(NOTE).startswith("Search: np.ones( 5 )\u258f 1 box, 52,428,800 bytes, ")


@pytest.mark.parametrize("name", PICTURES)
def test_arrows_reach_every_box_and_each_has_a_name(browser, job, name):
    browser.open(job / name)
    focus(browser, "all:")
    count, reached = browser.js("return document.querySelectorAll('g').length"), set()
    number = "return all('g').indexOf(document.activeElement)"
    stack = [True]
    while stack:
        stack.pop()
        browser.keys(Keys.HOME)
        seen = []
        while browser.js(number) not in seen:
            seen.append(browser.js(number))
            assert browser.js("return document.activeElement.ariaLabel").endswith("%)")
            browser.keys(Keys.ARROW_RIGHT)
        reached.update(seen)
        for _box in seen:
            here = browser.js(number)
            browser.keys(Keys.ARROW_DOWN)
            if browser.js(number) != here:
                stack.append(True)
                break
            browser.keys(Keys.ARROW_LEFT)
    assert reached == set(range(count))


SPOKEN = """
return all(arguments[0]).map((box) => [box.getAttribute("aria-label"), /\\bs\\d/.exec(box.getAttribute("class"))?.[0]])
"""


@pytest.mark.parametrize(("name", "order"), [(PICTURES[0], "order-callers"), (PICTURES[1], "order-callees")])
def test_page_and_picture_say_the_same_in_the_same_shades(browser, tmp_path, name, order):
    """The page's scripts and Python word numbers and places for themselves."""
    sizes = [1, 1023, 1024, 1048524, 1048525, 10**7, 99 * 2**20, 3 * 2**30, 2 * 2**40 + 12345]
    for number, unit in enumerate(sizes):
        stacks = [([("/a/b.py", 7, "f"), ("<x>", n, "g%d" % n)], unit * (n + 3)) for n in range(1, 9)]
        folder = write(tmp_path / str(number), [*stacks, ([("/a/b.py", 7, "f")], unit), ([], unit * 2)])
        browser.page(folder)
        browser.js("document.getElementById(arguments[0]).click()", order)
        page = browser.js(SPOKEN, "#graph .box")
        browser.open(folder / name)
        assert sorted(map(str, page)) == sorted(map(str, browser.js(SPOKEN, "g")))
        assert len(page) > 9
