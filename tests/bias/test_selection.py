"""Selection models: derivatives, integrals, what is not identified, what limits do."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

import peer_evidence as pe
from peer_evidence.bias.selection_kernels import (
    Model,
    Quadrature,
    SmoothWeights,
    StepWeights,
    Tails,
    cut_z,
    log_weights,
    p_values,
)
from peer_evidence.errors import DataWarning, FewStudiesWarning, InputError

from ..pooling.ledger import load, quiet
from .comparisons import fit_selection
from .conftest import frame_of

few = pytest.mark.filterwarnings("ignore::peer_evidence.errors.PeerEvidenceWarning")
SMOOTH = {"beta": 1e-5, "halfnorm": 0.0, "negexp": 0.0, "logistic": 0.0, "power": 1e-5}


def studies(seed=1, k=14):
    rng = np.random.default_rng(seed)
    se = rng.uniform(0.05, 0.4, k)
    return rng.normal(0.3, np.sqrt(se**2 + 0.03)), se**2


def model_of(kind, sides, y, v):
    p = p_values(y / np.sqrt(v), sides)
    if kind == "step":
        cuts = np.array([0.025, 0.3])
        weights = StepWeights(np.searchsorted(cuts, p), np.array([1.0, np.nan, np.nan]))
        return Model(y, v, Tails(cut_z(cuts, sides), sides), weights)
    least = SMOOTH[kind]
    grid = Quadrature(least, sides)
    return Model(y, v, grid, SmoothWeights(kind, grid.p, np.clip(p, least, 1 - least)))


def parameters(kind):
    return {"step": [0.5, 0.2], "beta": [1.3, 0.8]}.get(kind, [0.7])


@pytest.mark.parametrize("sides", [1, 2])
@pytest.mark.parametrize("kind", ["step", *SMOOTH])
def test_derivatives_are_those_of_the_likelihood(kind, sides):
    model = model_of(kind, sides, *studies())
    theta = np.array([0.2, 0.05, *parameters(kind)])
    here = model(theta[None])
    for place in range(len(theta)):
        step = 1e-5 * np.eye(len(theta))[place]
        up, down = model((theta + step)[None]), model((theta - step)[None])
        slope = (up.value[0] - down.value[0]) / 2e-5
        assert here.gradient[0, place] == pytest.approx(slope, rel=1e-6, abs=1e-6)
        bend = (up.gradient[0] - down.gradient[0]) / 2e-5
        np.testing.assert_allclose(here.hessian[0, place], bend, rtol=1e-5, atol=1e-5)
    np.testing.assert_array_equal(here.hessian[0], here.hessian[0].T)


@pytest.mark.parametrize("sides", [1, 2])
@pytest.mark.parametrize("kind", ["step", *SMOOTH])
def test_the_norm_is_the_integral_of_weight_times_density(kind, sides):
    y, v = studies(k=3)
    model = model_of(kind, sides, y, v)
    mu, tau2 = 0.2, 0.05
    delta = np.array([parameters(kind)])
    b, _, _ = model._norm(np.array([mu]), np.array([tau2]), delta)

    def weight(z):
        p = p_values(np.array([z]), sides)
        if kind == "step":
            return [1.0, *delta[0]][int(np.searchsorted([0.025, 0.3], p)[0])]
        inside = np.clip(p, SMOOTH[kind], 1 - SMOOTH[kind])
        return float(np.exp(log_weights(kind, inside, delta)[0])[0, 0])

    edges = [
        abs(float(one)) for one in cut_z(np.array([0.025, 0.3, 1e-5, 0.9, 0.99, 1 - 1e-5]), sides)
    ]
    for one, variance in zip(b[0], v, strict=True):
        s, sigma = np.sqrt(variance), np.sqrt(variance + tau2)
        found, _ = integrate.quad(
            lambda z, s=s, sigma=sigma: weight(z) * s * stats.norm.pdf(z * s, mu, sigma),
            -60,
            60,
            points=sorted({0.0, *edges, *(-one for one in edges), -9.0, 9.0}),
            limit=1000,
            epsabs=1e-12,
        )
        assert one == pytest.approx(found, rel=1e-8)


def test_a_batch_of_trials_is_each_trial():
    model = model_of("beta", 1, *studies())
    thetas = np.array([[0.2, 0.05, 1.3, 0.8], [0.0, 0.1, 1.0, 1.0], [0.4, 0.0, 0.5, 2.0]])
    both = model(thetas)
    for place, theta in enumerate(thetas):
        one = model(theta[None])
        for batch, single in zip(both, one, strict=True):
            np.testing.assert_allclose(batch[place], single[0], rtol=1e-12, atol=1e-12)


@few
def test_equal_weights_are_the_analysis_without_selection():
    m = pe.meta_analysis(frame_of(*studies()), method="ML")
    found = pe.selection_model(m, [0.025, 0.5], weights=[1, 1, 1])
    assert found.estimate == pytest.approx(m.estimate, rel=1e-8)
    assert found.tau2 == pytest.approx(m.tau2, rel=1e-6)
    assert (found.lrt, found.lrt_df, found.given) == (pytest.approx(0, abs=1e-9), 0, True)
    assert np.isnan([found.lrt_p_value, *found.delta_se]).all()
    ml = m.fit_statistics()
    assert found.log_likelihood_unadjusted == pytest.approx(
        float(ml.loc["ML", "log_likelihood"]), rel=1e-9
    )


@few
@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000))
def test_the_mirror_image_of_the_data_has_the_mirror_image_of_the_result(seed):
    y, v = studies(seed, 20)
    p = p_values(y / np.sqrt(v), 1)
    if not (p <= 0.025).any() or not (p > 0.025).any():
        return
    one = pe.selection_model(pe.meta_analysis(frame_of(y, v)), alternative="greater")
    other = pe.selection_model(pe.meta_analysis(frame_of(-y, v)), alternative="less")
    assert other.estimate == pytest.approx(-one.estimate, rel=1e-9, abs=1e-12)
    assert other.ci_low == pytest.approx(-one.ci_high, rel=1e-9, abs=1e-12)
    np.testing.assert_allclose(other.delta, one.delta, rtol=1e-9)
    assert other.log_likelihood == pytest.approx(one.log_likelihood, rel=1e-12)


@few
@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000))
def test_no_small_step_climbs_higher(seed):
    y, v = studies(seed, 16)
    p = p_values(y / np.sqrt(v), 1)
    if not (p <= 0.025).any() or not (p > 0.025).any():
        return
    found = pe.selection_model(pe.meta_analysis(frame_of(y, v)), alternative="greater")
    assert found.converged
    cuts = np.array([0.025])
    weights = StepWeights(np.searchsorted(cuts, p), np.array([1.0, np.nan]))
    model = Model(y, v, Tails(cut_z(cuts, 1), 1), weights)
    theta = np.array([found.estimate, found.tau2, found.delta[1]])
    height = model(theta[None]).value[0]
    assert height == pytest.approx(found.log_likelihood, rel=1e-12)
    rng = np.random.default_rng(seed)
    near = theta + rng.normal(size=(200, 3)) * np.array([0.01, 0.002, 0.05 * theta[2]])
    near[:, 1:] = np.abs(near[:, 1:])
    assert (model(near).value <= height + 1e-10).all()


@few
def test_the_sign_of_the_pooled_effect_decides_which_p_is_meant():
    y, v = studies()
    found = pe.selection_model(pe.meta_analysis(frame_of(y, v)))
    assert found.alternative == "greater"
    assert "p is one-sided, small for effects above 0" in found.summary()
    turned = pe.selection_model(pe.meta_analysis(frame_of(-y, v)))
    assert turned.alternative == "less"
    assert turned.estimate == pytest.approx(-found.estimate, rel=1e-9)


def test_an_interval_without_studies_is_refused_by_name():
    m = pe.meta_analysis(frame_of([0.5, 0.6, 0.7, 0.8], [0.01, 0.012, 0.015, 0.02]))
    with pytest.warns(FewStudiesWarning), pytest.raises(InputError) as error:
        pe.selection_model(m, [0.025, 0.5])
    assert str(error.value) == (
        "steps: no study has 0.025 < p ≤ 0.5, 0.5 < p ≤ 1 (alternative='greater'), so the weight "
        "there is not identified; choose steps with studies on both sides, or give weights="
    )


def test_an_interval_with_hardly_any_study_warns():
    y, v = studies(3, 14)
    p = p_values(y / np.sqrt(v), 1)
    cut = float(np.sort(p)[-2]) - 1e-9
    with pytest.warns(FewStudiesWarning) as caught:
        pe.selection_model(pe.meta_analysis(frame_of(y, v)), [cut], alternative="greater")
    assert [str(one.message) for one in caught] == [
        f"3 or fewer studies have {cut:g} < p ≤ 1: the weights are hardly known"
    ]


def test_a_p_equal_to_a_step_is_below_it():
    y, v = studies()
    p = p_values(y / np.sqrt(v), 1)
    cut = float(np.sort(p)[6])
    found = quiet(
        pe.selection_model, pe.meta_analysis(frame_of(y, v)), [cut], alternative="greater"
    )
    assert found.p_counts == (7, 7)


@pytest.mark.parametrize("steps", [[], [0.0], [1.0], [0.5, 0.025], [0.025, 0.025], [1.2]])
def test_steps_out_of_order_are_refused(steps):
    m = pe.meta_analysis(frame_of(*studies()))
    with pytest.raises(InputError) as error:
        pe.selection_model(m, steps)
    assert str(error.value) == (
        f"steps: found {steps!r}, allowed are ascending p values between 0 and 1, such as "
        "(0.025,) or (0.025, 0.5)"
    )


def test_weights_of_the_wrong_number_are_refused():
    m = pe.meta_analysis(frame_of(*studies()))
    for weights in ([1.0], [1.0, 0.0], [1.0, np.nan]):
        with pytest.raises(InputError) as error:
            pe.selection_model(m, weights=weights)
        assert str(error.value) == (
            f"weights: found {weights!r}, allowed are 2 numbers above 0, one for each "
            "interval of p that the steps make"
        )
    with pytest.raises(InputError) as error:
        pe.selection_model(m, kind="beta", weights=[1.0, 0.5])
    assert str(error.value) == "weights: found with kind='beta', they belong to kind='step'"


def bangert():
    rows = load("dat.bangertdrowns2004")["input"]
    return frame_of([r["yi"] for r in rows], [r["vi"] for r in rows])


def test_a_higher_maximum_elsewhere_is_named():
    """R's random-effects fit of Egger 2001 is lower than its own common-effect fit, a part of it.

    That other maximum, at tau2 = 0, is our rival.
    """
    d = load("dat.egger2001")
    higher = d["analysis"]["OR"]["selmodel"]["step_025_equaleffects"]
    assert higher["ll"] > d["analysis"]["OR"]["selmodel"]["step_025"]["ll"] + 1.5
    m = quiet(pe.meta_analysis, frame_of(d["escalc"]["OR"]["yi"], d["escalc"]["OR"]["vi"]))
    with pytest.warns(DataWarning) as caught:
        found = pe.selection_model(m, alternative="less")
    assert [str(one.message) for one in caught if one.category is DataWarning] == [
        "the likelihood has several maxima, a higher one with the effect "
        f"{higher['beta'][0]:.3g}: the data do not settle this selection model"
    ]
    assert found.rival_log_likelihood == pytest.approx(higher["ll"], abs=1e-6)
    assert found.rival_estimate == pytest.approx(higher["beta"][0], abs=1e-5)
    assert "Another maximum is higher (by 1.54 in log-likelihood), with" in found.summary()


def test_tau2_on_its_limit_has_no_standard_error():
    rows = load("dat.raudenbush1985")["input"]
    data = frame_of([r["yi"] for r in rows], [r["vi"] for r in rows])
    found = fit_selection("dat.raudenbush1985", "analysis.SMD", "step_025", data)
    assert found.tau2 == 0.0
    assert np.isnan(found.tau2_se)
    common = quiet(pe.selection_model, pe.meta_analysis(data, method="FE"))
    assert common.estimate == pytest.approx(found.estimate, rel=1e-7)
    assert common.se == pytest.approx(found.se, rel=1e-6)


def test_tables_and_words_of_the_three_parameter_model():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = pe.selection_model(pe.meta_analysis(bangert()))
    table = found.weight_table()
    assert list(table.index) == ["p ≤ 0.025", "0.025 < p ≤ 1"]
    assert table["studies"].sum() == 48
    assert found.weight([0.001, 0.025, 0.03, 0.9]).tolist() == [
        1.0,
        1.0,
        *[pytest.approx(0.46645, abs=1e-5)] * 2,
    ]
    assert found.summary().splitlines()[0] == (
        "Selection model (step, ML): 0.15 (95% CI 0.00 to 0.29), without selection in the model "
        "0.22, 48 studies."
    )
    assert found.to_frame().loc[0, "lrt_df"] == 1
    smooth = quiet(pe.selection_model, pe.meta_analysis(bangert()), kind="negexp")
    assert smooth.weight([0.0]).tolist() == [1.0]
    assert list(smooth.weight_table().index) == ["a"]
