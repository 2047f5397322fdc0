"""Printed numbers as ranges, and the slips that explain them."""

from __future__ import annotations

import math
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import peer_evidence as pe
from peer_evidence.appraisal.printed_numbers import (
    Span,
    mends,
    misprints,
    printed_span,
    text_of,
    with_decimals,
)


@settings(max_examples=200, deadline=None)
@given(
    st.decimals(-1000, 1000, places=6),
    st.integers(0, 4),
    st.sampled_from([ROUND_HALF_UP, ROUND_HALF_EVEN]),
)
def test_the_range_holds_every_value_that_rounds_to_the_text(
    value: Decimal, decimals: int, how: str
) -> None:
    text = str(value.quantize(Decimal(1).scaleb(-decimals), rounding=how))
    span = printed_span(text)
    assert span.low - 1e-9 <= float(value) <= span.high + 1e-9


def test_cut_digits_widen_the_range_away_from_zero_only() -> None:
    assert printed_span("0.27", cut=True) == Span(0.265, 0.28)
    assert printed_span("-0.27", cut=True) == Span(-0.28, -0.265)


def test_trailing_zeros_matter_in_a_text_and_are_lost_in_a_float() -> None:
    assert printed_span(text_of("0.20")) == Span(0.195, 0.205)
    assert printed_span(text_of(0.20)) == Span(0.15, 0.25)
    assert with_decimals("-0.2", 3) == "-0.200"


def test_values_that_are_missing_have_no_text() -> None:
    assert [text_of(x) for x in (None, math.nan, math.inf)] == ["", "", ""]
    assert text_of("−0.5 ") == "-0.5"


@pytest.mark.parametrize("text", ["", "about 3", "1,5", "nan", "0.5%"])
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(pe.InputError) as caught:
        printed_span(text)
    assert str(caught.value) == (
        f"text: found {text!r}, allowed is a number as printed, such as '-0.20'"
    )


def test_each_slip_is_tried() -> None:
    found = dict(misprints("0.56"))
    assert found["0.65"] == "two digits swapped"
    assert found["-0.56"] == "the sign turned"
    assert found["5.6"] == found["0.056"] == "the decimal point moved"
    assert found["0.46"] == "one digit changed"


def test_no_slip_is_named_that_nobody_prints() -> None:
    others = {other for text in ("93.4", "0.56", "10", "-20.5") for other, _ in misprints(text)}
    assert {"94.3", "9.34", "5.6", "1.0", "-2.05"} <= others
    assert not others & {"03.4", "05.6", "01", "-02.5", "00"}


def test_a_slip_that_could_be_anything_explains_nothing() -> None:
    assert mends("0.56", lambda text: True, most=1) == "−0.56 (the sign turned)"
    assert mends("9.42", lambda text: False) == ""


def test_ranges_that_touch_meet_and_a_gap_is_their_distance() -> None:
    assert Span(0.1, 0.3).meets(Span(0.1 + 0.2, 1.0))  # floating point: 0.30000000000000004
    assert Span(5.0, 6.0).gap(Span(1.0, 2.5)) == 2.5
    assert Span(-1.0, 2.0).size() == Span(0.0, 2.0)
