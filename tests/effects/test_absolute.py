"""From ratios to people."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from peer_evidence import effects as es
from peer_evidence.errors import InputError

ratios = st.floats(0.05, 20)
risks = st.floats(0.001, 0.999)


def test_handbook_nnt() -> None:
    # Cochrane Handbook 5.1, 12.5.4: RR 0.92 at 0.3 is 24 fewer for each 1000, NNT 42;
    # OR 0.73 is 62 fewer, NNT 17; RD 0.12 is NNT 9 and 0.22 is NNT 5
    risk = es.absolute_effect(ratio=0.92, baseline_risk=0.3)
    odds = es.absolute_effect(ratio=0.73, baseline_risk=0.3, measure="OR")
    assert (round(float(risk.difference_per_1000)), float(risk.nnt)) == (-24, 42)
    assert (round(float(odds.difference_per_1000)), float(odds.nnt)) == (-62, 17)
    assert es.number_needed(risk_difference=[0.12, 0.22]).tolist() == [9, 5]


def test_the_number_needed_rounds_up_but_not_past_a_whole_number() -> None:
    assert es.number_needed(risk_difference=[0.1, 0.2, 0.3, -0.05, 1 / 7]).tolist() == [
        10,
        5,
        4,
        20,
        7,
    ]
    assert np.isinf(es.number_needed(risk_difference=0.0))
    assert np.isnan(es.number_needed(risk_difference=np.nan))


@given(ratio=ratios, risk=risks)
def test_the_risk_has_the_odds_that_the_ratio_says(ratio: float, risk: float) -> None:
    other = es.risk_from_ratio(ratio=ratio, baseline_risk=risk, measure="OR")
    assert other / (1 - other) == pytest.approx(ratio * risk / (1 - risk), rel=1e-9)
    back = es.risk_from_ratio(ratio=1 / ratio, baseline_risk=other, measure="OR")
    assert back == pytest.approx(risk, rel=1e-9)


@given(ratio=ratios, risk=risks)
def test_the_hazard_ratio_acts_on_the_log_of_survival(ratio: float, risk: float) -> None:
    other = es.risk_from_ratio(ratio=ratio, baseline_risk=risk, measure="HR")
    assert other == pytest.approx(1 - (1 - risk) ** ratio, rel=1e-9)


def test_interval_goes_through_with_the_risk_held() -> None:
    effect = es.absolute_effect(ratio=0.8, low=0.5, high=1.1, baseline_risk=[0.1, 0.4])
    np.testing.assert_allclose(effect.difference_low, [-50, -200], rtol=1e-12)
    np.testing.assert_allclose(effect.difference_high, [10, 40], rtol=1e-12)
    alone = es.absolute_effect(ratio=0.8, baseline_risk=0.1)
    assert np.isnan([alone.difference_low, alone.difference_high]).all()


def test_a_risk_ratio_that_cannot_hold_at_this_risk() -> None:
    assert np.isnan(es.risk_from_ratio(ratio=3, baseline_risk=0.4))
    assert es.risk_from_ratio(ratio=3, baseline_risk=0.4, measure="OR") < 1


@pytest.mark.parametrize(
    ("numbers", "text"),
    [
        ((0.1, 0.05, 0.2), "NNTB 10 (5 to 20)"),
        ((-0.1, -0.2, -0.05), "NNTH 10 (5 to 20)"),
        ((0.1, -0.05, 0.25), "NNTB 10 (NNTB 4 to ∞ to NNTH 20)"),
        ((-0.05, -0.25, 0.1), "NNTH 20 (NNTB 10 to ∞ to NNTH 4)"),
        ((0.1, 0.0, 0.2), "NNTB 10 (5 to ∞)"),
    ],
)
def test_altman_1998_intervals_pass_through_infinity(numbers, text: str) -> None:
    assert es.nnt_text(*numbers) == text


def test_refused() -> None:
    with pytest.raises(InputError) as caught:
        es.risk_from_ratio(ratio=0.8, baseline_risk=30)
    assert str(caught.value) == "baseline_risk: found 30, allowed is a number from 0 to 1"
    with pytest.raises(InputError) as caught:
        es.absolute_effect(ratio=0, baseline_risk=0.3)
    assert str(caught.value) == "ratio: found 0, allowed is a finite number above 0"
