"""Logarithms of tail areas that are far too small for a double, for combined p values.

Each function gives the logarithm of the ordinary tail area wherever that is a normal double, and a
convergent series of positive terms below that, so that nothing underflows and nothing cancels.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from math import comb, factorial, floor, log, log1p

import numpy as np
import numpy.typing as npt
from scipy.special import betainc, betaln, chdtr, chdtrc, gammaln, log_ndtr

Floats = npt.NDArray[np.float64]
_SMALL = 1e-280  # below this the ordinary tail area loses digits
_ENOUGH = 1e-17
_TERMS = 200_000


def _series(ratio: Callable[[int], float]) -> float:
    """Sum 1 + r(0) + r(0)r(1) + ... of positive terms."""
    total = term = 1.0
    for number in range(_TERMS):
        term *= ratio(number)
        total += term
        if term <= _ENOUGH * total:
            break
    return total


def _log_or_series(direct: Floats, by_series: Callable[..., float], *given: Floats) -> Floats:
    """Take the logarithm of ``direct``, and the series wherever that has underflowed."""
    full = [np.broadcast_to(np.asarray(one, dtype=np.float64), direct.shape) for one in given]
    with np.errstate(divide="ignore"):
        found = np.array(np.log(direct), dtype=np.float64)
    for place in np.argwhere(direct < _SMALL):
        at = tuple(place)
        found[at] = by_series(*(float(one[at]) for one in full))
    return found


def log_normal_tail(z: npt.ArrayLike) -> Floats:
    """Give the log of the area of the normal law above ``z``.

    Examples
    --------
    >>> log_normal_tail([0.0, 60.0]).round(3).tolist()
    [-0.693, -1805.014]
    """
    return np.asarray(log_ndtr(-np.asarray(z, dtype=np.float64)), dtype=np.float64)


def log_chi2_tail(x: npt.ArrayLike, df: npt.ArrayLike) -> Floats:
    """Give the log of the area of the chi-squared law with an even ``df`` above ``x``.

    Examples
    --------
    >>> log_chi2_tail([2.0, 4000.0], [2, 2]).round(9).tolist()
    [-1.0, -2000.0]
    """
    value, freedom = np.asarray(x, dtype=np.float64), np.asarray(df, dtype=np.float64)

    def far(x: float, df: float) -> float:
        if x == np.inf:
            return -np.inf
        y, k = x / 2, df / 2
        head = -y + (k - 1) * log(y) - float(gammaln(k))
        return head + log(_series(lambda n: max(k - 1 - n, 0.0) / y))

    return _log_or_series(np.asarray(chdtrc(freedom, value)), far, value, freedom)


def log_chi2_below(x: npt.ArrayLike, df: npt.ArrayLike) -> Floats:
    """Give the log of the area of the chi-squared law below ``x``.

    Examples
    --------
    >>> log_chi2_below([2.0, 2e-200], [4, 4]).round(4).tolist()
    [-1.3309, -921.7272]
    """
    value, freedom = np.asarray(x, dtype=np.float64), np.asarray(df, dtype=np.float64)

    def near(x: float, df: float) -> float:
        if x == 0:
            return -np.inf
        y, k = x / 2, df / 2
        head = k * log(y) - y - float(gammaln(k + 1))
        return head + log(_series(lambda n: y / (k + 1 + n)))

    return _log_or_series(np.asarray(chdtr(freedom, value)), near, value, freedom)


def log_beta_below(x: npt.ArrayLike, a: npt.ArrayLike, b: npt.ArrayLike) -> Floats:
    """Give the log of the area of the beta law with shapes ``a`` and ``b`` below ``x``.

    Examples
    --------
    >>> log_beta_below([0.5, 1e-300], 2.0, 1.0).round(3).tolist()
    [-1.386, -1381.551]
    """
    value = np.asarray(x, dtype=np.float64)
    one, other = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)

    def near(x: float, a: float, b: float) -> float:
        if x == 0:
            return -np.inf
        head = a * log(x) + b * log1p(-x) - log(a) - float(betaln(a, b))
        return head + log(_series(lambda n: x * (a + b + n) / (a + 1 + n)))

    return _log_or_series(np.asarray(betainc(one, other, value)), near, value, one, other)


def log_t_tail(t: npt.ArrayLike, df: npt.ArrayLike) -> Floats:
    """Give the log of the area of the t law above ``t``.

    Examples
    --------
    >>> log_t_tail([0.0, -2.0, 1e8], [9, 9, 99]).round(3).tolist()
    [-0.693, -0.039, -1599.408]
    """
    value, freedom = np.asarray(t, dtype=np.float64), np.asarray(df, dtype=np.float64)
    inside = np.where(np.isinf(value), 0.0, freedom / (freedom + value**2))
    half = log_beta_below(inside, freedom / 2, 0.5) - log(2.0)
    return np.where(value >= 0, half, np.log1p(-np.exp(np.minimum(half, -log(2.0)))))


def log_any_of(p: npt.ArrayLike, k: npt.ArrayLike) -> Floats:
    """Give the log of the chance that the smallest of ``k`` uniform numbers is at most ``p``.

    Examples
    --------
    >>> log_any_of([0.5, 1e-300], [2, 5]).round(3).tolist()
    [-0.288, -689.166]
    """
    value, many = np.asarray(p, dtype=np.float64), np.asarray(k, dtype=np.float64)
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(-np.expm1(many * np.log1p(-value))), dtype=np.float64)


def log_sum_below(p: Floats) -> float:
    """Give the log of the chance that so many uniform numbers sum to no more than these do.

    The alternating sum of Edgington (1972) cancels badly in doubles, so it is summed in whole
    numbers, which is exact; a sum below 1 needs its first term only.

    Examples
    --------
    >>> from math import exp
    >>> round(exp(log_sum_below(np.array([0.2, 0.35, 0.35, 0.4, 0.4, 0.4, 0.4]))), 6)
    0.097404
    """
    k, total = len(p), sum((Fraction(float(one)) for one in p), Fraction(0))
    if total <= 1:
        return k * log(float(total)) - float(gammaln(k + 1)) if total else -np.inf
    upper = 2 * total > k  # the other tail has fewer terms
    near = k - total if upper else total
    unit = 1 << 160
    s = floor(near * unit)
    area = sum(
        (-1) ** j * comb(k, j) * (s - j * unit) ** k for j in range(floor(near) + 1) if near > j
    )
    share = Fraction(area, factorial(k) * unit**k)
    if upper:
        return log1p(-float(share)) if share < 1 else -np.inf
    return _log_fraction(share)


def _log_fraction(share: Fraction) -> float:
    """Give the log of a fraction, however small."""
    numerator, denominator = share.numerator, share.denominator
    shift = denominator.bit_length() - numerator.bit_length()
    return log((numerator << max(shift, 0)) / denominator) - max(shift, 0) * log(2.0)
