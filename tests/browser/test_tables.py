"""The tables of lines and of functions."""

from graph import FOUND, Keys, marked
from reports import write


def test_a_row_of_a_table_marks_its_boxes(browser, job):
    browser.page(job)
    browser.js("all('#function-table td button').find((b) => b.textContent.startsWith('main (')).click()")
    assert {label.split(" | ")[0] for label in marked(browser)} >= {"job.py:3 (main)", "job.py:4 (main)"}
    assert browser.js(FOUND).endswith("through main (job.py)")
    browser.keys(Keys.ESCAPE)
    assert marked(browser) == [] and browser.js(FOUND) == ""


def table(browser, name):
    rows = "return all(arguments[0]).map((row) => Array.from(row.cells, (cell) => cell.textContent))"
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


def test_a_hint_leads_to_its_boxes(browser, tmp_path):
    script = tmp_path / "load.py"
    script.write_text("def load(name):\n    return open(name).read()\ntext = load('x')\n")
    top = (str(script), 3, "<module>")
    stacks = [([top, (str(script), 2, "load")], 50 << 20), ([top], 1 << 20)]
    browser.page(write(tmp_path, stacks, script="load.py", script_absolute=str(script)))
    browser.js("all('.hint .place button')[0].click()")
    assert {label.split(" | ")[0] for label in marked(browser)} == {"load.py:2 (load)"}
    assert browser.js(FOUND).startswith("1 box, 50.0 MiB, ")
    assert "reads the whole" in " ".join(browser.printed(tmp_path / "printed.pdf")[0].split())
