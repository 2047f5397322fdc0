"""Leave-one-out, cumulative, influence and permutation: batches that equal refits by hand."""

import itertools

import numpy as np
import pandas as pd
import pytest

import peer_evidence as pe
from peer_evidence.errors import DataWarning, FewStudiesWarning, InputError

rng = np.random.default_rng(2)
V = rng.uniform(0.01, 0.3, 9)
DATA = pd.DataFrame(
    {
        "label": list("abcdefghi"),
        "effect": 0.3 + rng.normal(size=9) * np.sqrt(V + 0.05),
        "variance": V,
        "year": [2001, 2003, 2002, 2003, 1999, 2010, 2008, 2000, 2005],
        "x": rng.normal(size=9),
    }
)
METHODS = ["REML", "ML", "DL", "PM", "SJ", "FE"]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("ci", ["wald", "t", "hksj-adhoc"])
def test_leaving_one_out_equals_refitting(method, ci):
    if (method, ci) == ("FE", "hksj-adhoc"):
        return
    m = pe.meta_analysis(DATA, method=method, ci=ci)
    rows = pe.leave_one_out(m)
    assert rows.label == tuple(DATA["label"])
    for i in range(9):
        one = pe.meta_analysis(DATA.drop(index=i), method=method, ci=ci)
        for name in ("estimate", "se", "ci_low", "p_value", "q", "q_p_value", "tau2", "i2", "h2"):
            assert getattr(rows, name)[i] == pytest.approx(getattr(one, name), rel=1e-10), name
    assert "Leaving one of 9 studies out" in str(rows)
    assert rows.to_frame().loc["c", "k"] == 8


def test_leaving_one_out_keeps_user_weights():
    weights = np.arange(1.0, 10.0)
    rows = pe.leave_one_out(pe.meta_analysis(DATA, weights=weights))
    keep = np.arange(9) != 3
    by_hand = pe.meta_analysis(DATA[keep], weights=weights[keep])
    assert rows.estimate[3] == by_hand.estimate
    assert rows.se[3] == by_hand.se


def test_a_growing_analysis_starts_with_one_study_and_keeps_ties_in_order():
    rows = pe.cumulative(pe.meta_analysis(DATA), order=DATA["year"])
    assert rows.label == tuple("ehacbdigf")
    assert rows.k.tolist() == list(range(1, 10))
    assert np.isnan(rows.tau2[0])
    assert rows.estimate[0] == DATA["effect"][4]
    last = pe.meta_analysis(DATA)
    assert rows.estimate[-1] == pytest.approx(last.estimate, rel=1e-12)
    assert pe.cumulative(last).label == tuple(DATA["label"])
    assert pe.cumulative(last, order="variance").label == tuple(
        DATA.sort_values("variance")["label"]
    )
    assert str(rows).startswith("From ")


@pytest.mark.parametrize("moderators", [None, "x"])
@pytest.mark.parametrize("method", ["REML", "FE", "SJ"])
def test_influence_equals_its_definition(moderators, method):
    m = pe.meta_analysis(DATA, method=method, moderators=moderators)
    found = pe.influence(m)
    for i in range(9):
        one = pe.meta_analysis(DATA.drop(index=i), method=method, moderators=moderators)
        x = m.regression.matrix[i]
        away = DATA["effect"][i] - x @ one.regression.model.beta
        spread = V[i] + one.tau2 + x @ one.regression.model.covariance @ x
        assert found.rstudent[i] == pytest.approx(away / np.sqrt(spread), rel=1e-9)
        assert found.tau2_deleted[i] == pytest.approx(one.tau2, rel=1e-9)
        assert found.q_deleted[i] == pytest.approx(one.q, rel=1e-10)
        move = m.regression.model.beta - one.regression.model.beta
        cook = move @ np.linalg.solve(m.regression.model.covariance, move)
        assert found.cook[i] == pytest.approx(cook, rel=1e-8)
    assert found.hat.sum() == pytest.approx(1 if moderators is None else 2)
    assert len(found.to_frame()) == 9
    assert "flagged as influential" in str(found)


def test_a_study_that_alone_carries_a_level_has_no_deletion_diagnostics():
    data = DATA.assign(setting=["a"] + ["b"] * 8)
    m = pe.meta_analysis(data, moderators="setting")
    with pytest.warns(DataWarning) as caught:
        found = pe.influence(m)
    assert str(caught[0].message) == (
        "without a the moderators cannot be told apart: deletion diagnostics are NaN"
    )
    assert np.isnan(found.rstudent).tolist() == [True] + [False] * 8
    assert np.isnan(found.rstandard).tolist() == [True] + [False] * 8
    assert found.hat[0] == pytest.approx(1.0)


def test_exact_signs_equal_all_of_them_one_by_one():
    data = DATA[:5]
    m = pe.meta_analysis(data, method="DL")
    found = pe.permutation_test(m)
    beyond = 0
    for signs in itertools.product([1, -1], repeat=5):
        one = pe.meta_analysis(data.assign(effect=data["effect"] * np.array(signs)), method="DL")
        beyond += abs(one.statistic) >= abs(m.statistic) * (1 - 1e-8)
    assert found.p_value[0] == beyond / 32
    assert (found.exact, found.permutations, found.seed) == (True, 32, None)


def test_exact_rows_equal_all_of_them_one_by_one():
    data = DATA[:5].assign(x=[1.0, 0.0, 1.0, 0.0, 2.0])
    m = pe.meta_analysis(data, method="DL", moderators="x")
    found = pe.permutation_test(m)
    beyond = np.zeros(2)
    for order in itertools.permutations(range(5)):
        mixed = data.assign(x=data["x"].to_numpy()[list(order)])
        one = pe.meta_analysis(mixed, method="DL", moderators="x")
        own = np.abs(one.regression.model.statistic)
        beyond += own >= np.abs(m.regression.model.statistic) * (1 - 1e-8)
    np.testing.assert_allclose(found.p_value, beyond / 120, rtol=1e-12)
    assert found.permutations == 30
    assert found.qm_p_value == pytest.approx(found.p_value[1])


def test_random_permutations_repeat_with_their_seed_and_never_give_0():
    m = pe.meta_analysis(DATA)
    one = pe.permutation_test(m, exact=False, iterations=500, seed=3)
    two = pe.permutation_test(m, exact=False, iterations=500, seed=3)
    assert one.p_value == two.p_value
    assert one.p_value[0] >= 1 / 500
    assert one.p_value[0] == pytest.approx(pe.permutation_test(m).p_value[0], abs=0.06)
    slope = pe.permutation_test(pe.meta_analysis(DATA, moderators="x"), iterations=200)
    assert not slope.exact
    assert slope.to_frame().index.tolist() == ["intercept", "x"]
    assert str(slope).endswith("seed 0, 200 permutations.")


def message(call, *args, **options):
    with pytest.raises(InputError) as caught:
        call(*args, **options)
    return str(caught.value)


def test_refusals_say_why():
    with pytest.warns(FewStudiesWarning):
        one = pe.meta_analysis(DATA[:1])
    slope = pe.meta_analysis(DATA, moderators="x")
    weighted = pe.meta_analysis(DATA, weights=[1] * 9)
    plain = pe.meta_analysis(DATA)
    assert message(pe.leave_one_out, one) == "m: found 1 study, leaving one out needs at least 2"
    assert message(pe.leave_one_out, slope) == (
        "m: the analysis has moderators, there is no single effect; use influence(m)"
    )
    assert message(pe.influence, one) == (
        "m: found 1 studies and 1 coefficients; the diagnostics need at least 3 studies"
    )
    assert message(pe.influence, weighted) == (
        "m: influence is defined for inverse-variance weights, not for the user's"
    )
    assert message(pe.cumulative, slope) == (
        "m: a cumulative analysis takes neither moderators nor user weights"
    )
    assert message(pe.cumulative, plain, order=[1, 2]) == (
        "order: found 2 values, allowed is one for each of the 9 studies"
    )
    assert message(pe.cumulative, plain, order=[None, *range(8)]) == (
        "order: found a missing value, allowed is a value for every study"
    )
    assert message(pe.permutation_test, one) == (
        "m: found 1 study, a permutation test needs at least 2"
    )
    assert message(pe.permutation_test, weighted) == "m: a permutation test takes no user weights"
    many = pe.meta_analysis(pd.concat([DATA] * 4, ignore_index=True))
    assert message(pe.permutation_test, many, exact=True) == (
        "exact: there are 6.87e+10 permutations, allowed are 1,000,000"
    )
    assert message(pe.permutation_test, plain, iterations=1.5) == (
        "iterations: found 1.5, allowed is a whole number of at least 1"
    )
