"""What printed numbers imply for one another, as ranges: intervals, tests, heterogeneity."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from peer_evidence.appraisal.printed_numbers import Span

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Points = NDArray[np.float64]

_SMALLEST = 1e-12


def symmetric_region(estimate: Span, low: Span, high: Span) -> Points:
    """Give the corners of all (estimate, half-width) whose symmetric interval rounds as printed.

    The three ranges bound the estimate, its lower and its upper end; a symmetric interval has
    the first in the middle of the others. What is left is a convex polygon, empty where no
    symmetric interval rounds to the three printed numbers.

    Parameters
    ----------
    estimate, low, high : Span
        Ranges of the printed estimate and of the ends of its interval.

    Returns
    -------
    array, shape (corners, 2)
        Estimate and half-width.

    Examples
    --------
    >>> corners = symmetric_region(Span(0.25, 0.35), Span(0.05, 0.15), Span(0.45, 0.55))
    >>> corners.min(axis=0).round(2).tolist(), corners.max(axis=0).round(2).tolist()
    ([0.25, 0.15], [0.35, 0.25])
    """
    corners = [(e, e - x) for e in _ends(estimate) for x in _ends(low)]
    corners += [(e, y - e) for e in _ends(estimate) for y in _ends(high)]
    corners += [((x + y) / 2, (y - x) / 2) for x in _ends(low) for y in _ends(high)]
    corners += [(e, 0.0) for span in (estimate, low, high) for e in _ends(span)]
    points = np.array(corners)
    e, h = points.T
    slack = 1e-9 * max(1e-12, *(abs(end) for s in (estimate, low, high) for end in _ends(s)))
    inside = h >= -slack
    for value, span in ((e, estimate), (e - h, low), (e + h, high)):
        inside &= (value >= span.low - slack) & (value <= span.high + slack)
    points[:, 1] = np.maximum(h, _SMALLEST)
    return np.asarray(points[inside])


def loose_region(estimate: Span, low: Span, high: Span) -> Points:
    """Give the corners of estimate and half-width taken apart, for a lopsided interval."""
    widths = (max((high.low - low.high) / 2, _SMALLEST), (high.high - low.low) / 2)
    if widths[1] <= 0:
        return np.empty((0, 2))
    return np.array([(e, h) for e in _ends(estimate) for h in widths])


def extremes(points: Points, function: Callable[[Points, Points], Points]) -> Span:
    """Give the smallest and largest value of a function of estimate and half-width on a region.

    It is taken at the corners and along the lines between them, which is exact for whatever is
    monotone along straight lines, as the ratio of the two is.
    """
    shares = np.linspace(0.0, 1.0, 9)[:, None, None, None]
    grid = points[None, :, None] * shares + points[None, None, :] * (1 - shares)
    values = function(grid[..., 0], np.maximum(grid[..., 1], _SMALLEST))
    return Span(float(values.min()), float(values.max()))


def critical(level: float, df: float = math.inf) -> float:
    """Give the multiplier of the standard error in an interval of that level."""
    tail = (1 - level) / 2
    if math.isinf(df):
        return float(-special.ndtri(tail))
    return float(-special.stdtrit(df, tail))


def tail_p(statistic: float, df: float = math.inf, sides: int = 2) -> float:
    """Give the p value of a statistic by the normal or t law."""
    tail = special.ndtr(-abs(statistic)) if math.isinf(df) else special.stdtr(df, -abs(statistic))
    return float(min(1.0, sides * tail))


def p_span(statistic: Span, df: float = math.inf, sides: int = 2) -> Span:
    """Give the p values of a range of statistics.

    Examples
    --------
    >>> p = p_span(Span(1.9, 2.0))
    >>> round(p.low, 4), round(p.high, 4)
    (0.0455, 0.0574)
    """
    size = statistic.size()
    return Span(tail_p(size.high, df, sides), tail_p(size.low, df, sides))


def i2_span(q: Span, df: float) -> Span:
    """Give I² in per cent by (Q - df) / Q, at least 0 (Higgins & Thompson 2002).

    Examples
    --------
    >>> i2 = i2_span(Span(5.735, 5.745), 2)
    >>> round(i2.low, 2), round(i2.high, 2)
    (65.13, 65.19)
    """

    def share(value: float) -> float:
        return 100 * max(0.0, 1 - df / value) if value > 0 else 0.0

    return q.map(share)


def q_span(i2: Span, df: float) -> Span:
    """Give the Q that an I² in per cent implies; anything up to df where I² may be 0.

    Examples
    --------
    >>> q = q_span(Span(77.5, 78.5), 20)
    >>> round(q.low, 1), round(q.high, 1)
    (88.9, 93.0)
    """
    low = 0.0 if i2.low <= 0 else df / (1 - min(i2.low, 99.999) / 100)
    high = math.inf if i2.high >= 100 else df / (1 - max(i2.high, 0.0) / 100)
    return Span(low, high)


def smallest_tau2(q: Span, df: float, n_total: float, k: float) -> float:
    """Give the least tau² of DerSimonian and Laird for standardised differences of N people.

    tau² is (Q - df) / C, and C is at most W (1 - 1/k) with W the sum of the weights. A
    standardised difference has a variance of at least 4 / n, so W is at most N / 4.
    """
    return max(0.0, 4 * (q.low - df) / (n_total * (1 - 1 / k)))


def _ends(span: Span) -> tuple[float, float]:
    return span.low, span.high
