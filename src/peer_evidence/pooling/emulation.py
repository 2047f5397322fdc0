"""One program's numbers from its definitions, computed with this package's own kernels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from peer_evidence.checks import check_columns
from peer_evidence.effects.binary import log_odds_ratio, log_risk_ratio, risk_difference
from peer_evidence.effects.columns import read_numbers, refuse_bad_numbers, row_names
from peer_evidence.effects.continuous import hedges_g, mean_difference
from peer_evidence.errors import InputError
from peer_evidence.pooling import counts, laws
from peer_evidence.pooling.counts import Pooled, Tables
from peer_evidence.pooling.fixed_table import read_tables
from peer_evidence.pooling.heterogeneity import describe
from peer_evidence.pooling.programs import Program
from peer_evidence.pooling.projection import Floats
from peer_evidence.pooling.single import make_problem
from peer_evidence.pooling.studies import read_studies
from peer_evidence.pooling.tau2 import estimate

if TYPE_CHECKING:
    import pandas as pd

QUANTITIES = (
    *("k", "q", "tau2", "tau2_dl", "i2", "estimate", "se"),
    *("ci_low", "ci_high", "pi_low", "pi_high"),
)
TABLE_QUANTITIES = ("mh_estimate", "mh_se", "mh_ci_low", "mh_ci_high")
_RATIO_KERNELS = {"OR": log_odds_ratio, "RR": log_risk_ratio, "RD": risk_difference}
_MEANS = ("mean_intervention", "sd_intervention", "n_intervention")
_COLUMNS = (*_MEANS, *(name.replace("intervention", "comparison") for name in _MEANS))
_NAN = float("nan")


@dataclass(frozen=True, slots=True, eq=False)
class Inputs:
    """The data as given: effects, or tables of counts, or means."""

    measure: str
    k: int
    left_out: int
    effects: tuple[Floats, Floats] | None = None
    tables: Tables | None = None
    means: tuple[Floats, ...] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """One program's numbers, with the rules that were at work in them."""

    program: Program
    numbers: dict[str, float]
    rules: dict[str, str | None]
    reason: str = ""


class Fit(NamedTuple):
    """An inverse-variance analysis."""

    tau2: float
    tau2_dl: float
    q: float
    typical: float
    estimate: float
    se: float


def read(data: pd.DataFrame, measure: str | None, effect: str, variance: str) -> Inputs:
    """Read and check the data; refuse fewer than two studies."""
    if measure is None:
        studies, _ = read_studies(data, effect, variance, "label")
        pair = (studies.effects, studies.variances)
        inputs = Inputs("", len(studies), len(studies.left_out), effects=pair)
    elif measure in _RATIO_KERNELS:
        tables = read_tables(data, measure)
        inputs = Inputs(measure, len(tables.a), 0, tables=tables)
    else:
        inputs = _read_means(data, measure)
    if inputs.k < 2:
        raise InputError(f"data: found {inputs.k} study, allowed are at least two to compare")
    return inputs


def _read_means(data: pd.DataFrame, measure: str) -> Inputs:
    check_columns(data.columns, _COLUMNS, "data")
    numbers, bad = read_numbers(data, {name: name for name in _COLUMNS}, fractional_counts=True)
    refuse_bad_numbers(bad, row_names(data))
    known = np.logical_and.reduce([np.isfinite(numbers[name]) for name in _COLUMNS])
    means = tuple(numbers[name][known] for name in _COLUMNS)
    return Inputs(measure, int(known.sum()), int((~known).sum()), means=means)


def answer(program: Program, inputs: Inputs, method: str, level: float) -> Answer:
    """Compute one program's numbers."""
    rules = _rules(program, inputs, method)
    numbers = dict.fromkeys((*QUANTITIES, *TABLE_QUANTITIES), _NAN)
    if inputs.tables is not None:
        numbers |= mantel_haenszel_numbers(inputs.tables, inputs.measure, rules["mh"], level)
    if method not in program.estimators:
        return Answer(program, numbers, rules, f"it does not offer {method}")
    if inputs.measure == "SMD" and program.smd is None:
        return Answer(program, numbers, rules, "its formula of Hedges' g could not be verified")
    if inputs.tables is not None and rules["zero"] is None and _has_zero(inputs.tables).any():
        return Answer(program, numbers, rules, "its rule for zero cells could not be verified")
    y, v = study_effects(inputs, rules)
    usable = np.isfinite(y) & np.isfinite(v) & (v > 0)
    kept = kept_studies(inputs, rules["double"])
    if not usable[kept].all():
        why = "it adds nothing to tables with a zero, whose effects are then not finite"
        return Answer(program, numbers, rules, why)
    if kept.sum() < 2:
        return Answer(program, numbers, rules, "fewer than two studies are left")
    return Answer(program, numbers | _pooled(program, y[kept], v[kept], method, level), rules)


def _rules(program: Program, inputs: Inputs, method: str) -> dict[str, str | None]:
    """Give the rules of a program that these data call on, None for the others."""
    rules: dict[str, str | None] = {
        "estimator": method,
        "i2": program.i2,
        "prediction": program.prediction,
        "smd": program.smd if inputs.measure == "SMD" else None,
        "tau2_dl": program.tau2_dl,
    }
    for aspect in ("zero", "double", "mh"):
        rules[aspect] = getattr(program, aspect).get(inputs.measure)
    return rules


def _pooled(program: Program, y: Floats, v: Floats, method: str, level: float) -> dict[str, float]:
    fit = _fit(program, y, v, method)
    k = len(y)
    half = float(laws.critical(level)) * fit.se
    reach = _reach(program.prediction, fit, k, level)
    return {
        "k": float(k),
        "q": fit.q,
        "tau2": fit.tau2,
        "tau2_dl": fit.tau2_dl,
        "i2": _i2(program.i2, fit, k - 1.0),
        "estimate": fit.estimate,
        "se": fit.se,
        "ci_low": fit.estimate - half,
        "ci_high": fit.estimate + half,
        "pi_low": fit.estimate - reach,
        "pi_high": fit.estimate + reach,
    }


def _fit(program: Program, y: Floats, v: Floats, method: str) -> Fit:
    problem = make_problem(y, v, None)
    spread = describe(problem, 0.0, method)
    # the trace of the projection is df / typical variance
    raw = (spread.q - spread.q_df) * spread.typical_variance / spread.q_df
    tau2_dl = max(0.0, raw) if program.tau2_dl == "truncated" else raw
    tau2 = tau2_dl if method == "DL" else float(estimate(problem, method).tau2[0])
    w = 1.0 / (v + tau2)
    total = float(w.sum())
    se = float(np.sqrt(1.0 / total)) if total > 0 else _NAN
    return Fit(tau2, tau2_dl, spread.q, spread.typical_variance, float(w @ y) / total, se)


def _i2(rule: str | None, fit: Fit, df: float) -> float:
    if rule == "tau2":
        return 100.0 * fit.tau2 / (fit.tau2 + fit.typical)
    share = 100.0 * (fit.q - df) / fit.q if fit.q > 0 else -np.inf
    return share if rule == "q, may be negative" else max(0.0, share)


def _reach(rule: str | None, fit: Fit, k: int, level: float) -> float:
    """Give half the width of the prediction interval; NaN without one, or for t of two studies."""
    df = {"normal": np.inf, "t, k - 1 df": k - 1.0, "t, k - 2 df": k - 2.0}.get(rule or "")
    if df is None or (k < 3 and np.isfinite(df)):
        return _NAN
    return float(laws.critical(level, df)) * float(np.sqrt(fit.se**2 + fit.tau2))


def study_effects(inputs: Inputs, rules: dict[str, str | None]) -> tuple[Floats, Floats]:
    """Compute the studies' effects and variances by one program's rules."""
    if inputs.effects is not None:
        return inputs.effects
    if inputs.means is not None:
        return _from_means(inputs.means, inputs.measure, rules["smd"])
    if inputs.tables is None:  # one of the three is always given
        raise InputError("data: there is nothing to compare")
    t, rule = inputs.tables, rules["zero"]
    if rule == "events and n":
        return _events_and_people(t)
    y, v = _from_tables(t, inputs.measure, "none" if rule == "nothing" else "only-zero")
    if rule == "variance only" and inputs.measure == "RD":
        y, _ = _from_tables(t, "RD", "none")
    return y, v


def _from_means(means: tuple[Floats, ...], measure: str, rule: str | None) -> tuple[Floats, Floats]:
    m1, s1, n1, m2, s2, n2 = means
    if measure == "MD":
        return mean_difference(mean1=m1, sd1=s1, n1=n1, mean2=m2, sd2=s2, n2=n2)
    correction, vtype = str(rule).split(", ")
    return hedges_g(
        mean1=m1, sd1=s1, n1=n1, mean2=m2, sd2=s2, n2=n2, correction=correction, vtype=vtype
    )


def _from_tables(t: Tables, measure: str, to: str) -> tuple[Floats, Floats]:
    return _RATIO_KERNELS[measure](events1=t.a, n1=t.n1, events2=t.c, n2=t.n2, to=to)


def _events_and_people(t: Tables) -> tuple[Floats, Floats]:
    """Give log risk ratios with 1/2 added to events and 1/2 to people (meta, RR.Cochrane=FALSE)."""
    half = np.where(_has_zero(t), 0.5, 0.0)
    a, n1, c, n2 = t.a + half, t.n1 + half, t.c + half, t.n2 + half
    own = np.where((t.a == t.n1) & (t.c == t.n2), 0.0, half)
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = 1 / (t.a + own) - 1 / n1 + 1 / (t.c + own) - 1 / n2
        return np.log(a / n1) - np.log(c / n2), variance


def _has_zero(t: Tables) -> NDArray[np.bool_]:
    return np.asarray((t.a == 0) | (t.c == 0) | (t.a == t.n1) | (t.c == t.n2))


def kept_studies(inputs: Inputs, rule: str | None) -> NDArray[np.bool_]:
    """Tell which studies an inverse-variance analysis keeps."""
    if inputs.tables is None:
        return np.ones(inputs.k, dtype=bool)
    t = inputs.tables
    nothing, everything = (t.a + t.c) == 0, (t.a == t.n1) & (t.c == t.n2)
    if rule == "out":
        return np.asarray(~(nothing | everything))
    return np.asarray(~nothing) if rule == "no events out" else np.ones(inputs.k, dtype=bool)


def mantel_haenszel_numbers(
    t: Tables, measure: str, rule: str | None, level: float
) -> dict[str, float]:
    """Pool by Mantel-Haenszel under one program's rule for zeros and standard error."""
    if rule is None or rule == "none":
        return {}
    kernel = {"OR": counts.odds_ratio, "RR": counts.risk_ratio, "RD": counts.risk_difference}
    if rule == "variance only, Greenland":
        pooled = Pooled(kernel["RD"](t).estimate, _greenland(t))
    elif rule == "four cells":
        silent = ((t.a + t.c) == 0) | ((t.a == t.n1) & (t.c == t.n2) & (measure == "OR"))
        half = np.where(_has_zero(t), 0.5, 0.0)
        added = Tables(t.a + half, t.n1 + 2 * half, t.c + half, t.n2 + 2 * half)
        pooled = kernel[measure](Tables(*(cell[~silent] for cell in added)))
    else:
        pooled = kernel[measure](t)
    se = _NAN if rule == "as counted, no se" else pooled.se
    half_width = float(laws.critical(level)) * se
    return {
        "mh_estimate": pooled.estimate,
        "mh_se": se,
        "mh_ci_low": pooled.estimate - half_width,
        "mh_ci_high": pooled.estimate + half_width,
    }


def _greenland(t: Tables) -> float:
    """Give the standard error of Greenland and Robins 1985 with 1/2 in tables with a zero."""
    half = np.where(_has_zero(t), 0.5, 0.0)
    a, c, n1, n2 = t.a + half, t.c + half, t.n1 + 2 * half, t.n2 + 2 * half
    top = (a * (n1 - a) * n2**3 + c * (n2 - c) * n1**3) / (n1 * n2 * (n1 + n2) ** 2)
    return float(np.sqrt(top.sum()) / (t.n1 * t.n2 / (t.n1 + t.n2)).sum())
