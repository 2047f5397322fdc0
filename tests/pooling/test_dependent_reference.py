"""Every number of the R references on dependent effects, against this package's own."""

import numpy as np
import pytest
from scipy.optimize import least_squares

import peer_evidence as pe

from .dependent_comparisons import (
    EXCLUDED,
    KONST,
    TOLERANCES,
    at_theta,
    compare_huber_white,
    compare_multivariate,
    compare_robumeta,
    compare_three_level,
    rows_of,
)
from .ledger import DEPENDENT, Ledger, load


@pytest.fixture(scope="module")
def ledger():
    book = Ledger()
    compare_three_level(book)
    compare_multivariate(book)
    compare_robumeta(book)
    compare_huber_white(book)
    return book


def test_every_number_agrees_within_the_tolerance_of_its_family(ledger):
    assert ledger.beyond(TOLERANCES) == {}


def test_no_number_is_left_out_by_accident(ledger):
    forgotten, unused = ledger.left_out(EXCLUDED, DEPENDENT)
    assert forgotten == []
    assert unused == set()


def test_the_comparisons_do_not_shrink(ledger):
    numbers = ledger.numbers()
    assert sum(numbers.values()) >= 2_000
    assert numbers["polished"] >= 60


def test_two_variances_close_by_explain_all_of_the_predictions_that_differ():
    m = pe.multilevel(rows_of(KONST), levels=["district", "school"])
    r = load(KONST)["ranef_REML"]
    expected = np.concatenate(
        [r[level][key] for key in ("intrcpt", "se") for level in ("district", "district/school")]
    )

    def difference(times):
        table = at_theta(m, times * np.array(m.sigma2)).ranef()
        return np.concatenate([table["effect"], table["se"]]) - expected

    found = least_squares(difference, [1.001, 0.999], xtol=1e-15, ftol=1e-15, gtol=1e-15)
    assert np.abs(found.x - 1).max() < 1e-6
    assert np.abs(found.fun).max() < 1e-13
