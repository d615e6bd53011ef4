"""Hostile and extreme input: nothing breaks out, nothing is lost."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from reports import DRAWN, PICTURES, TITLE_BYTES, exact, prof_bytes, write

TEXTS = {
    "end of script": "</script><script>document.title = 'broken'</script>",
    "comment": "<!--<script>",
    "cdata": "a]]>b<![CDATA[c",
    "null": "a\0b",
    "tabs": "\ta\tb\t",
    "right to left": "\u202eabc\u05d0\u05d1\u2066",
    "surrogate": "\udc80x\ud83d",
    "line separators": "a\u2028b\u2029c\x85d",
    "quotes": "\"'`${document.title = 'broken'}&lt;{{peak}}",
    "image": "<img src=x onerror=\"document.title='broken'\">",
    "wide": "\u4e2d\u6587\U0001f600" * 50,
    "long": "x" * 5000,
}

PICTURE = """
return all("svg.icicle g").map((g) => [g.getAttribute("class").split(" ")[0], g.querySelector("title").textContent]);
"""


def check(browser, folder):
    """The sums of the page in both orders and of both pictures are that of the .prof."""
    whole = prof_bytes(folder)
    browser.page(folder)
    for order in ("order-callers", "order-callees"):
        browser.js("document.getElementById(arguments[0]).click()", order)
        assert browser.js(DRAWN)[:2] == [whole, whole]
    browser.js("document.getElementById('mine').click(); document.getElementById('imports').click()")
    assert browser.js(DRAWN)[:2] == [whole, whole]
    assert exact(whole) in browser.js("return document.querySelector('header').innerText")
    assert browser.driver.title != "broken"
    assert browser.severe() == []
    for name in PICTURES:
        browser.open(folder / name)
        found = [
            (kind, int(TITLE_BYTES.search(title).group(1).replace(",", ""))) for kind, title in browser.js(PICTURE)
        ]
        assert found[0][1] == whole
        assert sum(size for kind, size in found if kind != "frame") == whole
        assert browser.severe() == []


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_hostile_text(browser, tmp_path, name):
    text = TEXTS[name]
    source = tmp_path / "source.py"
    source.write_bytes(("pass\n    x = '%s' # end\npass\n" % text.replace("\n", " ")).encode("utf-8", "surrogatepass"))
    stacks = [
        ([(str(source), 2, text), (text, 3, "f")], 1000),
        ([(text, 1, text), (str(source), 2, "g")], 300),
        ([("<%s>" % text, 1, "h")], 77),
    ]
    folder = write(tmp_path / "report", stacks, command=text, outcome=text)
    check(browser, folder)
    browser.page(folder)
    browser.js("all('.box').forEach((box) => box.click())")
    browser.js("document.getElementById('search').value = arguments[0]", "x = '")
    browser.js("document.getElementById('search').dispatchEvent(new Event('input'))")
    assert browser.js("return document.getElementById('found').textContent").endswith("%")
    assert browser.js("return document.documentElement.scrollWidth") <= 1600
    assert browser.js("return document.querySelectorAll('#graph img, #details img, main script').length") == 0
    assert browser.severe() == []


def test_a_thousand_deep(browser, tmp_path):
    stacks = [([("/j.py", depth % 7 + 1, "f%d" % (depth % 3)) for depth in range(1000)], 5), ([("/j.py", 1, "f0")], 3)]
    folder = write(tmp_path, stacks)
    check(browser, folder)
    browser.page(folder)
    levels = browser.js("return Math.max(...all('.box').map((box) => Number(box.ariaLevel)))")
    assert levels == 1001  # nothing is folded for its depth


@pytest.mark.parametrize("stacks", [[], [([], 1)], [([("/a.py", 1, "f")], 1)]], ids=["nothing", "no stack", "one"])
def test_little(browser, tmp_path, stacks):
    check(browser, write(tmp_path, stacks))


FRAMES = st.tuples(
    st.sampled_from(["/a.py", "/b/c.py", "<frozen importlib._bootstrap>", "</script>", "\0;\u2028"]),
    st.integers(1, 4),
    st.one_of(st.sampled_from(["f", "g"]), st.text(max_size=3)),
)
SIZES = st.one_of(st.integers(1, 50), st.integers(1, 2**52 // 64))
STACKS = st.lists(st.tuples(st.lists(FRAMES, max_size=7), SIZES), max_size=40)


@pytest.mark.slow
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(stacks=STACKS)
def test_page_and_pictures_agree_with_prof(browser, tmp_path, stacks):
    check(browser, write(tmp_path, stacks))
