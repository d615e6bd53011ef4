"""The styles and scripts of the page and of the pictures, put together from the files in templates/.

Colours stand in one place each: colors-light.css and colors-dark.css, one `--name: #rrggbb;` a line. The page uses them
as variables; a picture that stands alone has them written out, because not every viewer knows variables.
"""

from filprofiler.report.template import fill, read_template

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict

# Shares of the peak, in thousandths, from which the next stronger shade is used.
SHADES = (10, 25, 50, 100, 200, 350, 600)

# In this order: each uses only what stands before it.
PAGE_SCRIPTS = (
    "words.js",
    "data.js",
    "tree.js",
    "layout.js",
    "search.js",
    "graph.js",
    "details.js",
    "tables.js",
    "page.js",
)


def page_style() -> str:
    """The style of the page, the picture in it included."""
    values = {"light": read_template("colors-light.css"), "dark": read_template("colors-dark.css")}
    return fill(read_template("colors.css"), values) + read_template("page.css") + read_template("graph.css")


def page_script() -> str:
    """The script of the page: its parts in one function, so that no name of theirs is seen outside."""
    parts = "\n".join(read_template(name) for name in PAGE_SCRIPTS)
    return '(() => {\n"use strict";\nconst SHADES = %s;\n%s})();\n' % (list(SHADES), parts)


def picture_style() -> str:
    """The style of a picture, with its colours in light and dark."""
    template = read_template("icicle-colors.css")
    values = {
        "layout": read_template("icicle.css"),
        "light": fill(template, colors("light")),
        "dark": fill(template, colors("dark")),
    }
    return fill(read_template("icicle-themes.css"), values)


def colors(theme: str) -> "Dict[str, str]":
    """The colours of a theme, "light" or "dark", by name."""
    declarations = read_template("colors-%s.css" % theme).split(";")
    pairs = [declaration.strip().partition(":") for declaration in declarations if ":" in declaration]
    return {name[2:]: value.strip() for name, _colon, value in pairs}
