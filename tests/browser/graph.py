"""What the tests ask of the graph in a page."""

from reports import DRAWN


class Keys:
    """Keys without a character of their own, as the WebDriver standard numbers them."""

    BACKSPACE, TAB, ENTER, ESCAPE = "\ue003", "\ue004", "\ue007", "\ue00c"
    END, HOME, ARROW_LEFT, ARROW_UP, ARROW_RIGHT, ARROW_DOWN = (
        "\ue010",
        "\ue011",
        "\ue012",
        "\ue013",
        "\ue014",
        "\ue015",
    )


GRAPH = "return document.getElementById('graph').outerHTML"
LABEL = "return document.activeElement.getAttribute('aria-label')"
FOUND = "return document.getElementById('found').textContent"


def boxes(browser):
    """Labels of the boxes that are drawn."""
    return browser.js("return all('.box').map((box) => box.getAttribute('aria-label'))")


def box(browser, text):
    """The box whose label has a text."""
    found = browser.js(
        "return all('.box').find((b) => b.getAttribute('aria-label').includes(arguments[0]))",
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
    return browser.js("return all('.box.hit').map((box) => box.getAttribute('aria-label'))")


def invariant(browser, whole):
    """Nothing is lost: the leaves, selves and folds that are drawn add up."""
    root, drawn, _count = browser.js(DRAWN)
    assert root == drawn == whole


def peak(browser):
    """The peak, as the page's data has it."""
    return browser.js("return JSON.parse(document.getElementById('profile-data').textContent).peak")


def share(part, whole):
    return "%.2f%%" % (100 * part / whole)
