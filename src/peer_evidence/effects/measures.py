"""The measures by metafor's codes: which kernel, which columns, which scale, whose favour."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from peer_evidence.effects.arrays import FloatArray, Pair
from peer_evidence.effects.association import phi, probit_difference, yule_q, yule_y
from peer_evidence.effects.binary import (
    arcsine_difference,
    log_odds_ratio,
    log_risk_ratio,
    peto_log_odds_ratio,
    risk_difference,
)
from peer_evidence.effects.change import mean_change, smd_change_score, smd_raw_score
from peer_evidence.effects.continuous import (
    glass_delta,
    hedges_g,
    mean_difference,
    smd_unequal_variances,
)
from peer_evidence.effects.correlation import (
    biserial,
    correlation,
    fisher_z,
    point_biserial,
    unbiased_correlation,
)
from peer_evidence.effects.proportion import (
    arcsine_proportion,
    freeman_tukey,
    log_proportion,
    logit_proportion,
    proportion,
    single_mean,
)
from peer_evidence.effects.rates import log_rate_ratio, rate, rate_difference, sqrt_rate_difference
from peer_evidence.effects.ratios import log_cv_ratio, log_ratio_of_means, log_variability_ratio

Columns = dict[str, FloatArray]
Mask = npt.NDArray[np.bool_]

# column -> the kind of number it holds, see `peer_evidence.effects.arrays.RULES`
KINDS = {
    **dict.fromkeys(("events_intervention", "events_comparison", "events"), "count"),
    **dict.fromkeys(("n_intervention", "n_comparison", "n"), "count"),
    **dict.fromkeys(("time_intervention", "time_comparison", "time"), "time"),
    **dict.fromkeys(("mean_intervention", "mean_comparison", "mean"), "number"),
    **dict.fromkeys(("mean_post", "mean_pre"), "number"),
    **dict.fromkeys(("sd_intervention", "sd_comparison", "sd", "sd_post", "sd_pre"), "sd"),
    "r": "correlation",
}
# events -> the group that they were counted in
WHOLE = {
    "events_intervention": "n_intervention",
    "events_comparison": "n_comparison",
    "events": "n",
}


@dataclass(frozen=True, slots=True)
class Measure:
    """One effect measure.

    Attributes
    ----------
    code, name : str
        metafor's code; the name in words.
    scale : str
        Scale of the effect: "log", "raw", "sd", "z", "logit", "log sd" and the like.
    positive : str
        What the sign says once aligned: "intervention", "improvement", or "" for a measure that
        favours nobody.
    columns : dict
        Parameter of the kernel -> standard column.
    kernel : callable or None
        None for a measure that only printed estimates can give.
    options : tuple of str
        The options that the kernel takes.
    reasons : callable
        From the columns and the options to (mask, why there is no effect), first match first.
    """

    code: str
    name: str
    scale: str
    positive: str
    columns: dict[str, str]
    kernel: Callable[..., Pair] | None
    options: tuple[str, ...] = ()
    reasons: Callable[[Columns, dict[str, object]], list[tuple[Mask, str]]] = (
        lambda columns, options: []
    )


_TABLE = {
    "events1": "events_intervention",
    "n1": "n_intervention",
    "events2": "events_comparison",
    "n2": "n_comparison",
}
_RATES = {
    "events1": "events_intervention",
    "time1": "time_intervention",
    "events2": "events_comparison",
    "time2": "time_comparison",
}
_MEANS = {
    "mean1": "mean_intervention",
    "sd1": "sd_intervention",
    "n1": "n_intervention",
    "mean2": "mean_comparison",
    "sd2": "sd_comparison",
    "n2": "n_comparison",
}
_SPREADS = {key: value for key, value in _MEANS.items() if not key.startswith("mean")}
_CHANGE = {key: key for key in ("mean_post", "mean_pre", "sd_post", "sd_pre", "n", "r")}
_CELLS = ("add", "to", "drop_double_zeros")


def _table_reasons(c: Columns, options: dict[str, object]) -> list[tuple[Mask, str]]:
    """Say why a 2x2 table gives no effect."""
    a, n1, b, n2 = (c[name] for name in _TABLE.values())
    double = ((a == 0) & (b == 0)) | ((a == n1) & (b == n2))
    return [
        ((n1 == 0) | (n2 == 0), "a group of nobody"),
        (
            double & bool(options.get("drop_double_zeros")),
            "no events, or only events, in both groups (drop_double_zeros=True)",
        ),
        (double, "no events, or only events, in both groups"),
        ((a == 0) | (b == 0) | (a == n1) | (b == n2), "a zero cell without correction"),
    ]


def _rate_reasons(c: Columns, options: dict[str, object]) -> list[tuple[Mask, str]]:
    """Say why two rates give no effect."""
    x1, x2 = c["events_intervention"], c["events_comparison"]
    return [
        (
            (x1 == 0) & (x2 == 0) & bool(options.get("drop_double_zeros")),
            "no events in both groups (drop_double_zeros=True)",
        ),
        ((x1 == 0) | (x2 == 0), "a count of zero without correction"),
    ]


def _means_reasons(
    c: Columns, options: dict[str, object], *, ratio: bool = False
) -> list[tuple[Mask, str]]:
    """Say why two groups with means and spreads give no effect."""
    n1, n2 = c["n_intervention"], c["n_comparison"]
    few = [((n1 < 2) | (n2 < 2), "a group of fewer than 2 people has no standard deviation")]
    if not ratio:
        return [*few, (n1 + n2 < 4, "fewer than 4 people in both groups together")]
    m1, m2 = c["mean_intervention"], c["mean_comparison"]
    return [*few, (m1 * m2 <= 0, "a ratio needs two means of the same sign")]


def _cv_reasons(c: Columns, options: dict[str, object]) -> list[tuple[Mask, str]]:
    """Say why two coefficients of variation give no effect."""
    m1, m2 = c["mean_intervention"], c["mean_comparison"]
    few = _means_reasons(c, options)[:1]
    return [*few, ((m1 <= 0) | (m2 <= 0), "a coefficient of variation needs a mean above 0")]


def _change_reasons(c: Columns, options: dict[str, object]) -> list[tuple[Mask, str]]:
    """Say why a change gives no effect."""
    return [(c["n"] < 3, "fewer than 3 people"), (c["r"] == 1, "the changes do not vary")]


def _correlation_reasons(c: Columns, options: dict[str, object]) -> list[tuple[Mask, str]]:
    """Say why a correlation gives no effect."""
    return [
        (c["n"] <= 4, "4 people or fewer"),
        (np.abs(c["r"]) == 1, "a correlation of exactly 1 has no Fisher z"),
    ]


def _one_group_reasons(c: Columns, options: dict[str, object]) -> list[tuple[Mask, str]]:
    """Say why one group gives no effect."""
    if "time" in c:
        return [(c["events"] == 0, "a count of zero without correction")]
    reasons: list[tuple[Mask, str]] = [(c["n"] == 0, "a group of nobody")]
    if "events" in c:
        edge = (c["events"] == 0) | (c["events"] == c["n"])
        reasons.append((edge, "a zero cell without correction"))
    return reasons


def _between(code: str, name: str, scale: str, kernel: Callable[..., Pair]) -> Measure:
    """Describe a measure of a 2x2 table."""
    options = (*_CELLS, "vtype") if code in {"RD", "PHI"} else _CELLS
    return Measure(code, name, scale, "intervention", _TABLE, kernel, options, _table_reasons)


def _group(code: str, name: str, scale: str, kernel: Callable[..., Pair], *options: str) -> Measure:
    """Describe a measure of two groups with means."""
    return Measure(code, name, scale, "intervention", _MEANS, kernel, options, _means_reasons)


_ratio_reasons = partial(_means_reasons, ratio=True)
_N_AND_R = {"r": "r", "n": "n"}
_SHARE = {"events": "events", "n": "n"}
_RAW_CHANGE = {key: value for key, value in _CHANGE.items() if key != "sd_post"}
_SINGLE_MEAN = {"mean": "mean", "sd": "sd", "n": "n"}
_ONE_RATE = {"events": "events", "time": "time"}
_FOR = "intervention"
_ZERO = ("add", "to")

_ALL = [
    _between("OR", "log odds ratio", "log", log_odds_ratio),
    _between("RR", "log risk ratio", "log", log_risk_ratio),
    _between("RD", "risk difference", "raw", risk_difference),
    _between("AS", "arcsine difference of risks", "arcsine", arcsine_difference),
    _between("PETO", "Peto's log odds ratio", "log", peto_log_odds_ratio),
    _between("PHI", "phi coefficient", "raw", phi),
    _between("YUQ", "Yule's Q", "raw", yule_q),
    _between("YUY", "Yule's Y", "raw", yule_y),
    _between("PBIT", "probit difference of risks", "sd", probit_difference),
    _group("MD", "mean difference", "raw", mean_difference, "vtype"),
    _group("SMD", "standardised mean difference", "sd", hedges_g, "vtype", "correction"),
    _group("SMDH", "standardised mean difference, unequal SDs", "sd", smd_unequal_variances),
    _group("SMD1", "mean difference in SDs of the comparison", "sd", glass_delta),
    _group("RPB", "point-biserial correlation", "raw", point_biserial, "vtype"),
    _group("RBIS", "biserial correlation", "raw", biserial),
    Measure(
        "ROM", "log ratio of means", "log", _FOR, _MEANS, log_ratio_of_means, ("vtype",),
        _ratio_reasons,
    ),
    Measure(
        "VR", "log ratio of standard deviations", "log", "", _SPREADS, log_variability_ratio, (),
        lambda c, o: _means_reasons(c, o)[:1],
    ),
    Measure(
        "CVR", "log ratio of coefficients of variation", "log", "", _MEANS, log_cv_ratio, (),
        _cv_reasons,
    ),
    Measure(
        "MC", "mean change", "raw", "improvement", _CHANGE, mean_change, (),
        lambda c, o: [(c["n"] == 0, "a group of nobody")],
    ),
    Measure(
        "SMCC", "mean change in SDs of the change", "sd", "improvement", _CHANGE,
        smd_change_score, (), _change_reasons,
    ),
    Measure(
        "SMCR", "mean change in SDs before", "sd", "improvement", _RAW_CHANGE, smd_raw_score, (),
        lambda c, o: _change_reasons(c, o)[:1],
    ),
    Measure(
        "IRR", "log rate ratio", "log", _FOR, _RATES, log_rate_ratio, _CELLS, _rate_reasons
    ),
    Measure(
        "IRD", "rate difference", "raw", _FOR, _RATES, rate_difference, _CELLS, _rate_reasons
    ),
    Measure(
        "IRSD", "difference of square-root rates", "square root", _FOR, _RATES,
        sqrt_rate_difference, _CELLS, _rate_reasons,
    ),
    Measure(
        "COR", "correlation", "raw", "", _N_AND_R, correlation, (), _correlation_reasons
    ),
    Measure(
        "UCOR", "unbiased correlation", "raw", "", _N_AND_R, unbiased_correlation, ("vtype",),
        _correlation_reasons,
    ),
    Measure("ZCOR", "Fisher's z", "z", "", _N_AND_R, fisher_z, (), _correlation_reasons),
    Measure(
        "PR", "proportion", "raw", "", _SHARE, proportion, (*_ZERO, "vtype"), _one_group_reasons
    ),
    Measure("PLN", "log proportion", "log", "", _SHARE, log_proportion, _ZERO, _one_group_reasons),
    Measure(
        "PLO", "log odds of a proportion", "logit", "", _SHARE, logit_proportion, _ZERO,
        _one_group_reasons,
    ),
    Measure(
        "PAS", "arcsine of a proportion", "arcsine", "", _SHARE, arcsine_proportion, _ZERO,
        _one_group_reasons,
    ),
    Measure(
        "PFT", "double arcsine of a proportion", "arcsine", "", _SHARE, freeman_tukey, _ZERO,
        _one_group_reasons,
    ),
    Measure("MN", "mean", "raw", "", _SINGLE_MEAN, single_mean, (), _one_group_reasons),
    Measure("IR", "incidence rate", "raw", "", _ONE_RATE, rate, _ZERO, _one_group_reasons),
    Measure("HR", "log hazard ratio", "log", _FOR, {}, None),
]  # fmt: skip
MEASURES = {measure.code: measure for measure in _ALL}

# printed names of a measure -> the code it is computed under
PRINTED = {
    **{code: code for code in ("OR", "RR", "RD", "HR", "IRR", "MD", "SMD", "ROM")},
    "d": "SMD",
    "g": "SMD",
}


def cells_of(measure: Measure, columns: Columns) -> list[FloatArray]:
    """Give the counts that the rule for zero cells looks at, empty for other measures."""
    if "add" not in measure.options:
        return []
    cells = []
    for parameter, name in measure.columns.items():
        if parameter.startswith("events"):
            cells.append(columns[name])
            if "time" not in columns and "time_intervention" not in columns:
                cells.append(columns[WHOLE[name]] - columns[name])
    return cells
