"""Boxes of threads: the page and the pictures name the thread, in both orders."""

from recording_builder import profile_of

from filprofiler.profile.threads import ThreadAtPeak
from filprofiler.profile.top import TopLines
from filprofiler.report.writer import write_report

WORDS = "return all('#graph [role=treeitem]').map((box) => box.getAttribute('aria-label') || box.title || '')"
TITLES = "return all('g').map((g) => g.querySelector('title').textContent)"


def write(folder):
    """A report with two threads below one line, one of them with a hostile name."""
    folder.mkdir()
    main = ("/a.py", 1, "main")
    profile = profile_of([([main, ("/a.py", 5, "load")], 5 << 20), ([main, ("/a.py", 9, "work")], 3 << 20)])
    words = {"load": "thread Loader-1 and 7 others", "work": "thread </title><b>x"}
    for node in profile.root.children[0].children:
        node.thread = words[node.site.name]
    profile.threads = (ThreadAtPeak("MainThread", (), False), ThreadAtPeak("</li><b>x", (), True))
    write_report(profile, TopLines(profile), str(folder))
    return folder


def test_the_page_names_threads(browser, tmp_path):
    browser.page(write(tmp_path / "out"))
    assert any("in thread Loader-1 and 7 others" in words for words in browser.js(WORDS)), browser.js(WORDS)
    browser.js("document.getElementById('order-callees').click()")
    assert any("in thread Loader-1 and 7 others" in words for words in browser.js(WORDS))
    browser.js("all('#graph [role=treeitem]').find((box) => box.textContent.includes('load')).click()")
    assert "in thread Loader-1 and 7 others" in browser.js("return document.getElementById('details').textContent")
    shown = browser.js("return document.querySelector('section.threads').textContent")
    assert "</li><b>x with no Python stack" in shown and "came from </li><b>x." in shown
    assert browser.severe() == []


def test_the_pictures_name_threads(browser, tmp_path):
    browser.open(write(tmp_path / "out") / "peak-memory.svg")
    titles = browser.js(TITLES)
    assert any(" | in thread Loader-1 and 7 others | " in title for title in titles)
    assert any(" | in thread </title><b>x | " in title for title in titles)
    assert browser.severe() == []
