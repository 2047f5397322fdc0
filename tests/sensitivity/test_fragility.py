"""Fragility: sets of studies by brute force, the new trial refitted, changed events counted."""

from itertools import combinations, product

import numpy as np
import pandas as pd
import pytest

import peer_evidence as pe
from peer_evidence.errors import InputError
from peer_evidence.sensitivity.removal import push_sign, push_significance, smallest_removal

LABELS = list("ABCDEFGH")


def made(seed, k=8, mean=0.3):
    rng = np.random.default_rng(seed)
    v = rng.uniform(0.02, 0.2, k)
    y = mean + rng.normal(size=k) * np.sqrt(v + 0.03)
    return pd.DataFrame({"label": LABELS[:k], "effect": y, "variance": v})


def trials(seed, k=5, rate=0.25):
    rng = np.random.default_rng(seed)
    n = rng.integers(40, 90, (2, k))
    frame = pd.DataFrame(
        {
            "label": LABELS[:k],
            "events_intervention": rng.binomial(n[0], rate),
            "n_intervention": n[0],
            "events_comparison": rng.binomial(n[1], 0.45),
            "n_comparison": n[1],
        }
    )
    return pe.effect_sizes(frame, measure="RR")


def again(data):
    """Compute the effects of changed counts."""
    return pe.effect_sizes(data[[*data.columns[:5]]], measure="RR")


def excludes(m):
    return m.ci_low > 0 or m.ci_high < 0


@pytest.mark.filterwarnings("ignore::peer_evidence.errors.FewStudiesWarning")
@pytest.mark.parametrize(("seed", "mean"), [(1, 0.3), (2, 0.3), (3, 0.1), (4, 0.0), (5, -0.3)])
@pytest.mark.parametrize("ci", ["wald", "hksj-adhoc"])
def test_the_smallest_sets_are_those_of_brute_force(seed, mean, ci):
    data = made(seed, 7, mean)
    m = pe.meta_analysis(data, ci=ci)
    found = pe.fragility(m)
    for what, turned in (
        ("sign", lambda one: np.sign(one.estimate) != np.sign(m.estimate)),
        ("significance", lambda one: excludes(one) != excludes(m)),
    ):
        smallest, sets = None, []
        for size in range(1, 6):
            parts = [list(one) for one in combinations(range(7), size)]
            sets = [
                one for one in parts
                if turned(pe.meta_analysis(data.drop(index=one), ci=ci))
            ]  # fmt: skip
            if sets:
                smallest = size
                break
        assert getattr(found, f"{what}_k") == smallest
        assert getattr(found, f"{what}_exact")
        assert getattr(found, f"{what}_sets") == len(sets)
        if smallest is not None:
            names = getattr(found, f"{what}_studies")
            assert [LABELS.index(name) for name in names] in sets
            rest = pe.meta_analysis(data[~data["label"].isin(names)], ci=ci)
            if what == "sign":
                assert found.sign_estimate == pytest.approx(rest.estimate, rel=1e-9)
            else:
                assert found.significance_ci_low == pytest.approx(rest.ci_low, rel=1e-9)


def test_beyond_the_limit_the_search_is_greedy_and_says_so():
    data = made(1, 8, 0.5)
    m = pe.meta_analysis(data)
    exact, greedy = pe.fragility(m), pe.fragility(m, limit=8)
    assert exact.significance_k is not None
    assert exact.significance_k > 1
    assert not greedy.significance_exact
    assert greedy.significance_sets is None
    assert greedy.significance_k >= exact.significance_k
    assert "(found step by step, so fewer might do)." in str(greedy)
    frame = greedy.to_frame()
    assert not frame.loc["studies_for_significance", "exact"]
    for push in (push_sign(m.estimate), push_significance(True)):
        assert smallest_removal(m, push, 10**6).exact


@pytest.mark.parametrize(("method", "seed"), [("FE", 7), ("DL", 5), ("REML", 5), ("REML", 1)])
def test_the_smallest_null_trial_just_does_it(method, seed):
    data = made(seed)
    m = pe.meta_analysis(data, method=method)
    assert excludes(m)
    found = pe.fragility(m)
    assert found.trial_variance is not None

    def with_trial(variance):
        row = pd.DataFrame({"label": ["new"], "effect": [0.0], "variance": [variance]})
        return pe.meta_analysis(pd.concat([data, row]), method=method)

    assert not excludes(with_trial(found.trial_variance))
    assert excludes(with_trial(found.trial_variance * 1.001))
    share = 1 / found.trial_variance / (1 / data["variance"]).sum()
    assert found.trial_information == pytest.approx(share, rel=1e-12)


def test_no_single_trial_may_be_enough_under_random_effects():
    found = pe.fragility(pe.meta_analysis(made(7)))  # a huge one makes tau2 large, and weighs less
    assert found.significant
    assert found.trial_variance is None
    assert dict(found.notes)["new_trial_variance"] == (
        "no single trial, however large, makes the interval include 0"
    )


def test_the_null_trial_of_a_common_effect_by_hand():
    data = made(7, 8, 0.35)
    m = pe.meta_analysis(data, method="FE")
    total, weighted = (1 / data["variance"]).sum(), (data["effect"] / data["variance"]).sum()
    needed = (weighted / 1.959963984540054) ** 2 - total  # z = weighted / sqrt(total + w)
    assert pe.fragility(m).trial_information == pytest.approx(needed / total, rel=1e-4)


def test_participants_follow_the_median_study():
    data = trials(3)
    data["variance"] = data["variance"].astype(float)
    m = pe.meta_analysis(data, method="FE")
    found = pe.fragility(m, data=data)
    n = data["n_intervention"] + data["n_comparison"]
    assert found.trial_n == np.ceil(np.median(n * data["variance"]) / found.trial_variance)
    assert "times the information of all studies, about" in str(found)


@pytest.mark.parametrize("seed", range(6))
def test_changed_events_turn_the_significance_and_none_smaller_is_missed_by_one(seed):
    data = trials(seed, 4, 0.3)
    m = pe.meta_analysis(data, method="DL")
    found = pe.fragility(m, data=data)
    assert found.events == sum(abs(way) for _, _, way in found.event_changes)
    changed = data.copy()
    for name, arm, way in found.event_changes:
        changed.loc[changed["label"] == name, f"events_{arm}"] += way
    assert excludes(pe.meta_analysis(again(changed), method="DL")) != excludes(m)
    if found.events > 1:
        for row, arm, way in product(range(4), ("intervention", "comparison"), (-1, 1)):
            one = data.copy()
            one.loc[row, f"events_{arm}"] += way
            if 0 <= one.loc[row, f"events_{arm}"] <= one.loc[row, f"n_{arm}"]:
                tried = pe.meta_analysis(again(one), method="DL")
                assert excludes(tried) == excludes(m)


def test_pools_of_tables_have_their_counts_with_them():
    data = trials(2)
    found = pe.fragility(pe.mantel_haenszel(data, "OR"))
    assert found.events is not None
    assert found.trial_variance is None
    assert dict(found.notes)["new_trial_variance"] == (
        "a pool of tables has no variance a trial could be given"
    )
    changed = data.copy()
    for name, arm, way in found.event_changes:
        changed.loc[changed["label"] == name, f"events_{arm}"] += way
    assert excludes(pe.mantel_haenszel(changed, "OR")) != found.significant
    assert pe.fragility(pe.peto(data)).e_value == pytest.approx(
        pe.effects.e_value(estimate=np.exp(pe.peto(data).estimate), measure="OR").estimate.item()
    )


def test_e_values_of_ratios_and_differences():
    data = trials(1)
    m = pe.meta_analysis(data)
    found = pe.fragility(m)
    by_hand = pe.effects.e_value(
        estimate=np.exp(m.estimate), ci_low=np.exp(m.ci_low), ci_high=np.exp(m.ci_high)
    )
    assert found.e_value == by_hand.estimate.item()
    assert found.e_value_interval == by_hand.interval.item()
    assert dict(pe.fragility(pe.meta_analysis(made(1))).notes)["e_value"] == (
        "there is none where no measure is named; allowed are RR, OR, HR, SMD"
    )


def test_a_result_that_is_not_significant_is_said_so():
    m = pe.meta_analysis(made(4, 8, 0.0))
    found = pe.fragility(m)
    assert not found.significant
    assert "the interval includes 0." in str(found)
    assert found.trial_variance is None
    assert dict(found.notes)["new_trial_variance"] == "the interval includes 0 already"
    assert "\nA new trial: the interval includes 0 already." in str(found)


BROKEN = [
    (
        lambda: pe.fragility("m"),
        "m: found str, allowed is the result of peer_evidence.meta_analysis, mantel_haenszel or "
        "peto",
    ),
    (
        lambda: pe.fragility(pe.meta_analysis(made(1), weights=[1.0] * 8)),
        "m: found user weights, variants are pooled by inverse variance only",
    ),
    (
        lambda: pe.fragility(pe.meta_analysis(trials(1)), data=trials(1)[::-1]),
        "data: its counts do not give the effects of m (RR, 1/2 added to tables with a zero); give "
        "the table that m was made from, in the same order",
    ),
    (
        lambda: pe.fragility(pe.meta_analysis(trials(1)), data=trials(1)[:3]),
        "data: found 3 rows for 5 studies; give one row a study, in their order",
    ),
]


@pytest.mark.parametrize(("call", "message"), BROKEN)
def test_errors_say_what_to_do(call, message):
    with pytest.raises(InputError) as found:
        call()
    assert str(found.value) == message


def test_a_measure_that_the_result_does_not_know_can_be_named():
    m = pe.meta_analysis(made(1))
    found = pe.fragility(m, measure="SMD")
    by_hand = pe.effects.e_value(estimate=m.estimate, se=m.se, measure="SMD")
    assert found.e_value == by_hand.estimate.item()
    with pytest.raises(InputError) as error:
        pe.fragility(pe.meta_analysis(trials(1)), measure="OR")
    assert str(error.value) == (
        "measure: found 'OR', but the result is of 'RR'; allowed is a code such as 'SMD'"
    )


def test_an_effect_of_nothing_has_no_sign():
    data = pd.DataFrame({"effect": [0.0, 0.0, 0.0], "variance": [0.1, 0.2, 0.1]})
    found = pe.fragility(pe.meta_analysis(data))
    assert found.sign_k is None
    assert dict(found.notes)["studies_for_sign"] == "the effect is 0, it has no sign"
