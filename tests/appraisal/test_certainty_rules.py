"""Each domain of GRADE: what the numbers suggest, and where they suggest nothing."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm
from statsmodels.stats.power import NormalIndPower

from peer_evidence.appraisal import certainty_rules as grade
from peer_evidence.appraisal.information_size import people_for_risks, people_for_smd
from peer_evidence.appraisal.suggestion import Rules
from peer_evidence.errors import InputError

RULES = Rules()
NAN = float("nan")


def test_start_is_four_for_randomised_two_for_others_four_by_robins_i() -> None:
    # Guyatt 2011; Schünemann 2019
    assert grade.start(["randomised_trial", "cluster_randomised_trial"]).levels == 4
    assert grade.start(["cohort", "pre_post"]).levels == 2
    assert grade.start(["cohort"], robins_i=True).levels == 4
    mixed = grade.start(["randomised_trial", "cohort"])
    assert (mixed.levels, mixed.would_change) == (None, "rating randomised and other studies apart")
    assert grade.start(["randomised_trial", "cohort"], robins_i=True).levels == 4
    unknown = grade.start(["randomised_trial", None])
    assert (unknown.levels, unknown.rationale) == (None, "design not known for 1 of 2 studies")


@pytest.mark.parametrize(
    ("judgements", "weights", "levels"),
    [
        (["high", "low"], [50, 50], -1),
        (["high", "low"], [49, 51], 0),
        (["high", "some_concerns", "low"], [10, 45, 45], None),  # 0 or 1: a person's to say
        (["critical", "low"], [60, 40], -1),
        (["high", None], [60, 40], -1),  # whatever the missing one is
        (["high", None], [40, 60], None),
        (["low", None], [99, 1], None),  # a missing judgement is never a low one
        (["low", "no_information"], [99, 1], None),
    ],
)
def test_risk_of_bias_by_weight(judgements, weights, levels) -> None:
    assert grade.risk_of_bias(judgements, weights, RULES).levels == levels


@settings(max_examples=50)
@given(
    st.lists(
        st.tuples(st.sampled_from(["low", "some_concerns", "high", None]), st.floats(0.1, 100)),
        min_size=1,
        max_size=8,
    )
)
def test_a_missing_judgement_never_suggests_more_than_any_it_could_be(studies) -> None:
    words, weights = [s[0] for s in studies], [s[1] for s in studies]
    found = grade.risk_of_bias(words, weights, RULES).levels
    for other in ("low", "high"):
        filled = grade.risk_of_bias([w or other for w in words], weights, RULES).levels
        if None in words and found is not None:
            assert found == filled == -1


def inconsistency(k=8, i2=0.0, ends=(0.0, 40.0), ci=(0.1, 0.5), pi=(0.1, 0.5), limits=(0.0,)):
    return grade.inconsistency(
        k=k, i2=i2, i2_interval=ends, ci=ci, pi=pi, limits=limits, rules=RULES
    )


def test_inconsistency() -> None:
    assert inconsistency().levels == 0
    assert inconsistency(i2=60, pi=(-0.2, 0.8)).levels == -1
    # differences of size, or of prediction alone: a person's to say
    assert inconsistency(i2=60, pi=(0.05, 0.8)).levels is None
    assert inconsistency(i2=20, pi=(-0.2, 0.8)).levels is None
    # where the confidence interval crosses too, the prediction interval adds nothing
    assert inconsistency(i2=20, ci=(-0.1, 0.5), pi=(-0.2, 0.8)).levels == 0
    wide = inconsistency(i2=80, pi=(-0.6, 0.9), limits=(-0.2, 0.2))
    assert wide.levels == -2
    assert inconsistency(i2=80, pi=(-0.1, 0.9), limits=(-0.2, 0.2), ci=(0.3, 0.5)).levels == -1
    common = inconsistency(i2=60, ends=(NAN, NAN), pi=(NAN, NAN))
    assert common.levels == -1
    assert common.rationale == "I² 60%; no prediction interval under this model"


def test_inconsistency_of_few_studies_is_shown_but_not_suggested() -> None:
    few = inconsistency(k=3, i2=80, ends=(10, 98), pi=(-1, 1))
    assert few.levels is None
    assert few.rationale == (
        "3 studies are too few to tell (fewer than 5); I² 80% (10 to 98%); prediction interval "
        "−1.00 to 1.00 crosses the line of no effect"
    )
    assert inconsistency(k=1).words == "does not apply"


def imprecision(ci=(0.1, 0.5), limits=(0.0,), people=1000.0, needed=786.0, cautious=None):
    return grade.imprecision(ci=ci, limits=limits, people=people, needed=needed, cautious=cautious)


def test_imprecision() -> None:
    assert imprecision().levels == 0
    assert imprecision(people=700).levels == -1
    assert imprecision(ci=(-0.1, 0.5)).levels == -1
    assert imprecision(ci=(-0.3, 0.5), limits=(-0.2, 0.2)).levels == -2
    # within two thresholds: surely little or no difference
    assert imprecision(ci=(-0.1, 0.15), limits=(-0.2, 0.2)).levels == 0
    # an end on the limit does not cross it
    assert imprecision(ci=(0.0, 0.5)).levels == 0
    assert imprecision(people=NAN).levels is None
    assert imprecision(needed=NAN).levels is None
    assert imprecision(needed=NAN, ci=(-0.1, 0.5)).levels == -1
    doubtful = imprecision(cautious=(-0.4, 1.0))
    assert doubtful.levels is None
    assert doubtful.rationale == (
        "interval 0.10 to 0.50 does not cross the line of no effect; the ad hoc Hartung-Knapp "
        "interval −0.40 to 1.00 crosses the line of no effect; 1000 participants reach the optimal "
        "information size, 786"
    )


def test_small_study_effects_only_from_ten_studies() -> None:
    assert grade.small_study_effects(9, 0.001, RULES).levels is None
    assert grade.small_study_effects(10, 0.04, RULES).levels == -1
    assert grade.small_study_effects(10, 0.4, RULES).levels == 0
    assert grade.small_study_effects(10, None, RULES).rationale == "10 studies, and no test given"


def large(ratio=3.0, level=2, downgraded=False):
    return grade.large_effect(
        risk_ratio=ratio, ci=(2.0, 4.0), start_level=level, downgraded=downgraded, rules=RULES
    )


def test_large_effects_raise_only_what_starts_at_low_with_nothing_down() -> None:
    # Guyatt 2011: above 2 or below 0.5; above 5 or below 0.2
    assert [large(r).levels for r in (1.9, 2.1, 0.49, 5.1, 0.19)] == [0, 1, 1, 2, 2]
    assert large(level=4).words == "does not apply"
    assert large(downgraded=True).levels == 0
    assert large(ratio=NAN).levels is None


def test_nothing_is_ever_suggested_of_indirectness() -> None:
    assert grade.indirectness().levels is None
    assert grade.left_to_a_person("x", 2).levels is None


@settings(max_examples=40)
@given(st.floats(0.05, 1.5), st.floats(0.001, 0.2), st.floats(0.3, 0.99))
def test_information_size_of_a_standardised_difference_is_the_smallest_with_the_power(d, a, power):
    arm = people_for_smd(d, a, power) / 2

    def reached(n):  # the tail on the side of the effect
        return NormalIndPower().power(d, n, a / 2, alternative="larger")

    assert reached(arm) >= power - 1e-9
    assert arm == 1 or reached(arm - 1) < power


@settings(max_examples=40)
@given(st.floats(0.02, 0.98), st.floats(0.02, 0.98), st.floats(0.5, 0.95))
def test_information_size_of_two_risks_is_the_smallest_with_the_power(p, q, power):
    if abs(p - q) < 0.01:
        return
    arm = people_for_risks(p, q, 0.05, power) / 2

    def reached(n):
        se = np.sqrt((p * (1 - p) + q * (1 - q)) / n)
        return norm.cdf(abs(p - q) / se - norm.ppf(0.975))

    assert reached(arm) >= power - 1e-9
    assert arm == 1 or reached(arm - 1) < power


def test_rules_refuse_what_cannot_be_and_say_every_limit() -> None:
    with pytest.raises(InputError) as caught:
        Rules(high_risk_share=50)
    assert str(caught.value) == (
        "high_risk_share: found 50, allowed is a number above 0, at most 1"
    )
    with pytest.raises(InputError) as caught:
        Rules(power=1)
    assert str(caught.value) == "power: found 1, allowed is a number between 0 and 1"
    assert Rules(large=3).sentence() == (
        "Limits of the suggestions: high_risk_share 0.5, low_risk_share 0.5, minimum_studies 5, "
        "i2_serious 50, i2_very_serious 75, alpha 0.05, power 0.8, small_study_minimum 10, "
        "small_study_p 0.1, large 3, very_large 5."
    )


@settings(max_examples=60)
@given(
    st.floats(-1, 1),
    st.floats(0.01, 1),
    st.floats(0, 1),
    st.sampled_from([(0.0,), (-0.2, 0.2)]),
    st.floats(100, 2000),
)
def test_a_wider_interval_or_fewer_people_never_suggest_less(middle, half, more, limits, people):
    narrow = imprecision(ci=(middle - half, middle + half), limits=limits, people=people)
    wide = imprecision(
        ci=(middle - half - more, middle + half + more), limits=limits, people=people / 2
    )
    assert wide.levels <= narrow.levels


def test_the_rules_load_without_pandas_and_documents_without_docx() -> None:
    code = (
        "import sys; sys.modules['pandas'] = None\n"
        "from peer_evidence.appraisal import certainty_rules, statements, information_size\n"
        "del sys.modules['pandas']\n"
        "import peer_evidence.appraisal.findings\n"
        "print([m for m in ('docx', 'matplotlib', 'statsmodels', 'jinja2') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"
