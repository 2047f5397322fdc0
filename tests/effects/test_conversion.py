"""Conversions: there and back, worked examples, what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from peer_evidence import effects as es
from peer_evidence.errors import InputError

sizes = st.integers(2, 1000)


@given(
    means=st.tuples(st.floats(-10, 10), st.floats(-10, 10)),
    sds=st.tuples(st.floats(0.1, 10), st.floats(0.1, 10)),
    n=st.tuples(sizes, sizes),
)
def test_every_road_to_an_smd_meets_at_the_means(means, sds, n) -> None:
    groups = {"mean1": means[0], "sd1": sds[0], "n1": n[0]}
    groups |= {"mean2": means[1], "sd2": sds[1], "n2": n[1]}
    direct = es.hedges_g(**groups)
    size = {"n1": n[0], "n2": n[1]}
    difference, variance = es.mean_difference(**groups, vtype="HO")
    se = np.sqrt(variance)
    t = difference / se
    np.testing.assert_allclose(es.smd_from_t(t=t, **size), direct, rtol=1e-9, atol=1e-14)
    by_f = es.smd_from_f(f=t**2, **size, sign=1 if t >= 0 else -1)
    np.testing.assert_allclose(by_f, direct, rtol=1e-9, atol=1e-14)
    by_se = es.smd_from_mean_difference(difference=difference, standard_error=se, **size)
    np.testing.assert_allclose(by_se, direct, rtol=1e-9, atol=1e-14)
    half = se * stats.t.isf(0.05, n[0] + n[1] - 2)
    by_interval = es.smd_from_mean_difference(
        difference=difference, low=difference - half, high=difference + half, level=0.9, **size
    )
    np.testing.assert_allclose(by_interval, direct, rtol=1e-8, atol=1e-12)


def test_smd_from_a_p_value_against_scipys_test() -> None:
    t, n1, n2 = 2.4, 18, 25
    for tails, p in {2: 2 * stats.t.sf(t, 41), 1: stats.t.sf(t, 41)}.items():
        g = es.smd_from_p(p=p, n1=n1, n2=n2, sign=-1, tails=tails)
        np.testing.assert_allclose(g, es.smd_from_t(t=-t, n1=n1, n2=n2), rtol=1e-11)


def test_a_tiny_p_value_keeps_its_digits() -> None:
    p = 2 * stats.t.sf(25.0, 98)  # about 1e-44, where 1 - p is 1
    g, _ = es.smd_from_p(p=p, n1=50, n2=50)
    assert g == pytest.approx(float(es.smd_from_t(t=25.0, n1=50, n2=50)[0]), rel=1e-9)


def test_p_of_one_is_no_difference() -> None:
    assert float(es.smd_from_p(p=1, n1=20, n2=20)[0]) == 0


def test_estimate_with_interval_or_standard_error() -> None:
    z = stats.norm.isf(0.025)
    effect, variance = es.effect_from_estimate(estimate=2.0, low=1.0, high=4.0, ratio=True)
    assert effect == pytest.approx(np.log(2), rel=1e-15)
    assert variance == pytest.approx((np.log(4) / (2 * z)) ** 2, rel=1e-13)
    effect, variance = es.effect_from_estimate(estimate=2.0, low=1.0, high=3.0)
    assert (float(effect), float(variance)) == (2.0, pytest.approx(1 / z**2, rel=1e-13))
    effect, variance = es.effect_from_estimate(estimate=2.0, standard_error=0.5, ratio=True)
    assert (float(effect), float(variance)) == (np.log(2), 0.25)


@given(effect=st.floats(-5, 5), variance=st.floats(0, 10))
def test_odds_ratio_and_smd_there_and_back(effect: float, variance: float) -> None:
    for method in ("logistic", "chinn", "cox"):
        d, v = es.smd_from_log_odds_ratio(effect=effect, variance=variance, method=method)
        back = es.log_odds_ratio_from_smd(effect=d, variance=v, method=method)
        np.testing.assert_allclose(back, (effect, variance), rtol=1e-12, atol=1e-300)


@given(r=st.floats(-0.99, 0.99), variance=st.floats(0, 1))
def test_correlation_and_smd_there_and_back(r: float, variance: float) -> None:
    d, v = es.smd_from_r(r=r, variance=variance)
    back = es.r_from_smd(smd=d, n1=40, n2=40, variance=v)
    np.testing.assert_allclose(back, (r, variance), rtol=1e-9, atol=1e-14)


def test_without_a_variance_none_is_made_up() -> None:
    d, v = es.smd_from_r(r=[0.3, 1.0])
    assert np.isfinite(d).tolist() == [True, False]
    assert np.isnan(v).all()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: es.smd_from_p(p=0, n1=9, n2=9),
            "p: found 0, allowed is a number above 0 and up to 1",
        ),
        (
            lambda: es.smd_from_p(p=0.05, n1=9, n2=9, tails=3),
            "tails: found 3, allowed are 1 and 2",
        ),
        (
            lambda: es.smd_from_f(f=-1, n1=9, n2=9),
            "f: found -1, allowed is a finite number of at least 0",
        ),
        (lambda: es.smd_from_f(f=1, n1=9, n2=9, sign=0), "sign: found 0, allowed is 1 or -1"),
        (
            lambda: es.effect_from_estimate(estimate=1.0),
            "standard_error, low, high: give either the standard error or both ends of the "
            "interval",
        ),
        (
            lambda: es.effect_from_estimate(estimate=1.0, low=0.5),
            "standard_error, low, high: give either the standard error or both ends of the "
            "interval",
        ),
        (
            lambda: es.effect_from_estimate(estimate=1.0, standard_error=1, low=0.5, high=2),
            "standard_error, low, high: give either the standard error or both ends of the "
            "interval",
        ),
        (
            lambda: es.effect_from_estimate(estimate=1.0, low=2.0, high=0.5),
            "high - low: found -1.5, allowed is an interval with low below high",
        ),
        (
            lambda: es.effect_from_estimate(estimate=-1.0, low=0.5, high=2, ratio=True),
            "estimate: found -1, allowed is a finite number above 0",
        ),
        (
            lambda: es.effect_from_estimate(estimate=1.0, low=0.5, high=2, level=95),
            "level: found 95, allowed is a number between 0 and 1, such as 0.95 for 95 per cent",
        ),
        (
            lambda: es.smd_from_log_odds_ratio(effect=1, variance=1, method="probit"),
            "method: found 'probit', allowed are 'logistic', 'chinn', 'cox'",
        ),
    ],
)
def test_what_is_refused(call, message: str) -> None:
    with pytest.raises(InputError) as caught:
        call()
    assert str(caught.value) == message
