"""The SVGs: valid, honest, and readable."""

import re
import xml.etree.ElementTree as ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from recording_builder import profile_of

from filprofiler.profile.program import Program
from filprofiler.profile.reversed_tree import ReversedRoot
from filprofiler.profile.source import SourceReader
from filprofiler.report import style, svg
from filprofiler.report.content import Drawn
from filprofiler.report.prof_writer import prof_pieces

SVG = "{http://www.w3.org/2000/svg}"
TITLE_END = re.compile(r" \(([\d,]+) bytes, (\d+\.\d\d)%\)$")
HOSTILE = "</script>]]><!--\0\t\x1b\u202e\ufffe\udc80&amp;\"'\u05d0"


def both(profile, title="Peak", program=None):
    drawn = Drawn(SourceReader(program or profile.program))
    return [
        svg.icicle_svg(profile.root, title, drawn, svg.CALLERS_FIRST),
        svg.icicle_svg(ReversedRoot(profile), title, drawn, svg.CALLEES_FIRST),
    ]


def boxes(picture):
    """(class, title without its end, bytes, rectangle's x and width, texts) of each box; the document must be valid."""
    found = []
    for group in ElementTree.fromstring(svg.XML_PROLOG + picture).iter(SVG + "g"):
        title = group.find(SVG + "title").text
        end = TITLE_END.search(title)
        rectangle = group.find(SVG + "rect")
        found.append(
            (
                group.get("class").split()[0],
                title[: end.start()],
                int(end.group(1).replace(",", "")),
                float(rectangle.get("x")),
                float(rectangle.get("width")),
                [text.text for text in group.iter(SVG + "text")],
            )
        )
    return found


FRAMES = st.tuples(st.sampled_from(["/a.py", "/b.py", HOSTILE, "<x>"]), st.integers(1, 4), st.text(max_size=4))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.lists(FRAMES, max_size=6), st.integers(1, 10**9)), max_size=30))
def test_prof_peak_and_both_pictures_agree(stacks):
    profile = profile_of(stacks)
    lines = b"".join(prof_pieces(profile)).splitlines()
    assert sum(int(line.rpartition(b" ")[2]) for line in lines) == profile.peak_bytes
    for picture in both(profile):
        found = boxes(picture)
        assert found[0][2] == profile.peak_bytes
        assert sum(box[2] for box in found if box[0] != "frame") == profile.peak_bytes


def test_titles_widths_and_texts(tmp_path):
    (tmp_path / "job.py").write_text("def main():\n    x  = np.ones(1 < 2)\nmain()\n")
    job = str(tmp_path / "job.py")
    profile = profile_of(
        [
            ([(job, 3, "<module>"), (job, 2, "main"), ("/x/numpy/numeric.py", 191, "ones")], 43523506),
            ([(job, 3, "<module>")], 48376494),
        ]
    )
    picture = both(profile, title="Peak Tracked Memory Usage (87.6 MiB)")[0]
    document = ElementTree.fromstring(picture)
    assert document.find(SVG + "title").text == "Peak Tracked Memory Usage (87.6 MiB)"
    assert document.get("width") == "100%"
    assert document.get("viewBox").startswith("0 0 1200 ")
    root, module, own, main, ones = sorted(boxes(picture), key=lambda box: -box[2])
    assert root[5] == ["87.6 MiB in 2 call stacks"]
    assert module[5] == ["job.py:3 (<module>)", "main()"]
    assert own[0] == "self"
    assert own[5] == ["this line itself", "46.1 MiB"]
    assert main[5] == ["job.py:2 (main)", "x  = np.ones(1 < 2)"]
    assert main[1].startswith(job + ":2 (main) | x  = np.ones(1 < 2) | 41.5 MiB in 1 call stack")
    assert "(43,523,506 bytes, 47.36%)</title>" in picture
    assert ones[5] == ["numeric.py:191 (ones)"]
    assert ones[4] == pytest.approx(root[4] * 0.4736, rel=0.001)
    assert main[3] == ones[3] == root[3]


def test_hostile_text_is_shown_and_harmless(tmp_path):
    (tmp_path / "x.py").write_bytes("\t\u05d0\u05d1 ]]> \x0b\x01 </svg> &".encode() + b"y" * 5000)
    path = str(tmp_path / "x.py")
    profile = profile_of([([(path, 1, HOSTILE), (HOSTILE, 1, "f" * 5000)], 10)])
    drawn = Drawn(SourceReader(profile.program))
    for picture in both(profile):
        texts = [text for box in boxes(picture) for text in [box[1], *box[5]]]
        assert any("\\u202e" in text and "\u2400" in text and "\\udc80" in text for text in texts)
        assert any("\u05d0\u05d1 ]]> \u240b\u2401 </svg> &y" in text for text in texts)
        assert max(map(len, texts)) < 2000
        assert picture.count("<script") == 1 and "<script" not in svg.still_svg(profile.root, "Peak", drawn)


def test_text_is_cut_on_the_right_and_fits():
    profile = profile_of([([("/" + "\u4e2d" * 300 + ".py", 1, "f")], 10), ([("/b" * 40 + ".py", 1, "g" * 300)], 1)])
    for box in boxes(both(profile)[0])[1:]:
        for text in box[5]:
            assert text.endswith("\u2026")
            assert svg.text.columns(text) * 7.3 <= box[4]


def test_fold_says_what_it_holds():
    stacks = [([("/a.py", 1, "f")], 10**6)] + [([("/a.py", number, "g")], 100) for number in range(2, 32)]
    fold = boxes(both(profile_of(stacks))[0])[-1]
    assert fold[:3] == ("fold", "30 call stacks, 2.9 KiB (0.30%) folded", 3000)


def test_thread_is_told():
    from recording_builder import RecordingBuilder

    from filprofiler.profile.build import build_profile
    from filprofiler.recording.reader import Recording

    builder = RecordingBuilder()
    mark = builder.thread(builder.stack([("/a.py", "main", 5)], 0))
    builder.stack([("/a.py", "work", 9)], 70, parent=mark)
    picture = both(build_profile(Recording(builder.build()), Program()))[0]
    assert boxes(picture)[-1][5] == ["thread: a.py:9 (work)"]
    assert boxes(picture)[-1][1].startswith("/a.py:9 (work) | in another thread | 70 bytes")


def test_nothing_held():
    for picture in both(profile_of([])):
        assert [box[1:3] for box in boxes(picture)] == [("all: 0 bytes in 0 call stacks", 0)]


def test_deep_callstack_gives_a_picture_of_limited_height():
    profile = profile_of([([("/j.py", number, "f") for number in range(1, 1001)], 5)])
    for picture in both(profile):
        height = int(ElementTree.fromstring(picture).get("viewBox").split()[3])
        assert height < 4000
        assert boxes(picture)[-1][0] == "fold"


def test_a_picture_has_a_limited_size():
    name = "/" + "directory/" * 40 + "%d.py"
    stacks = [
        ([(name % (number % 400 + depth), 1, "function_%d" % number) for depth in range(30)], 1000 + number)
        for number in range(900)
    ]
    for picture in both(profile_of(stacks)):
        assert len(picture.encode("utf-8")) <= svg.MAX_BYTES
        found = boxes(picture)
        assert len(found) <= 4000
        assert sum(box[2] for box in found if box[0] != "frame") == sum(size for _frames, size in stacks)


def luminance(color):
    channels = [int(color[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(first, second):
    lighter, darker = sorted((luminance(first), luminance(second)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_contrast_of_every_shade(theme):
    colors = style.colors(theme)
    grounds = [color for name, color in colors.items() if re.match(r"s\d$|hatch", name)]
    assert len(grounds) == len(svg.SHADES) + 1 + 2
    assert min(contrast(colors["box-ink"], ground) for ground in grounds) >= 4.5
    for ground in (colors["paper"], colors["panel"]):
        inks = [colors[name] for name in ("ink", "soft", "accent", "good", "warn")]
        assert min(contrast(ink, ground) for ink in inks) >= 4.5
    assert contrast(colors["on-accent"], colors["accent"]) >= 4.5


def test_a_picture_has_the_colours_of_both_themes():
    light, dark = style.picture_style().split("@media screen and (prefers-color-scheme: dark)")
    for part, theme in ((light, "light"), (dark, "dark")):
        for name in ("paper", "box-ink", "s0", "s7", "hatch-line"):
            assert ": %s;" % style.colors(theme)[name] in part
    assert "var(" not in light + dark


def test_the_pages_picture_is_small_and_whole():
    stacks = [([("/a.py", depth, "f%d" % number) for depth in range(20)], 10**6 + number) for number in range(900)]
    profile = profile_of(stacks)
    drawn = Drawn(SourceReader(profile.program))
    picture = svg.still_svg(profile.root, "Peak", drawn)
    assert len(picture.encode("utf-8")) <= svg.MAX_STILL_BYTES
    assert sum(box[2] for box in boxes(picture) if box[0] != "frame") == profile.peak_bytes


def test_a_picture_is_the_same_whatever_was_drawn_before():
    stacks = []
    for number in range(700):
        stack = [("/a.py", depth, "f%d" % (number % 3**depth)) for depth in range(8)]
        stacks.append((stack, 10**6 + 7919 * number % 10**6))
    profile = profile_of(stacks)
    sources = SourceReader(profile.program)
    whole, turned = both(profile)
    still = svg.still_svg(profile.root, "Peak", Drawn(sources))
    folds = [[box for box in boxes(picture) if box[0] == "fold"] for picture in (whole, still)]
    assert folds[0] and folds[1] and {box[2] for box in folds[0]} != {box[2] for box in folds[1]}  # some differ
    for turned_first in (False, True):
        drawn = Drawn(sources)
        for _time in range(2):
            if turned_first:
                assert svg.icicle_svg(ReversedRoot(profile), "Peak", drawn, svg.CALLEES_FIRST) == turned
            assert svg.icicle_svg(profile.root, "Peak", drawn, svg.CALLERS_FIRST) == whole
            assert svg.icicle_svg(ReversedRoot(profile), "Peak", drawn, svg.CALLEES_FIRST) == turned
            assert svg.still_svg(profile.root, "Peak", drawn) == still
