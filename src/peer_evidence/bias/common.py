"""What all tests of bias share: which analyses they take, when they should not be believed."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from peer_evidence.effects.scales import scale_of
from peer_evidence.errors import FewStudiesWarning, InputError
from peer_evidence.formatting import count, p_text
from peer_evidence.pooling.counts import Tables
from peer_evidence.pooling.projection import Floats
from peer_evidence.pooling.studies import beside

if TYPE_CHECKING:
    from peer_evidence.pooling.model import MetaAnalysis
    from peer_evidence.pooling.studies import Studies

# The Cochrane Handbook (13.3.5.4) asks for 10 studies before asymmetry is tested at all.
MINIMUM = 10
_RATIOS = ("OR", "RR", "HR", "PETO", "IRR", "PLO", "PLN", "ROM")
_STANDARDISED = ("SMD", "SMDH", "SMD1", "SMCC", "SMCR")


class Line(NamedTuple):
    """Weighted least squares of one predictor, (...,) each: dispersion is estimated from them."""

    intercept: Floats
    slope: Floats
    intercept_se: Floats
    slope_se: Floats
    sigma2: Floats
    df: Floats


def weighted_line(y: Floats, x: Floats, w: Floats) -> Line:
    """Fit a weighted line to each of a batch of analyses (..., k); a weight of 0 is no study."""
    present = w > 0
    y, x = np.where(present, y, 0.0), np.where(present, x, 0.0)
    total = w.sum(axis=-1)
    x_mean, y_mean = (w * x).sum(axis=-1) / total, (w * y).sum(axis=-1) / total
    away = x - x_mean[..., None]
    spread = (w * away * away).sum(axis=-1)
    slope = (w * away * (y - y_mean[..., None])).sum(axis=-1) / spread
    intercept = y_mean - slope * x_mean
    residual = y - intercept[..., None] - slope[..., None] * x
    df = present.sum(axis=-1) - 2.0
    sigma2 = (w * residual * residual).sum(axis=-1) / df
    return Line(
        intercept=intercept,
        slope=slope,
        intercept_se=np.sqrt(sigma2 * (1.0 / total + x_mean * x_mean / spread)),
        slope_se=np.sqrt(sigma2 / spread),
        sigma2=sigma2,
        df=df,
    )


def check_analysis(m: Any, verb: str, least: int) -> MetaAnalysis:
    """Return an analysis of a common mean with at least so many studies, else raise InputError."""
    if hasattr(m, "fitted"):
        raise InputError(
            f"m: found {type(m).__name__}, {verb} takes the result of meta_analysis, of one effect "
            "a study; for several effects a study give a multilevel model to egger()"
        )
    if not hasattr(m, "studies") or not hasattr(m, "regression"):
        raise InputError(
            f"m: found {type(m).__name__}, allowed is the result of meta_analysis; "
            "pool the effects of the studies first"
        )
    if m.regression.design is not None:
        raise InputError(
            f"m: the analysis has moderators, {verb} needs one common effect; "
            "pool without moderators"
        )
    if m.studies.weights is not None:
        raise InputError(
            f"m: the analysis has weights of its own, {verb} rests on the sampling variances; "
            "pool without weights"
        )
    if m.k < least:
        raise InputError(
            f"m: found {count(m.k, 'study', 'studies')}, {verb} needs at least {least}"
        )
    checked: MetaAnalysis = m
    return checked


def warn_few(k: int, minimum: int, verb: str, stacklevel: int = 3) -> None:
    """Warn where there are fewer studies than a method should be believed with."""
    if k < minimum:
        warnings.warn(few_words(k, minimum, verb), FewStudiesWarning, stacklevel=stacklevel)


def few_words(k: int, minimum: int, verb: str, what: str = "study") -> str:
    """Say that there are fewer studies than a method should be believed with."""
    found = count(k, what, "studies" if what == "study" else None)
    return f"{found}: {verb} should not be believed with fewer than {minimum}"


def few_line(k: int, minimum: int, verb: str, what: str = "study") -> list[str]:
    """Give the line of a summary that says so, none where there are enough studies."""
    return [f"Only {few_words(k, minimum, verb, what)}."] if k < minimum else []


def varying(values: Floats, what: str) -> Floats:
    """Return a predictor that varies, else raise InputError: a line needs two different points."""
    spread = float(values.max() - values.min())
    if spread <= 1e-12 * float(np.abs(values).max()):
        raise InputError(
            f"m: all {len(values)} studies have the same {what}, so small and large studies cannot "
            "be told apart and asymmetry is not identified"
        )
    return values


def different(studies: Studies) -> Floats:
    """Return the effects, else raise InputError where all are equal: nothing can be lopsided."""
    y = studies.effects
    if float(y.max() - y.min()) <= 1e-12 * float(np.abs(y).max()):
        raise InputError(
            f"m: all {len(y)} effects are equal, so there is no asymmetry to look for; "
            "check the column of effects"
        )
    return y


def sizes_of(studies: Studies, n: Sequence[float] | None) -> Floats:
    """Give the people of each study: those given, else those of the table that was pooled."""
    if n is not None:
        try:
            found = np.asarray(beside("n", n, studies.index), dtype=float)
        except (TypeError, ValueError):
            raise InputError(
                f"n: found {n!r}, allowed is one number for each of the {len(studies)} studies of "
                "the analysis, such as data['n']"
            ) from None
        if found.shape != (len(studies),):
            raise InputError(
                f"n: found shape {found.shape}, allowed is one number for each of the "
                f"{len(studies)} studies of the analysis"
            )
    elif studies.sizes is None:
        raise InputError(
            "n: the analysis does not know how many people its studies have; give n=, one number a "
            "study, or pool a table with n_intervention and n_comparison (or n)"
        )
    else:
        found = studies.sizes
    bad = ~(np.isfinite(found) & (found > 0))
    if bad.any():
        names = ", ".join(studies.labels[i] for i in np.flatnonzero(bad)[:5])
        raise InputError(f"n: no number of people above 0 for {names}")
    return found


def tables_of(m: MetaAnalysis) -> Tables:
    """Give the counts of all studies, else raise InputError."""
    found = m.studies.tables
    if found is None:
        raise InputError(
            "m: the analysis does not know the counts of its studies; pool a table with "
            "events_intervention, n_intervention, events_comparison and n_comparison, "
            "as effect_sizes gives it"
        )
    bad = ~np.isfinite(np.array(found)).all(axis=0)
    if bad.any():
        names = ", ".join(m.studies.labels[i] for i in np.flatnonzero(bad)[:5])
        raise InputError(f"m: no counts for {names}; pool only studies with counts")
    return found


def caution_of(measure: str, predictor: str = "se", *, advice: bool = False) -> str:
    """Say why a predictor made of the variance misleads for a measure; empty where it does not."""
    if predictor not in ("se", "variance") or measure not in _RATIOS + _STANDARDISED:
        return ""
    text = (
        f"The variance of {measure} depends on the effect, which makes a funnel lopsided without "
        "any bias"
    )
    if not advice:
        return f"{text}."
    if measure in _RATIOS:
        return f"{text}: {_advice(measure)}."
    return (
        f"{text}: prefer egger() with predictor='inverse_sqrt_n' "
        "(Pustejovsky and Rodgers 2019, doi 10.1002/jrsm.1332)."
    )


def _advice(measure: str) -> str:
    """Name the test whose predictor is not made of the variance, for a ratio."""
    if measure in ("OR", "PETO"):
        return "prefer peters() or harbord() where there are counts"
    people = "egger() with predictor='inverse_sqrt_n' where the numbers of people are known"
    if measure == "RR":
        return (
            f"prefer {people}; peters() and harbord() are made for odds ratios: where there are "
            "counts, pool effect_sizes(data, 'OR') for them"
        )
    return f"prefer {people}"


def with_interval(
    value: float, low: float, high: float, level: float, digits: int = 2, measure: str = ""
) -> str:
    """Write an estimate with its interval, as it is read: ratios as ratios.

    Examples
    --------
    >>> with_interval(0.4, 0.1, 0.7, 0.95), with_interval(0.4, float("nan"), 0.7, 0.95)
    ('0.40 (95% CI 0.10 to 0.70)', '0.40 (no interval)')
    >>> with_interval(-0.7145, -1.07, -0.36, 0.95, measure="RR")
    'RR 0.49 (95% CI 0.34 to 0.70)'
    """
    scale = scale_of(measure)
    own = None if scale.turned else digits
    shown = f"{scale.prefix}{scale.value(value, own)}"
    if not (np.isfinite(low) and np.isfinite(high)):
        return f"{shown} (no interval)"
    return f"{shown} ({100 * level:g}% CI {scale.interval(low, high, own)})"


def digits_for(value: float, low: float, high: float) -> int:
    """Give how many decimals show three digits of an estimate or of its nearer limit; 3 or more.

    Examples
    --------
    >>> digits_for(1.476, 0.9, 2.1), digits_for(0.0000123, -0.00002, 0.00004)
    (3, 7)
    """
    sizes = [abs(one) for one in (value, low, high) if np.isfinite(one) and one != 0]
    if not sizes:
        return 3
    return max(3, min(12, 2 - math.floor(math.log10(max(sizes)))))


def p_words(value: float) -> str:
    """Write ``p = 0.04`` or ``p < 0.001``; say so when p is missing."""
    return p_text(value) or "no p"
