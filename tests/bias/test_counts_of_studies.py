"""Fail-safe N, excess significance, p-curve, Henmi-Copas: formulas, refusals, words."""

import itertools

import numpy as np
import pytest
from scipy import stats

import peer_evidence as pe
from peer_evidence.bias.excess import successes
from peer_evidence.errors import FewStudiesWarning, InputError

from ..pooling.ledger import quiet
from .conftest import frame_of


def some(k=12):
    rng = np.random.default_rng(4)
    se = rng.uniform(0.1, 0.4, k)
    return frame_of(rng.normal(0.35, se), se**2)


def test_rosenthal_adds_just_enough_null_results():
    data = some()
    found = pe.fail_safe_n(pe.meta_analysis(data))
    total = (data["effect"] / np.sqrt(data["variance"])).sum()
    p = [stats.norm.sf(total / np.sqrt(12 + more)) for more in (found.n - 1, found.n)]
    assert p[0] < 0.05 <= p[1]


def test_rosenberg_adds_just_enough_studies_of_mean_weight():
    data = some()
    found = pe.fail_safe_n(pe.meta_analysis(data), "rosenberg", alpha=0.01)
    w = 1 / data["variance"]
    score, mean = (w * data["effect"]).sum(), w.mean()
    p = [
        2 * stats.norm.sf(score / np.sqrt(w.sum() + more * mean)) for more in (found.n - 1, found.n)
    ]
    assert p[0] < 0.01 <= p[1]
    assert found.p_value == pytest.approx(2 * stats.norm.sf(score / np.sqrt(w.sum())), rel=1e-9)


def test_orwin_adds_just_enough_to_reach_the_target():
    data = some()
    found = pe.fail_safe_n(pe.meta_analysis(data), "orwin", target=0.1)
    total = data["effect"].sum()
    assert total / (12 + found.n) <= 0.1 < total / (12 + found.n - 1)
    half = pe.fail_safe_n(pe.meta_analysis(data), "orwin")
    assert half.n == 12  # half the mean needs as many again, whatever rounding does


def test_fail_safe_refusals():
    m = pe.meta_analysis(some())
    with pytest.raises(
        InputError, match=r"target: found -0\.1 with a mean effect of 0\.\d+; studies"
    ):
        pe.fail_safe_n(m, "orwin", target=-0.1)
    with pytest.raises(InputError) as error:
        pe.fail_safe_n(m, target=0.1)
    assert str(error.value) == "target, weighted: they belong to kind='orwin' only"
    with pytest.raises(InputError) as error:
        pe.fail_safe_n(m, "rosenthall")
    assert str(error.value) == (
        "kind: found 'rosenthall', allowed are 'rosenthal', 'orwin', 'rosenberg'; "
        "did you mean 'rosenthal'?"
    )
    assert "neither shows nor rules out bias" in pe.fail_safe_n(m).summary()


def test_a_null_result_is_there_already():
    m = pe.meta_analysis(frame_of([0.1, -0.1, 0.05, -0.04] * 3, [0.04] * 12))
    assert pe.fail_safe_n(m).n == 0


def test_successes_are_those_of_all_outcomes():
    chances = np.array([0.1, 0.5, 0.7, 0.95])
    law = np.zeros(5)
    for outcome in itertools.product([0, 1], repeat=4):
        law[sum(outcome)] += np.prod(np.where(outcome, chances, 1 - chances))
    np.testing.assert_allclose(successes(chances), law, rtol=1e-13)


def test_power_is_the_chance_of_significance_under_random_effects():
    m = pe.meta_analysis(some(), method="DL")
    found = pe.excess_significance(m, tau2=0.05)
    rng = np.random.default_rng(8)
    se = np.sqrt(m.studies.variances[0])
    drawn = rng.normal(m.estimate, np.sqrt(0.05 + se**2), 200_000)
    share = (np.abs(drawn / se) > stats.norm.isf(0.025)).mean()
    assert found.power[0] == pytest.approx(share, abs=4e-3)
    assert found.expected == pytest.approx(found.power.sum())
    assert found.study_table()["significant"].sum() == found.observed


def test_dorn_2007_ten_significant_of_five_expected():
    """Ioannidis and Trikalinos's test as worked in metafor's help page of tes: 10 against 4.92."""
    from ..pooling.ledger import load

    d = load("dat.dorn2007")["escalc"]
    m = pe.meta_analysis(frame_of(d["yi"], d["vi"]).dropna(), method="FE")
    found = pe.excess_significance(m, test="chi2")
    assert (found.observed, round(found.expected, 4)) == (10, 4.9233)
    assert (round(found.chi2, 4), round(found.p_value, 4)) == (7.0656, 0.0039)
    assert found.summary().splitlines()[0] == (
        "Excess significance: 10 of 19 studies are significant at 0.05, 4.9 expected, p = 0.004 "
        "(chi2, one-sided)."
    )


def test_right_skew_is_stouffers_test_of_equal_shares():
    p = np.array([0.001, 0.012, 0.03, 0.049, 0.0002, 0.02, 0.007, 0.04, 0.024, 0.003, 0.2])
    found = pe.p_curve(p)
    kept, half = p[p < 0.05], p[p < 0.025]
    assert (found.k, found.k_significant, found.k_half) == (11, 10, 7)
    full = stats.norm.ppf(20 * kept).sum() / np.sqrt(10)
    assert found.right_skew_z == pytest.approx(full, rel=1e-12)
    assert found.right_skew_half_z == pytest.approx(
        stats.norm.ppf(40 * half).sum() / np.sqrt(7), rel=1e-12
    )
    assert found.right_skew_binomial_p_value == pytest.approx(stats.binom.sf(6, 10, 0.5))


def test_a_third_of_power_gives_71_per_cent_of_significant_p_below_half_the_level():
    """The two shares of trap 12: P(p < .025) = .238, given significance .714."""
    p = [0.001, 0.012, 0.03, 0.049, 0.0002, 0.02, 0.007, 0.04, 0.024, 0.003]
    found = pe.p_curve(p)
    table = found.curve_table()
    assert table["power_33"].sum() == pytest.approx(1.0, rel=1e-12)
    assert table["observed"].sum() == pytest.approx(1.0)
    third = 1.5281  # mean of z with power one third
    assert stats.norm.sf(1.959964 - third) + stats.norm.cdf(-1.959964 - third) == pytest.approx(
        1 / 3, abs=1e-3
    )
    share = stats.ncx2.sf(stats.chi2.isf(0.025, 1), 1, _third())
    assert share == pytest.approx(0.238, abs=5e-4)
    assert share * 3 == pytest.approx(0.714, abs=5e-4)
    half = np.array([one for one in p if one < 0.025])
    beyond = stats.ncx2.sf(stats.chi2.isf(half, 1), 1, _third())
    z = stats.norm.ppf(1 - beyond / share).sum() / np.sqrt(len(half))
    assert found.flat_half_z == pytest.approx(z, rel=1e-8)
    full = 1 - 3 * stats.ncx2.sf(stats.chi2.isf(np.array(p), 1), 1, _third())
    assert found.flat_z == pytest.approx(stats.norm.ppf(full).sum() / np.sqrt(10), rel=1e-8)
    assert found.flat_binomial_p_value == pytest.approx(stats.binom.cdf(7, 10, 3 * share), rel=1e-6)


def _third():
    """Give the noncentrality of chi-squared with power one third."""
    from scipy.optimize import brentq

    critical = stats.chi2.isf(0.05, 1)
    return brentq(lambda x: stats.ncx2.sf(critical, 1, x) - 1 / 3, 1e-6, 50, xtol=1e-13)


def test_power_of_a_p_curve_is_that_of_the_studies_that_made_it():
    rng = np.random.default_rng(11)
    z = rng.normal(2.8, 1, 4000)  # power 0.8
    found = pe.p_curve(2 * stats.norm.sf(np.abs(z)))
    assert found.power == pytest.approx(0.80, abs=0.02)
    assert found.power_ci_low < 0.8 < found.power_ci_high
    flat = pe.p_curve(rng.uniform(0, 0.05, 2000))
    assert flat.power < 0.08
    assert flat.flat_p_value < 1e-6


def test_p_curve_of_an_analysis_takes_its_studies():
    data = some(20)
    found = quiet(pe.p_curve, pe.meta_analysis(data))
    p = 2 * stats.norm.sf(np.abs(data["effect"] / np.sqrt(data["variance"])))
    assert found.k_significant == (p < 0.05).sum()
    assert quiet(pe.p_curve, p).power == pytest.approx(found.power, rel=1e-9)


def test_p_curve_refusals_and_warning():
    with pytest.raises(InputError) as error:
        pe.p_curve([0.2, 0.6])
    assert str(error.value) == "values: none of 2 p values is below 0.05, no curve"
    with pytest.raises(InputError) as error:
        pe.p_curve([0.2, 1.6])
    assert str(error.value) == "values: found [1.6], allowed are p values from 0 to 1"
    with pytest.raises(InputError, match="allowed is a meta-analysis or a list of p values"):
        pe.p_curve(["a"])
    with pytest.warns(FewStudiesWarning) as caught:
        found = pe.p_curve([0.03, 0.04, 0.5])
    text = "2 significant p values: a p-curve should not be believed with fewer than 10"
    assert str(caught[0].message) == text
    assert f"Only {text}." in found.summary()
    assert np.isnan(found.right_skew_half_z)
    assert "(half no p)" in found.summary()


def test_henmi_copas_without_heterogeneity_is_near_the_common_effect_interval():
    m = pe.meta_analysis(frame_of([0.3] * 30, np.linspace(0.01, 0.05, 30)), method="FE")
    found = pe.henmi_copas(m)
    assert found.estimate == pytest.approx(m.estimate)
    assert (found.tau2, found.k) == (0.0, 30)
    assert found.ci_high - found.ci_low < 1.05 * (m.ci_high - m.ci_low)


def test_the_public_names_are_loaded_from_this_room():
    for name in (
        *("egger", "peters", "harbord", "begg", "trim_and_fill", "pet_peese", "selection_model"),
        *("fail_safe_n", "excess_significance", "p_curve", "limit_meta_analysis", "henmi_copas"),
    ):
        assert getattr(pe, name).__module__.startswith("peer_evidence.bias.")


def test_henmi_copas_holds_where_one_study_outweighs_all_others():
    m = pe.meta_analysis(frame_of([0.1, 0.5, -0.4], [1e-8, 10.0, 1e6]), method="DL")
    found = quiet(pe.henmi_copas, m)
    assert found.ci_low < found.estimate < found.ci_high


def test_excess_of_studies_that_cannot_miss():
    m = pe.meta_analysis(frame_of([30.0, 31.0, 29.5], [0.04, 0.05, 0.06]), method="FE")
    found = quiet(pe.excess_significance, m, test="chi2")
    assert (found.chi2, found.p_value) == (0.0, 1.0)
