"""Every awkward input has one documented behaviour: an error that names the row, or a warning."""

import itertools
import math
import warnings

import numpy as np
import pandas as pd
import pytest

import peer_evidence as pe
from peer_evidence.errors import ConvergenceWarning, DataWarning, FewStudiesWarning, InputError
from peer_evidence.pooling.tau2 import METHODS


def studies(y, v, **columns):
    names = ["Adams", "Brown", "Cole", "Diaz", "Evans", "Ford"][: len(y)]
    return pd.DataFrame({"label": names, "effect": y, "variance": v, **columns})


FOUR = ([0.1, 0.5, 0.9, -0.2], [0.02, 0.05, 0.03, 0.04])


def message(call, *args, **options):
    with pytest.raises(InputError) as caught:
        call(*args, **options)
    return str(caught.value)


@pytest.mark.parametrize("method", [m for m in METHODS if m != "FE"])
def test_one_study_is_that_study_without_heterogeneity(method):
    with pytest.warns(FewStudiesWarning) as caught:
        m = pe.meta_analysis(studies([0.4], [0.04]), method=method)
    assert str(caught[0].message) == (
        "one study: the result is that study; heterogeneity cannot be estimated"
    )
    assert (m.estimate, m.se, m.k, m.q, m.q_df, m.q_p_value) == (0.4, 0.2, 1, 0.0, 0.0, 1.0)
    for name in ("tau2", "tau2_se", "tau2_ci_low", "i2", "h2", "pi_low", "pi_high"):
        assert math.isnan(getattr(m, name)), name
    assert m.summary().splitlines()[1] == (
        "One study: nothing was pooled, and heterogeneity cannot be estimated."
    )


def test_one_study_with_hartung_knapp_has_its_wald_interval():
    with pytest.warns(FewStudiesWarning) as caught:
        m = pe.meta_analysis(studies([0.4], [0.04]), ci="hksj")
    assert str(caught[0].message) == (
        "one study: the result is that study; heterogeneity cannot be estimated and ci='hksj' has "
        "no degree of freedom, the interval is Wald's"
    )
    assert m.ci == "wald"
    assert m.ci_low == pytest.approx(0.4 - 1.959964 * 0.2, abs=1e-6)


@pytest.mark.parametrize("method", list(METHODS))
def test_two_studies_warn(method):
    with pytest.warns(FewStudiesWarning) as caught:
        m = pe.meta_analysis(studies([0.4, 0.9], [0.04, 0.02]), method=method)
    assert str(caught[0].message) == (
        "two studies: heterogeneity can hardly be estimated from them"
    )
    assert math.isfinite(m.tau2)
    assert "Only 2 studies" in m.summary()


def test_no_study_is_an_error():
    assert message(pe.meta_analysis, studies([], [])) == "data: there is no study to pool"


@pytest.mark.parametrize("method", [m for m in METHODS if m != "SJ"])
def test_equal_effects_have_no_heterogeneity(method):
    m = pe.meta_analysis(studies([0.3] * 4, [0.02, 0.05, 0.03, 0.04]), method=method)
    assert (m.tau2, m.q, m.i2_q) == (0.0, 0.0, 0.0)
    assert m.estimate == pytest.approx(0.3, abs=1e-15)
    assert m.se > 0


def test_equal_effects_with_sidik_jonkman_give_its_limit_0():
    m = pe.meta_analysis(studies([0.3] * 4, [0.02, 0.05, 0.03, 0.04]), method="SJ")
    assert m.tau2 == 0.0


def test_equal_effects_with_hartung_knapp_fall_back_to_the_ad_hoc_interval():
    with pytest.warns(DataWarning) as caught:
        m = pe.meta_analysis(studies([0.3] * 4, [0.02, 0.05, 0.03, 0.04]), ci="hksj")
    assert str(caught[0].message) == (
        "the effects are equal, so Hartung and Knapp's factor is 0 and its interval would have no "
        "width: the ad hoc interval, factor 1, is given"
    )
    assert (m.ci, m.hk_factor) == ("hksj-adhoc", 1.0)
    assert m.ci_low < 0.3 < m.ci_high


def test_the_q_profile_set_may_be_empty_and_the_text_says_so():
    m = pe.meta_analysis(studies([0.3, 0.3, 0.3, 0.3001], [0.02, 0.05, 0.03, 0.04]))
    assert (m.tau2_ci_low, m.tau2_ci_high) == (0.0, 0.0)
    assert "the interval of tau² is empty" in m.summary()


@pytest.mark.parametrize("method", list(METHODS))
def test_a_zero_or_negative_variance_is_an_error_that_names_its_rows(method):
    data = studies([0.1, 0.2, 0.3], [0.02, 0.0, 0.03])
    assert message(pe.meta_analysis, data, method=method) == (
        "variance: found 0 in row 1 (Brown), allowed is a positive number"
    )
    data = studies([0.1, 0.2, 0.3], [0.02, -0.1, -0.03])
    assert message(pe.meta_analysis, data, method=method) == (
        "variance: found a negative value in row 1 (Brown), row 2 (Cole), "
        "allowed is a positive number"
    )


@pytest.mark.parametrize("column", ["effect", "variance"])
def test_missing_and_infinite_numbers_are_errors_that_name_their_rows(column):
    allowed = {"effect": "a finite number", "variance": "a positive number"}[column]
    data = studies(*FOUR)
    data.loc[2, column] = np.nan
    assert message(pe.meta_analysis, data) == (
        f"{column}: found a missing value in row 2 (Cole), allowed is {allowed}"
    )
    data.loc[2, column] = np.inf
    assert message(pe.meta_analysis, data) == (
        f"{column}: found an infinite value in row 2 (Cole), allowed is {allowed}"
    )
    data = data.astype({column: "Float64"})
    data.loc[2, column] = pd.NA
    assert message(pe.meta_analysis, data) == (
        f"{column}: found a missing value in row 2 (Cole), allowed is {allowed}"
    )


def test_more_than_five_bad_rows_are_counted():
    data = pd.DataFrame({"effect": [np.nan] * 8, "variance": [0.1] * 8})
    assert message(pe.meta_analysis, data) == (
        "effect: found a missing value in row 0, row 1, row 2, row 3, row 4 and 3 more, "
        "allowed is a finite number"
    )


def test_text_in_a_column_is_an_error_that_names_its_rows():
    data = studies([0.1, "0.2", "abc", 0.3], FOUR[1])
    assert message(pe.meta_analysis, data) == (
        "effect: found text where a number belongs, row 2: 'abc'"
    )


def test_rows_with_an_effect_note_are_left_out_and_counted():
    data = studies([0.1, np.nan, 0.9, -0.2], FOUR[1], effect_note=["", "no sd", "", ""])
    m = pe.meta_analysis(data)
    assert m.k == 3
    assert m.left_out == (("Brown", "no sd"),)
    assert "Left out for want of an effect: 1 (Brown: no sd)." in m.summary()
    assert m.to_frame()["left_out"].tolist() == [1]
    data["effect"] = np.nan
    assert message(pe.meta_analysis, data) == (
        "data: there is no study to pool (4 left out for want of an effect)"
    )


def test_nullable_columns_and_other_labels_are_read():
    data = studies(*FOUR).astype({"effect": "Float64", "variance": "Float64"})
    data = data.rename(columns={"label": "study_id"}).convert_dtypes()
    m = pe.meta_analysis(data)
    assert m.studies.labels == ("Adams", "Brown", "Cole", "Diaz")
    assert pe.meta_analysis(data.drop(columns="study_id")).studies.labels == ("0", "1", "2", "3")
    assert message(pe.meta_analysis, data, label="study") == (
        "label: no column 'study' (the nearest it has is 'study_id'); "
        "it has study_id, effect, variance"
    )


@pytest.mark.parametrize("method", list(METHODS))
def test_variances_spread_over_eight_orders_are_fitted_to_full_precision(method):
    rng = np.random.default_rng(1)
    v = np.geomspace(1e-6, 1e2, 12)
    y = 0.3 + rng.normal(size=12) * np.sqrt(v + 0.01)
    m = pe.meta_analysis(pd.DataFrame({"effect": y, "variance": v}), method=method)
    exact = extended(y, v, method)
    # SJ and HE are sums dominated by the noisiest study, so their digits are relative to it
    assert m.tau2 == pytest.approx(exact, rel=1e-10)
    assert m.converged


def extended(y, v, method):
    """tau2 in extended precision, by bisection of each estimating equation from scratch."""
    y, v = y.astype(np.longdouble), v.astype(np.longdouble)
    k = len(y)

    def parts(t):
        w = 1 / (v + t)
        s = w.sum()
        r = y - (w * y).sum() / s
        return w, s, r

    w, s, r = parts(np.longdouble(0))
    q = (w * r * r).sum()
    ols = ((y - y.mean()) ** 2).sum()
    if method == "FE":
        return 0.0
    if method == "DL":
        return float(max(0, (q - (k - 1)) / (s - (w * w).sum() / s)))
    if method == "HS":
        return float(max(0, (q - k) / s))
    if method == "HE":
        return float(max(0, ols / (k - 1) - v.mean()))
    if method == "SJ":
        t0 = ols / k
        w, _, r = parts(t0)
        return float(t0 * (w * r * r).sum() / (k - 1))

    def equation(t):
        w, s, r = parts(t)
        if method in ("PM", "EB"):
            return (w * r * r).sum() - (k - 1)
        trace = s if method == "ML" else s - (w * w).sum() / s
        return (w * w * r * r).sum() - trace

    low, high = np.longdouble(0), np.longdouble(1000)
    grid = np.geomspace(1e-9, 1e3, 2000).astype(np.longdouble)
    signs = [equation(t) > 0 for t in grid]
    assert sum(a and not b for a, b in itertools.pairwise(signs)) == 1
    place = max(i for i, sign in enumerate(signs) if sign)
    low, high = grid[place], grid[place + 1]
    for _ in range(120):
        middle = (low + high) / 2
        low, high = (middle, high) if equation(middle) > 0 else (low, middle)
    return float(low)


def test_arguments_out_of_range_name_what_is_allowed():
    data = studies(*FOUR)
    assert message(pe.meta_analysis, data, method="RELM") == (
        "method: found 'RELM', allowed are 'FE', 'DL', 'HE', 'HS', 'SJ', 'ML', 'REML', 'EB', 'PM'; "
        "did you mean 'REML'?"
    )
    assert message(pe.meta_analysis, data, ci="hk") == (
        "ci: found 'hk', allowed are 'wald', 'hksj', 'hksj-adhoc', 't'; did you mean 'hksj'?"
    )
    assert message(pe.meta_analysis, data, effect="efect") == (
        "data: no column 'efect' (the nearest it has is 'effect'); it has label, effect, variance"
    )
    assert message(pe.meta_analysis, [1, 2]) == (
        "data: found list, allowed is a pandas DataFrame; for plain arrays use pool_many"
    )
    assert message(pe.meta_analysis, data, ci="hksj", weights=[1, 1, 1, 1]) == (
        "ci: found 'hksj' with weights, but Hartung and Knapp's factor is derived for inverse "
        "variance weights; use ci='wald' or ci='t'"
    )
    assert message(pe.meta_analysis, data, weights=[1, 1]) == (
        "weights: found shape (2,), allowed is one weight for each of the 4 rows"
    )
    assert message(pe.meta_analysis, data, weights=[0, 0, 0, 0]) == (
        "weights: allowed are finite numbers of at least 0, not all of them 0"
    )
    assert message(pe.meta_analysis, data, level=95).startswith("level: found 95, allowed is")


def test_pool_many_names_analysis_and_study():
    y, v = np.array([[0.1, 0.2], [0.3, 0.4]]), np.array([[0.1, 0.2], [0.3, 0.4]])
    bad = v.copy()
    bad[1, 0] = 0.0
    assert message(pe.pool_many, y, bad) == (
        "variances: found a variance that is not positive at analysis 1 study 0 (counted from 0)"
    )
    bad[1, 0] = np.nan
    assert message(pe.pool_many, y, bad) == (
        "effects, variances: found a number in one and NaN in the other at "
        "analysis 1 study 0 (counted from 0)"
    )
    bad[1, 0] = np.inf
    assert message(pe.pool_many, y, bad) == (
        "variances: found an infinite number at analysis 1 study 0 (counted from 0)"
    )
    assert message(pe.pool_many, bad, v) == (
        "effects: found an infinite number at analysis 1 study 0 (counted from 0)"
    )
    nothing = np.full((2, 2), np.nan)
    nothing[0] = 0.5
    assert message(pe.pool_many, nothing, nothing) == ("effects: no study to pool in analysis 1")
    assert message(pe.pool_many, y, v[:1]) == (
        "effects, variances: found shapes (2, 2) and (1, 2), "
        "allowed are two arrays of the same shape (analyses, studies)"
    )
    assert message(pe.pool_many, np.empty((0, 3)), np.empty((0, 3))) == (
        "effects: found shape (0, 3), there is nothing to pool"
    )


def test_pool_many_warns_of_single_studies_and_leaves_tau2_out():
    y, v = np.array([[0.1, 0.2, 0.9], [0.3, np.nan, np.nan]]), np.full((2, 3), 0.1)
    v[1, 1:] = np.nan
    with pytest.warns(FewStudiesWarning) as caught:
        many = pe.pool_many(y, v, ci="hksj")
    assert str(caught[0].message) == (
        "1 analysis of 2 with one study: tau2 cannot be estimated there and is NaN"
    )
    assert np.isnan(many.tau2).tolist() == [False, True]
    assert many.estimate[1] == 0.3
    assert many.ci_high[1] == pytest.approx(0.3 + 1.959964 * 0.1**0.5, abs=1e-6)
    assert "2 analyses pooled" in str(many)
    assert many.to_frame().shape == (2, 17)


def test_a_fit_that_was_not_reached_warns_by_class(monkeypatch):
    from peer_evidence.pooling import roots

    monkeypatch.setattr(roots, "_STEPS", 1)
    data = studies(*FOUR)
    with pytest.warns(ConvergenceWarning) as caught:
        m = pe.meta_analysis(data, method="PM")
    assert str(caught[0].message) == "PM: tau2 or its interval was not reached; do not use it"
    assert not m.converged
    assert m.summary().splitlines()[-1] == "Not converged: tau² or its interval was not reached."
    with pytest.warns(ConvergenceWarning) as caught:
        pe.pool_many([FOUR[0]], [FOUR[1]])
    assert str(caught[0].message) == "REML: tau2 was not reached in 1 analysis of 1 (0)"


def test_hartung_knapp_with_fe_is_named_for_what_it_is():
    with pytest.warns(DataWarning) as caught:
        pe.meta_analysis(studies(*FOUR), method="FE", ci="hksj")
    assert str(caught[0].message) == (
        "method='FE' with a Hartung-Knapp factor scales the common-effect interval by Q / df; "
        "it is not the Hartung-Knapp method"
    )


def test_the_warning_points_at_the_caller():
    with pytest.warns(FewStudiesWarning) as caught:
        pe.meta_analysis(studies([0.4], [0.04]))
    assert caught[0].filename == __file__


def test_nothing_warns_on_ordinary_data():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for method in METHODS:
            pe.meta_analysis(studies(*FOUR), method=method)
