"""Tail areas and quantiles of the normal, t, chi-squared and F laws, by their survival functions.

Small p values are computed as tails, never as one minus a distribution function, so that they keep
their digits down to the smallest double.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import special

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]


def two_sided_p(statistic: ArrayLike, df: ArrayLike = np.inf) -> Floats:
    """Give the two-sided p value of z statistics, or of t statistics where ``df`` is finite.

    Examples
    --------
    >>> two_sided_p([1.959963984540054]).round(6).tolist()
    [0.05]
    """
    size = -np.abs(np.asarray(statistic, dtype=float))
    freedom = np.asarray(df, dtype=float)
    if freedom.ndim == 0 and np.isinf(freedom):
        return np.asarray(2.0 * special.ndtr(size))
    finite = np.isfinite(freedom)
    tail = np.where(finite, special.stdtr(np.where(finite, freedom, 1.0), size), special.ndtr(size))
    return np.asarray(2.0 * tail)


def critical(level: float, df: ArrayLike = np.inf) -> Floats:
    """Give the multiplier of the standard error for an interval: normal, or t where finite.

    Examples
    --------
    >>> round(float(critical(0.95)), 6), round(float(critical(0.95, 12)), 6)
    (1.959964, 2.178813)
    """
    tail = 0.5 * (1.0 - level)
    freedom = np.asarray(df, dtype=float)
    finite = np.isfinite(freedom) & (freedom > 0)
    from_t = -special.stdtrit(np.where(finite, freedom, 1.0), tail)
    return np.where(finite, from_t, np.where(freedom > 0, -special.ndtri(tail), np.nan))


def chi2_tail(statistic: ArrayLike, df: ArrayLike) -> Floats:
    """Give the upper tail of the chi-squared law; 1 where there is no degree of freedom."""
    value = np.asarray(statistic, dtype=float)
    freedom = np.asarray(df, dtype=float)
    tail = special.chdtrc(np.maximum(freedom, 1.0), np.maximum(value, 0.0))
    return np.where(freedom > 0, tail, 1.0)


def chi2_quantile(upper_tail: float, df: ArrayLike) -> Floats:
    """Give the point of the chi-squared law with that area above it."""
    return np.asarray(special.chdtri(np.asarray(df, dtype=float), upper_tail))


def f_tail(statistic: float, df1: float, df2: float) -> float:
    """Give the upper tail of the F law."""
    return float(special.fdtrc(df1, df2, max(statistic, 0.0)))
