"""index.html: the headline, the top lines and the statement of completeness, escaped and self-contained."""

import json
import re
from html.parser import HTMLParser

import pytest
from recording_builder import profile_of

from filprofiler import _abi
from filprofiler.profile.failed_request import FailedRequest
from filprofiler.profile.memory_breakdown import MemoryBreakdown, MemoryUse
from filprofiler.profile.model import OUT_OF_MEMORY
from filprofiler.profile.source import SourceReader
from filprofiler.profile.top import TopLines
from filprofiler.report import style
from filprofiler.report.content import Drawn
from filprofiler.report.html import html_page
from filprofiler.report.template import fill, read_template

VOID = {"meta", "link", "input", "br"}
QUIET = {"style", "title", "script"}


class Page(HTMLParser):
    """The page's visible text, and a check that every element is closed."""

    def __init__(self, text):
        super().__init__()
        self.open, self.words, self.attributes, self.scripts = [], [], [], []
        self.feed(text)
        self.close()
        assert self.open == []
        self.text = " ".join(" ".join(self.words).split())

    def handle_starttag(self, tag, attrs):
        self.attributes += [(tag, name, value) for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.attributes += [(tag, name, value) for name, value in attrs]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if not QUIET & set(self.open):
            self.words.append(data)
        elif self.open[-1] == "script":
            self.scripts.append(data)


def page(profile):
    return Page(html_text(profile))


def html_text(profile):
    return html_page(profile, TopLines(profile), Drawn(SourceReader(profile.program)))


@pytest.fixture
def job(tmp_path):
    (tmp_path / "job.py").write_text("def main():\n    table = np.ones(5)\nmain()\n")
    script = str(tmp_path / "job.py")
    numeric = "/v/lib/python3.9/site-packages/numpy/_core/numeric.py"
    return {
        "stacks": [
            ([(script, 3, "<module>"), (script, 2, "main"), (numeric, 191, "ones")], 50 * 1024 * 1024),
            ([(script, 3, "<module>")], 30 * 1024 * 1024),
            ([("/usr/lib/python3.9/json/decoder.py", 9, "decode")], 10 * 1024 * 1024),
            ([("/no/source.py", 1, "f")], 5 * 1024 * 1024),
            ([], 5 * 1024 * 1024),
        ],
        "script": "job.py",
        "script_absolute": script,
        "cwd": str(tmp_path),
        "outcome": "exited with status 3",
        "resident_peak_bytes": 120 * 1024 * 1024,
        "elapsed_seconds": 10.2,
    }


def test_headline_and_top_lines(job):
    text = page(profile_of(**job)).text
    assert "Peak tracked memory of job.py 100.0 MiB 104,857,600 bytes at 3.1 s of 10.2 s" in text
    assert "resident at most 120.0 MiB" in text
    assert "outcome: exited with status 3" in text
    assert "Exact: every allocation" in text
    assert (
        "50.0 MiB 50.0% table = np.ones(5) job.py:2 (main) \u2192 via numpy/_core/numeric.py:191 (ones) "
        "30.0 MiB 30.0% main() job.py:3 (<module>) "
        "10.0 MiB 10.0% (no line of your own code on these call stacks) /usr/lib/python3.9/json/decoder.py:9 (decode)"
    ) in text
    assert "These 3 hold 90.0%; the other 2 lines hold 10.0%." in text


def test_no_reading_of_resident_memory_is_above_the_most(job):
    profile = profile_of(**job)
    use = MemoryUse(profile.peak_bytes, 0)
    use.resident_bytes = 121 << 20
    profile.memory = MemoryBreakdown(use, None, 1, profile.peak_bytes, 0, ())
    assert "resident at that moment 121.0 MiB resident at most 121.0 MiB" in page(profile).text
    profile.timeline = ((0.0, 0, 4096), (1.0, 90 << 20, 122 << 20))
    assert "resident at that moment 121.0 MiB resident at most 122.0 MiB" in page(profile).text


def test_the_first_rows_of_the_tables(job):
    text = page(profile_of(**job)).text
    assert "0 bytes 80.0 MiB 80.0% job.py:3 (<module>) main()" not in text
    assert "30.0 MiB 80.0 MiB 80.0% job.py:3 (<module>) main()" in text
    assert "0 bytes 50.0 MiB 50.0% main (job.py) table = np.ones(5)" in text
    many = profile_of([([("/a.py", number, "f%d" % number)], number) for number in range(1, 100)])
    rows = [attribute for attribute in page(many).attributes if attribute[0] == "td" and attribute[2] == "place"]
    assert len(rows) == 2 * 30


def test_own_script_and_style_are_small():
    assert len(style.page_style() + style.page_script()) <= 60000


def test_scripts_are_whole_and_ask_nothing_of_the_user():
    script = style.page_script() + read_template("icicle.js")
    assert "]]>" not in script and "</" not in script and "<!--" not in script
    assert not re.search(r"\b(?:alert|confirm|prompt|eval|innerHTML|outerHTML|insertAdjacentHTML)\b", script)


def test_incomplete(job):
    text = page(profile_of(missed={_abi.FIL_MISSED_BLOCK: 1200, _abi.FIL_MISSED_TEXT: 3}, **job)).text
    assert "Incomplete: 1,203 events could not be recorded (1,200: the bytes were not counted" in text
    assert "Exact" not in text


def test_nothing_held_and_one_line():
    assert "0 bytes" in page(profile_of([])).text
    assert "Nothing was live at the peak." in page(profile_of([])).text
    text = page(profile_of([([("/no/source.py", 1, "f")], 5)])).text
    assert "(source not available)" in text
    assert "This one line holds all of the peak." in text


def test_requests_that_failed_are_told_in_a_banner(job):
    profile = profile_of(**job)
    assert "banner" not in [value for _tag, _name, value in page(profile).attributes]
    (asking,) = [node.site for node in profile.root.children if node.site.path == "/no/source.py"]
    profile.failures = (FailedRequest(3, None, False, 17, 2.0, [asking]),)
    profile.failed_requests = 3
    assert (
        "3 requests for memory failed; the program went on. The last one, for more than 16 EiB, came from"
        in page(profile).text
    )
    profile.moment, profile.fatal_request = OUT_OF_MEMORY, FailedRequest(4, 800 << 30, False, 100 << 20, 2.0, [asking])
    profile.program.limits = ("Limit: <1.0 GiB>.",)
    parsed = page(profile)
    assert (
        "Out of memory: 100.0 MiB live when a request for 800.0 GiB failed Limit: <1.0 GiB>. The request for 800.0 GiB "
        "came from these lines, innermost last: /no/source.py:1 (f)"
    ) in parsed.text


def test_the_curve_holds_what_was_recorded_and_the_peak(job):
    profile = profile_of(**job)
    profile.timeline = ((0.0, 0, 50 << 20), (2.0, 60 << 20, 200 << 20), (4.0, 10 << 20, 100 << 20))
    points = [value for tag, name, value in page(profile).attributes if tag == "polyline" and name == "points"]
    assert points == ["0,75 500,0 1000,50", "0,100 500,70 775,50 1000,95"]  # the peak of 100 MiB was at 3.1 s
    profile.peak_seconds = None
    points = [value for tag, name, value in page(profile).attributes if tag == "polyline" and name == "points"]
    assert points[1] == "0,100 500,70 1000,95"
    for too_little in ((), ((0.0, 5, 5),), ((0.0, 5, 5), (0.0, 5, 5))):
        profile.timeline = too_little
        assert "Memory over time" not in page(profile).text


def test_hostile_text_is_escaped(tmp_path):
    hostile = "</pre><script>alert(1)</script>{{peak}}\0\u202e\udc80\"'"
    (tmp_path / "a.py").write_text("x = '</pre><script>{{exact}}'")
    profile = profile_of(
        [([(str(tmp_path / "a.py"), 1, hostile)], 7), ([(hostile, 1, "f")], 6)],
        command=hostile,
        outcome=hostile,
        cwd=str(tmp_path),
    )
    text = html_text(profile)
    assert text.count("<script") == text.count("</script") == 2
    assert "<!--" not in text
    assert "\0" not in text
    text.encode("utf-8")
    parsed = Page(text)
    assert "x = '</pre><script>{{exact}}'" in parsed.text
    data = json.loads(parsed.scripts[0])
    assert "</pre><script>alert(1)</script>{{peak}}\u2400\\u202e\\udc80\"'" in data["strings"]
    assert ["x = '</pre><script>{{exact}}'", [1]] in data["lines"].values()


def test_page_asks_for_nothing_from_anywhere(job):
    profile = profile_of(**job)
    text = html_text(profile)
    assert not re.search(r"https?:(?!//www\.w3\.org/2000/svg)|@import|url\((?!#)|fetch\(|XMLHttp|WebSocket", text)
    links = [value for tag, name, value in page(profile).attributes if name in ("href", "src")]
    assert links == ["data:,"]


@pytest.mark.parametrize(
    ("program", "expected"),
    [
        ({"module": "pkg.job"}, "of -m pkg.job"),
        ({"command": "import a\nb()"}, "of -c import a\u240ab()"),
        ({}, "of process 4321"),
    ],
)
def test_other_ways_to_run(program, expected):
    assert expected in page(profile_of([], **program)).text


def test_fill():
    assert fill("a {{ x }} b {{y}}", {"x": "{{y}}", "y": "2"}) == "a {{y}} b 2"
    with pytest.raises(KeyError):
        fill("{{z}}", {})
