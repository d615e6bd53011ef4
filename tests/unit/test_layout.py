"""The icicle's geometry: nothing is lost, whatever the tree and the limits."""

from hypothesis import given, settings
from hypothesis import strategies as st
from recording_builder import profile_of

from filprofiler.profile.reversed_tree import ReversedRoot
from filprofiler.report import layout

NAMES = st.integers(min_value=1, max_value=6)
STACKS = st.lists(
    st.tuples(st.lists(NAMES, max_size=8), st.integers(min_value=1, max_value=10**12)), min_size=0, max_size=60
)


def profile_of_numbers(stacks):
    return profile_of([([("/j.py", number, "f") for number in numbers], size) for numbers, size in stacks])


def check(boxes, whole, max_boxes, max_rows):
    """What holds for every layout."""
    assert len(boxes) <= max_boxes
    root = boxes[0]
    assert (root.row, root.start, root.size) == (0, 0, whole)
    assert sum(box.size for box in boxes if box.kind != layout.FRAME) == whole
    assert all(box.row < max_rows for box in boxes)
    rows = {}
    for box in boxes:
        assert box.size > 0 or box is root
        rows.setdefault(box.row, []).append(box)
    for row, in_row in rows.items():
        in_row.sort(key=lambda box: box.start)
        for left, right in zip(in_row, in_row[1:]):
            assert left.start + left.size <= right.start
        below = sum(box.size for box in rows.get(row + 1, []))
        assert below == sum(box.size for box in in_row if box.kind == layout.FRAME)
    assert sum(box.callstacks for box in boxes if box.kind != layout.FRAME) == root.callstacks


@settings(max_examples=100, deadline=None)
@given(STACKS, st.integers(2, 40), st.integers(2, 10), st.sampled_from([2, 20, 10**9]))
def test_nothing_is_lost(stacks, max_boxes, max_rows, least_share):
    profile = profile_of_numbers(stacks)
    for root in (profile.root, ReversedRoot(profile)):
        check(layout.lay_out(root, max_boxes, max_rows, least_share), profile.peak_bytes, max_boxes, max_rows)


def kinds(boxes):
    return [(box.kind, box.row, box.start, box.size) for box in sorted(boxes, key=lambda box: (box.row, box.start))]


def test_order_and_kinds():
    profile = profile_of_numbers([([1], 100), ([1, 2], 300), ([1, 3], 600), ([4], 1000), ([1, 5], 1)])
    assert kinds(layout.lay_out(profile.root)) == [
        (layout.FRAME, 0, 0, 2001),
        (layout.FRAME, 1, 0, 1001),
        (layout.LEAF, 1, 1001, 1000),
        (layout.LEAF, 2, 0, 600),
        (layout.LEAF, 2, 600, 300),
        (layout.SELF, 2, 900, 100),
        (layout.FOLD, 2, 1000, 1),
    ]


def test_small_children_are_folded_together():
    profile = profile_of_numbers([([1], 1000000)] + [([number], 10) for number in range(2, 42)])
    fold = layout.lay_out(profile.root)[-1]
    assert (fold.kind, fold.size, fold.callstacks) == (layout.FOLD, 400, 40)


def test_a_child_of_a_thousandth_is_drawn():
    profile = profile_of_numbers([([1], 999), ([2], 1)])
    assert [box.kind for box in layout.lay_out(profile.root)] == [layout.FRAME, layout.LEAF, layout.LEAF]


def test_a_thousand_deep_callstack_is_folded():
    profile = profile_of_numbers([(list(range(1, 1001)), 5)])
    boxes = layout.lay_out(profile.root)
    check(boxes, 5, layout.MAX_BOXES, layout.MAX_ROWS)
    assert len(boxes) == layout.MAX_ROWS
    assert boxes[-1].kind == layout.FOLD


def test_limit_folds_the_smallest():
    stacks = [([number, number + 100, number + 200], 1000 + number) for number in range(1, 100)]
    boxes = layout.lay_out(profile_of_numbers(stacks).root, max_boxes=150)
    check(boxes, sum(size for _numbers, size in stacks), 150, layout.MAX_ROWS)
    assert len(boxes) > 140


def test_nothing_at_all():
    boxes = layout.lay_out(profile_of_numbers([]).root)
    assert kinds(boxes) == [(layout.LEAF, 0, 0, 0)]
