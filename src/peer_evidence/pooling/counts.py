"""Mantel-Haenszel and Peto in arrays: tables of counts in, pooled log ratio or difference out."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from peer_evidence.pooling import laws
from peer_evidence.pooling.projection import Floats


class Tables(NamedTuple):
    """Counts of k studies, (k,) each: events and people (or person-time) by arm."""

    a: Floats  # events, intervention
    n1: Floats
    c: Floats  # events, comparison
    n2: Floats


class Pooled(NamedTuple):
    """A pooled effect and its standard error; NaN where the tables do not determine it."""

    estimate: float
    se: float


class Homogeneity(NamedTuple):
    """Tests of the odds ratio: Cochran-Mantel-Haenszel, Breslow-Day and Tarone."""

    cmh: float
    cmh_p_value: float
    breslow_day: float
    tarone: float
    df: float


_NONE = Pooled(float("nan"), float("nan"))


def odds_ratio(t: Tables) -> Pooled:
    """Pool log odds ratios; variance of Robins, Breslow and Greenland 1986, doi 10.2307/2531052."""
    b, d, n = t.n1 - t.a, t.n2 - t.c, t.n1 + t.n2
    p, q = (t.a + d) / n, (b + t.c) / n
    r, s = t.a * d / n, b * t.c / n
    top, bottom = r.sum(), s.sum()
    if top == 0 or bottom == 0:
        return _NONE
    variance = 0.5 * (
        (p * r).sum() / top**2 + (p * s + q * r).sum() / (top * bottom) + (q * s).sum() / bottom**2
    )
    return Pooled(float(np.log(top / bottom)), float(np.sqrt(variance)))


def risk_ratio(t: Tables) -> Pooled:
    """Pool log risk ratios; variance of Greenland and Robins 1985, doi 10.2307/2530643."""
    n = t.n1 + t.n2
    top, bottom = (t.a * t.n2 / n).sum(), (t.c * t.n1 / n).sum()
    if top == 0 or bottom == 0:
        return _NONE
    spread = (t.n1 / n * t.n2 / n * (t.a + t.c) - t.a * t.c / n).sum()
    return Pooled(float(np.log(top / bottom)), float(np.sqrt(spread / (top * bottom))))


def risk_difference(t: Tables) -> Pooled:
    """Pool risk differences; variance of Sato, Greenland and Robins 1989."""
    b, d, n = t.n1 - t.a, t.n2 - t.c, t.n1 + t.n2
    weight = (t.n1 * t.n2 / n).sum()
    estimate = (t.a * t.n2 / n - t.c * t.n1 / n).sum() / weight
    first = (
        t.c * (t.n1 / n) ** 2 - t.a * (t.n2 / n) ** 2 + t.n1 / n * t.n2 / n * (t.n2 - t.n1) / 2
    ).sum()
    second = (t.a * d / n + t.c * b / n).sum() / 2
    variance = (estimate * first + second) / weight**2
    return Pooled(float(estimate), float(np.sqrt(max(variance, 0.0))))


def rate_ratio(t: Tables) -> Pooled:
    """Pool log incidence rate ratios, person-time in place of people; Greenland and Robins 1985."""
    time = t.n1 + t.n2
    top, bottom = (t.a * t.n2 / time).sum(), (t.c * t.n1 / time).sum()
    if top == 0 or bottom == 0:
        return _NONE
    spread = (t.n1 / time * t.n2 / time * (t.a + t.c)).sum()
    return Pooled(float(np.log(top / bottom)), float(np.sqrt(spread / (top * bottom))))


def peto_odds_ratio(t: Tables) -> Pooled:
    """Pool log odds ratios by observed minus expected; Yusuf and others 1985."""
    excess, variance = hypergeometric(t)
    total = variance.sum()
    if total == 0:
        return _NONE
    return Pooled(float((t.a - excess).sum() / total), float(np.sqrt(1.0 / total)))


def hypergeometric(t: Tables) -> tuple[Floats, Floats]:
    """Give expectation and variance of the first cell with both margins fixed."""
    n = t.n1 + t.n2
    events = t.a + t.c
    variance = events * (n - events) * (t.n1 / n) * (t.n2 / n) / (n - 1.0)
    return events * t.n1 / n, variance


def odds_ratio_tests(t: Tables, log_ratio: float, correct: bool) -> Homogeneity:
    """Test that the odds ratio is 1 (CMH) and the same in all studies (Breslow-Day, Tarone)."""
    expected, variance = hypergeometric(t)
    gap = max(abs(float((t.a - expected).sum())) - (0.5 if correct else 0.0), 0.0)
    cmh = gap**2 / float(variance.sum()) if variance.sum() > 0 else 0.0
    used = variance > 0
    a, n1, n2, events = t.a[used], t.n1[used], t.n2[used], (t.a + t.c)[used]
    fitted = _first_cell(n1, n2, events, float(np.exp(log_ratio)))
    spread = 1.0 / (
        1.0 / fitted + 1.0 / (n1 - fitted) + 1.0 / (events - fitted) + 1.0 / (n2 - events + fitted)
    )
    breslow_day = float(((a - fitted) ** 2 / spread).sum())
    tarone = breslow_day - float((a - fitted).sum() ** 2 / spread.sum())
    df = float(max(int(used.sum()) - 1, 0))
    return Homogeneity(cmh, float(laws.chi2_tail(cmh, 1.0)), breslow_day, tarone, df)


def _first_cell(n1: Floats, n2: Floats, events: Floats, ratio: float) -> Floats:
    """Give the first cell that has these margins and this odds ratio."""
    if ratio == 1.0:
        return n1 * events / (n1 + n2)
    sum_ = ratio * (n1 + events) + (n2 - events)
    root = np.sqrt(sum_**2 - 4.0 * n1 * events * ratio * (ratio - 1.0))
    return np.asarray(2.0 * n1 * events * ratio / (sum_ + root))


def rate_ratio_test(t: Tables, correct: bool) -> tuple[float, float]:
    """Test that the rate ratio is 1, with the total of events of each study fixed."""
    share = t.n1 / (t.n1 + t.n2)
    events = t.a + t.c
    gap = max(abs(float((t.a - events * share).sum())) - (0.5 if correct else 0.0), 0.0)
    variance = float((events * share * (1.0 - share)).sum())
    value = gap**2 / variance if variance > 0 else 0.0
    return value, float(laws.chi2_tail(value, 1.0))


def study_effects(t: Tables, measure: str) -> tuple[Floats, Floats]:
    """Give effect and variance of each study for Cochran's Q; 1/2 is added to tables with a zero.

    Peto's own effects need no addition.

    Studies without any event, or (but for rates) with nothing else, say nothing: NaN.
    """
    a, c = t.a.copy(), t.c.copy()
    if measure == "IRR":
        zero = (a == 0) | (c == 0)
        a[zero] += 0.5
        c[zero] += 0.5
        effect = np.log(a * t.n2) - np.log(c * t.n1)
        variance = 1.0 / a + 1.0 / c
        silent = (t.a + t.c) == 0
        return np.where(silent, np.nan, effect), np.where(silent, np.nan, variance)
    b, d = t.n1 - a, t.n2 - c
    zero = (a == 0) | (b == 0) | (c == 0) | (d == 0)
    half = np.where(zero & (measure != "PETO"), 0.5, 0.0)
    own = Tables(a + half, t.n1 + 2 * half, c + half, t.n2 + 2 * half)
    with np.errstate(divide="ignore", invalid="ignore"):
        effect, variance = _effect(own, measure)
    silent = ((t.a + t.c) == 0) | ((b + d) == 0)
    return np.where(silent, np.nan, effect), np.where(silent, np.nan, variance)


def _effect(t: Tables, measure: str) -> tuple[Floats, Floats]:
    b, d = t.n1 - t.a, t.n2 - t.c
    if measure == "OR":
        return np.log(t.a * d) - np.log(b * t.c), 1 / t.a + 1 / b + 1 / t.c + 1 / d
    if measure == "RR":
        variance = 1 / t.a - 1 / t.n1 + 1 / t.c - 1 / t.n2
        return np.log(t.a * t.n2) - np.log(t.c * t.n1), variance
    if measure == "RD":
        return t.a / t.n1 - t.c / t.n2, t.a * b / t.n1**3 + t.c * d / t.n2**3
    expected, variance = hypergeometric(t)
    return (t.a - expected) / variance, 1.0 / variance


def cochran_q(effect: Floats, variance: Floats, estimate: float) -> tuple[float, float]:
    """Give Cochran's Q around a pooled estimate and its degrees of freedom."""
    known = ~np.isnan(effect)
    q = float(((effect[known] - estimate) ** 2 / variance[known]).sum())
    return q, float(max(int(known.sum()) - 1, 0))
