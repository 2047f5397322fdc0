"""2x2 tables: worked examples, zero cells, symmetries."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from peer_evidence import effects as es

MEASURES = (
    es.log_odds_ratio,
    es.log_risk_ratio,
    es.risk_difference,
    es.arcsine_difference,
    es.peto_log_odds_ratio,
)


@st.composite
def tables(draw: st.DrawFn) -> dict[str, int]:
    """2x2 tables, zero cells and double zeros included."""
    n1, n2 = draw(st.integers(1, 500)), draw(st.integers(1, 500))
    return {
        "events1": draw(st.integers(0, n1)),
        "n1": n1,
        "events2": draw(st.integers(0, n2)),
        "n2": n2,
    }


def swapped(table: dict[str, int]) -> dict[str, int]:
    return {
        "events1": table["events2"],
        "n1": table["n2"],
        "events2": table["events1"],
        "n2": table["n1"],
    }


def complement(table: dict[str, int]) -> dict[str, int]:
    """The same table with non-events counted."""
    return {
        **table,
        "events1": table["n1"] - table["events1"],
        "events2": table["n2"] - table["events2"],
    }


@pytest.mark.parametrize("measure", MEASURES, ids=lambda measure: measure.__name__)
@given(table=tables())
def test_swapping_the_groups_turns_the_sign(measure, table: dict[str, int]) -> None:
    effect, variance = measure(**table)
    other, same = measure(**swapped(table))
    # the sums inside are taken in another order: a few last digits
    np.testing.assert_allclose(other, -effect, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(same, variance, rtol=1e-12)


@pytest.mark.parametrize(
    "measure",
    [m for m in MEASURES if m is not es.log_risk_ratio],
    ids=lambda measure: measure.__name__,
)
@given(table=tables())
def test_counting_non_events_turns_the_sign(measure, table: dict[str, int]) -> None:
    effect, variance = measure(**table)
    other, same = measure(**complement(table))
    np.testing.assert_allclose(other, -effect, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(same, variance, rtol=1e-12)


@given(table=tables(), factor=st.integers(2, 50))
def test_a_larger_study_with_the_same_risks(table: dict[str, int], factor: int) -> None:
    # without correction the effect stays and the variance shrinks by the factor
    larger = {key: value * factor for key, value in table.items()}
    for measure in (es.log_odds_ratio, es.log_risk_ratio, es.risk_difference):
        effect, variance = measure(**table, to="none")
        other, smaller = measure(**larger, to="none")
        np.testing.assert_allclose(other, effect, rtol=1e-12, atol=1e-14)
        np.testing.assert_allclose(smaller * factor, variance, rtol=1e-12)


@given(table=tables())
def test_with_the_default_rule_every_table_has_an_odds_ratio(table: dict[str, int]) -> None:
    effect, variance = es.log_odds_ratio(**table)
    assert np.isfinite(effect)
    assert variance > 0


def test_handbook_zero_cell_by_hand() -> None:
    # 0/10 against 3/10: a half in each cell, (0.5 x 7.5) / (10.5 x 3.5)
    effect, variance = es.log_odds_ratio(events1=0, n1=10, events2=3, n2=10)
    assert effect == pytest.approx(np.log(3.75 / 36.75), rel=1e-14)
    assert variance == pytest.approx(1 / 0.5 + 1 / 10.5 + 1 / 3.5 + 1 / 7.5, rel=1e-14)


def test_a_zero_cell_without_correction_gives_nothing_rather_than_infinity() -> None:
    for options in ({"to": "none"}, {"add": 0}):
        for measure in (es.log_odds_ratio, es.log_risk_ratio):
            assert np.isnan(measure(events1=0, n1=10, events2=3, n2=10, **options)).all()


def test_double_zeros() -> None:
    none = {"events1": 0, "n1": 10, "events2": 0, "n2": 12}
    everybody = {"events1": 10, "n1": 10, "events2": 12, "n2": 12}
    # kept by default, with a large variance
    effect, variance = es.log_odds_ratio(**none)
    assert effect == pytest.approx(np.log((0.5 / 10.5) / (0.5 / 12.5)), rel=1e-13)
    assert variance > 4
    for table in (none, everybody):
        for measure in MEASURES:
            assert np.isnan(measure(**table, drop_double_zeros=True)).all()
        # Peto's method has nothing to say of them without a correction
        assert np.isnan(es.peto_log_odds_ratio(**table, to="none")).all()
    # and a difference of risks without correction is exactly 0, with variance 0
    assert [float(x) for x in es.risk_difference(**none, to="none")] == [0, 0]


def test_an_empty_group_gives_nothing() -> None:
    for measure in MEASURES:
        assert np.isnan(measure(events1=0, n1=0, events2=3, n2=10, to="none")).all()


def test_unbiased_variance_of_a_risk_difference() -> None:
    _, variance = es.risk_difference(events1=2, n1=11, events2=5, n2=21, vtype="UB")
    by_hand = 2 / 11 * 9 / 11 / 10 + 5 / 21 * 16 / 21 / 20
    assert variance == pytest.approx(by_hand, rel=1e-13)


def test_hrs_table_13_4() -> None:
    # 135/15/40/10 as printed in the handbook's table 13.4, to four decimals
    table = {"events1": 135, "n1": 150, "events2": 40, "n2": 50}
    assert round(float(es.phi(**table)[0]), 4) == 0.1309
    assert round(float(es.yule_q(**table)[0]), 4) == 0.3846
    assert round(float(es.yule_y(**table)[0]), 4) == 0.2
    assert round(float(es.probit_difference(**table)[0]), 4) == 0.4399
    effect, variance = es.log_odds_ratio(**table)
    for method, printed in {"logistic": 0.4471, "cox": 0.4915}.items():
        d, _ = es.smd_from_log_odds_ratio(effect=effect, variance=variance, method=method)
        assert round(float(d), 4) == printed
