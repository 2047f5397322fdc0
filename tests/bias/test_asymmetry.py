"""Egger, Peters, Harbord, Begg, PET-PEESE, limit meta-analysis: formulas, refusals, words."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

import peer_evidence as pe
from peer_evidence.bias.common import weighted_line
from peer_evidence.bias.rank import kendall
from peer_evidence.errors import FewStudiesWarning, InputError

from ..pooling.ledger import quiet
from .conftest import frame_of

few = pytest.mark.filterwarnings("ignore::peer_evidence.errors.FewStudiesWarning")


def least_squares(y, x, w):
    """Fit a weighted line with numpy: coefficients, their standard errors."""
    root = np.sqrt(w)
    design = np.column_stack([np.ones_like(x), x]) * root[:, None]
    beta, rss, *_ = np.linalg.lstsq(design, y * root, rcond=None)
    covariance = np.linalg.inv(design.T @ design) * rss[0] / (len(y) - 2)
    return beta, np.sqrt(np.diag(covariance))


def test_egger_1997_slope_of_se_is_the_intercept_of_z_on_precision(lopsided):
    test = pe.egger(pe.meta_analysis(lopsided))
    se = np.sqrt(lopsided["variance"].to_numpy())
    z = lopsided["effect"].to_numpy() / se
    fit = stats.linregress(1 / se, z)
    assert test.slope == pytest.approx(fit.intercept, rel=1e-12)
    assert test.se == pytest.approx(fit.intercept_stderr, rel=1e-12)
    assert test.limit == pytest.approx(fit.slope, rel=1e-12)
    assert test.p_value == pytest.approx(2 * stats.t.sf(test.statistic, 10), rel=1e-10)


def test_peters_2006_is_a_line_in_inverse_n_weighted_by_events_and_others(bcg):
    test = pe.peters(pe.meta_analysis(bcg))
    events = bcg["events_intervention"] + bcg["events_comparison"]
    n = bcg["n_intervention"] + bcg["n_comparison"]
    w = (1 / (1 / events + 1 / (n - events))).to_numpy()
    beta, se = least_squares(bcg["effect"].to_numpy(), (1 / n).to_numpy(), w)
    assert test.slope == pytest.approx(beta[1], rel=1e-9)
    assert test.se == pytest.approx(se[1], rel=1e-9)
    assert (test.df, test.predictor, test.caution) == (11.0, "inverse_n", "")


def test_harbord_2006_is_a_line_in_the_error_of_the_score(bcg):
    test = pe.harbord(pe.meta_analysis(bcg))
    a, c = bcg["events_intervention"], bcg["events_comparison"]
    n1, n2 = bcg["n_intervention"], bcg["n_comparison"]
    n = n1 + n2
    z = a - (a + c) * n1 / n
    v = n1 * n2 * (a + c) * (n - a - c) / (n**2 * (n - 1.0))
    beta, se = least_squares((z / v).to_numpy(), (1 / np.sqrt(v)).to_numpy(), v.to_numpy())
    assert test.slope == pytest.approx(beta[1], rel=1e-9)
    assert test.se == pytest.approx(se[1], rel=1e-9)


def test_harbord_turns_with_effects_that_were_turned(bcg):
    turned = bcg.assign(effect=-bcg["effect"])
    plain, other = pe.harbord(pe.meta_analysis(bcg)), pe.harbord(pe.meta_analysis(turned))
    assert other.slope == pytest.approx(-plain.slope, rel=1e-12)
    assert other.p_value == pytest.approx(plain.p_value, rel=1e-12)


def test_numbers_of_people_come_from_the_table_or_are_given(bcg):
    m = pe.meta_analysis(bcg)
    n = (bcg["n_intervention"] + bcg["n_comparison"]).tolist()
    bare = pe.meta_analysis(bcg[["effect", "variance"]])
    one = pe.egger(m, predictor="inverse_sqrt_n")
    other = pe.egger(bare, predictor="inverse_sqrt_n", n=n)
    assert one.slope == other.slope
    column = pe.meta_analysis(bcg[["effect", "variance"]].assign(n=n))
    assert pe.egger(column, predictor="inverse_sqrt_n").slope == one.slope
    growing = pe.egger(m, predictor="n")
    assert np.isnan([growing.limit, growing.limit_ci_low, growing.limit_ci_high]).all()


def test_a_batch_of_lines_is_each_line(lopsided):
    y, v = lopsided["effect"].to_numpy(), lopsided["variance"].to_numpy()
    w = np.vstack([1 / v, np.where(np.arange(12) < 7, 1 / v, 0.0)])
    both = weighted_line(np.vstack([y, y]), np.sqrt(np.vstack([v, v])), w)
    for place, keep in enumerate((12, 7)):
        one = weighted_line(y[:keep], np.sqrt(v[:keep]), 1 / v[:keep])
        for batch, single in zip(both, one, strict=True):
            assert batch[place] == pytest.approx(single, rel=1e-12)


@pytest.mark.parametrize("verb", [pe.egger, pe.begg, pe.pet_peese, pe.limit_meta_analysis])
def test_equal_sizes_are_refused(verb):
    m = pe.meta_analysis(frame_of([0.1, 0.2, 0.3, 0.5], [0.04] * 4))
    with pytest.raises(InputError) as error:
        verb(m)
    what = "sampling variance" if verb is pe.begg else "standard error"
    assert str(error.value) == (
        f"m: all 4 studies have the same {what}, so small and large studies cannot be told apart "
        "and asymmetry is not identified"
    )


@pytest.mark.parametrize(
    ("verb", "name"),
    [
        (pe.egger, "Egger's test"),
        (pe.begg, "Begg's test"),
        (pe.trim_and_fill, "trim and fill"),
        (pe.pet_peese, "PET-PEESE"),
        (pe.limit_meta_analysis, "limit meta-analysis"),
        (pe.selection_model, "a selection model"),
    ],
)
def test_two_studies_are_refused(verb, name):
    m = quiet(pe.meta_analysis, frame_of([0.1, 0.2], [0.04, 0.05]))
    with pytest.raises(InputError) as error:
        verb(m)
    assert str(error.value) == f"m: found 2 studies, {name} needs at least 3"


def test_few_studies_warn_and_are_told_in_the_summary():
    m = pe.meta_analysis(frame_of([0.1, 0.2, 0.35], [0.04, 0.05, 0.07]))
    text = "3 studies: Egger's test should not be believed with fewer than 10"
    with pytest.warns(FewStudiesWarning) as caught:
        test = pe.egger(m)
    assert [str(one.message) for one in caught] == [text]
    assert caught[0].filename == __file__
    assert f"Only {text}." in test.summary().splitlines()
    assert (test.k, test.minimum_k, test.df) == (3, 10, 1.0)


def test_what_is_no_analysis_of_one_mean_is_refused(bcg):
    with pytest.raises(InputError) as error:
        pe.egger(bcg)
    assert str(error.value) == (
        "m: found DataFrame, allowed is the result of meta_analysis; "
        "pool the effects of the studies first"
    )
    with pytest.raises(InputError) as error:
        pe.egger(pe.meta_analysis(bcg, moderators="n_comparison"))
    assert str(error.value) == (
        "m: the analysis has moderators, Egger's test needs one common effect; "
        "pool without moderators"
    )
    with pytest.raises(InputError, match="weights of its own"):
        pe.begg(pe.meta_analysis(bcg, weights=[1.0] * 13))


def test_missing_counts_and_numbers_of_people_are_refused(bcg):
    bare = pe.meta_analysis(bcg[["effect", "variance"]])
    with pytest.raises(InputError) as error:
        pe.peters(bare)
    assert str(error.value) == (
        "m: the analysis does not know the counts of its studies; pool a table with "
        "events_intervention, n_intervention, events_comparison and n_comparison, "
        "as effect_sizes gives it"
    )
    with pytest.raises(InputError) as error:
        pe.egger(bare, predictor="n")
    assert str(error.value) == (
        "n: the analysis does not know how many people its studies have; give n=, one number a "
        "study, or pool a table with n_intervention and n_comparison (or n)"
    )
    with pytest.raises(InputError) as error:
        pe.egger(bare, predictor="n", n=[10, 20])
    assert str(error.value) == (
        "n: found shape (2,), allowed is one number for each of the 13 studies of the analysis"
    )
    holes = bcg.assign(n_comparison=[None, *bcg["n_comparison"][1:]])
    with pytest.raises(InputError) as error:
        pe.egger(pe.meta_analysis(holes), predictor="n")
    assert str(error.value) == "n: no number of people above 0 for Aronson 1948"


def test_harbord_is_for_odds_ratios(bcg):
    with pytest.raises(InputError) as error:
        pe.harbord(pe.meta_analysis(bcg.assign(measure="RR")))
    assert str(error.value) == (
        "m: found effects of measure RR, Harbord's test is for odds ratios; pool "
        "effect_sizes(data, 'OR'), or use egger() with predictor='inverse_sqrt_n'"
    )


def test_a_small_slope_is_shown_with_its_digits(bcg):
    n = np.linspace(1e3, 9e4, 13)
    text = pe.egger(pe.meta_analysis(bcg), "mixed", "n", n=n).summary()
    slope = text.split("number of people ")[1].split(" (")[0]
    assert len(slope.lstrip("−0.")) >= 3, slope
    assert "0.000 (" not in text


def test_a_measure_whose_variance_depends_on_the_effect_is_named(bcg):
    m = pe.meta_analysis(bcg)
    assert "prefer peters() or harbord()" in pe.egger(m).summary()
    assert pe.egger(m, predictor="inverse_sqrt_n").caution == ""
    risk = pe.meta_analysis(bcg.assign(measure="RR"))
    wanted = (
        "The variance of RR depends on the effect, which makes a funnel lopsided without any bias: "
        "prefer egger() with predictor='inverse_sqrt_n' where the numbers of people are known; "
        "peters() and harbord() are made for odds ratios: where there are counts, pool "
        "effect_sizes(data, 'OR') for them."
    )
    assert pe.egger(risk).caution == pe.begg(risk).caution == wanted
    assert pe.egger(risk, predictor="inverse_sqrt_n").caution == ""  # the way it names is open
    smd = pe.meta_analysis(bcg.assign(measure="SMD"))
    assert (
        "egger() with predictor='inverse_sqrt_n' (Pustejovsky and Rodgers 2019"
        in pe.egger(smd).caution
    )
    assert pe.egger(pe.meta_analysis(bcg.assign(measure="MD"))).caution == ""


def test_a_table_with_a_measure_of_its_own_is_known_by_its_code():
    table = pd.DataFrame(
        {
            "measure": ["scale A", "scale A", "scale A"],
            **{f"mean_{arm}": [1.0, 1.2, 1.5] for arm in ("intervention", "comparison")},
            **{f"sd_{arm}": [1.0, 1.0, 1.0] for arm in ("intervention", "comparison")},
            **{f"n_{arm}": [10, 20, 30] for arm in ("intervention", "comparison")},
        }
    )
    m = pe.meta_analysis(pe.effect_sizes(table, "SMD"))
    assert m.studies.measure == "SMD"
    assert m.studies.sizes.tolist() == [20.0, 40.0, 60.0]


@few
@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(-4, 4), min_size=3, max_size=8), st.randoms(use_true_random=False))
def test_kendall_is_that_of_scipy(values, random):
    x = np.array(values, dtype=float)
    y = np.array([random.randint(-3, 3) for _ in values], dtype=float)
    tau, p_value, exact = kendall(x, y)
    ties = len(set(values)) < len(values) or len(set(y)) < len(y)
    assert exact is not ties
    expected = stats.kendalltau(x, y, method="asymptotic" if ties else "exact")
    if np.isnan(expected.statistic):
        assert np.isnan(tau)
        return
    assert tau == pytest.approx(expected.statistic, abs=1e-12)
    assert p_value == pytest.approx(expected.pvalue, rel=1e-9)


def test_pet_peese_takes_peese_only_where_pet_finds_an_effect(lopsided):
    m = pe.meta_analysis(lopsided)
    with pytest.warns(FewStudiesWarning, match="12 studies: PET-PEESE should not be believed"):
        found = pe.pet_peese(m)
    one_sided = stats.t.sf(found.pet / found.pet_se, found.df)
    assert found.chosen == ("PEESE" if one_sided < 0.05 else "PET")
    assert found.estimate == getattr(found, found.chosen.lower())
    against = quiet(pe.pet_peese, m, alternative="less")
    assert against.chosen == "PET"
    turned = quiet(pe.pet_peese, pe.meta_analysis(lopsided.assign(effect=-lopsided["effect"])))
    assert (turned.alternative, turned.chosen) == ("less", found.chosen)
    assert turned.estimate == pytest.approx(-found.estimate, rel=1e-12)
    assert list(found.to_frame().index) == ["PET", "PEESE", "PET-PEESE"]


def test_limit_meta_analysis_without_heterogeneity_is_the_radial_line(lopsided):
    m = pe.meta_analysis(lopsided, method="FE")
    found = pe.limit_meta_analysis(m)
    se = np.sqrt(lopsided["variance"].to_numpy())
    line = stats.linregress(1 / se, lopsided["effect"].to_numpy() / se)
    assert found.estimate == pytest.approx(line.slope, rel=1e-12)
    residual = ((lopsided["effect"] / se - line.intercept - line.slope / se) ** 2).sum()
    assert found.q_residual == pytest.approx(residual, rel=1e-9)
    assert found.q_small + found.q_residual == pytest.approx(m.q, rel=1e-12)
    assert found.g2 == pytest.approx(0.0, abs=1e-9)


def test_limit_meta_analysis_adjustments_are_those_of_ruecker_2011(bcg):
    m = pe.meta_analysis(bcg)
    y, v = bcg["effect"].to_numpy(), bcg["variance"].to_numpy()
    u = v + m.tau2
    radial = stats.linregress(1 / np.sqrt(u), y / np.sqrt(u))
    limits = radial.slope + np.sqrt(m.tau2 / u) * (y - radial.slope)
    beta0 = pe.limit_meta_analysis(m)
    assert beta0.estimate == pytest.approx(
        radial.slope + np.sqrt(m.tau2) * radial.intercept, rel=1e-12
    )
    np.testing.assert_allclose(beta0.study_table()["limit"], limits, rtol=1e-12)
    # radial errors have variance 1, so the covariance is the inverse of the normal equations
    x = np.column_stack([np.ones(13), 1 / np.sqrt(u)])
    contrast = np.array([np.sqrt(m.tau2), 1.0])
    assert beta0.se**2 == pytest.approx(contrast @ np.linalg.inv(x.T @ x) @ contrast, rel=1e-9)
    betalim = pe.limit_meta_analysis(m, "betalim")
    radial = stats.linregress(1 / np.sqrt(v), limits / np.sqrt(v))
    assert betalim.estimate == pytest.approx(radial.slope, rel=1e-10)
    assert betalim.se == pytest.approx(radial.stderr, rel=1e-10)
    assert betalim.g2 == pytest.approx(1 - radial.rvalue**2, rel=1e-9)
    mulim = pe.limit_meta_analysis(m, "mulim")
    assert mulim.estimate == pytest.approx((limits / v).sum() / (1 / v).sum(), rel=1e-12)


def test_studies_keep_what_the_table_says_of_people_and_counts(bcg):
    m = pe.meta_analysis(bcg)
    assert m.studies.tables.a.tolist() == bcg["events_intervention"].tolist()
    assert m.studies.sizes.sum() == (bcg["n_intervention"] + bcg["n_comparison"]).sum()
    text = pe.meta_analysis(bcg.assign(n_comparison="many"))
    assert text.studies.sizes is None
    assert text.studies.tables is None
    empty = pe.meta_analysis(bcg.assign(n_comparison=np.nan))
    assert empty.studies.sizes is None
    weighted = pe.leave_one_out(pe.meta_analysis(bcg, weights=np.arange(1.0, 14.0)))
    assert len(weighted) == 13


@pytest.mark.parametrize("verb", [pe.egger, pe.begg, pe.pet_peese])
def test_equal_effects_are_refused(verb):
    m = pe.meta_analysis(frame_of([0.3] * 4, [0.01, 0.02, 0.03, 0.04]))
    with pytest.raises(InputError) as error:
        verb(m)
    assert str(error.value) == (
        "m: all 4 effects are equal, so there is no asymmetry to look for; "
        "check the column of effects"
    )


def test_betalim_without_heterogeneity_is_refused(lopsided):
    with pytest.raises(InputError) as error:
        pe.limit_meta_analysis(pe.meta_analysis(lopsided, method="FE"), "betalim")
    assert str(error.value) == (
        "adjust: found 'betalim', but tau2 is 0, so the limit effects are all equal and have no "
        "error; use 'beta0' or 'mulim'"
    )


def test_arms_without_events_are_refused_by_name(bcg):
    none = bcg.assign(
        events_intervention=[0, *bcg["events_intervention"][1:]],
        events_comparison=[0, *bcg["events_comparison"][1:]],
    )
    for verb in (pe.peters, pe.harbord):
        with pytest.raises(InputError) as error:
            verb(pe.meta_analysis(none))
        assert str(error.value) == (
            "m: no events, or nothing else, in both arms in Aronson 1948; "
            "pool the other studies without them"
        )


def test_the_mixed_form_takes_the_interval_of_the_analysis(lopsided):
    wald = pe.egger(pe.meta_analysis(lopsided), "mixed")
    knapp = pe.egger(pe.meta_analysis(lopsided, ci="hksj"), "mixed")
    assert (wald.df, knapp.df) == (np.inf, 10.0)
    assert knapp.slope == pytest.approx(wald.slope, rel=1e-12)
    assert knapp.se != pytest.approx(wald.se, rel=1e-3)
    slope = pe.meta_analysis(
        lopsided.assign(se=np.sqrt(lopsided["variance"])), moderators="se"
    ).coefficients
    assert wald.slope == pytest.approx(slope.loc["se", "estimate"], rel=1e-9)
    assert wald.p_value == pytest.approx(slope.loc["se", "p_value"], rel=1e-7)
