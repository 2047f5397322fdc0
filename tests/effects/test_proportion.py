"""One group: Miller's back-transformation, zero cells; metafor has no reference for these here."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from peer_evidence import effects as es


def test_miller_1978() -> None:
    # Miller (1978), The American Statistician 32:138: back-transformed means of four double
    # arcsines, unweighted .3164 and weighted by n + 1/2 .3595
    x, n = np.array([3, 6, 10, 1]), np.array([11, 17, 21, 6])
    effect, variance = es.freeman_tukey(events=x, n=n)
    # metafor's transform is half of Miller's
    assert (2 * effect).round(4).tolist() == [1.1391, 1.2888, 1.5253, 0.9515]
    np.testing.assert_allclose(1 / variance, 4 * (n + 0.5), rtol=1e-14)
    harmonic = len(n) / (1 / n).sum()
    means = [effect.mean(), np.average(effect, weights=1 / variance)]
    back = es.freeman_tukey_inverse(effect=means, n=harmonic)
    assert back.round(4).tolist() == [0.3164, 0.3595]


@given(data=st.data(), n=st.integers(1, 5000))
def test_double_arcsine_comes_back(data: st.DataObject, n: int) -> None:
    x = data.draw(st.integers(0, n))
    effect, _ = es.freeman_tukey(events=x, n=n)
    # near a share of 1/2 the root of 1 - sin² costs half of the digits
    assert es.freeman_tukey_inverse(effect=effect, n=n) == pytest.approx(x / n, abs=1e-7)


def test_double_arcsine_beyond_its_range_is_none_or_all() -> None:
    assert es.freeman_tukey_inverse(effect=[0, 2, np.nan], n=20).tolist()[:2] == [0, 1]
    assert np.isnan(es.freeman_tukey_inverse(effect=np.nan, n=20))
    low = es.freeman_tukey(events=0, n=20)[0]
    assert es.freeman_tukey_inverse(effect=low, n=20) == 0


@given(data=st.data(), n=st.integers(1, 5000))
def test_counting_non_events(data: st.DataObject, n: int) -> None:
    x = data.draw(st.integers(0, n))
    logit, variance = es.logit_proportion(events=x, n=n)
    other, same = es.logit_proportion(events=n - x, n=n)
    np.testing.assert_allclose([other, same], [-logit, variance], rtol=1e-12, atol=1e-14)
    share, _ = es.arcsine_proportion(events=x, n=n)
    rest, _ = es.arcsine_proportion(events=n - x, n=n)
    assert share + rest == pytest.approx(np.pi / 2, rel=1e-12)


def test_formulas_by_hand() -> None:
    # 5 of 20
    five = {"events": 5, "n": 20}
    expected = {
        es.proportion: (0.25, 0.25 * 0.75 / 20),
        es.log_proportion: (np.log(0.25), 1 / 5 - 1 / 20),
        es.logit_proportion: (np.log(1 / 3), 1 / 5 + 1 / 15),
        es.arcsine_proportion: (np.pi / 6, 1 / 80),
        es.freeman_tukey: (
            (np.arcsin((5 / 21) ** 0.5) + np.arcsin((6 / 21) ** 0.5)) / 2,
            1 / 82,
        ),
    }
    for kernel, by_hand in expected.items():
        np.testing.assert_allclose(kernel(**five), by_hand, rtol=1e-14)
    assert es.proportion(**five, vtype="UB")[1] == pytest.approx(0.25 * 0.75 / 19, rel=1e-14)


def test_nobody_and_everybody() -> None:
    # 0.5 is added to those with and those without, so that n grows by 1
    assert es.proportion(events=0, n=9)[0] == pytest.approx(0.05, rel=1e-14)
    assert es.logit_proportion(events=9, n=9)[0] == pytest.approx(np.log(19), rel=1e-14)
    for kernel in (es.log_proportion, es.logit_proportion):
        assert np.isnan(kernel(events=0, n=9, to="none")).all()
    # arcsines need nothing
    assert float(es.arcsine_proportion(events=0, n=9)[0]) == 0
    assert np.isnan(es.freeman_tukey(events=0, n=0)).all()
    assert np.isnan(es.single_mean(mean=1, sd=1, n=0)).all()
