"""Checks of one printed effect: its estimate, interval, standard error, statistic and p value."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from peer_evidence.appraisal.audit_check import (
    CONSISTENT,
    CONSISTENT_IF,
    INCONSISTENT,
    NOT_CHECKABLE,
    Check,
    between,
    only_if,
    shown,
)
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
    mends,
    printed_span,
    with_decimals,
)

if TYPE_CHECKING:
    from peer_evidence.appraisal.audit_laws import Points

RATIOS = frozenset({"OR", "RR", "RRR", "HR", "PR", "IRR", "ROM"})
CORRELATIONS = frozenset({"r", "COR", "ZCOR"})
_NORMAL = math.inf
_UNKNOWN_DF = tuple(float(df) for df in (*range(1, 31), 40, 50, 60, 80, 100, 150, 200))
# how lopsided the interval of one study may be, in half-widths, when it is no Wald interval
LOPSIDED = 0.25
# which part of a gap a misprint may leave open and still be named as all but fitting
NEARLY = 0.01


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
        return "p not significant" if self.p_relation == "ns" else f"p {self._relation}{self.p}"

    @property
    def _relation(self) -> str:
        return "" if self.p_relation in {"", "="} else self.p_relation

    def padded(self) -> PrintedEffect:
        """Give the effect with the decimals of its most precise number on all three."""
        decimals = max(decimals_of(text) for text in self.interval)
        texts = (with_decimals(text, decimals) for text in self.interval)
        return replace(self, **dict(zip(("estimate", "ci_low", "ci_high"), texts, strict=True)))


@dataclass(frozen=True, slots=True)
class Reading:
    """A way to read the printed interval and its test; words are empty for the usual one."""

    words: str
    scale: str
    df: float = _NORMAL
    sides: int = 2
    level: float = 0.95
    cut: bool = False
    log_test: bool = False


def scale_of(measure: str) -> str:
    """Name the scale on which the interval of a measure is symmetric."""
    if measure in RATIOS:
        return "log"
    return "z" if measure in CORRELATIONS else "raw"


def effect_checks(effect: PrintedEffect) -> list[Check]:
    """Check whatever can be checked of an effect.

    Examples
    --------
    >>> effect = PrintedEffect("SMD", "-0.39", "-0.54", "-0.24", z="9.42")
    >>> [(check.check, check.verdict) for check in effect_checks(effect)]
    [('interval', 'consistent'), ('z', 'inconsistent')]
    """
    found: list[Check] = []
    if all(effect.interval):
        order = _order(effect)
        if order.verdict == INCONSISTENT:
            return [order]
        found.append(_as_printed(effect, _symmetry))
    elif any((effect.ci_low, effect.ci_high)):
        found.append(Check("interval", NOT_CHECKABLE, "", why="The interval is not all printed."))
    for name in ("se", "z", "p"):
        if getattr(effect, name) or (name == "p" and effect.p_relation == "ns"):
            found.append(_as_printed(effect, lambda e, name=name: _implied(e, name)))
    if effect.z and effect.p:
        found.append(_p_from_z(effect))
    return [_explained(check, effect, found) for check in found]


def region_of(effect: PrintedEffect, reading: Reading) -> Points:
    """Give the corners of (estimate, half-width) on the scale of a reading; see audit_laws."""
    spans = [printed_span(text, cut=reading.cut) for text in effect.interval]
    if effect.measure == "RRR":
        estimate, low, high = (span.map(lambda x: 1 - x) for span in spans)
        spans = [estimate, high, low]
    if reading.scale == "log":
        spans = [span.map(_log) for span in spans]
    elif reading.scale == "z":
        spans = [span.map(_atanh) for span in spans]
    points = symmetric_region(*spans)
    return points if len(points) else loose_region(*spans)


def implied_span(effect: PrintedEffect, name: str, reading: Reading) -> Span:
    """Give the standard error, statistic or p value that an interval implies under a reading."""
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
    for reading in _scales(effect):
        if _is_symmetric(effect, reading):
            return replace(reading, words="", cut=False)
    return next(_scales(effect))


def _scales(effect: PrintedEffect) -> Iterator[Reading]:
    usual = Reading("", scale_of(effect.measure), level=effect.level)
    usual = replace(usual, sides=1 if effect.p_tails == "one" else 2)
    yield usual
    if effect.measure in RATIOS and effect.measure != "RRR":
        yield replace(
            usual, scale="raw", words="the interval of the ratio is symmetric without logarithms"
        )
    yield replace(usual, cut=True, words="digits were cut off instead of rounded")


def _readings(effect: PrintedEffect, name: str) -> Iterator[Reading]:
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
    for df in effect.df or _UNKNOWN_DF:
        law = f"the interval and the test are t-based with {df:g} degrees of freedom"
        yield replace(base, df=df, words=law + ("" if effect.df else " (they are not printed)"))
    yield replace(base, cut=True, words="digits were cut off instead of rounded")


def _is_symmetric(effect: PrintedEffect, reading: Reading) -> bool:
    return _off_middle(effect, reading) == 0.0


def _off_middle(effect: PrintedEffect, reading: Reading) -> float:
    """Give how far an estimate is from the middle of its interval, in half-widths."""
    spans = [printed_span(text, cut=reading.cut) for text in effect.interval]
    if effect.measure == "RRR":
        estimate, low, high = (span.map(lambda x: 1 - x) for span in spans)
        spans = [estimate, high, low]
    change = {"log": _log, "z": _atanh, "raw": float}[reading.scale]
    estimate, low, high = (span.map(change) for span in spans)
    middle = Span((low.low + high.low) / 2, (low.high + high.high) / 2)
    return estimate.gap(middle) / max((high.high - low.low) / 2, 1e-12)


def _order(effect: PrintedEffect) -> Check:
    """Check that the estimate lies in its interval, and that a ratio is above 0."""
    estimate, low, high = (float(text) for text in effect.interval)
    why = ""
    if low > high:
        why = f"The interval {shown(effect.ci_low)} to {shown(effect.ci_high)} runs downwards."
    elif not _inside(effect):
        why = (
            f"The estimate {shown(effect.estimate)} lies outside its interval "
            f"{shown(effect.ci_low)} to {shown(effect.ci_high)}."
        )
    elif effect.measure in RATIOS - {"RRR"} and low < 0:
        why = f"{effect.measure} {effect.words} is below 0, which no ratio can be."
    if not why:
        return Check("interval", CONSISTENT, effect.words)
    reading = ""
    options = _mend_interval(effect, lambda e: _order(e).verdict == CONSISTENT)
    if options:
        reading = f"a misprint: {' or '.join(options)} would fit"
    gap = max(low - estimate, estimate - high, 0.0)
    return Check("interval", INCONSISTENT, effect.words, low, high, gap, reading, why)


def _inside(effect: PrintedEffect) -> bool:
    estimate, low, high = (printed_span(text) for text in effect.interval)
    return estimate.meets(Span(low.low, high.high))


def _symmetry(effect: PrintedEffect) -> Check:
    """Check that the estimate is in the middle of its interval on the scale of its measure."""
    usual = next(_scales(effect))
    span = _middle_span(effect, usual)
    scale = {"log": "on the log scale", "z": "on Fisher's scale", "raw": ""}[usual.scale]
    plain = Check("interval", CONSISTENT, effect.words, span.low, span.high)
    for reading in _scales(effect):
        if _is_symmetric(effect, reading):
            if not reading.words:
                return replace(
                    plain, why=f"The estimate is the middle of its interval {scale}".strip() + "."
                )
            why = f"{effect.measure} {effect.words} is not symmetric {scale}".strip() + "; "
            return replace(
                plain,
                gap=printed_span(effect.estimate).gap(span),
                verdict=CONSISTENT_IF,
                reading=reading.words,
                why=f"{why}{only_if(reading.words)}.",
            )
    why = (
        f"{effect.measure} {shown(effect.estimate)} is not the middle of its interval "
        f"{shown(effect.ci_low)} to {shown(effect.ci_high)} {scale}".rstrip()
        + f", which is {between(span)}."
    )
    found = replace(plain, gap=printed_span(effect.estimate).gap(span), why=why)
    lopsided = _off_middle(effect, usual)
    if not effect.pooled and effect.measure != "MD" and lopsided < LOPSIDED:
        reading = "the interval is no Wald interval (profile likelihood, exact, non-central t)"
        return replace(
            found, verdict=CONSISTENT_IF, reading=reading, why=f"{why} {_cap(only_if(reading))}."
        )
    return replace(found, verdict=INCONSISTENT)


def _middle_span(effect: PrintedEffect, reading: Reading) -> Span:
    """Give the middle of the printed interval, back on the scale that is printed."""
    low, high = printed_span(effect.ci_low), printed_span(effect.ci_high)
    if effect.measure == "RRR":
        low, high = low.map(lambda x: 1 - x), high.map(lambda x: 1 - x)
    there: Callable[[float], float] = {"log": _log, "z": _atanh, "raw": float}[reading.scale]
    back: Callable[[float], float] = {"log": math.exp, "z": math.tanh, "raw": float}[reading.scale]
    low, high = low.map(there), high.map(there)
    ends = sorted([(low.low + high.low) / 2, (low.high + high.high) / 2])
    span = Span(*ends).map(back)
    return span.map(lambda x: 1 - x) if effect.measure == "RRR" else span


def _implied(effect: PrintedEffect, name: str) -> Check:
    """Check a printed standard error, statistic or p value against the interval."""
    label = {"se": "standard error", "z": "z", "p": "p"}[name]
    text = effect.p_words if name == "p" else f"{label} {shown(getattr(effect, name))}"
    if not all(effect.interval):
        why = f"The printed {text} cannot be checked: no estimate with its interval is printed."
        return Check(name, NOT_CHECKABLE, text, why=why)
    base = base_reading(effect)
    span = implied_span(effect, name, base)
    if math.isnan(span.low):
        return Check(name, NOT_CHECKABLE, text, why="The interval has no width on its scale.")
    gap = _distance(effect, name, span)
    sides = "one-sided " if name == "p" and base.sides == 1 else ""
    implies = f"implies {sides}{label} {between(span)}"
    if gap == 0.0:
        why = f"The printed {text} fits {effect.words}, which {implies}."
        if sides:
            two = implied_span(effect, name, replace(base, sides=2))
            why = f"{why[:-1]}; two-sided it is {between(two)}."
        return Check(name, CONSISTENT, text, span.low, span.high, why=why)
    why = f"The printed {text} does not fit {effect.words}, which {implies}"
    found = Check(name, INCONSISTENT, text, span.low, span.high, gap, why=f"{why}.")
    for reading in _readings(effect, name):
        if _distance(effect, name, implied_span(effect, name, reading), reading.cut) == 0.0:
            return replace(
                found,
                verdict=CONSISTENT_IF,
                reading=reading.words,
                why=f"{why}; {only_if(reading.words)}.",
            )
    return found


def _distance(effect: PrintedEffect, name: str, span: Span, cut: bool = False) -> float:
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


def _p_from_z(effect: PrintedEffect) -> Check:
    """Check the printed p against the printed statistic."""
    z = printed_span(effect.z).size()
    text = f"z {shown(effect.z)}, {effect.p_words}"
    words = f"The printed {effect.p_words}"
    sides = 1 if effect.p_tails == "one" else 2
    span = p_span(z, sides=sides)
    gap = _distance(effect, "p", span)
    if gap == 0.0:
        why = f"{words} fits z {shown(effect.z)}, which implies p {between(span)}."
        return Check("p_from_z", CONSISTENT, text, span.low, span.high, why=why)
    why = f"{words} does not fit z {shown(effect.z)}, which implies p {between(span)}"
    found = Check("p_from_z", INCONSISTENT, text, span.low, span.high, gap, why=f"{why}.")
    options = [(p_span(z, sides=3 - sides), "p is one-sided" if sides == 2 else "p is two-sided")]
    options += [
        (p_span(z, df, sides), f"the statistic is a t with {df:g} degrees of freedom")
        for df in effect.df or _UNKNOWN_DF
    ]
    for other, reading in options:
        if _distance(effect, "p", other) == 0.0:
            return replace(
                found,
                verdict=CONSISTENT_IF,
                reading=reading,
                why=f"{why}; {only_if(reading)}.",
            )
    return found


def _as_printed(effect: PrintedEffect, check: Callable[[PrintedEffect], Check]) -> Check:
    """Run a check; say so when only a number with fewer decimals than the others lets it pass."""
    found = check(effect)
    if found.verdict != CONSISTENT or not all(effect.interval):
        return found
    padded = effect.padded()
    if padded == effect or check(padded).verdict != INCONSISTENT:
        return found
    decimals = max(decimals_of(text) for text in effect.interval)
    few = [shown(text) for text in effect.interval if decimals_of(text) < decimals]
    reading = (
        f"{' and '.join(few)} {'was' if len(few) == 1 else 'were'} printed with fewer decimals "
        "than the rest of the effect"
    )
    strict = check(padded)
    return replace(
        strict, verdict=CONSISTENT_IF, reading=reading, why=f"{strict.why} {_cap(only_if(reading))}."
    )


def _explained(check: Check, effect: PrintedEffect, found: list[Check]) -> Check:
    """Add to a conflict which number is likelier wrong, and which misprint would explain it."""
    if check.verdict != INCONSISTENT:
        return check
    fine = {one.check for one in found if one.verdict in {CONSISTENT, CONSISTENT_IF}}
    parts = []
    options: list[str] = []
    if check.check == "interval":
        options = _mend_interval(effect, lambda e: _agrees(e, {"interval"}))
        if not effect.pooled:
            parts.append("an interval that is lopsided by design, as from a bootstrap, would explain it")
    elif check.check == "p_from_z":
        if {"p", "interval"} <= fine and "z" not in fine:
            parts.append("p agrees with the interval, so z is likelier wrong")
        elif {"z", "interval"} <= fine and "p" not in fine:
            parts.append("z agrees with the interval, so p is likelier wrong")
    else:
        others = {"se", "z", "p"} & fine - {check.check}
        agree = ["the estimate and its interval", *sorted(others)]
        if "interval" in fine:
            label = {"se": "the standard error"}.get(check.check, check.check)
            parts.append(f"{_list(agree)} agree with each other, so {label} is likelier wrong")
        parts += _mend_number(effect, check)
        parts += _other_levels(effect, check.check)
    if options:
        parts.append(f"{' or '.join(options)} would fit")
    return replace(check, reading="; ".join(parts), why=_with_reading(check.why, parts))


def _agrees(effect: PrintedEffect, names: set[str]) -> bool:
    if not _order(effect).verdict == CONSISTENT or not _is_symmetric(effect, next(_scales(effect))):
        return False
    return all(
        _distance(effect, name, implied_span(effect, name, next(_scales(effect)))) == 0.0
        for name in ("se", "z", "p")
        if name in names
    )


def _mend_number(effect: PrintedEffect, check: Check) -> list[str]:
    """Say which single slip in a standard error, statistic or p value explains a conflict."""
    name = check.check
    text = getattr(effect, name)
    if not text or (name == "p" and effect.p_relation not in {"", "="}):
        return []
    span = Span(check.implied_low, check.implied_high)

    def fits(other: str, slack: float = 0.0) -> bool:
        if (name == "p" and not 0 <= float(other) <= 1) or float(other) < 0 <= float(text):
            return False
        return _distance(replace(effect, **{name: other}), name, span) <= slack * check.gap

    options, how = mends(text, fits), "would fit"
    if not options:
        options, how = mends(text, lambda other: fits(other, NEARLY)), "would all but fit"
    return [f"{' or '.join(options)} {how}"] if options else []


def _other_levels(effect: PrintedEffect, name: str) -> list[str]:
    """Say whether an interval of another level would fit; that is not taken as agreement."""
    base = base_reading(effect)
    return [
        f"a {level:.0%} interval would fit"
        for level in (0.9, 0.99)
        if level != effect.level
        and _distance(effect, name, implied_span(effect, name, replace(base, level=level))) == 0.0
    ]


def _mend_interval(effect: PrintedEffect, good: Callable[[PrintedEffect], bool]) -> list[str]:
    """Find the single slips in an estimate or the ends of its interval that explain a conflict."""
    found = []
    names = {"estimate": "estimate", "ci_low": "lower end", "ci_high": "upper end"}
    for name, label in names.items():
        options = mends(
            getattr(effect, name), lambda other, name=name: good(replace(effect, **{name: other}))
        )
        found += [f"{label} {option}" for option in options]
    return found


def _with_reading(why: str, parts: list[str]) -> str:
    return " ".join([why, *(f"{_cap(part)}." for part in parts)])


def _list(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _cap(text: str) -> str:
    return text[:1].upper() + text[1:]


def _log(value: float) -> float:
    return math.log(max(value, 1e-300))


def _atanh(value: float) -> float:
    return math.atanh(min(max(value, -1 + 1e-15), 1 - 1e-15))
