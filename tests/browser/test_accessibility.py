"""Names, contrast, and what axe-core says."""

import re

import pytest
from reports import PICTURES

# What a test of the page goes through: each makes something else visible.
STATES = {
    "fresh": "",
    "pinned": "document.querySelectorAll('.box')[2].click()",
    "searched": "const f = all('#search')[0]; f.value = 'job'; f.dispatchEvent(new Event('input'))",
    "zoomed": "document.querySelectorAll('.box')[2].dispatchEvent(new MouseEvent('dblclick', {bubbles: true}))",
    "help": "document.getElementById('help-button').click()",
    "callees": "document.getElementById('order-callees').click()",
}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("state", sorted(STATES))
def test_axe_finds_nothing(browser, axe, job, state, scheme):
    browser.theme(scheme)
    browser.page(job)
    browser.js(STATES[state])
    browser.js(axe)
    found = browser.driver.execute_async_script(
        "const done = arguments[0]; axe.run(document, {resultTypes: ['violations']}).then((r) => done(r.violations.map("
        "(v) => [v.id, v.help, v.nodes.slice(0, 3).map((n) => n.html)])), (problem) => done([String(problem)]));"
    )
    assert found == []


def test_every_focusable_element_has_a_name(browser, job):
    browser.page(job)
    browser.js(STATES["pinned"])
    browser.js(STATES["zoomed"])
    nodes = browser.cdp("Accessibility.getFullAXTree")["nodes"]
    focusable = [
        node
        for node in nodes
        if not node.get("ignored")
        and any(p["name"] == "focusable" and p["value"]["value"] for p in node.get("properties", []))
    ]
    assert len(focusable) > 20
    nameless = [node["role"]["value"] for node in focusable if not node.get("name", {}).get("value", "").strip()]
    assert nameless == []


def test_roles_of_the_graph(browser, job):
    browser.page(job)
    roles = [
        node["role"]["value"] for node in browser.cdp("Accessibility.getFullAXTree")["nodes"] if not node.get("ignored")
    ]
    drawn = browser.js("return document.querySelectorAll('.box').length")
    assert roles.count("tree") == 1 and roles.count("treeitem") == drawn


COLORS = """
return all("#graph .box").map((box) => {
  const style = getComputedStyle(box), inner = box.firstElementChild;
  return [inner ? getComputedStyle(inner).color : style.color, style.backgroundColor, style.backgroundImage];
});
"""


def channels(color):
    """Red, green, blue and opacity of a computed colour."""
    numbers = [float(number) for number in re.findall(r"[\d.]+", color)]
    return numbers[:3], numbers[3] if len(numbers) > 3 else 1.0


def luminance(rgb):
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in [value / 255 for value in rgb]]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def least_contrast(ink, ground, image):
    """The least contrast of the ink with the ground and with each colour of the pattern on it."""
    ground = channels(ground)[0]
    grounds = [ground]
    for color in re.findall(r"rgba?\([^)]*\)", image):
        above, opacity = channels(color)
        grounds.append([opacity * a + (1 - opacity) * g for a, g in zip(above, ground)])
    one = luminance(channels(ink)[0])
    pairs = [sorted((one, luminance(each)), reverse=True) for each in grounds]
    return min((lighter + 0.05) / (darker + 0.05) for lighter, darker in pairs)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_contrast_of_every_box(browser, job, scheme):
    browser.theme(scheme)
    for state in ("fresh", "searched", "callees"):
        browser.page(job)
        browser.js(STATES[state])
        found = browser.js(COLORS)
        assert len(found) > 8
        assert len({ground for _ink, ground, _image in found}) > 2
        assert min(least_contrast(*colors) for colors in found) >= 4.5


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PICTURES)
def test_contrast_of_every_box_of_a_picture(browser, job, name, scheme):
    browser.theme(scheme)
    browser.open(job / name)
    pairs = browser.js(
        "return all('g:not(.fold)').filter((g) => g.querySelector('text')).map((g) =>"
        " ['text', 'rect'].map((tag) => getComputedStyle(g.querySelector(tag)).fill))"
    )
    assert len(pairs) > 4
    assert min(least_contrast(ink, ground, "") for ink, ground in pairs) >= 4.5
    paper = browser.js("return getComputedStyle(document.querySelector('.paper')).fill")
    assert luminance(channels(paper)[0]) > 0.9 if scheme == "light" else luminance(channels(paper)[0]) < 0.1
