"""What may explain a conflict of printed numbers: the likelier wrong one, and which misprint."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from peer_evidence.appraisal.audit_check import (
    CONSISTENT,
    CONSISTENT_IF,
    INCONSISTENT,
    Check,
    begin,
)
from peer_evidence.appraisal.audit_readings import (
    PrintedEffect,
    base_reading,
    disorder,
    distance,
    implied_span,
    is_symmetric,
    scales,
)
from peer_evidence.appraisal.printed_numbers import Span, decimals_of, mends

# how far a misprint may be off and still be named as all but fitting: one unit of its last digit,
# and no more than this part of what is implied
NEARLY = 0.02


def explained(check: Check, effect: PrintedEffect, found: list[Check]) -> Check:
    """Add to a conflict which number is likelier wrong, and which misprint would explain it."""
    if check.verdict != INCONSISTENT or check.check == "p_value":
        return check
    fine = {one.check for one in found if one.verdict in {CONSISTENT, CONSISTENT_IF}}
    parts = []
    if check.check == "interval":
        parts += _mend_interval(effect)
        if not effect.pooled:
            parts.append(
                "an interval that is lopsided by design, as from a bootstrap, would explain it"
            )
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
        if check.check == "p" and not effect.pooled:
            parts.append("a p value of another analysis than the effect would explain it")
    return replace(check, reading="; ".join(parts), why=_with_reading(check.why, parts))


def _mend_number(effect: PrintedEffect, check: Check) -> list[str]:
    """Say which single slip in a standard error, statistic or p value explains a conflict."""
    name = check.check
    text = getattr(effect, name)
    if not text or (name == "p" and effect.p_relation not in {"", "="}):
        return []
    span = Span(check.implied_low, check.implied_high)

    def fits(other: str, part: float = 0.0) -> bool:
        if (name == "p" and not 0 < float(other) <= 1) or float(other) < 0 <= float(text):
            return False
        slack = min(10.0 ** -decimals_of(other), part * abs(span.low))
        return distance(effect.having(name, other), name, span) <= slack

    options, how = mends(text, fits), "would fit"
    if not options:
        options, how = mends(text, lambda other: fits(other, NEARLY)), "would all but fit"
    return [f"{options} {how}"] if options else []


def _other_levels(effect: PrintedEffect, name: str) -> list[str]:
    """Say whether an interval of another level would fit; that is not taken as agreement."""
    base = base_reading(effect)
    return [
        f"a {level:.0%} interval would fit"
        for level in (0.9, 0.99)
        if level != effect.level
        and distance(effect, name, implied_span(effect, name, replace(base, level=level))) == 0.0
    ]


def _mend_interval(effect: PrintedEffect) -> list[str]:
    """Say which single slips in an estimate or the ends of its interval explain a conflict."""
    found = []
    names = {"estimate": "the estimate", "ci_low": "the lower end", "ci_high": "the upper end"}
    for name, label in names.items():
        options = mends(getattr(effect, name), partial(_sound, effect=effect, name=name))
        found += [f"{label} as {options}"] if options else []
    return [f"{'; or '.join(found)} would fit"] if found else []


def _sound(text: str, effect: PrintedEffect, name: str) -> bool:
    """Tell whether an interval with another text in one place is in order and symmetric."""
    other = effect.having(name, text)
    return not disorder(other) and is_symmetric(other, next(scales(other)))


def _with_reading(why: str, parts: list[str]) -> str:
    return " ".join([why, *(f"{begin(part)}." for part in parts)])


def _list(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
