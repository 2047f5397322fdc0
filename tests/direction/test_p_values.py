"""Combined p values against metap 1.8, printed examples, exact laws; p values from the records."""

from __future__ import annotations

import json
import re
from math import exp, log, log10
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import peer_evidence as pe
from peer_evidence.direction.p_values import METHODS
from peer_evidence.errors import InputError

REFERENCE = json.loads(
    (Path(__file__).parents[1] / "reference" / "pcombine.json").read_text(encoding="utf-8")
)
INPUT = REFERENCE["input"]
# both sides are closed forms through the same special functions: only rounding differs
CLOSE = 1e-11
# metap's name -> our method and options; True where metap leaves a p of 0 out, which is a fault
# here, and False where it keeps it (1e-300 stands for it below)
SAME = {
    "sumlog": ("fisher", {}, True),
    "sumz": ("stouffer", {}, True),
    "logitp": ("logit", {}, True),
    "sump": ("edgington", {}, False),
    "minimump": ("tippett", {}, False),
    "wilkinsonp_r2": ("wilkinson", {"r": 2}, False),
    "maximump": ("wilkinson", {"r": "k"}, False),
    "binomial_p05": ("binomial", {"alpha": 0.05}, False),
    "votep": ("binomial", {"alpha": 0.5}, False),
}
STATISTIC = {"chisq": "statistic", "z": "statistic", "t": "statistic", "pr": "statistic",
             "x": "statistic", "pos": "statistic", "p": "p_value", "df": "df",
             "k": "k"}  # fmt: skip
# leaves that are settings, or have no counterpart
NOT_COMPARED = {
    "conservativep": "the first term of Edgington's sum alone, an upper bound",
    "critp": "the p that would be needed at alpha; no threshold is used here",
    "alpha": "a setting of critp",
    "r": "a setting",
    "neg": "the rest of k",
}
NOT_OFFERED = {
    "meanp": "normal approximation of Edgington's sum, which is exact here",
    "meanz": "a t test of z values, which asks another question",
    "invchisq_k4": "Fisher's with another df",
    "invt_k50": "close to Stouffer's",
    "truncated_p05": "depends on a threshold",
    "cauchy": "for dependent p values",
    "harmonic_mean_p_raw": "not a p value",
}
# metap sums Edgington's alternating series in doubles; for the 34 p values of `cholest` that
# loses seven digits, and exact rational arithmetic gives 0.98331261765764...
LOST_BY_METAP = {("cholest", "sump", "p"): 1e-6}


def compared(name):
    """Every leaf of a data set that has a counterpart, with ours: (test, leaf, ref, own)."""
    p = np.array(INPUT[name])
    for test, (method, options, drops) in SAME.items():
        values = p[p > 0] if drops else np.where(p > 0, p, 1e-300)
        options = {key: len(values) if value == "k" else value for key, value in options.items()}
        found = pe.combine_p_values(values, method, **options)
        for leaf, reference in REFERENCE["results"][name][test].items():
            if leaf not in NOT_COMPARED:
                yield test, leaf, reference, getattr(found, STATISTIC[leaf])


@pytest.mark.parametrize("name", list(INPUT))
def test_every_method_agrees_with_metap(name):
    wrong = []
    for test, leaf, reference, own in compared(name):
        allowed = LOST_BY_METAP.get((name, test, leaf), CLOSE)
        # where the terms cancel ("opposite") the statistic itself is rounding around 0
        if abs(own - reference) > allowed * abs(reference) + 1e-12:
            wrong.append((test, leaf, reference, own))
    assert wrong == []


def test_no_leaf_of_the_reference_is_forgotten():
    leaves = 0
    for name, tests in REFERENCE["results"].items():
        assert set(tests) == set(SAME) | set(NOT_OFFERED)
        held = {(test, leaf) for test in SAME for leaf in tests[test] if leaf not in NOT_COMPARED}
        seen = [(test, leaf) for test, leaf, *_ in compared(name)]
        assert len(seen) == len(set(seen))
        assert set(seen) == held
        leaves += len(seen)
    assert leaves == 200
    assert set(INPUT) == set(REFERENCE["results"])


def test_exact_sum_of_the_34_p_values_that_metap_loses():
    from fractions import Fraction
    from math import comb, factorial, floor

    total, k = sum(map(Fraction, INPUT["cholest"])), 34
    terms = [(-1) ** j * comb(k, j) * (total - j) ** k for j in range(floor(total) + 1)]
    exact = float(sum(terms) / factorial(k))
    assert pe.combine_p_values(INPUT["cholest"], "edgington").p_value == pytest.approx(
        exact, rel=1e-15
    )


@pytest.mark.parametrize(
    ("data", "weights"),
    [("rosenthal", "df"), ("validity", "n")],
)
def test_weighted_stouffer_rosenthal_1978_and_validity(data, weights):
    rows = pd.DataFrame(REFERENCE[f"{data}_input"])
    given = rows["df"] if weights == "df" else np.sqrt(rows["n"])
    key = {"df": "rosenthal_weights_df", "n": "validity_weights_sqrt_n"}[weights]
    found = pe.combine_p_values(rows["p"], "stouffer", weights=given)
    reference = REFERENCE["weighted_stouffer"][key]
    assert found.statistic == pytest.approx(reference["z"], rel=1e-12)
    assert found.p_value == pytest.approx(reference["p"], rel=1e-11)
    assert found.weighted
    assert "Stouffer's method, weighted" in found.summary()


def test_becker_1994_printed_numbers():
    five = INPUT["beckerp"]
    assert round(pe.combine_p_values(five).statistic, 3) == 18.533
    assert round(pe.combine_p_values(five, "stouffer").statistic, 2) == 1.53
    logit = pe.combine_p_values(five, "logit")
    assert (round(logit.statistic, 2), logit.df) == (1.62, 29)
    teachers = pe.combine_p_values(INPUT["teachexpect"])
    assert (round(teachers.statistic, 3), teachers.df) == (69.473, 38)
    assert round(pe.combine_p_values(INPUT["teachexpect"], "logit").statistic, 3) == 2.763


def test_rosenthal_1978_and_edgington_1972_printed_numbers():
    rows = pd.DataFrame(REFERENCE["rosenthal_input"])
    assert round(pe.combine_p_values(rows["p"], "stouffer").statistic, 2) == 2.39
    weighted = pe.combine_p_values(rows["p"], "stouffer", weights=rows["df"])
    assert round(weighted.statistic, 2) == 3.01
    assert round(pe.combine_p_values(INPUT["edgington"], "edgington").p_value, 3) == 0.097


def test_extremes_in_opposite_directions_cancel_in_some_methods_only():
    p = INPUT["opposite"]
    for side in ("favours", "against"):
        assert pe.combine_p_values(p, "fisher", alternative=side).p_value < 2e-5
        assert pe.combine_p_values(p, "tippett", alternative=side).p_value < 5e-4
        for method in ("stouffer", "logit", "edgington"):
            found = pe.combine_p_values(p, method, alternative=side)
            assert found.p_value == pytest.approx(0.5, abs=1e-12)


def test_pearson_agrees_with_scipy():
    from scipy.stats import combine_pvalues

    for name in ("beckerp", "teachexpect", "rosenthal", "edgington"):
        reference = combine_pvalues(INPUT[name], "pearson")
        found = pe.combine_p_values(INPUT[name], "pearson")
        assert found.p_value == pytest.approx(reference.pvalue, rel=1e-12)
        assert found.statistic == pytest.approx(-reference.statistic, rel=1e-12)


def test_p_of_1e_minus_300_keeps_its_digits():
    p, ten = [1e-300] * 5, log(10)
    fisher = pe.combine_p_values(p)
    # the chi-squared tail on 10 df in closed form: exp(-y) (1 + y + ... + y^4/4!)
    y = fisher.statistic / 2
    closed = -y + log(sum(y**j / [1, 1, 2, 6, 24][j] for j in range(5)))
    assert fisher.p_value == 0
    assert fisher.log_p_value == pytest.approx(closed, rel=1e-14)
    assert fisher.summary().startswith(
        "Evidence of an effect favouring the intervention in at least one study: p < 0.001, "
        "5 p values by Fisher's method (chi-squared 6907.755 on 10 df)\n"
    )
    edgington = pe.combine_p_values(p, "edgington").log_p_value / ten
    assert edgington == pytest.approx(5 * log10(5e-300) - log10(120), rel=1e-14)
    # for p this small the sum of -ln(1 - p) is the sum of p
    assert pe.combine_p_values(p, "pearson").log_p_value / ten == pytest.approx(edgington)
    tippett = pe.combine_p_values(p, "tippett")
    assert tippett.p_value == pytest.approx(5e-300, rel=1e-12)
    assert pe.combine_p_values(p, "wilkinson", r=5).log_p_value / ten == pytest.approx(-1500)
    binomial = pe.combine_p_values([0.01] * 200, "binomial", alpha=1e-4 + 0.01)
    assert binomial.log_p_value == pytest.approx(200 * log(0.0101), rel=1e-12)
    assert -1500 < pe.combine_p_values(p, "stouffer").log_p_value / ten < -1480


def test_far_tails_of_t_follow_their_leading_term():
    from peer_evidence.direction.tails import log_t_tail

    # t on 1 df is Cauchy: the tail is atan(1/t)/pi
    assert log_t_tail(1e100, 1).item() == pytest.approx(log(1e-100 / np.pi), rel=1e-13)
    # continuity where the series takes over from the ordinary tail
    near = [log_t_tail(t, 99).item() for t in (5e3, 6e3, 7e3, 8e3)]
    assert np.diff(near) / np.diff(np.log([5e3, 6e3, 7e3, 8e3])) == pytest.approx(-99, rel=1e-3)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(1e-12, 1 - 1e-12), min_size=1, max_size=12), st.randoms())
def test_order_does_not_matter_and_smaller_p_never_weakens(p, random):
    shuffled = random.sample(p, len(p))
    smaller = [p[0] / 2, *p[1:]]
    for method in METHODS:
        options = {"wilkinson": {"r": 1}, "binomial": {"alpha": 0.3}}.get(method, {})
        one = pe.combine_p_values(p, method, **options)
        assert 0 <= one.p_value <= 1
        again = pe.combine_p_values(shuffled, method, **options)
        assert again.p_value == pytest.approx(one.p_value, rel=1e-9, abs=1e-14)
        less = pe.combine_p_values(smaller, method, **options)
        assert less.p_value <= one.p_value * (1 + 1e-9)


@settings(max_examples=25, deadline=None)
@given(st.floats(1e-200, 1.0))
def test_one_p_combines_to_itself(p):
    for method in ("fisher", "edgington", "tippett", "pearson", "stouffer"):
        assert pe.combine_p_values([p], method).p_value == pytest.approx(p, rel=1e-9)


def test_a_batch_gives_what_each_row_gives():
    from peer_evidence.direction import combining

    rows = np.array([INPUT["beckerp"], [0.5, 0.2, np.nan, np.nan, 0.9]])
    for name in ("fisher", "pearson", "stouffer", "logit", "edgington", "tippett"):
        both = getattr(combining, name)(rows)
        for at, row in enumerate(rows):
            one = pe.combine_p_values(row[~np.isnan(row)], name)
            assert both.log_p[at] == pytest.approx(one.log_p_value, rel=1e-13)
    second = combining.wilkinson(rows, 2)
    assert second.statistic.tolist() == [0.067, 0.5]
    assert combining.binomial(rows, 0.3).statistic.tolist() == [3, 1]


def test_a_p_of_one_is_an_answer():
    assert pe.combine_p_values([1.0, 1.0]).p_value == 1
    assert pe.combine_p_values([0.5, 1.0], "edgington").p_value == pytest.approx(0.875)
    found = pe.combine_p_values([0.001, 1.0], "stouffer")
    assert (found.statistic, found.p_value) == (-np.inf, 1.0)
    assert found.summary().endswith("A p of exactly 1 outweighs all others in this method.")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: pe.combine_p_values([0.1, 0.0, 1.2, np.nan]),
         "p: [1] found 0, [2] found 1.2, [3] found nan; allowed is above 0 and at most 1. A p "
         "printed as 0.000 is known to be below 0.0005, a missing one must be left out"),
        (lambda: pe.combine_p_values(pd.Series([0.1, -1], index=["a", "b"])),
         "p: row 'b' found -1; allowed is above 0 and at most 1. A p printed as 0.000 is known "
         "to be below 0.0005, a missing one must be left out"),
        (lambda: pe.combine_p_values([1.0], alternative="against"),
         "1 - p: [0] found 0; allowed is above 0 and at most 1. A p printed as 0.000 is known "
         "to be below 0.0005, a missing one must be left out"),
        (lambda: pe.combine_p_values([]), "p: found shape (0,), allowed is at least one p value"),
        (lambda: pe.combine_p_values(["x"]),
         "p: could not convert string to float: 'x'; allowed are numbers above 0 and at most 1"),
        (lambda: pe.combine_p_values(pd.DataFrame({"p": [0.1]})),
         "p: found DataFrame, allowed is one array of one-sided p values; for a table of results "
         "use p_values(table).combine(...)"),
        (lambda: pe.combine_p_values([0.1], "fischer"),
         "method: found 'fischer', allowed are 'fisher', 'stouffer', 'edgington', 'tippett', "
         "'pearson', 'logit', 'wilkinson', 'binomial'; did you mean 'fisher'?"),
        (lambda: pe.combine_p_values([0.1], weights=[1]),
         "weights: 'fisher' takes none; only 'stouffer' does"),
        (lambda: pe.combine_p_values([0.1, 0.2], "stouffer", weights=[1]),
         "weights: found shape (1,), allowed is (2,), one for each p"),
        (lambda: pe.combine_p_values([0.1, 0.2], "stouffer", weights=[1, 0]),
         "weights: [1] found 0; allowed are finite numbers above 0"),
        (lambda: pe.combine_p_values([0.1, 0.2], "wilkinson"),
         "r: found None, allowed is a whole number from 1 to 2, the p values"),
        (lambda: pe.combine_p_values([0.1, 0.2], "wilkinson", r=3),
         "r: found 3, allowed is a whole number from 1 to 2, the p values"),
        (lambda: pe.combine_p_values([0.1, 0.2], "binomial", alpha=1),
         "alpha: found 1, allowed is a number between 0 and 1"),
        (lambda: pe.combine_p_values([0.1] * 1001, "edgington"),
         "method: 'edgington' sums exactly and takes at most 1000 p values, found 1001; "
         "'stouffer' and 'logit' take any number"),
        (lambda: pe.one_sided_p([0.1, 0], "favours_intervention"),
         "p_value: [1] found 0; allowed is above 0 and at most 1, or NaN for none"),
        (lambda: pe.one_sided_p(0.1, "favours_intervetion"),
         "direction: found 'favours_intervetion', allowed are 'favours_intervention', "
         "'favours_comparison', 'null', 'unclear'; did you mean 'favours_intervention'?"),
        (lambda: pe.one_sided_p(0.1, 1, "~"),
         "relation: found '~', allowed are '=', '<', '>', 'ns'"),
    ],
)  # fmt: skip
def test_messages(call, message):
    with pytest.raises(InputError, match=f"^{re.escape(message)}$"):
        call()


# --- one-sided p values --------------------------------------------------------------------


def test_two_sided_to_one_sided_as_in_the_reference():
    rule = REFERENCE["two_to_one"]
    found = pe.one_sided_p(rule["example_p2"], rule["direction"])
    assert found.tolist() == rule["p1"]


def test_one_sided_p_of_every_relation_and_tail():
    favours, against = "favours_intervention", "favours_comparison"
    assert pe.one_sided_p(0.03, favours, tails="one") == 0.03
    assert pe.one_sided_p(0.03, against, tails="one") == pytest.approx(0.97)
    assert np.isnan(pe.one_sided_p(0.7, favours, tails="one"))
    assert pe.one_sided_p(0.05, against, "<") == 0.975
    assert pe.one_sided_p(0.05, against, "<", alternative="against") == 0.025
    for relation in (">", "ns"):
        assert np.isnan(pe.one_sided_p(0.05, favours, relation))
    for direction in ("null", "unclear", None, 0, np.nan):
        assert np.isnan(pe.one_sided_p(0.05, direction))
    assert np.isnan(pe.one_sided_p(np.nan, favours, "ns"))
    tiny = pe.one_sided_p(1e-30, against)
    assert 0.999999 < tiny < 1
    assert np.isfinite(pe.combine_p_values([tiny], "stouffer").statistic)


@settings(max_examples=40, deadline=None)
@given(st.floats(1e-10, 1.0), st.sampled_from(["favours_intervention", "favours_comparison"]))
def test_both_directions_add_to_one(p, direction):
    both = [pe.one_sided_p(p, direction, alternative=side) for side in ("favours", "against")]
    assert sum(both) == pytest.approx(1.0, abs=1e-15)


FRAME = pd.DataFrame(
    {
        "study_id": ["a", "a", "b", "c", "d", "e", "f"],
        "domain": ["x", "x", "x", "x", "x", "y", "x"],
        "p_value": [0.02, 0.20, 0.04, np.nan, 0.05, 0.3, 0.05],
        "p_relation": ["=", "=", "=", "ns", "<", ">", "<"],
        "p_tails": ["two", None, "one", None, "two", "two", "two"],
        "effect_direction": ["favours_intervention"] * 3 + ["unclear", "favours_comparison"]
        + ["favours_intervention"] * 2,
        "weight": [1.0, 2.0, 3.0, 1.0, 1.0, 1.0, 2.0],
    }
)  # fmt: skip


def test_p_values_say_why_a_result_is_not_used():
    found = pe.p_values(FRAME, one_per="study_id")
    table = found.to_frame()
    assert table["note"].tolist() == [
        "another p of its study is used",
        "tails not stated, taken as two-sided",
        "one-tailed",
        "called not significant, no value",
        "bound taken as p, the one-sided p is above it; two-sided",
        "known only to be above a bound",
        "bound taken as p; two-sided",
    ]
    assert table["one_sided_p"].round(3).tolist()[:3] == [0.01, 0.1, 0.04]
    assert table["used"].tolist() == [False, True, True, False, True, False, True]
    by_group = found.combine("stouffer", weights="weight")
    assert by_group.loc["x", ["k", "bounds", "unusable"]].tolist() == [4, 2, 1]
    assert by_group.loc["y", ["k", "unusable"]].tolist() == [0, 1]
    assert np.isnan(by_group.loc["y", "p_value"])
    direct = pe.combine_p_values([0.1, 0.04, 0.975, 0.025], "stouffer", weights=[2, 3, 1, 2])
    assert by_group.loc["x", "p_value"] == direct.p_value
    assert found.combined("x").summary().splitlines()[1:] == [
        "This says neither how large an effect is nor in how many studies, and a large p is no "
        "evidence that there is none.",
        "2 p values were known as a bound, taken as p.",
        "1 result has no usable p and has no part in this; results called not significant are "
        "often among these, which flatters the combined p.",
    ]


def test_first_p_of_a_study_and_the_other_direction():
    first = pe.p_values(FRAME, by=None, one_per="study_id", choose="first")
    assert first.to_frame()["used"].tolist() == [True, False, True, False, True, False, True]
    against = pe.p_values(FRAME, by=None, one_per=None, alternative="against").combined()
    assert against.alternative == "against"
    assert "effect against the intervention" in against.summary()
    assert against.k == 5


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: pe.p_values(FRAME).combined(),
         "group: found None, allowed are 'x', 'y'; p_values(..., by=None) takes all results as "
         "one group"),
        (lambda: pe.p_values(FRAME).combine(alternative="against"),
         "alternative: it is that of the table; name it in p_values(...)"),
        (lambda: pe.p_values(FRAME).combined("y"),
         "p_values: no result of 'y' has a usable p to combine"),
        (lambda: pe.p_values(FRAME.drop(columns="p_value")),
         "p_values: no column 'p_value'; it has study_id, domain, p_relation, p_tails, "
         "effect_direction, weight"),
        (lambda: pe.p_values(FRAME, choose="smallest"),
         "choose: found 'smallest', allowed are 'largest', 'first'"),
        (lambda: pe.p_values(FRAME.assign(p_value=0.0)),
         "p_values: p_value: [0] found 0, [1] found 0, [2] found 0, [3] found 0, [4] found 0, "
         "[5] found 0, [6] found 0; allowed is above 0 and at most 1, or NaN for none"),
        (lambda: pe.p_values(FRAME.assign(p_value=["0.02", "small", *["0,04"] * 5])),
         "p_values: p_value: [1] found 'small', allowed is a number such as '0.03', one with its "
         "relation such as '<0.05', or 'ns'; "
         + "; ".join(f"[{n}] found '0,04', allowed is a number such as '0.03', one with its "
                     "relation such as '<0.05', or 'ns'" for n in range(2, 7))),
        (lambda: pe.p_values(FRAME.assign(p_value="<0.05")),
         "p_values: p_value: [0] found '<0.05' with p_relation '=', allowed is the same relation "
         "in both; [1] found '<0.05' with p_relation '=', allowed is the same relation in both; "
         "[2] found '<0.05' with p_relation '=', allowed is the same relation in both; [3] found "
         "'<0.05' with p_relation 'ns', allowed is the same relation in both; [5] found '<0.05' "
         "with p_relation '>', allowed is the same relation in both"),
        (lambda: pe.p_values(pd.concat([FRAME.assign(p_value=0.0)] * 2, ignore_index=True)),
         "p_values: p_value: "
         + ", ".join(f"[{n}] found 0" for n in range(10))
         + " and 4 more; allowed is above 0 and at most 1, or NaN for none"),
        (lambda: pe.one_sided_p([0.04, 0.05], ["favours_intervention"] * 3),
         "p_value, direction: found the shapes p_value (2,), direction (3,), allowed is one entry "
         "for each p value, or a single one for all"),
        (lambda: pe.one_sided_p(["0.04", "0.05"], 1, ["="] * 3),
         "p_value, relation: found the shapes p_value (2,), relation (3,), allowed is one entry "
         "for each p value, or a single one for all"),
        (lambda: pe.one_sided_p(0, "favours_intervention"),
         "p_value: found 0; allowed is above 0 and at most 1, or NaN for none"),
        (lambda: pe.one_sided_p("small", "favours_intervention"),
         "p_value: found 'small', allowed is a number such as '0.03', one with its relation such "
         "as '<0.05', or 'ns'"),
    ],
)  # fmt: skip
def test_messages_of_tables(call, message):
    with pytest.raises(InputError, match=f"^{re.escape(message)}$"):
        call()


def test_the_bundled_records_give_one_tailed_and_bounded_p_values(bundled):
    table = pe.p_values(bundled, one_per=None).to_frame().set_index("outcome_id")
    sledge = table.loc["sledge_2011.rehospitalisations_9m"]
    assert (sledge["one_sided_p"], sledge["note"]) == (0.042, "one-tailed")
    cost = table.loc["landers_zhou_2014.cost_total"]
    assert cost["one_sided_p"] == 1 - 0.01 / 2
    assert cost["bound"]
    assert len(table) == (bundled.outcomes["contrast_type"] == "intervention_vs_comparison").sum()
    assert (table["used"] == table["one_sided_p"].notna()).all()


def test_a_combined_p_is_a_row():
    row = pe.combine_p_values([0.1, 0.2], "binomial", alpha=0.15).to_frame().iloc[0]
    assert (row["statistic"], row["k"], row["alpha"]) == (1, 2, 0.15)
    assert row["p_value"] == pytest.approx(1 - 0.85**2)
    assert exp(row["log_p_value"]) == row["p_value"]


def test_an_empty_table_and_one_without_p_values(bundled):
    empty = pe.p_values(bundled.outcomes.iloc[:0])
    assert (empty.used, empty.unusable, empty.groups) == (0, 0, [])
    assert empty.combine().empty


def test_printed_texts_bring_their_relation_with_them():
    words = ["0.02", "p = .20", ".04", "n.s.", "<0.05", "> 0.3", "≤ 0.05"]
    text = FRAME.drop(columns="p_relation").assign(p_value=words)
    told = pe.p_values(FRAME).to_frame()
    read = pe.p_values(text).to_frame()
    for name in ("one_sided_p", "bound", "used", "note"):
        pd.testing.assert_series_equal(read[name], told[name])
    assert pe.one_sided_p("<0.05", "favours_comparison") == 0.975
    for kind in ("string", object):
        cells = pd.Series(["<.05", "0.2", pd.NA], dtype=kind)
        found = pe.one_sided_p(cells, "favours_intervention")
        np.testing.assert_array_equal(found, [0.025, 0.1, np.nan])


def test_one_p_a_study_is_taken_unless_all_are_asked_for():
    taken = pe.p_values(FRAME)
    assert taken.one_per == "study_id"
    assert taken.combine().loc["x", ["k", "repeated"]].tolist() == [4, 0]
    every = pe.p_values(FRAME, one_per=None)
    assert every.combine().loc["x", ["k", "repeated"]].tolist() == [5, 2]
    assert every.combine()["repeated"].tolist() == [2, 0]
    note = (
        "2 p values are of studies with more than one among them: they are combined as if "
        'independent, which they are not; one_per="study_id" takes one a study.'
    )
    assert every.combined("x").summary().splitlines()[2] == note
    assert every.summary().splitlines()[1] == f"  {note}"
    assert "more than one" not in taken.summary() + taken.combined("x").summary()
    # rows put together keep their own names, and are told apart all the same
    twice = pe.p_values(pd.concat([FRAME, FRAME.assign(study_id=FRAME["study_id"] + "2")]))
    assert twice.combine().loc["x", "k"] == 8


@pytest.mark.parametrize(("x", "k"), [(7000, 5), (3000, 100), (200_000, 1000), (30, 5)])
def test_upper_tail_of_chi_squared_is_the_poisson_sum(x, k):
    from decimal import Decimal, localcontext

    from peer_evidence.direction.tails import log_chi2_tail

    with localcontext() as context:
        context.prec = 60
        y, term, total = Decimal(x) / 2, Decimal(1), Decimal(1)
        for j in range(1, k):
            term *= y / j
            total += term
        exact = float(-y + total.ln())
    assert log_chi2_tail(x, 2 * k).item() == pytest.approx(exact, rel=1e-13)


@pytest.mark.parametrize(("x", "k"), [(1e-100, 15), (1e-3, 200), (1.0, 500), (3.0, 2)])
def test_lower_tail_of_chi_squared_is_the_rest_of_the_poisson_sum(x, k):
    from decimal import Decimal, localcontext

    from peer_evidence.direction.tails import log_chi2_below

    with localcontext() as context:
        context.prec = 60
        y, term, total = Decimal(x) / 2, Decimal(1), Decimal(0)
        for j in range(1, k + 200):
            term *= y / j
            total += term if j >= k else 0
        exact = float(-y + total.ln())
    assert log_chi2_below(x, 2 * k).item() == pytest.approx(exact, rel=1e-13)


@pytest.mark.parametrize(
    ("x", "a", "b"), [(1e-150, 3, 5), (1e-3, 150, 3), (0.3, 900, 20), (0.01, 400, 600), (0.2, 2, 3)]
)
def test_beta_tail_is_the_binomial_sum(x, a, b):
    from decimal import Decimal, localcontext
    from math import comb

    from peer_evidence.direction.tails import log_beta_below

    n = a + b - 1
    with localcontext() as context:
        context.prec = 60
        p = Decimal(x)
        total = sum(comb(n, j) * p**j * (1 - p) ** (n - j) for j in range(a, n + 1))
        exact = float(Decimal(total).ln())
    # the beta function is a difference of log gammas of up to 7000
    assert log_beta_below(x, a, b).item() == pytest.approx(exact, rel=1e-12)
