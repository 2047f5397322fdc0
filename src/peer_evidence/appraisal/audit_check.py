"""One check of printed numbers: what was printed, what the others imply, and the verdict."""

from __future__ import annotations

import math
from dataclasses import dataclass

from peer_evidence.appraisal.printed_numbers import Span
from peer_evidence.formatting import MINUS

INCONSISTENT = "inconsistent"
CONSISTENT_IF = "consistent_if"
CONSISTENT = "consistent"
NOT_CHECKABLE = "not_checkable"
VERDICTS = (INCONSISTENT, CONSISTENT_IF, CONSISTENT, NOT_CHECKABLE)


@dataclass(frozen=True, slots=True)
class Check:
    """One check of one row.

    Attributes
    ----------
    check : str
        Its name.
    verdict : str
        One of ``VERDICTS``.
    printed : str
        The numbers that are checked, as printed.
    implied_low, implied_high : float
        What the other numbers imply; NaN where that is no range.
    gap : float
        How far apart the printed and the implied range are; 0 where they meet.
    reading : str
        Under which reading the numbers agree; of a conflict, which reading is likeliest.
    why : str
        The finding as a sentence.
    printed_low, printed_high : float
        The values that a printed standard error, statistic or p stands for; NaN for the others.
    """

    check: str
    verdict: str
    printed: str
    implied_low: float = math.nan
    implied_high: float = math.nan
    gap: float = 0.0
    reading: str = ""
    why: str = ""
    printed_low: float = math.nan
    printed_high: float = math.nan


def short(value: float) -> str:
    """Write an implied number with three figures, small ones without exponent.

    Examples
    --------
    >>> short(-0.12345), short(78.26), short(0.00000034), short(50.0)
    ('−0.123', '78.3', '0.00000034', '50')
    """
    if not math.isfinite(value):
        return "infinity"
    if value == 0:
        return "0"
    figures = 3 if abs(value) >= 0.001 else 2
    decimals = max(0, figures - 1 - math.floor(math.log10(abs(value))))
    text = f"{value:.{min(decimals, 12)}f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return text.replace("-", MINUS)


def between(span: Span) -> str:
    """Write an implied range in words."""
    low, high = short(span.low), short(span.high)
    if low == high:
        return f"about {low}"
    return f"at least {low}" if math.isinf(span.high) else f"between {low} and {high}"


def shown(text: str) -> str:
    """Write a printed number with a real minus sign."""
    return text.replace("-", MINUS)


def only_if(reading: str) -> str:
    """Say under which reading numbers agree."""
    return f"they agree only if {reading}"


def begin(text: str) -> str:
    """Write a text with a capital."""
    return text[:1].upper() + text[1:]
