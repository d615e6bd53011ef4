"""Large profiles: sizes of files and numbers of elements are held to; times are printed only."""

import time

import pytest
from recording_builder import profile_of
from reports import DRAWN, PICTURES, large_stacks, prof_bytes

from filprofiler.profile.top import TopLines
from filprofiler.report.writer import write_report

pytestmark = pytest.mark.slow

KILO, MEGA = 1000, 1000000
# Callstacks, different functions, and the most bytes that the page may have.
SIZES = {
    "10,000 callstacks of few frames": (10000, 60, 400 * KILO),
    "10,000 callstacks of 5,000 frames": (10000, 5000, 2500 * KILO),
    "100,000 callstacks": (100000, 2000, 6 * MEGA),
}
MOST_BOXES = 12000  # that are drawn at 1600 pixels


@pytest.mark.parametrize("name", list(SIZES))
def test_large(browser, tmp_path, name):
    callstacks, functions, most = SIZES[name]
    profile = profile_of(large_stacks(tmp_path, callstacks, functions))
    folder = tmp_path / "report"
    folder.mkdir()
    started = time.perf_counter()
    write_report(profile, TopLines(profile), str(folder))
    written = time.perf_counter()
    browser.page(folder)
    ready = time.perf_counter()
    page = (folder / "index.html").stat().st_size
    times = browser.js("""
        const times = [], at = (what, act) => {
          const start = performance.now();
          act();
          document.body.offsetWidth;
          times.push(`${what} ${Math.round(performance.now() - start)} ms`);
        };
        const box = document.querySelectorAll(".box")[1], field = document.getElementById("search");
        at("zoom", () => box.dispatchEvent(new MouseEvent("dblclick", {bubbles: true})));
        at("all again", () => document.dispatchEvent(new KeyboardEvent("keydown", {key: "Escape"})));
        field.value = "function_1";
        at("search", () => field.dispatchEvent(new Event("input")));
        at("callees first", () => document.getElementById("order-callees").click());
        at("only my code", () => document.getElementById("mine").click());
        document.getElementById("reset").click();
        return times;""")
    navigation = browser.js(
        "const e = performance.getEntriesByType('navigation')[0]; return Math.round(e.domContentLoadedEventEnd)"
    )
    root, drawn, count = browser.js(DRAWN)
    print(
        "\n%s: page %s bytes, %d boxes; written in %.2f s, opened in %.2f s (%d ms), %s"
        % (name, format(page, ","), count, written - started, ready - written, navigation, ", ".join(times))
    )
    assert page <= most
    assert root == drawn == prof_bytes(folder)
    assert count <= MOST_BOXES
    least = browser.js("return Math.min(...all('.box:not(.fold)').map((box) => box.getBoundingClientRect().width))")
    assert least >= 0.99
    for picture in PICTURES:
        assert (folder / picture).stat().st_size <= MEGA
    assert browser.severe() == []
