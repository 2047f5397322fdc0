"""Checks of one printed effect: its estimate, interval, standard error, statistic and p value."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from peer_evidence.appraisal.audit_check import (
    CONSISTENT,
    CONSISTENT_IF,
    INCONSISTENT,
    NOT_CHECKABLE,
    Check,
    begin,
    between,
    only_if,
    shown,
)
from peer_evidence.appraisal.audit_explain import explained
from peer_evidence.appraisal.audit_laws import p_span
from peer_evidence.appraisal.audit_readings import (
    RATIO,
    RATIOS,
    PrintedEffect,
    base_reading,
    disorder,
    distance,
    implied_span,
    is_symmetric,
    meant,
    middle_span,
    off_middle,
    p_of_statistic,
    readings,
    scales,
    t_laws,
)
from peer_evidence.appraisal.printed_numbers import decimals_of, printed_span

# how lopsided the interval of one study may be, in half-widths, when it is no Wald interval
LOPSIDED = 0.25
_TRIED = "The measure is not stated; read as a difference or as a ratio, numbers conflict."
_OTHER_TEST = (
    "it is of another test than the interval, such as chi-squared, Fisher's or a likelihood ratio"
)


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
        if disorder(effect):
            return [_with_measure(explained(_order(effect), effect, []), effect)]
        found.append(_as_printed(effect, _symmetry))
    elif any((effect.ci_low, effect.ci_high)):
        found.append(Check("interval", NOT_CHECKABLE, "", why="The interval is not all printed."))
    if effect.p and not 0 <= float(effect.p) <= 1:
        why = f"The printed {effect.p_words} is no probability."
        found.append(Check("p_value", INCONSISTENT, effect.p_words, 0.0, 1.0, why=why))
    for name in ("se", "z", "p"):
        if getattr(effect, name) or (name == "p" and effect.p_relation == "ns"):
            check = _as_printed(effect, partial(_implied, name=name))
            if name != "p" or effect.p:
                span = meant(effect, name)
                check = replace(check, printed_low=span.low, printed_high=span.high)
            found.append(check)
    if effect.z and effect.p:
        found.append(_p_from_z(effect))
    parts = [explained(check, effect, found) for check in found]
    return [_with_measure(check, effect) for check in [*parts, *_together(effect, found)]]


def as_read(effect: PrintedEffect, *, ratio: bool | None = None) -> PrintedEffect:
    """Give an effect whose measure is not stated as the difference or the ratio that it fits.

    Parameters
    ----------
    effect : PrintedEffect
        The effect; returned as it is where its measure is stated.
    ratio : bool, optional
        Whether it is a ratio, where that is known from elsewhere, as from the sign convention.

    Returns
    -------
    PrintedEffect
        Read so that the fewest checks conflict; as a difference where that says nothing.

    Examples
    --------
    >>> as_read(PrintedEffect("", "1.61", "1.20", "2.16", z="3.18")).measure
    'Ratio'
    """
    if effect.measure or not all(effect.interval):
        return effect
    positive = all(float(text) > 0 for text in effect.interval)
    if ratio is not None or not positive:
        return replace(effect, measure=RATIO) if ratio else effect
    either = [replace(effect, tried=True), replace(effect, measure=RATIO, tried=True)]
    return min(either, key=_conflicts)


def _conflicts(effect: PrintedEffect) -> tuple[int, int]:
    verdicts = [check.verdict for check in effect_checks(effect)]
    return verdicts.count(INCONSISTENT), verdicts.count(CONSISTENT_IF)


def _with_measure(check: Check, effect: PrintedEffect) -> Check:
    """Say of a conflict that the measure is not stated, and what was tried."""
    if not effect.tried or check.verdict != INCONSISTENT:
        return check
    return replace(check, why=f"{check.why} {_TRIED}")


def _together(effect: PrintedEffect, found: list[Check]) -> list[Check]:
    """Report numbers that each fit the interval under some reading, but under no common one."""
    named = [check for check in found if check.check in {"se", "z", "p", "p_from_z"}]
    verdicts = {check.verdict for check in named}
    if any(check.reading == _OTHER_TEST for check in named):
        return []
    if len(named) < 2 or CONSISTENT_IF not in verdicts or not all(effect.interval):
        return []
    names = [name for name in ("se", "z", "p") if name in {check.check for check in named}]
    if not verdicts <= {CONSISTENT, CONSISTENT_IF} or _common_reading(effect, names):
        return []
    each = "; ".join(
        f"{check.printed} {f'fits only if {check.reading}' if check.reading else 'fits as usual'}"
        for check in named
    )
    printed = ", ".join(dict.fromkeys(check.printed for check in named))
    why = f"No single reading fits {effect.words} with {printed}: {each}."
    return [Check("together", INCONSISTENT, printed, why=why)]


def _common_reading(effect: PrintedEffect, names: Sequence[str]) -> bool:
    """Tell whether some reading makes all these numbers fit the interval and one another."""
    candidates = {replace(one, sides=1, words="") for one in readings(effect, "p")}
    for reading in candidates:
        for sides in (1, 2):
            one = replace(reading, sides=sides)
            fits = all(
                distance(effect, name, implied_span(effect, name, one), one.cut) == 0.0
                for name in names
            )
            if fits and {"z", "p"} <= set(names):
                z = printed_span(effect.z, cut=one.cut).size()
                span = p_of_statistic(z, one.df, one.df_to, sides)
                fits = distance(effect, "p", span, one.cut) == 0.0
            if fits:
                return True
    return False


def _order(effect: PrintedEffect) -> Check:
    """Report an interval that is impossible by itself."""
    why = disorder(effect)
    estimate, low, high = (float(text) for text in effect.interval)
    gap = max(low - estimate, estimate - high, 0.0)
    return Check("interval", INCONSISTENT, effect.words, low, high, gap, why=why)


def _symmetry(effect: PrintedEffect) -> Check:
    """Check that the estimate is in the middle of its interval on the scale of its measure."""
    usual = next(scales(effect))
    span = middle_span(effect, usual)
    scale = {"log": "on the log scale", "z": "on Fisher's scale", "raw": ""}[usual.scale]
    plain = Check("interval", CONSISTENT, effect.words, span.low, span.high)
    for reading in scales(effect):
        if not is_symmetric(effect, reading):
            continue
        if not reading.words:
            why = f"The estimate is the middle of its interval {scale}".strip()
            return replace(plain, why=f"{why}.")
        why = f"{effect.measure} {effect.words}".strip() + f" is not symmetric {scale}".rstrip()
        return replace(
            plain,
            gap=printed_span(effect.estimate).gap(span),
            verdict=CONSISTENT_IF,
            reading=reading.words,
            why=f"{why}; {only_if(reading.words)}.",
        )
    why = (
        f"{effect.measure} {shown(effect.estimate)}".strip()
        + " is not the middle of its interval "
        + f"{shown(effect.ci_low)} to {shown(effect.ci_high)} {scale}".rstrip()
        + f", which is {between(span)}."
    )
    found = replace(plain, gap=printed_span(effect.estimate).gap(span), why=why)
    lopsided = off_middle(effect, usual)
    if not effect.pooled and effect.measure != "MD" and lopsided < LOPSIDED:
        no_wald = "the interval is no Wald interval (profile likelihood, exact, non-central t)"
        why = f"{why} {begin(only_if(no_wald))}."
        return replace(found, verdict=CONSISTENT_IF, reading=no_wald, why=why)
    return replace(found, verdict=INCONSISTENT)


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
    gap = distance(effect, name, span)
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
    for reading in readings(effect, name):
        if distance(effect, name, implied_span(effect, name, reading), reading.cut) == 0.0:
            return replace(
                found,
                verdict=CONSISTENT_IF,
                reading=reading.words,
                why=f"{why}; {only_if(reading.words)}.",
            )
    if name in {"z", "p"} and not effect.pooled and effect.measure in RATIOS | {"RD"}:
        return replace(
            found,
            verdict=CONSISTENT_IF,
            reading=_OTHER_TEST,
            why=f"{why}; {only_if(_OTHER_TEST)}.",
        )
    return found


def _p_from_z(effect: PrintedEffect) -> Check:
    """Check the printed p against the printed statistic."""
    z = printed_span(effect.z).size()
    text = f"z {shown(effect.z)}, {effect.p_words}"
    words = f"The printed {effect.p_words}"
    sides = 1 if effect.p_tails == "one" else 2
    span = p_span(z, sides=sides)
    gap = distance(effect, "p", span)
    if gap == 0.0:
        why = f"{words} fits z {shown(effect.z)}, which implies p {between(span)}."
        return Check("p_from_z", CONSISTENT, text, span.low, span.high, why=why)
    why = f"{words} does not fit z {shown(effect.z)}, which implies p {between(span)}"
    found = Check("p_from_z", INCONSISTENT, text, span.low, span.high, gap, why=f"{why}.")
    options = [(p_span(z, sides=3 - sides), "p is one-sided" if sides == 2 else "p is two-sided")]
    options += [
        (p_of_statistic(z, df, df_to, sides), f"the statistic is a t with {freedom}")
        for df, df_to, freedom in t_laws(effect)
    ]
    for other, reading in options:
        if distance(effect, "p", other) == 0.0:
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
        strict,
        verdict=CONSISTENT_IF,
        reading=reading,
        why=f"{strict.why} {begin(only_if(reading))}.",
    )
