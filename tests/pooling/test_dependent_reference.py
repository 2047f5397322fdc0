"""Every number of the R references on dependent effects, against this package's own."""

import re
from collections import defaultdict

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


def worst(ledger):
    found = defaultdict(lambda: (0, 0.0, ""))
    for file, path, family, error in ledger.rows:
        count, most, where = found[family]
        found[family] = (count + 1, max(most, error), f"{file}:{path}" if error >= most else where)
    return dict(found)


def test_every_number_agrees_within_the_tolerance_of_its_family(ledger):
    found = worst(ledger)
    assert set(found) == set(TOLERANCES)
    beyond = {family: row for family, row in found.items() if row[1] > TOLERANCES[family][0]}
    assert beyond == {}


def test_no_number_is_left_out_by_accident(ledger):
    compared = {(file, path) for file, path, _, _ in ledger.rows}
    used, forgotten = set(), []
    for file, own in ledger.leaves.items():
        for path in own:
            name = f"{file}:{path}"
            if not re.search(DEPENDENT, name) or (file, path) in compared:
                continue
            rule = next((one for one in EXCLUDED if re.search(one, name)), None)
            if rule is None:
                forgotten.append(name)
            used.add(rule)
    assert forgotten[:20] == []
    assert set(EXCLUDED) - used == set()


def test_the_comparisons_do_not_shrink(ledger):
    numbers = {family: row[0] for family, row in worst(ledger).items()}
    assert sum(numbers.values()) >= 2_000
    assert numbers["polished"] >= 60
    assert len({(file, path) for file, path, _, _ in ledger.rows}) == len(ledger.rows)


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
