"""Search: what is found, what is marked, each byte once."""

from graph import FOUND, marked, peak, search, share


def test_search_for_source_text_with_a_space(browser, job):
    browser.page(job)
    search(browser, "np.ones( 5 )")
    assert browser.js(FOUND) == "1 box, 50.0 MiB, %s" % share(52428800, peak(browser))
    assert len(marked(browser)) == 1 and "job.py:3 (main)" in marked(browser)[0]
    for text in ("table = np", "TABLE=NP.ones(5)", "/ta.le = .*ones\\(/", "  table   =np "):
        search(browser, text)
        assert browser.js(FOUND).startswith("1 box, 50.0 MiB"), text


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
    assert browser.js(FOUND) == "invalid regular expression"
    assert browser.severe() == []


def test_search_finds_the_same_in_both_orders(browser, job):
    browser.page(job)
    for text in ("np.ones", "main", "small.py:7", "json.py"):
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
