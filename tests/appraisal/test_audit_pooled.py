"""The audit of pooled results: the bundled rows by hand, each check, no false alarm."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

import peer_evidence as pe
from peer_evidence.appraisal.audit_laws import loose_region, symmetric_region
from peer_evidence.appraisal.audit_pooled import duplicate_checks, pooled_checks
from peer_evidence.appraisal.audit_readings import PrintedEffect, Reading, implied_span
from peer_evidence.appraisal.printed_numbers import Span, is_number, printed_span

from .simulated import printed_rows

PECK = {  # a sound row: six studies, everything printed
    "effect_measure": "SMD",
    "sign_convention": "positive_favours_intervention",
    "k": "6",
    "n_total": "1254",
    "estimate": "0.29",
    "ci_low": "0.12",
    "ci_high": "0.46",
    "p_value": "0.0009",
    "p_relation": "=",
    "q": "9.65",
    "q_df": "5",
    "i2": "48",
    "tau2": "0.02",
    "z": "3.33",
}


def verdicts(row: dict[str, str]) -> dict[str, str]:
    return {check.check: check.verdict for check in pooled_checks(row)}


def only(row: dict[str, str], name: str):
    (found,) = [check for check in pooled_checks(row) if check.check == name]
    return found


@pytest.fixture(scope="module")
def bundled(ev: pe.Evidence) -> pe.Audit:
    return pe.audit(ev, table="pooled_results")


def test_the_bundled_rows_hold_three_conflicts_in_two_rows(bundled: pe.Audit) -> None:
    found = bundled.findings.set_index(["row_id", "check"])
    assert list(found.index) == [
        ("fuhr_2014.p20", "p"),
        ("fang_2022.p28", "z"),
        ("fang_2022.p28", "q_df"),
    ]
    assert bundled.conditional.empty
    # by hand: half-width 0.31 and 1.96 give z 0.695 and p 0.487; 0.555 is the least that is 0.56
    p = found.loc[("fuhr_2014.p20", "p")]
    assert p["implied_low"] < 0.487 < p["implied_high"] < 0.555
    assert p["gap"] == pytest.approx(0.555 - p["implied_high"])
    # by hand: 0.39 × 1.96 / 0.15 is 5.10
    z = found.loc[("fang_2022.p28", "z")]
    assert 4.9 < z["implied_low"] < 5.1 < z["implied_high"] < 5.3
    assert z["why"].startswith(
        "The printed z 9.42 does not fit −0.39 (−0.54 to −0.24), which implies z between 4.93 and "
        "5.27. The estimate and its interval and p agree with each other, so z is likelier wrong. "
        "4.92 (two digits swapped) would all but fit."
    )
    assert found.loc[("fang_2022.p28", "q_df"), "why"] == (
        "20 degrees of freedom do not fit 16 pooled estimates, which have 15. Either 21 estimates "
        "came from 16 studies, or k or the degrees of freedom is a misprint."
    )


def test_the_summary_begins_with_what_was_and_was_not_found(bundled: pe.Audit) -> None:
    first, second, *rest = bundled.summary().splitlines()
    made = len(bundled.table) - bundled.counts()["not_checkable"]
    assert first == (
        f"55 pooled results: {made} checks could be made on 55 rows; 2 rows hold numbers that "
        "cannot all be true, and none agree only under one reading"
    )
    assert second == "Cannot all be true:"
    assert rest[0].startswith("  fuhr_2014.p20 (pooled_results.csv:22): The printed p 0.56")
    assert rest[-1] == "8 printed numbers could not be checked."


def test_a_row_in_which_everything_agrees() -> None:
    assert set(verdicts(PECK).values()) == {"consistent"}
    assert len(verdicts(PECK)) == 9


@pytest.mark.parametrize(
    ("change", "check", "verdict"),
    [
        ({"z": "5.03"}, "z", "inconsistent"),
        ({"p_value": "0.09"}, "p", "inconsistent"),
        ({"estimate": "0.92"}, "interval", "inconsistent"),
        ({"estimate": "0.25"}, "interval", "inconsistent"),
        ({"ci_low": "0.47"}, "interval", "inconsistent"),
        ({"q_df": "8"}, "q_df", "inconsistent"),
        ({"i2": "84", "k": "2", "q_df": "1", "q": "1.5"}, "i2", "inconsistent"),
        ({"i2": "38"}, "i2", "consistent_if"),
        ({"i2": "0.48"}, "i2", "consistent_if"),
        ({"i2": "120"}, "i2", "inconsistent"),
        ({"tau2": "0.3"}, "tau2", "consistent_if"),
        ({"tau2": "0.002"}, "tau2", "consistent_if"),
        ({"k": "1"}, "one_study", "inconsistent"),
        ({"n_total": "125"}, "precision", "consistent_if"),
        ({"sign_convention": "ratio_below_1_favours_intervention"}, "sign", "inconsistent"),
        ({"p_value": "1.2"}, "p_value", "inconsistent"),
    ],
)
def test_each_check_sees_its_own_slip(change: dict[str, str], check: str, verdict: str) -> None:
    assert verdicts(PECK | change)[check] == verdict


def test_precision_is_one_sided() -> None:
    row = {**PECK, "n_total": "125"}
    assert verdicts(row)["precision"] == "consistent_if"  # too precise for so few people
    assert verdicts({**PECK, "n_total": "12540"})["precision"] == "consistent"


def test_a_hartung_knapp_row_is_named_and_not_accused() -> None:
    half = 0.1 * stats.t.isf(0.025, 4)
    row = {
        "effect_measure": "SMD",
        "k": "5",
        "estimate": "0.200",
        "ci_low": f"{0.2 - half:.3f}",
        "ci_high": f"{0.2 + half:.3f}",
        "p_value": f"{2 * stats.t.sf(2, 4):.3f}",
        "z": "2.00",
    }
    found = only(row, "p")
    assert found.verdict == "consistent_if"
    assert found.reading == "the interval and the test are t-based with 4 degrees of freedom"
    assert "inconsistent" not in verdicts(row).values()


def test_numbers_that_fit_one_by_one_but_not_together() -> None:
    half = 0.1 * stats.t.isf(0.025, 4)  # z as of a t-based interval, p as of a normal one
    row = {"k": "5", "estimate": "0.200", "ci_low": f"{0.2 - half:.3f}"}
    row |= {"ci_high": f"{0.2 + half:.3f}", "z": "2.00", "effect_measure": "SMD"}
    row["p_value"] = f"{2 * stats.norm.sf(0.2 * 1.959964 / half):.3f}"
    assert verdicts(row)["z"] == "consistent_if"
    assert verdicts(row)["p"] == "consistent"
    assert verdicts(row)["p_from_z"] == "inconsistent"


def test_ratios_are_checked_on_the_log_scale() -> None:
    row = {"effect_measure": "RR", "estimate": "0.44", "ci_low": "0.11", "ci_high": "1.75"}
    assert verdicts(row) == {"interval": "consistent"}
    assert verdicts({**row, "effect_measure": "MD"}) == {"interval": "inconsistent"}
    additive = {"effect_measure": "RR", "estimate": "1.18", "ci_low": "1.06", "ci_high": "1.29"}
    assert only(additive, "interval").reading == (
        "the interval of the ratio is symmetric without logarithms"
    )
    assert verdicts({**row, "ci_low": "-0.11"}) == {"interval": "inconsistent"}


def test_one_sided_and_other_levels_are_told_apart() -> None:
    row = {"effect_measure": "MD", "estimate": "1.00", "ci_low": "-0.10", "ci_high": "2.10"}
    z = 1.959964 / 1.10
    assert only({**row, "p_value": f"{stats.norm.sf(z):.3f}"}, "p").reading == "p is one-sided"
    row |= {"k": "300", "p_value": f"{2 * stats.norm.sf(1.644854 / 1.10):.3f}"}
    found = only(row, "p")
    assert found.verdict == "inconsistent"
    assert "a 90% interval would fit" in found.reading
    told = {check.check: check.verdict for check in pooled_checks(row, level=0.9)}
    assert told["p"] == "consistent"


@pytest.mark.parametrize(
    ("relation", "p", "verdict"),
    [
        ("<", "0.001", "consistent"),
        ("<", "0.0001", "inconsistent"),
        (">", "0.05", "inconsistent"),
        ("ns", "", "inconsistent"),
    ],
)
def test_relations_of_p(relation: str, p: str, verdict: str) -> None:
    row = {key: PECK[key] for key in ("effect_measure", "estimate", "ci_low", "ci_high", "k")}
    row = {**row, "k": "300", "p_relation": relation, "p_value": p}
    found = only(row, "p")
    assert found.verdict == verdict
    assert (found.gap == 0) == (verdict == "consistent")


def test_an_effect_with_fewer_decimals_than_its_interval() -> None:
    row = {"effect_measure": "MD", "estimate": "0.2", "ci_low": "0.02", "ci_high": "0.31"}
    found = only(row, "interval")
    assert found.verdict == "consistent_if"
    assert found.reading == ("0.2 was printed with fewer decimals than the rest of the effect")


def test_duplicates_with_the_sign_turned() -> None:
    other = {**PECK, "sign_convention": "negative_favours_intervention", "pooled_id": "other.p1"}
    other |= {"estimate": "-0.29", "ci_low": "-0.46", "ci_high": "-0.12", "z": "-3.33"}
    (same,) = duplicate_checks(PECK, other)
    assert same.verdict == "consistent"
    (wrong,) = duplicate_checks(PECK, other | {"ci_low": "-0.64", "k": "7"})
    assert wrong.why == (
        "It is said to be the same pool as other.p1, but with the sign turned: ci_high 0.46 "
        "against ci_low −0.64; k 6 against k 7."
    )
    (unturned,) = duplicate_checks(PECK, PECK | {"estimate": "-0.29", "pooled_id": "a"})
    assert unturned.verdict == "inconsistent"


def test_what_is_missing_is_said() -> None:
    assert only({"p_value": "0.03"}, "p").why == (
        "The printed p 0.03 cannot be checked: no estimate with its interval is printed."
    )
    assert only({"i2": "78", "q_df": "20"}, "i2").why == (
        "I² 78% cannot be checked: Q is not printed; it implies Q between 88.9 and 93 with 20 "
        "degrees of freedom."
    )
    assert only({"q_df": "20"}, "q_df").verdict == "not_checkable"


@settings(max_examples=60, deadline=None)
@given(st.floats(-2, 2), st.floats(0.02, 1.5), st.integers(1, 3), st.sampled_from(["SMD", "OR"]))
def test_the_implied_ranges_hold_the_truth(e: float, h: float, decimals: int, measure: str) -> None:
    back = math.exp if measure == "OR" else float
    texts = [f"{back(x):.{decimals}f}" for x in (e, e - h, e + h)]
    effect = PrintedEffect(measure, *texts)
    reading = Reading("", "log" if measure == "OR" else "raw")
    z, se = e * 1.959963984540054 / h, h / 1.959963984540054
    for name, truth in (("z", abs(z)), ("se", se), ("p", 2 * stats.norm.sf(abs(z)))):
        span = implied_span(effect, name, reading)
        assert span.low * (1 - 1e-9) - 1e-12 <= truth <= span.high * (1 + 1e-9) + 1e-12, name


def test_the_region_is_exact_where_a_grid_says_so() -> None:
    spans = [printed_span(text) for text in ("0.3", "0.1", "0.4")]
    points = symmetric_region(*spans)
    e, h = np.meshgrid(np.linspace(0.2, 0.4, 801), np.linspace(0.0, 0.3, 1201))
    inside = (e >= 0.25) & (e <= 0.35) & (e - h >= 0.05) & (e - h <= 0.15)
    inside &= (e + h >= 0.35) & (e + h <= 0.45)
    ratio = (e / np.maximum(h, 1e-12))[inside]
    corners = points[:, 0] / points[:, 1]
    assert corners.min() == pytest.approx(ratio.min(), abs=0.02)
    assert corners.max() == pytest.approx(ratio.max(), abs=0.02)
    assert len(loose_region(Span(0, 1), Span(2, 3), Span(0, 1))) == 0


def test_no_false_alarm_on_three_thousand_true_rows() -> None:
    rng = np.random.default_rng(20240613)
    rows = list(printed_rows(rng, 3000))
    assert len(rows) >= 2900
    wrong = [
        (row, check.why)
        for row in rows
        for check in pooled_checks(row)
        if check.verdict == "inconsistent"
    ]
    assert wrong == []


NUMBERS = st.one_of(
    st.just(""),
    st.decimals(-100, 1000, places=2).map(str),
    st.integers(-3, 5000).map(str),
    st.sampled_from(["0", "0.0", "1", "-0.00", "1e-9", "100", "99.99"]),
)
COLUMNS = ["estimate", "ci_low", "ci_high", "se", "p_value", "q", "i2", "tau2", "z"]
WHOLE = st.one_of(st.just(""), st.integers(0, 5000).map(str))


@settings(max_examples=150, deadline=None)
@given(
    st.fixed_dictionaries(
        {
            **dict.fromkeys(COLUMNS, NUMBERS),
            **dict.fromkeys(["k", "n_total", "q_df"], WHOLE),
            "effect_measure": st.sampled_from(["SMD", "RR", "RRR", "r", "what", ""]),
            "p_relation": st.sampled_from(["", "=", "<", ">", "ns"]),
            "p_tails": st.sampled_from(["", "one", "two"]),
        }
    )
)
def test_any_numbers_get_verdicts_and_sentences(row: dict[str, str]) -> None:
    for check in pooled_checks(row):
        assert check.verdict in {"inconsistent", "consistent_if", "consistent", "not_checkable"}
        assert check.gap >= 0
        if check.verdict != "consistent":
            assert check.why.endswith(".")
        if check.verdict == "consistent_if":
            assert check.reading
    assert all(is_number(text) for text in (row[name] for name in COLUMNS) if text)
