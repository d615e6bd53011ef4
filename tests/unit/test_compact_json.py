"""The page's JSON against the json package."""

import json

from hypothesis import given
from hypothesis import strategies as st

from filprofiler.report.page_data import compact_json

NAMES = st.from_regex(r"\A[a-zA-Z]{1,9}\Z")
VALUES = st.recursive(
    st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(NAMES | st.integers(), inner) | st.lists(inner).map(tuple),
)


@given(VALUES)
def test_it_is_what_the_package_writes(value):
    assert compact_json(value) == json.dumps(value, separators=(",", ":"))


def test_lone_surrogates_are_kept():
    assert json.loads(compact_json("\udc80")) == "\udc80"
