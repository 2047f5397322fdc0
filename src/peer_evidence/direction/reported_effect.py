"""The effect a single result allows: printed with its interval, or computed from its numbers.

For tables that show results one by one. What is pooled comes from ``pe.effect_sizes``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import ndtr, ndtri, stdtr, stdtrit

from peer_evidence.formatting import p_value as p_text

_RATIOS = {"OR", "RR", "RRR", "HR", "PR", "IRR"}
PRINTED, COUNTS, MEANS = "printed", "computed from counts", "computed from means"


@dataclass(frozen=True, slots=True)
class ReportedEffect:
    """The effect of one result on its own scale, or why there is none.

    Attributes
    ----------
    effect_measure : str
        The measure of the effect; empty when there is no effect.
    effect, ci_low, ci_high : float
        The effect and its interval on the scale of the measure, ratios as ratios; NaN when absent.
    p_value : float
        Two-sided; NaN when neither printed nor computable.
    p_source : str
        ``printed``, ``printed, tails not stated``, or what it was computed from.
    effect_kind : str
        ``printed``, ``computed from counts`` or ``computed from means``; empty without an effect.
    not_computed : str
        Why there is no effect, or no interval; empty when both are there.
    note : str
        What a reader should know of the numbers.
    """

    effect_measure: str = ""
    effect: float = np.nan
    ci_low: float = np.nan
    ci_high: float = np.nan
    p_value: float = np.nan
    p_source: str = ""
    effect_kind: str = ""
    not_computed: str = ""
    note: str = ""


def reported_effect(row: Mapping[Any, Any], level: float = 0.95) -> ReportedEffect:
    """Give the effect that a row of outcomes allows.

    In this order: the printed estimate with its interval; an odds ratio from counts, with Wald's
    interval on the log scale and half a person added to each cell when one is empty; a
    difference in means with Welch's interval; a printed estimate without interval. A p value
    that the source prints is kept when it is an exact two-sided one, and computed otherwise.

    Examples
    --------
    >>> row = {"mean_intervention": 0.89, "sd_intervention": 1.35, "n_intervention": 38,
    ...        "mean_comparison": 1.53, "sd_comparison": 1.54, "n_comparison": 36,
    ...        "p_value": 0.042, "p_relation": "=", "p_tails": "one"}
    >>> found = reported_effect(row)
    >>> found.effect_measure, round(found.effect, 2), round(found.p_value, 3)
    ('MD', -0.64, 0.062)
    """
    given = {str(name): value for name, value in row.items() if not pd.isna(value)}
    if {"estimate", "ci_low", "ci_high", "effect_measure"} <= given.keys():
        return _printed(given)
    counts = [f"{what}_{arm}" for arm in ("intervention", "comparison") for what in ("events", "n")]
    if set(counts) <= given.keys():
        return _from_counts(given, *(float(given[name]) for name in counts), level=level)
    means = [
        f"{what}_{arm}" for arm in ("intervention", "comparison") for what in ("mean", "sd", "n")
    ]
    if set(means) <= given.keys() and min(given["n_intervention"], given["n_comparison"]) > 1:
        return _from_means(given, *(float(given[name]) for name in means), level=level)
    return _without_interval(given)


def _printed(given: Mapping[str, Any]) -> ReportedEffect:
    measure = str(given["effect_measure"])
    effect, low, high = (float(given[name]) for name in ("estimate", "ci_low", "ci_high"))
    p, source = _printed_p(given)
    if np.isnan(p) and low < high:
        ratio = measure in _RATIOS
        if not ratio or low > 0:
            to = np.log if ratio else np.asarray
            se = float(to(high) - to(low)) / (2 * float(ndtri(0.975)))
            p, source = float(2 * ndtr(-abs(float(to(effect))) / se)), "computed from the interval"
    return ReportedEffect(measure, effect, low, high, p, source, PRINTED, "", _p_note(given, p))


def _from_counts(
    given: Mapping[str, Any], a: float, n1: float, c: float, n2: float, *, level: float
) -> ReportedEffect:
    b, d = n1 - a, n2 - c
    if (a == 0 and c == 0) or (b == 0 and d == 0):
        return ReportedEffect(not_computed="no odds ratio: all or none had the event in both arms")
    empty = min(a, b, c, d) == 0
    cells = np.array([a, b, c, d]) + (0.5 if empty else 0.0)
    log_ratio = float(np.log(cells[0] * cells[3] / (cells[1] * cells[2])))
    se = float(np.sqrt((1 / cells).sum()))
    z = float(ndtri(0.5 + level / 2))
    low, high = np.exp([log_ratio - z * se, log_ratio + z * se])
    p, source = _printed_p(given)
    if np.isnan(p):
        p, source = float(2 * ndtr(-abs(log_ratio) / se)), COUNTS
    note = "; ".join(
        filter(None, ["half a person added to each cell" if empty else "", _p_note(given, p)])
    )
    effect = float(np.exp(log_ratio))
    return ReportedEffect("OR", effect, float(low), float(high), p, source, COUNTS, "", note)


def _from_means(
    given: Mapping[str, Any],
    mean1: float,
    sd1: float,
    n1: float,
    mean2: float,
    sd2: float,
    n2: float,
    *,
    level: float,
) -> ReportedEffect:
    v1, v2 = sd1**2 / n1, sd2**2 / n2
    df = (v1 + v2) ** 2 / (v1**2 / (n1 - 1) + v2**2 / (n2 - 1))
    difference, se = mean1 - mean2, float(np.sqrt(v1 + v2))
    half = float(stdtrit(df, 0.5 + level / 2)) * se
    p, source = _printed_p(given)
    if np.isnan(p):
        p, source = float(2 * stdtr(df, -abs(difference) / se)), "Welch test on the means"
    low, high = difference - half, difference + half
    return ReportedEffect(
        "MD", difference, low, high, p, source, MEANS, "", _p_note(given, p, source)
    )


def _without_interval(given: Mapping[str, Any]) -> ReportedEffect:
    """Give the printed estimate alone, or say what is missing."""
    reason = _missing(given)
    stated = str(given.get("poolable_note", ""))
    if stated and stated not in reason:
        reason = f"{reason} ({stated})"
    p, source = _printed_p(given)
    note = _p_note(given, p)
    if "estimate" in given and "effect_measure" in given:
        measure, effect = str(given["effect_measure"]), float(given["estimate"])
        return ReportedEffect(measure, effect, np.nan, np.nan, p, source, PRINTED, reason, note)
    return ReportedEffect(p_value=p, p_source=source, not_computed=reason, note=note)


def _missing(given: Mapping[str, Any]) -> str:
    if "estimate" in given:
        return "no interval or SD: only the estimate is printed"
    for what, wanted in (("events", "events and group sizes"), ("mean", "means, SDs and sizes")):
        if any(f"{what}_{arm}" in given for arm in ("intervention", "comparison")):
            return f"{wanted} are not all printed"
    if "p_value" in given:
        return "only a p value is printed: no estimate, counts or means"
    return "no numbers: no estimate, counts or means are printed"


def _printed_p(given: Mapping[str, Any]) -> tuple[float, str]:
    """Give the p value as printed if it is exact and not one-tailed, else NaN."""
    exact = given.get("p_relation", "=") == "=" and given.get("p_tails") != "one"
    if not exact or "p_value" not in given:
        return float("nan"), ""
    source = "printed" if given.get("p_tails") == "two" else "printed, tails not stated"
    return float(given["p_value"]), source


def _p_note(given: Mapping[str, Any], p: float, source: str = "") -> str:
    """Say what the source prints when that is not the two-sided p value shown."""
    if "p_value" not in given or given["p_value"] == p:
        return ""
    relation = str(given.get("p_relation", "="))
    tails = ", one-tailed" if given.get("p_tails") == "one" else ""
    shown = f"; two-sided it is {p_text(p)}" + (f" ({source})" if source else "") if p == p else ""
    return f"the source prints p {relation} {given['p_value']:g}{tails}{shown}"
