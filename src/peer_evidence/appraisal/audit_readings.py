"""The readings of a printed effect: the scale, law, level and rounding behind its numbers."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from peer_evidence.appraisal.audit_check import shown
from peer_evidence.appraisal.audit_laws import (
    critical,
    extremes,
    loose_region,
    p_span,
    symmetric_region,
)
from peer_evidence.appraisal.printed_numbers import (
    Span,
    decimals_of,
    printed_span,
    with_decimals,
)

if TYPE_CHECKING:
    from peer_evidence.appraisal.audit_laws import Points

RATIO = "Ratio"  # a ratio of which nobody says what it is one of
RATIOS = frozenset({"OR", "RR", "RRR", "HR", "PR", "IRR", "ROM", RATIO})
CORRELATIONS = frozenset({"r", "COR"})
UNKNOWN_DF = tuple(float(df) for df in (*range(1, 31), 40, 50, 60, 80, 100, 150, 200))


def _log(value: float) -> float:
    return math.log(max(value, 1e-300))


def _atanh(value: float) -> float:
    return math.atanh(min(max(value, -1 + 1e-15), 1 - 1e-15))


# scale -> to the scale, and back
THERE: dict[str, Callable[[float], float]] = {"log": _log, "z": _atanh, "raw": float}
BACK: dict[str, Callable[[float], float]] = {"log": math.exp, "z": math.tanh, "raw": float}


@dataclass(frozen=True, slots=True)
class PrintedEffect:
    """What a row prints of one effect, every number as its text, empty where there is none.

    Attributes
    ----------
    measure, estimate, ci_low, ci_high, se, z, p, p_relation, p_tails : str
        The printed texts.
    df : tuple of float
        The degrees of freedom that a t-based interval could have; empty when they are unknown.
    pooled : bool
        Whether it is a pooled effect, whose interval is symmetric on the scale of pooling.
    level : float
        The level of the interval.
    tried : bool
        Whether the measure is not stated, so that a difference and a ratio were both tried.
    """

    measure: str = ""
    estimate: str = ""
    ci_low: str = ""
    ci_high: str = ""
    se: str = ""
    z: str = ""
    p: str = ""
    p_relation: str = ""
    p_tails: str = ""
    df: tuple[float, ...] = ()
    pooled: bool = True
    level: float = 0.95
    tried: bool = False

    @property
    def interval(self) -> tuple[str, str, str]:
        """The estimate and the ends of its interval."""
        return self.estimate, self.ci_low, self.ci_high

    @property
    def words(self) -> str:
        """The effect as a journal prints it."""
        return f"{shown(self.estimate)} ({shown(self.ci_low)} to {shown(self.ci_high)})"

    @property
    def p_words(self) -> str:
        """The p value as printed."""
        tails = " (one-tailed)" if self.p_tails == "one" else ""
        if self.p_relation == "ns":
            return f"p not significant{tails}"
        return f"p {self._relation}{self.p}{tails}"

    @property
    def _relation(self) -> str:
        return "" if self.p_relation in {"", "="} else self.p_relation

    def padded(self) -> PrintedEffect:
        """Give the effect with the decimals of its most precise number on all three."""
        decimals = max(decimals_of(text) for text in self.interval)
        estimate, low, high = (with_decimals(text, decimals) for text in self.interval)
        return replace(self, estimate=estimate, ci_low=low, ci_high=high)

    def having(self, name: str, text: str) -> PrintedEffect:
        """Give the effect with another text in one place."""
        changes: dict[str, Any] = {name: text}
        return replace(self, **changes)


@dataclass(frozen=True, slots=True)
class Reading:
    """A way to read the printed interval and its test; words are empty for the usual one.

    Where ``df_to`` is a number, the degrees of freedom may be anything from ``df`` to it, as those
    of Welch are.
    """

    words: str
    scale: str
    df: float = math.inf
    df_to: float = math.nan
    sides: int = 2
    level: float = 0.95
    cut: bool = False
    log_test: bool = False


def scale_of(measure: str) -> str:
    """Name the scale on which the interval of a measure is symmetric."""
    if measure in RATIOS:
        return "log"
    return "z" if measure in CORRELATIONS else "raw"


def scaled_spans(effect: PrintedEffect, scale: str, *, cut: bool = False) -> list[Span]:
    """Give the ranges of the estimate and both ends of its interval on a scale.

    A relative reduction is put on the scale of the ratio that it is one less of.
    """
    spans = [printed_span(text, cut=cut) for text in effect.interval]
    if effect.measure == "RRR":
        estimate, low, high = (span.map(lambda x: 1 - x) for span in spans)
        spans = [estimate, high, low]
    return [span.map(THERE[scale]) for span in spans]


def region_of(effect: PrintedEffect, reading: Reading) -> Points:
    """Give the corners of (estimate, half-width) on the scale of a reading; see audit_laws."""
    spans = scaled_spans(effect, reading.scale, cut=reading.cut)
    points = symmetric_region(*spans)
    return points if len(points) else loose_region(*spans)


def implied_span(effect: PrintedEffect, name: str, reading: Reading) -> Span:
    """Give the standard error, statistic or p value that an interval implies under a reading."""
    span = _implied_at(effect, name, reading)
    if math.isnan(reading.df_to):
        return span
    return span.with_other(_implied_at(effect, name, replace(reading, df=reading.df_to)))


def _implied_at(effect: PrintedEffect, name: str, reading: Reading) -> Span:
    points = region_of(effect, reading)
    if not len(points):
        return Span(math.nan, math.nan)
    factor = critical(reading.level, reading.df)
    if name == "se":
        return extremes(points, lambda e, h: h / factor)
    null = 1.0 if reading.scale == "raw" and effect.measure in RATIOS else 0.0
    if reading.log_test:
        statistic = extremes(points, lambda e, h: np.log(np.maximum(e, 1e-12)) * e * factor / h)
    else:
        statistic = extremes(points, lambda e, h: (e - null) * factor / h)
    size = statistic.size()
    return size if name == "z" else p_span(size, reading.df, reading.sides)


def base_reading(effect: PrintedEffect) -> Reading:
    """Give the usual reading, on the scale on which the interval turns out to be symmetric."""
    return _base(effect)


@lru_cache(maxsize=1024)
def _base(effect: PrintedEffect) -> Reading:
    for reading in scales(effect):
        if is_symmetric(effect, reading):
            return replace(reading, words="", cut=False)
    return next(scales(effect))


def scales(effect: PrintedEffect) -> Iterator[Reading]:
    """Give the scales on which an interval may be symmetric, the usual one first."""
    usual = Reading("", scale_of(effect.measure), level=effect.level)
    usual = replace(usual, sides=1 if effect.p_tails == "one" else 2)
    yield usual
    if effect.measure in RATIOS and effect.measure != "RRR":
        yield replace(
            usual, scale="raw", words="the interval of the ratio is symmetric without logarithms"
        )
    yield replace(usual, cut=True, words="digits were cut off instead of rounded")


def readings(effect: PrintedEffect, name: str) -> Iterator[Reading]:
    """Give the readings to consider, the usual one first, each with one departure from it."""
    base = base_reading(effect)
    yield base
    if name == "p" and base.sides == 2 and effect.p_tails != "two":
        yield replace(base, sides=1, words="p is one-sided")
    if base.sides == 1:
        yield replace(base, sides=2, words="p is two-sided, against what is stated")
    if base.scale == "raw" and effect.measure in RATIOS:
        yield replace(
            base, log_test=True, words="the test was done on the log scale and the interval not"
        )
    for df, df_to, freedom in t_laws(effect):
        words = f"the interval and the test are t-based with {freedom}"
        yield replace(base, df=df, df_to=df_to, words=words)
    yield replace(base, cut=True, words="digits were cut off instead of rounded")


def t_laws(effect: PrintedEffect) -> list[tuple[float, float, str]]:
    """Give the degrees of freedom that t-based numbers may have: from, to, in words.

    Those of a pooled effect are whole; those of one study lie anywhere between its smaller arm
    less 1 and all its people less 2.
    """
    known = f"degrees of freedom{'' if effect.df else ' (they are not printed)'}"
    if effect.pooled:
        return [(df, math.nan, f"{df:g} {known}") for df in effect.df or UNKNOWN_DF]
    grid = [df for df in UNKNOWN_DF if not effect.df or effect.df[0] < df < effect.df[-1]]
    ends = sorted({*grid, *effect.df}) if effect.df else grid
    if len(ends) == 1:
        return [(ends[0], math.nan, f"{ends[0]:g} {known}")]
    return [(df, df_to, f"{df:g} to {df_to:g} {known}") for df, df_to in pairwise(ends)]


def p_of_statistic(statistic: Span, df: float, df_to: float, sides: int) -> Span:
    """Give the p values of a range of statistics, over a range of degrees of freedom."""
    span = p_span(statistic, df, sides)
    return span if math.isnan(df_to) else span.with_other(p_span(statistic, df_to, sides))


def meant(effect: PrintedEffect, name: str) -> Span:
    """Give the values that a printed standard error, statistic or p value may stand for."""
    if name != "p" or effect.p_relation in {"", "="}:
        span = printed_span(getattr(effect, name))
        return span.size() if name == "z" else Span(max(span.low, 0.0), max(span.high, 0.0))
    if effect.p_relation == "<":
        return Span(0.0, float(effect.p))
    return Span(0.05 if effect.p_relation == "ns" else float(effect.p), 1.0)


def is_symmetric(effect: PrintedEffect, reading: Reading) -> bool:
    """Tell whether a symmetric interval on the scale of a reading rounds as printed."""
    return off_middle(effect, reading) == 0.0


def off_middle(effect: PrintedEffect, reading: Reading) -> float:
    """Give how far an estimate is from the middle of its interval, in half-widths."""
    estimate, low, high = scaled_spans(effect, reading.scale, cut=reading.cut)
    middle = Span((low.low + high.low) / 2, (low.high + high.high) / 2)
    return estimate.gap(middle) / max((high.high - low.low) / 2, 1e-12)


def middle_span(effect: PrintedEffect, reading: Reading) -> Span:
    """Give the middle of the printed interval, back on the scale that is printed."""
    _, low, high = scaled_spans(effect, reading.scale)
    span = Span((low.low + high.low) / 2, (low.high + high.high) / 2).map(BACK[reading.scale])
    return span.map(lambda x: 1 - x) if effect.measure == "RRR" else span


def disorder(effect: PrintedEffect) -> str:
    """Say what is impossible about an interval by itself; empty when nothing is."""
    low, high = float(effect.ci_low), float(effect.ci_high)
    spans = [printed_span(text) for text in effect.interval]
    if low > high:
        return f"The interval {shown(effect.ci_low)} to {shown(effect.ci_high)} runs downwards."
    if not spans[0].meets(Span(spans[1].low, spans[2].high)):
        return (
            f"The estimate {shown(effect.estimate)} lies outside its interval "
            f"{shown(effect.ci_low)} to {shown(effect.ci_high)}."
        )
    if effect.measure in RATIOS - {"RRR"} and low < 0:
        return f"{effect.measure} {effect.words} is below 0, which no ratio can be."
    return ""


def distance(effect: PrintedEffect, name: str, span: Span, cut: bool = False) -> float:
    """Give how far a printed number is from what is implied, with the relation of a p value."""
    if math.isnan(span.low):
        return math.inf
    if name != "p" or effect.p_relation in {"", "="}:
        printed = printed_span(getattr(effect, name), cut=cut)
        return (printed.size() if name == "z" else printed).gap(span)
    if effect.p_relation == "<":
        return max(0.0, span.low - float(effect.p))
    bound = 0.05 if effect.p_relation == "ns" else float(effect.p)
    return max(0.0, bound - span.high)
