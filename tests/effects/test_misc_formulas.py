"""Formulas whose values R computed: J, five numbers, conversions, clusters, absolute risks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from peer_evidence import effects as es

PATH = Path(__file__).parents[1] / "reference" / "misc_formulas.json"
MISC: dict[str, Any] = json.loads(PATH.read_text(encoding="utf-8"))

# Closed forms in the same double precision: a few times the last digit.
CLOSED_FORM = 1e-12
# R's gamma() of numbers up to 500 and quantile functions agree with SciPy's to 13 digits or so.
SPECIAL_FUNCTION = 1e-11

COMPARED = {
    "J",
    "five_number",
    "smd_from_t",
    "chinn",
    "cluster_design_effect",
    "absolute_effects",
    "combine_groups",
    "fleiss_2x2_135_15_40_10",  # in test_reference.py
}
ELSEWHERE = {
    "dataset": "not a number",
    "made_with": "not a number",
    "source": "not a number",
    "five_number_formulas": "not a number",
    "sign_test_wilson": "synthesis without meta-analysis",
    "evalue": "sensitivity",
    "power": "pooling",
    "lfk_pain": "bias",
    "albatross": "figures",
    "cca": "appraisal",
    "borenstein2009_ch14": "pooling",
}


def close(ours: Any, theirs: Any, tolerance: float = CLOSED_FORM) -> bool:
    """Tell whether the numbers agree, and raise with those that do not."""
    ours, theirs = np.asarray(ours, float), np.asarray(theirs, float)
    np.testing.assert_allclose(ours, theirs, rtol=tolerance)
    return ours.size == theirs.size > 0


def test_every_entry_is_compared_here_or_named_as_another_rooms() -> None:
    assert set(MISC) == COMPARED | set(ELSEWHERE)
    assert not COMPARED & set(ELSEWHERE)


def test_hedges_correction() -> None:
    table = MISC["J"]
    assert len(table["df"]) == 46
    assert close(es.hedges_correction(table["df"]), table["exact"], SPECIAL_FUNCTION)
    assert close(
        es.hedges_correction(table["df"], "approximate"),
        table["approx_1_minus_3_over_4df_minus_1"],
    )


def test_mean_and_sd_from_five_numbers() -> None:
    rows = MISC["five_number"]
    assert len(rows) == 6
    names = {"n": "n", "minimum": "min", "q1": "q1", "median": "med", "q3": "q3", "maximum": "max"}
    # all three scenarios in one call: NaN where a study does not print a quantile
    given = {ours: np.array([row[key] for row in rows], float) for ours, key in names.items()}
    luo_shi = es.mean_sd_from_quantiles(**given)
    wan = es.mean_sd_from_quantiles(**given, mean_method="wan", sd_method="wan")
    assert close(luo_shi.mean, [row["luo_mean"] for row in rows])
    assert close(luo_shi.sd, [row["shi_sd"] for row in rows], SPECIAL_FUNCTION)
    assert close(wan.mean, [row["wan_mean"] for row in rows])
    assert close(wan.sd, [row["wan_sd"] for row in rows], SPECIAL_FUNCTION)
    screen = es.skewness_screen(**given)
    assert close(screen.statistic, [row["skew_stat"] for row in rows])
    assert close(screen.critical, [row["skew_crit"] for row in rows])
    assert screen.skewed.tolist() == [row["skew_stat"] > row["skew_crit"] for row in rows]
    assert 0 < screen.skewed.sum() < len(rows)


def test_smd_from_test_statistics() -> None:
    facts = MISC["smd_from_t"]
    n = {"n1": facts["n1"], "n2": facts["n2"]}
    g, variance = es.smd_from_t(t=facts["t"], **n)
    assert close(g, facts["g"], SPECIAL_FUNCTION)
    assert close(variance, facts["v_LS"], SPECIAL_FUNCTION)
    assert close(es.smd_from_t(t=facts["t"], **n, correction="none")[0], facts["d"])
    assert close(es.smd_from_f(f=facts["F"], **n, correction="none")[0], facts["d"])
    assert close(
        es.smd_from_p(p=0.03, **n, correction="none")[0],
        facts["d_from_p_two_0.03"],
        SPECIAL_FUNCTION,
    )
    # the p that belongs to this t leads back to the same d
    back = es.smd_from_p(p=facts["p_two"], **n, correction="none")[0]
    assert close(back, facts["d"], SPECIAL_FUNCTION)
    assert close(es.smd_from_r(r=0.3)[0], facts["d_from_r_0.3"])
    assert close(es.r_from_smd(smd=facts["d"], **n)[0], facts["r_from_d"])


def test_odds_ratio_and_smd() -> None:
    facts = MISC["chinn"]
    odds = {"effect": np.log(facts["or"]), "variance": facts["var_lnor"]}
    d, variance = es.smd_from_log_odds_ratio(**odds)
    assert close(d, facts["d_logistic"])
    assert close(variance, facts["v_logistic"])
    assert close(es.smd_from_log_odds_ratio(**odds, method="chinn")[0], facts["d_chinn_1.81"])
    assert close(es.smd_from_log_odds_ratio(**odds, method="cox")[0], facts["d_cox_snell"])
    back = es.log_odds_ratio_from_smd(effect=0.5, variance=0.04)[0]
    assert close(np.exp(back), facts["or_from_d_0.5"])


def test_cluster_design_effect() -> None:
    # Handbook 23.1: 20 clusters of 295 and 330 people with 63 and 84 events; the exact cluster size
    # is 625/21 here, so that the printed 29.8 is checked apart in test_spread.py
    facts = MISC["cluster_design_effect"]
    effect = es.design_effect(cluster_size=facts["M"], icc=facts["ICC"])
    assert close(effect, facts["design_effect"])
    assert close(es.effective_count(count=[295, 330], design_effect=effect), facts["n_eff"])
    assert close(es.effective_count(count=[63, 84], design_effect=effect), facts["events_eff"])
    assert close(es.inflated_se(standard_error=1.0, design_effect=effect), facts["se_inflation"])


@pytest.mark.parametrize(
    ("key", "measure", "ratio", "risk"),
    [
        ("RR_0.92_ACR_0.3", "RR", 0.92, 0.3),
        ("OR_0.73_ACR_0.3", "OR", 0.73, 0.3),
        ("RR_0.5_ACR_0.02", "RR", 0.5, 0.02),
        ("OR_2_ACR_0.4", "OR", 2, 0.4),
    ],
)
def test_absolute_effects(key: str, measure: str, ratio: float, risk: float) -> None:
    facts = MISC["absolute_effects"][key]
    ours = es.absolute_effect(ratio=ratio, baseline_risk=risk, measure=measure)
    assert close(ours.risk, facts["risk_int"])
    assert close(ours.per_1000, facts["per1000"])
    # a difference of two shares loses a digit or two
    assert close(ours.difference_per_1000, facts["diff_per1000"], 1e-11)
    assert close(
        es.number_needed(risk_difference=ours.risk - risk, rounded=False), facts["nnt"], 1e-11
    )
    assert ours.nnt == np.ceil(facts["nnt"])


def test_number_needed_from_a_risk_difference() -> None:
    facts = MISC["absolute_effects"]
    assert len(facts) == 6
    need = es.number_needed(risk_difference=[0.12, 0.22], rounded=False)
    assert close(need, [facts["RD_0.12_nnt"], facts["RD_0.22_nnt"]])


def test_combined_groups() -> None:
    facts = MISC["combine_groups"]
    (n1, n2), (m1, m2), (s1, s2) = facts["n"], facts["m"], facts["sd"]
    both = es.combine_groups(mean1=m1, sd1=s1, n1=n1, mean2=m2, sd2=s2, n2=n2)
    assert close(both, [facts["N"], facts["M"], facts["SD"]])
