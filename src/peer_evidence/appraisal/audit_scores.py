"""Checks of printed means and standard deviations of whole-number scores, by GRIM and GRIMMER."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

from peer_evidence.appraisal.audit_check import (
    CONSISTENT,
    INCONSISTENT,
    NOT_CHECKABLE,
    Check,
    begin,
    shown,
)
from peer_evidence.appraisal.grim import grim, grim_has_power, grimmer, nearest_means
from peer_evidence.appraisal.printed_numbers import Span, printed_span

ARMS = ("intervention", "comparison")
_ITEMS = re.compile(r"\b(\d{1,3})[ -]items?\b")

Row = Mapping[str, str]


def score_checks(row: Row, items: int | None) -> list[Check]:
    """Check means and SDs by GRIM and GRIMMER where scores are known to be whole numbers.

    Where the records do not say so, a mean that whole numbers cannot have is no finding: the
    check is ``not_checkable`` and says what would follow.

    Examples
    --------
    >>> row = {"mean_intervention": "3.45", "n_intervention": "28"}
    >>> [check.verdict for check in score_checks(row, None) + score_checks(row, 1)]
    ['not_checkable', 'inconsistent']
    """
    found = []
    told = items is not None
    named = _ITEMS.search(row.get("measure", ""))
    parts = items if items is not None else int(named[1]) if named else 1
    for arm in ARMS:
        mean, n = row.get(f"mean_{arm}", ""), row.get(f"n_{arm}", "")
        sd = row.get(f"sd_{arm}", "")
        if sd and float(sd) < 0:
            why = f"SD {shown(sd)} of the {arm} arm is below 0."
            found.append(Check("sd", INCONSISTENT, f"SD {shown(sd)}", 0.0, math.inf, why=why))
            continue
        if not mean or not n or int(float(n)) < 1:
            continue
        size = int(float(n))
        text = f"mean {shown(mean)} of {n}, {arm}"
        if not grim_has_power(mean, size, parts):
            if not told:
                continue
            why = f"{begin(text)}: any mean of so few decimals is possible for so many people."
            found.append(Check("grim", NOT_CHECKABLE, text, why=why))
            continue
        found.append(_grim(row, text, arm, size, parts, told=told))
    return found


def _grim(row: Row, text: str, arm: str, size: int, parts: int, *, told: bool) -> Check:
    mean, sd = row[f"mean_{arm}"], row.get(f"sd_{arm}", "")
    below, above = nearest_means(mean, size, parts)
    each = f"whole numbers on {parts} averaged items" if parts > 1 else "whole numbers"
    fine = grim(mean, size, parts)
    spread = fine and bool(sd) and size >= 2 and not grimmer(mean, sd, size, parts)
    if fine and not spread:
        why = f"{begin(text)} is possible with scores that are {each}."
        return Check("grim", CONSISTENT, text, below, above, why=why)
    gap = min(printed_span(mean).gap(Span(one, one)) for one in (below, above))
    if spread:
        what = f"{size} people whose scores are {each} have no SD of {sd} with mean {shown(mean)}"
    else:
        near = f"{_exact(below, mean)} and {_exact(above, mean)}"
        what = (
            f"{size} people whose scores are {each} have no mean of {shown(mean)}; "
            f"the nearest are {near}"
        )
    if told:
        return Check("grim", INCONSISTENT, text, below, above, gap, why=f"{begin(what)}.")
    why = f"The records do not say that the scores are whole numbers. If they are: {what}."
    return Check("grim", NOT_CHECKABLE, text, below, above, gap, why=why)


def _exact(value: float, mean: str) -> str:
    places = len(mean.partition(".")[2]) + 1
    return shown(f"{value:.{places}f}")
