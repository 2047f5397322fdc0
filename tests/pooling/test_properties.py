"""What must hold for any data: equivariance, order, and batches that equal single fits."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from peer_evidence.pooling.many import pool_many
from peer_evidence.pooling.model import meta_analysis
from peer_evidence.pooling.tau2 import METHODS

EFFECT = st.floats(-3, 3).map(lambda x: round(x, 4))
VARIANCE = st.floats(0.005, 2.0)
STUDIES = st.lists(st.tuples(EFFECT, VARIANCE), min_size=3, max_size=12)


def fit(studies, method, **options):
    y, v = np.array(studies).T
    return pool_many(y[None, :], v[None, :], method, **options)


def spread(studies):
    """The scale on which numbers of these studies can be told apart."""
    y, v = np.array(studies).T
    return float(np.ptp(y) ** 2 + v.max())


@pytest.mark.parametrize("method", list(METHODS))
@settings(max_examples=40, deadline=None)
@given(studies=STUDIES, shift=st.floats(-5, 5), scale=st.floats(0.1, 10))
def test_a_shift_and_a_change_of_unit_go_through(method, studies, shift, scale):
    plain = fit(studies, method)
    moved = fit([(scale * y + shift, scale**2 * v) for y, v in studies], method)
    size = spread(studies)
    # two equal maxima may swap: then both have the same likelihood, and nothing else is claimed
    near = abs(moved.tau2[0] - scale**2 * plain.tau2[0]) <= 1e-8 * scale**2 * size
    if not near and method in ("ML", "REML"):
        return
    assert near
    assert moved.estimate[0] == pytest.approx(
        scale * plain.estimate[0] + shift, abs=1e-7 * (scale * size**0.5 + abs(shift))
    )
    assert moved.se[0] == pytest.approx(scale * plain.se[0], rel=1e-7)
    assert moved.i2[0] == pytest.approx(plain.i2[0], abs=1e-5)


@pytest.mark.parametrize("method", list(METHODS))
@settings(max_examples=30, deadline=None)
@given(studies=STUDIES, seed=st.integers(0, 1000))
def test_the_order_of_studies_does_not_matter(method, studies, seed):
    order = np.random.default_rng(seed).permutation(len(studies))
    plain, mixed = fit(studies, method), fit([studies[i] for i in order], method)
    assert mixed.tau2[0] == pytest.approx(plain.tau2[0], abs=1e-9 * spread(studies))
    assert mixed.estimate[0] == pytest.approx(plain.estimate[0], abs=1e-7)
    assert mixed.q[0] == pytest.approx(plain.q[0], rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("method", list(METHODS))
@pytest.mark.parametrize("ci", ["wald", "hksj", "hksj-adhoc", "t"])
def test_rows_of_a_batch_equal_single_fits(method, ci):
    rng = np.random.default_rng(4)
    v = rng.uniform(0.01, 0.5, (40, 8))
    y = rng.normal(size=(40, 8)) * np.sqrt(v + 0.1)
    gone = rng.random(y.shape) < 0.3
    gone[:, :3] = False
    y[gone] = v[gone] = np.nan
    many = pool_many(y, v, method, ci=ci)
    for row in range(40):
        data = pd.DataFrame({"effect": y[row], "variance": v[row]}).dropna()
        if method == "FE" and ci.startswith("hksj"):
            with pytest.warns(match="not the Hartung-Knapp method"):
                one = meta_analysis(data, method=method, ci=ci)
        else:
            one = meta_analysis(data, method=method, ci=ci)
        for name in (
            *("estimate", "se", "statistic", "p_value", "df", "ci_low", "ci_high"),
            *("pi_low", "pi_high", "tau2", "i2", "h2", "q", "q_df", "q_p_value"),
        ):
            ours, single = getattr(many, name)[row], getattr(one, name)
            assert ours == pytest.approx(single, rel=1e-11, abs=1e-12, nan_ok=True), name


@settings(max_examples=40, deadline=None)
@given(studies=STUDIES)
def test_intervals_and_shares_keep_their_order(studies):
    data = pd.DataFrame(studies, columns=["effect", "variance"])
    m = meta_analysis(data, ci="hksj-adhoc")
    assert m.pi_low <= m.ci_low <= m.estimate <= m.ci_high <= m.pi_high
    assert 0 <= m.tau2_ci_low <= m.tau2_ci_high
    assert 0 <= m.i2 < 100
    assert 0 <= m.i2_q < 100
    assert 0 <= m.p_value <= 1
    assert m.weights.sum() == pytest.approx(100)


@settings(max_examples=30, deadline=None)
@given(studies=STUDIES)
def test_paule_mandel_gives_a_hartung_knapp_factor_of_one(studies):
    data = pd.DataFrame(studies, columns=["effect", "variance"])
    m = meta_analysis(data, method="PM", ci="hksj-adhoc")
    if m.tau2 > 1e-6:
        assert m.hk_factor == pytest.approx(1.0, abs=1e-9)


def test_empirical_bayes_is_paule_mandel():
    data = pd.DataFrame({"effect": [0.1, 0.5, 0.9, -0.2], "variance": [0.02, 0.05, 0.03, 0.04]})
    assert meta_analysis(data, method="EB").tau2 == meta_analysis(data, method="PM").tau2
