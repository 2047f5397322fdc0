"""Every number of bias in the R references against this package's own, with a guard.

Each numeric leaf of the blocks named in ``MINE`` is compared, or excluded by a rule that says why.
"""

import re

import pytest

from peer_evidence.bias.fail_safe import fail_safe_n
from peer_evidence.pooling.model import meta_analysis

from ..pooling.ledger import Ledger, at, frame, load, quiet
from ..pooling.test_reference import blocks
from .comparisons import (
    compare_excess,
    compare_fail_safe,
    compare_henmi_copas,
    compare_pet_peese,
    compare_rank,
    compare_regression_tests,
    compare_selection,
    compare_trim_and_fill,
)

MINE = re.compile(
    r"[.:](regtest|ranktest|trimfill|fsn|fsn_orwin_target_05|henmi_copas|tes|tes_FE|pet_peese|"
    r"selmodel)\."
)

# family -> (tolerance, why); relative, or to the natural scale of the number where that is larger
TOLERANCES = {
    "closed": (1e-10, "closed forms: only the order of additions differs (1e-13 seen)"),
    "closed tail": (1e-10, "the same, as tail areas"),
    "mixed": (1e-8, "tau2 by a root: R stops at 1e-9 of the median variance"),
    "mixed tail": (1e-7, "the same, as a tail area far out"),
    "refit": (
        3e-4,
        "metafor's trimfill refits with its default threshold, 1e-5 absolute in tau2; tau2 relative"
        " to the median variance",
    ),
    "refit tail": (2e-3, "the same, as a tail area"),
    "henmi-copas": (3e-4, "R's uniroot stops at 1.2e-4 here"),
    "excess": (1e-3, "R integrates the power over 5 tau to either side, with tolerance 1e-4"),
    "selection": (1e-4, "R's optimisers stop at 1e-8 in the likelihood; second derivatives by it"),
    "likelihood": (1e-6, "R's optimisers; its integrals where the weights are smooth"),
    "likelihood ratio": (1e-5, "twice the difference of two of them, and its tail area"),
    "curvature": (1e-2, "R differentiates integrals of tolerance 1e-4 twice by differences"),
    "integrated": (
        1e-3,
        "beta and power weights are steep at 0 and 1: R's integrals give 4 digits",
    ),
    "integrated ratio": (2e-3, "twice the difference of two of them, and its tail area"),
}

# pattern of the leaf's path -> why it is not compared
EXCLUDED = {
    r"\.selmodel\.\w+\.ll_by_optimizer\.": "the highest of them is ll",
    r"\.selmodel\.\w+\.steps": "input",
    r"\.selmodel\.(beta|power)\.(se|stat|pval|ci|delta_)": (
        "R's second differences of integrals of four digits; here derivatives are exact"
    ),
    r"^dat\.raudenbush1985.*\.selmodel\.beta\.(tau2|delta#|LRT)": (
        "R's maximum has a parameter on its limit of 1e-5: here it is the rival, whose effect and "
        "likelihood are compared"
    ),
    r"\.selmodel\.\w+\.se_tau2": "tau2 on its limit of 0: here without standard error",
}


@pytest.fixture(scope="module")
def ledger():
    book = Ledger()
    for file, path, data, rows in blocks():
        tree = at(load(file), path)
        if "regtest" not in tree:
            continue
        compare_regression_tests(book, file, path, data, rows)
        compare_rank(book, file, path, data)
        compare_trim_and_fill(book, file, path, data)
        compare_fail_safe(book, file, f"{path}.fsn", data)
        compare_henmi_copas(book, file, path, data)
        compare_pet_peese(book, file, path, data)
        for method, block in tree["tes"].items():
            m = quiet(meta_analysis, data, method=method)
            compare_excess(book, file, f"{path}.tes.{method}", m, block["test"])
        if "selmodel" in tree:
            compare_selection(book, file, path, data)
    compare_rest(book)
    return book


def compare_rest(book):
    d = load("dat.mcdaniel1994")
    compare_fail_safe(book, "dat.mcdaniel1994", "fsn", frame(d["escalc"]["yi"], d["escalc"]["vi"]))
    d = load("dat.dorn2007")
    m = quiet(meta_analysis, frame(d["escalc"]["yi"], d["escalc"]["vi"]), method="FE")
    for test in d["tes_FE"]:
        compare_excess(book, "dat.dorn2007", f"tes_FE.{test}", m, test)
    rows = load("dat.raudenbush1985")["input"]
    m = quiet(meta_analysis, frame([r["yi"] for r in rows], [r["vi"] for r in rows]))
    for name in ("unweighted", "weighted"):
        ours = quiet(fail_safe_n, m, "orwin", target=0.05, weighted=name == "weighted")
        book.check("dat.raudenbush1985", f"fsn_orwin_target_05.{name}", ours.n, "closed")


def test_every_number_agrees_within_the_tolerance_of_its_family(ledger):
    assert ledger.beyond(TOLERANCES) == {}


def test_no_number_of_bias_is_left_out_by_accident(ledger):
    forgotten, unused = ledger.left_out(EXCLUDED, MINE)
    assert forgotten == []
    assert unused == set()


def test_the_comparisons_do_not_shrink(ledger):
    numbers = ledger.numbers()
    assert sum(numbers.values()) >= 17_000
    assert numbers["selection"] >= 500
