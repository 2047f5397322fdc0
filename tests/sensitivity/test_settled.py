"""When the answer of a growing meta-analysis settled."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import peer_evidence as pe
from peer_evidence.sensitivity.settled import CAUTION, since

DATA = pd.DataFrame(
    {
        "label": list("abcde"),
        "effect": [0.9, -0.4, 0.5, 0.45, 0.42],
        "variance": [0.04, 0.04, 0.02, 0.01, 0.01],
        "year": [2001, 2003, 2005, 2007, 2009],
    }
)
FIXED = pe.meta_analysis(DATA, method="FE")


def by_hand(rows, holds):
    """Give the number of studies from which on something holds, trying each in turn."""
    return next((k for k in range(1, len(rows) + 1) if all(holds[k - 1 :])), 0)


def test_it_settled_where_the_intervals_say():
    rows = pe.cumulative(FIXED, order=DATA["year"])
    found = rows.settled(within=0.1)
    assert rows.ci_low[0] > 0  # above at first, then not: the first does not count
    assert rows.ci_low[1] < 0
    assert (found.side, found.side_k) == ("above", by_hand(rows, rows.ci_low > 0))
    assert found.side_label == rows.label[found.side_k - 1]
    near = np.abs(rows.estimate - rows.estimate[-1]) <= 0.1
    assert found.within_k == by_hand(rows, near)
    assert found.summary().splitlines() == [
        f"The interval has been above 0.00 since study {found.side_k} of 5 ({found.side_label}); "
        f"the estimate has been within 0.100 of the last, {FIXED.estimate:.2f}, since study "
        f"{found.within_k} of 5 ({found.within_label}).",
        CAUTION,
    ]
    assert found.to_frame().loc[0, "k"] == 5


def test_the_distance_is_half_the_last_interval_unless_stated():
    rows = pe.cumulative(FIXED)
    assert rows.settled().within == pytest.approx((FIXED.ci_high - FIXED.ci_low) / 2)


def test_an_interval_that_holds_the_null_at_the_end_has_not_settled():
    rows = pe.cumulative(FIXED)
    found = rows.settled(null=FIXED.estimate)
    assert (found.side, found.side_k, found.side_label) == ("", 0, "")
    assert found.summary().startswith(f"The interval of all 5 holds {FIXED.estimate:.2f}; ")
    below = rows.settled(null=2.0)
    assert (below.side, below.side_k) == ("below", 1)
    assert rows.settled(within=1e-9).summary().count("the last of 5 studies (e)") == 1


@settings(max_examples=50)
@given(st.lists(st.booleans(), min_size=1, max_size=12))
def test_since_is_the_first_place_from_which_all_hold(holds):
    expected = next((i for i in range(len(holds)) if all(holds[i:])), len(holds))
    assert since(np.array(holds)) == expected


def test_a_series_is_matched_by_the_labels_in_its_index():
    years = DATA.set_index("label")["year"]
    mixed = years.iloc[[3, 0, 4, 2, 1]]
    assert pe.cumulative(FIXED, order=mixed).label == tuple("abcde")
    partly = pe.meta_analysis(DATA.drop(index=[1]), method="FE")
    assert pe.cumulative(partly, order=-mixed).label == tuple("edca")
    # any other index says nothing: the values stand in the order of the data
    assert pe.cumulative(FIXED, order=-DATA["year"]).label == tuple("edcba")
    assert pe.cumulative(FIXED, order=pd.Series([5, 4, 3, 2, 1], index=list("vwxyz"))).label == (
        tuple("edcba")
    )


def test_a_year_that_is_missing_in_a_column_of_the_records():
    years = pd.Series([2001, None, 2003, 2004, 2005], dtype="Int64")
    with pytest.raises(pe.InputError) as caught:
        pe.cumulative(FIXED, order=years)
    assert str(caught.value) == ("order: found a missing value, allowed is a value for every study")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"within": 0}, "within: found 0, allowed is a number above 0"),
        ({"within": "near"}, "within: found 'near', allowed is a number"),
        ({"null": np.nan}, "null: found nan, allowed is a number"),
    ],
)
def test_what_is_refused(options, message):
    with pytest.raises(pe.InputError) as caught:
        pe.cumulative(FIXED).settled(**options)
    assert str(caught.value) == message
