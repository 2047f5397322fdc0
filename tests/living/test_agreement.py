"""Kappa and AC1 against other programs, by hand, and by what must always hold."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import peer_evidence as pe
from peer_evidence.living.agreement import cohen_kappa, cross_count, gwet_ac1

ABSTRACTORS = [[13, 0, 0], [0, 20, 7], [0, 4, 56]]


def test_irrcac_1_0_cont3x3abstractors():
    """R irrCAC 1.0 (K. L. Gwet), overview vignette: kappa2.table and gwet.ac1.table.

    Seven digits are printed there, hence 5e-8 and 5e-9.
    """
    kappa, ac1 = cohen_kappa(ABSTRACTORS), gwet_ac1(ABSTRACTORS)
    assert float(kappa.value) == pytest.approx(0.7964094, abs=5e-8)
    assert float(kappa.se) == pytest.approx(0.05891072, abs=5e-9)
    assert float(ac1.value) == pytest.approx(0.8493305, abs=5e-8)
    assert float(ac1.se) == pytest.approx(0.04321747, abs=5e-9)


def test_ac1_by_hand():
    """Two raters, 4 units, 2 categories: a a, a a, a b, b b."""
    # pi = (5/8, 3/8), p_o = 3/4, p_e = 2 * 15/64 = 15/32, AC1 = (3/4 - 15/32) / (17/32) = 9/17
    found = gwet_ac1([[2, 1], [0, 1]])
    assert float(found.value) == pytest.approx(9 / 17, rel=1e-14)
    # Gwet 2008, variance for two raters, term by term
    p_o, p_e, left = 3 / 4, 15 / 32, 8 / 17
    first = (2 / 4) * (3 / 8) + (1 / 4) * (5 / 8) - p_o * p_e
    second = (2 / 4) * (3 / 8) ** 2 + (1 / 4) * (1 / 2) ** 2 + (1 / 4) * (5 / 8) ** 2 - p_e**2
    spread = p_o * (1 - p_o) - 4 * left * first + 4 * left**2 * second
    assert float(found.se) == pytest.approx(np.sqrt(spread / 4) / (1 - p_e), rel=1e-13)


tables = st.integers(2, 5).flatmap(
    lambda q: arrays(np.int64, (q, q), elements=st.integers(0, 30)).filter(lambda t: t.sum() > 1)
)


@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")  # of theirs: root of a rounded 0
@settings(max_examples=60)
@given(counts=tables)
def test_kappa_is_that_of_statsmodels(counts):
    from statsmodels.stats.inter_rater import cohens_kappa

    p = counts / counts.sum()
    if (p.sum(axis=0) * p.sum(axis=1)).sum() > 1 - 1e-9:
        return
    ours, theirs = cohen_kappa(counts), cohens_kappa(counts)
    # the same closed form: rounding only, and a root of a rounded 0 where nothing disagrees
    assert float(ours.value) == pytest.approx(theirs.kappa, rel=1e-10, abs=1e-10)
    variance = theirs.var_kappa
    assert float(ours.se) ** 2 == pytest.approx(max(variance, 0), rel=1e-7, abs=1e-13)


@settings(max_examples=40)
@given(counts=tables, seed=st.integers(0, 99))
def test_neither_depends_on_the_order_of_categories_or_of_raters(counts, seed):
    order = np.random.default_rng(seed).permutation(len(counts))
    for coefficient in (cohen_kappa, gwet_ac1):
        first = coefficient(counts)
        for other in (coefficient(counts[np.ix_(order, order)]), coefficient(counts.T)):
            assert float(other.value) == pytest.approx(float(first.value), rel=1e-9, nan_ok=True)
            # a root of a variance that is 0 but for rounding: half the digits
            assert float(other.se) == pytest.approx(
                float(first.se), rel=1e-6, abs=1e-7, nan_ok=True
            )


@settings(max_examples=40)
@given(counts=tables)
def test_nothing_is_above_1_and_only_full_agreement_is_1(counts):
    whole = counts.sum() == np.trace(counts)
    for value in (cohen_kappa(counts).value, gwet_ac1(counts).value):
        if not np.isnan(value):
            assert value <= 1 + 1e-12
            assert (abs(value - 1) < 1e-12) == whole


def test_a_batch_is_the_same_as_one_by_one():
    batch = np.array([[[20, 5], [10, 15]], [[118, 5], [2, 0]], [[0, 0], [0, 0]], [[9, 0], [0, 0]]])
    for coefficient in (cohen_kappa, gwet_ac1):
        together = coefficient(batch)
        for place, table in enumerate(batch):
            alone = coefficient(table)
            assert np.array_equal(together.value[place], alone.value, equal_nan=True)
            assert np.array_equal(together.se[place], alone.se, equal_nan=True)
    assert np.isnan(cohen_kappa(batch).value[2:]).all()
    assert np.isnan(gwet_ac1(batch).value[2])
    assert gwet_ac1(batch).value[3] == 1.0


def test_ac1_needs_two_categories_and_counts_those_nobody_used():
    assert np.isnan(gwet_ac1([[5]]).value)
    two = gwet_ac1([[20, 5], [10, 15]]).value
    three = gwet_ac1([[20, 5, 0], [10, 15, 0], [0, 0, 0]]).value
    assert three > two
    assert cohen_kappa([[20, 5, 0], [10, 15, 0], [0, 0, 0]]).value == pytest.approx(0.4)


def test_counting_pairs():
    first, second = np.array([2, 0, 2, 1]), np.array([2, 1, 2, 1])
    assert cross_count(first, second, 3).tolist() == [[0, 1, 0], [0, 1, 0], [0, 0, 2]]


@pytest.mark.parametrize(
    ("counts", "message"),
    [
        (
            [[1, 2, 3], [4, 5, 6]],
            "counts: found an array of shape (2, 3), allowed are square tables (..., q, q)",
        ),
        ([[1, -1], [0, 1]], "counts: found a negative or missing count, allowed are counts "),
    ],
)
def test_what_is_no_table_of_counts(counts, message):
    with pytest.raises(pe.InputError) as caught:
        gwet_ac1(counts)
    assert str(caught.value).startswith(message)
