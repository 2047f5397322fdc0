"""Printed numbers as ranges: every true value that rounds to what stands on the page."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal, localcontext
from itertools import pairwise
from typing import Any

from peer_evidence.errors import InputError
from peer_evidence.formatting import MINUS

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
_ODD = re.compile(r"-?0\d", re.ASCII)  # a zero before the first digit
_DIGITS = 400  # more than a finite number has before its decimal point
_LONGEST = 40  # characters of a number in which a slip is looked for; nobody prints a longer one
_TOLERANCE = 1e-9  # of the size of the numbers compared: floating point, not rounding


@dataclass(frozen=True, slots=True)
class Span:
    """A closed range of values.

    Attributes
    ----------
    low, high : float
        Its ends.

    Examples
    --------
    >>> Span(1.0, 2.0).gap(Span(2.5, 3.0)), Span(1.0, 2.0).meets(Span(2.0, 3.0))
    (0.5, True)
    """

    low: float
    high: float

    def gap(self, other: Span) -> float:
        """Give the distance to another range; 0 where they meet."""
        distance = max(other.low - self.high, self.low - other.high, 0.0)
        ends = (self.low, self.high, other.low, other.high)
        size = max(abs(end) for end in ends if math.isfinite(end))
        return 0.0 if distance <= _TOLERANCE * max(size, 1e-12) else distance

    def meets(self, other: Span) -> bool:
        """Tell whether the two ranges have a value in common."""
        return self.gap(other) == 0.0

    def map(self, change: Callable[[float], float]) -> Span:
        """Put both ends through a monotone function."""
        ends = change(self.low), change(self.high)
        return Span(min(ends), max(ends))

    def with_other(self, other: Span) -> Span:
        """Give the range from the lowest to the highest of both."""
        return Span(min(self.low, other.low), max(self.high, other.high))

    def size(self) -> Span:
        """Give the range of absolute values."""
        ends = abs(self.low), abs(self.high)
        return Span(0.0 if self.low <= 0 <= self.high else min(ends), max(ends))


def text_of(value: Any) -> str:
    """Write a value as it may have been printed; a float without text as its shortest form.

    Examples
    --------
    >>> text_of("0.20"), text_of(0.2), text_of(3.0), text_of(1e-05), text_of(None)
    ('0.20', '0.2', '3', '0.00001', '')
    """
    if value is None:
        return ""
    if isinstance(value, str):
        return value.strip().replace(MINUS, "-")
    try:
        number = float(value)
    except (TypeError, ValueError):  # pandas.NA
        return ""
    if not math.isfinite(number):
        return ""
    text = format(Decimal(repr(number)), "f")
    return text.removesuffix(".0")


def is_number(text: str) -> bool:
    """Tell whether a text is one finite number."""
    return _NUMBER.fullmatch(text) is not None and math.isfinite(float(text))


def decimals_of(text: str) -> int:
    """Count the decimals of a printed number, below 0 for powers of ten.

    Examples
    --------
    >>> decimals_of("0.20"), decimals_of("12"), decimals_of("1e-5")
    (2, 0, 5)
    """
    exponent = Decimal(text).as_tuple().exponent
    return -exponent if isinstance(exponent, int) else 0


def printed_span(text: str, *, cut: bool = False) -> Span:
    """Give the range of true values behind a printed number.

    Half a unit of the last printed decimal to each side; with ``cut`` also what would have been
    cut off, which is up to one unit further from zero.

    Parameters
    ----------
    text : str
        The number as printed; its decimals matter.
    cut : bool, optional
        Whether digits may have been cut off instead of rounded.

    Returns
    -------
    Span
        The range.

    Raises
    ------
    InputError
        If the text is not a number.

    Examples
    --------
    >>> printed_span("0.20"), printed_span("0.2")
    (Span(low=0.195, high=0.205), Span(low=0.15, high=0.25))
    """
    if not is_number(text):
        raise InputError(f"text: found {text!r}, allowed is a number as printed, such as '-0.20'")
    value = Decimal(text)
    unit = Decimal(1).scaleb(-decimals_of(text))
    low, high = value - unit / 2, value + unit / 2
    if cut:
        low, high = (value - unit, high) if value < 0 else (low, value + unit)
    return Span(float(low), float(high))


def with_decimals(text: str, decimals: int) -> str:
    """Add the zeros that a number lacks to stand with so many decimals.

    Examples
    --------
    >>> with_decimals("-0.2", 2), with_decimals("0", 2), with_decimals("0.123", 2)
    ('-0.20', '0.00', '0.123')
    """
    have = decimals_of(text)
    if have >= decimals:
        return text
    with localcontext(prec=_DIGITS + decimals):
        return format(Decimal(text).quantize(Decimal(1).scaleb(-decimals)), "f")


def misprints(text: str) -> Iterator[tuple[str, str]]:
    """Give what a number would be without one slip: the text and the slip, likely ones first.

    Two neighbouring digits swapped, the sign lost or added, the decimal point one place off, one
    digit changed. Nothing that nobody prints: no "03.4" and no "00.5".

    Examples
    --------
    >>> [slip for slip in misprints("9.42")][:2]
    [('4.92', 'two digits swapped'), ('9.24', 'two digits swapped')]
    """
    yield from ((other, slip) for other, slip in _slips(text) if not _ODD.match(other))


def _slips(text: str) -> Iterator[tuple[str, str]]:
    places = [place for place, character in enumerate(text) if character.isdecimal()]
    for one, other in pairwise(places):
        if text[one] != text[other]:
            swapped = list(text)
            swapped[one], swapped[other] = swapped[other], swapped[one]
            yield "".join(swapped), "two digits swapped"
    yield (text[1:] if text.startswith("-") else f"-{text}"), "the sign turned"
    for power in (-1, 1):
        moved = format(Decimal(text).scaleb(power), "f")
        if Decimal(moved) != 0:
            yield moved, "the decimal point moved"
    for place in places:
        for digit in "0123456789":
            if digit != text[place]:
                yield f"{text[:place]}{digit}{text[place + 1 :]}", "one digit changed"


def mends(text: str, fits: Callable[[str], bool], most: int = 4) -> str:
    """Find the misprints of a number whose undoing would settle a conflict, likeliest kind only.

    Parameters
    ----------
    text : str
        The number as printed; in one of more than 40 characters no slip is looked for.
    fits : callable
        Whether another text in its place would settle the conflict.
    most : int, optional
        A kind of slip with more answers than this says nothing and is passed over.

    Returns
    -------
    str
        The answers with their slip in words; empty when no single slip explains the number.

    Examples
    --------
    >>> mends("9.42", lambda text: 4.9 <= float(text) <= 5.3)
    '4.92 (two digits swapped)'
    """
    if len(text) > _LONGEST:
        return ""
    found: dict[str, list[str]] = {}
    for other, slip in misprints(text):
        if other not in found.get(slip, []) and is_number(other) and fits(other):
            found.setdefault(slip, []).append(other)
    for slip, others in found.items():
        if len(others) <= most:
            *first, last = (other.replace("-", MINUS) for other in others)
            return f"{', '.join(first)} or {last} ({slip})" if first else f"{last} ({slip})"
    return ""
