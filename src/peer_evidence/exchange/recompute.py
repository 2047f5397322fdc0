"""An analysis of a Cochrane review computed again, by the conventions of Review Manager.

Deeks and Higgins (2010), Statistical algorithms in Review Manager 5: 1/2 is added to the four
cells of a table with a zero, by Mantel-Haenszel too; a random-effects analysis by
Mantel-Haenszel takes Q around the Mantel-Haenszel estimate; Hedges' g has the approximate
correction and the variance N / (n1 n2) + g^2 / (2 (N - 3.94)). On the scale of analysis, ratios as
logarithms.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from peer_evidence.effects.continuous import hedges_g, mean_difference
from peer_evidence.exchange.analyses import Analysis
from peer_evidence.pooling import counts, laws
from peer_evidence.pooling.counts import Tables
from peer_evidence.pooling.emulation import (
    Inputs,
    kept_studies,
    mantel_haenszel_numbers,
    study_effects,
)
from peer_evidence.pooling.programs import PROGRAMS
from peer_evidence.pooling.projection import Floats
from peer_evidence.pooling.single import make_problem
from peer_evidence.pooling.tau2 import estimate

_REVMAN = next(one for one in PROGRAMS if one.name == "RevMan 5")
_MEASURES = {
    "dichotomous": ("OR", "RR", "RD", "PETO"),
    "continuous": ("MD", "SMD"),
}
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Again:
    """An analysis computed again.

    Attributes
    ----------
    effect, variance : array (k,)
        Of the studies, NaN where there is no effect.
    weight : array (k,)
        Weights in the pooled result, unscaled, given tau2 of all studies.
    reason : str
        Why nothing could be computed; empty where it could.
    """

    effect: Floats
    variance: Floats
    reason: str = ""

    @property
    def known(self) -> Mask:
        """Which studies have an effect."""
        return np.asarray(np.isfinite(self.effect) & np.isfinite(self.variance))


def column(a: Analysis, name: str) -> Floats:
    """Give a number of all rows, NaN where it was not entered."""
    return np.array([row.number(name) for row in a.rows], dtype=float)


def again(a: Analysis) -> Again:
    """Compute the effects of the studies of an analysis."""
    nothing = np.full(len(a.rows), np.nan)
    reason = _refusal(a)
    if reason:
        return Again(nothing, nothing, reason)
    with np.errstate(all="ignore"):
        if a.kind == "dichotomous":
            effect, variance = _of_counts(a)
        elif a.kind == "continuous":
            effect, variance = _of_means(a)
        elif a.kind == "o_e":
            v = column(a, "variance")
            v = np.where(v > 0, v, np.nan)
            effect, variance = column(a, "o_e") / v, 1.0 / v
        else:
            se = column(a, "se")
            effect, variance = column(a, "estimate"), np.where(se > 0, se, np.nan) ** 2
    known = np.isfinite(effect) & np.isfinite(variance) & (variance > 0)
    return Again(np.where(known, effect, np.nan), np.where(known, variance, np.nan))


def _refusal(a: Analysis) -> str:
    """Say why an analysis cannot be computed again."""
    if a.kind == "other":
        return "the outcome is a table of texts, without numbers"
    if a.kind in _MEASURES and a.measure not in _MEASURES[a.kind]:
        return f"the effect measure {a.measure_name!r} is not computed for {a.kind} data"
    if a.method not in {"MH", "IV", "PETO"}:
        return "the file does not say by which method, or by one that is not known"
    if a.model not in {"fixed", "random"}:
        return "the file does not say whether the model is fixed or random"
    if (a.method == "PETO") != (a.measure == "PETO") and a.kind == "dichotomous":
        return f"the method {a.method} does not go with the effect measure {a.measure}"
    if a.method == "MH" and a.kind != "dichotomous":
        return "Mantel-Haenszel needs counts"
    if a.method == "PETO" and a.model == "random":
        return "Peto's method has no random-effects model"
    return ""


def tables_of(a: Analysis) -> tuple[Tables, Mask]:
    """Give the counts of an analysis and which rows can be used."""
    t = Tables(
        *(
            column(a, name)
            for name in (
                *("events_intervention", "n_intervention"),
                *("events_comparison", "n_comparison"),
            )
        )
    )
    with np.errstate(invalid="ignore"):
        good = (t.a >= 0) & (t.c >= 0) & (t.a <= t.n1) & (t.c <= t.n2) & (t.n1 > 0) & (t.n2 > 0)
    return t, np.asarray(good)


def _subset(t: Tables, which: Mask) -> Tables:
    return Tables(*(cell[which] for cell in t))


def _spread(values: Floats, which: Mask) -> Floats:
    out = np.full(len(which), np.nan)
    out[which] = values
    return out


def _of_counts(a: Analysis) -> tuple[Floats, Floats]:
    t, good = tables_of(a)
    own = _subset(t, good)
    if a.measure == "PETO":
        expected, v = counts.hypergeometric(own)
        v = np.where(v > 0, v, np.nan)
        return _spread((own.a - expected) / v, good), _spread(1.0 / v, good)
    if not good.any():
        return _spread(np.empty(0), good), _spread(np.empty(0), good)
    inputs = Inputs(a.measure, int(good.sum()), 0, tables=own)
    y, v = study_effects(inputs, {"zero": _REVMAN.zero[a.measure]})
    silent = ~kept_studies(inputs, _REVMAN.double[a.measure])
    return _spread(np.where(silent, np.nan, y), good), _spread(v, good)


def _of_means(a: Analysis) -> tuple[Floats, Floats]:
    m1, s1, n1 = (column(a, f"{name}_intervention") for name in ("mean", "sd", "n"))
    m2, s2, n2 = (column(a, f"{name}_comparison") for name in ("mean", "sd", "n"))
    good = np.isfinite(m1) & np.isfinite(m2) & (s1 > 0) & (s2 > 0) & (n1 >= 1) & (n2 >= 1)
    named = {"mean1": m1, "sd1": s1, "n1": n1, "mean2": m2, "sd2": s2, "n2": n2}
    given: Any = {name: values[good] for name, values in named.items()}
    if a.measure == "MD":
        y, v = mean_difference(**given)
    else:
        y, v = hedges_g(**given, vtype="RevMan", correction="approximate")
    return _spread(y, good), _spread(v, good)


def pool(a: Analysis, found: Again, which: Mask) -> dict[str, float]:
    """Pool the studies of an analysis, or of a subgroup of it.

    Parameters
    ----------
    a : Analysis
        The analysis.
    found : Again
        The effects of its studies.
    which : array (k,)
        The rows to pool.

    Returns
    -------
    dict of str to float
        estimate, se, ci_low, ci_high, z, p_value, q, q_df, q_p_value, i2, tau2 on the scale of
        analysis; empty where no study has an effect.
    """
    used = which & found.known
    if not used.any():
        return {}
    y, v = found.effect[used], found.variance[used]
    w = 1.0 / v
    centre, se = float(w @ y / w.sum()), float(w.sum() ** -0.5)
    if a.method == "MH":
        t, good = tables_of(a)
        own = _subset(t, which & good)
        numbers = mantel_haenszel_numbers(own, a.measure, _REVMAN.mh[a.measure], 0.95)
        centre, se = numbers["mh_estimate"], numbers["mh_se"]
    q, df = float((w * (y - centre) ** 2).sum()), len(y) - 1
    tau2 = 0.0
    if a.model == "random":
        tau2 = _tau2(a, y, v, q, df)
        w = 1.0 / (v + tau2)
        centre, se = float(w @ y / w.sum()), float(w.sum() ** -0.5)
    half = float(laws.critical(a.level_total)) * se
    z = centre / se if se > 0 else float("nan")
    return {
        "estimate": centre,
        "se": se,
        "ci_low": centre - half,
        "ci_high": centre + half,
        "z": abs(z),
        "p_value": float(laws.two_sided_p(z)),
        "q": q,
        "q_df": float(df),
        "q_p_value": float(laws.chi2_tail(q, df)) if df else 1.0,
        "i2": max(0.0, 100.0 * (q - df) / q) if q > 0 and df else 0.0,
        "tau2": tau2,
    }


def _tau2(a: Analysis, y: Floats, v: Floats, q: float, df: int) -> float:
    """Estimate tau2: DerSimonian and Laird's moment with the Q of the method, or REML."""
    if not df:
        return 0.0
    if a.estimator == "REML":
        return float(estimate(make_problem(y, v, None), "REML").tau2[0])
    w = 1.0 / v
    spare = float(w.sum() - (w**2).sum() / w.sum())
    return max(0.0, (q - df) / spare) if spare > 0 else float("nan")


def weights(a: Analysis, found: Again, which: Mask, tau2: float) -> Floats:
    """Give the weights of the studies in per cent of those pooled, 0 for those without an effect.

    Parameters
    ----------
    a, found, which
        As for :func:`pool`.
    tau2 : float
        The variance between the studies that they are pooled with.

    Returns
    -------
    array (k,)
        NaN outside ``which``.
    """
    used = which & found.known
    raw = np.zeros(len(which))
    if a.method == "MH" and a.model == "fixed":
        t, _ = tables_of(a)
        zero = (t.a == 0) | (t.c == 0) | (t.a == t.n1) | (t.c == t.n2)
        half = np.where(zero & (a.measure != "RD"), 0.5, 0.0)
        x1, n1, x2, n2 = t.a + half, t.n1 + 2 * half, t.c + half, t.n2 + 2 * half
        top = {"OR": (n1 - x1) * x2, "RR": n1 * x2, "RD": n1 * n2}[a.measure]
        raw[used] = (top / (n1 + n2))[used]
    else:
        raw[used] = 1.0 / (found.variance[used] + tau2)
    total = raw.sum()
    return np.where(which, 100.0 * raw / total if total > 0 else 0.0, np.nan)
