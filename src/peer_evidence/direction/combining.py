"""Combining p values: arrays of one-sided p in, statistics and the logs of their tail areas out.

Every kernel takes p of any leading shape with the studies on the last axis, NaN for one that is
absent, and gives ``Combined``: one entry a set of studies.
"""

from __future__ import annotations

from math import pi
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

from peer_evidence.direction.tails import (
    Floats,
    log_any_of,
    log_beta_below,
    log_chi2_below,
    log_chi2_tail,
    log_normal_tail,
    log_sum_below,
    log_t_tail,
)


class Combined(NamedTuple):
    """A statistic, its degrees of freedom (NaN without), and the log of its one-sided p."""

    statistic: Floats
    df: Floats
    log_p: Floats


def _read(p: npt.ArrayLike) -> tuple[Floats, Floats]:
    """Give the p values and how many of each set are there."""
    values = np.asarray(p, dtype=np.float64)
    return values, np.asarray((~np.isnan(values)).sum(axis=-1), dtype=np.float64)


def _without_df(statistic: Floats, log_p: Floats) -> Combined:
    return Combined(statistic, np.full(np.shape(statistic), np.nan), log_p)


def fisher(p: npt.ArrayLike) -> Combined:
    """Combine by minus twice the sum of the logs, chi-squared on 2k df (Fisher 1932).

    Examples
    --------
    >>> found = fisher([[0.016, 0.067, 0.25, 0.405, 0.871], [0.5, 0.5, 0.5, np.nan, np.nan]])
    >>> found.statistic.round(3).tolist(), found.df.tolist()
    ([18.533, 4.159], [10.0, 6.0])
    """
    values, k = _read(p)
    statistic = -2.0 * np.nansum(np.log(values), axis=-1)
    return Combined(statistic, 2 * k, log_chi2_tail(statistic, 2 * k))


def pearson(p: npt.ArrayLike) -> Combined:
    """Combine by minus twice the sum of the logs of 1 - p, chi-squared on 2k df, lower tail."""
    values, k = _read(p)
    with np.errstate(divide="ignore"):
        statistic = -2.0 * np.nansum(np.log1p(-values), axis=-1)
    return Combined(statistic, 2 * k, log_chi2_below(statistic, 2 * k))


def stouffer(p: npt.ArrayLike, weights: npt.ArrayLike = 1.0) -> Combined:
    """Combine by the weighted sum of normal deviates (Stouffer 1949; Liptak 1958).

    Examples
    --------
    >>> stouffer([0.016, 0.067, 0.25, 0.405, 0.871]).statistic.round(2).item()
    1.53
    """
    values, _ = _read(p)
    given = np.broadcast_to(np.asarray(weights, dtype=np.float64), values.shape)
    w = np.where(np.isnan(values), 0.0, given)
    z = np.where(np.isnan(values), 0.0, -ndtri(values))
    statistic = np.asarray((w * z).sum(axis=-1) / np.sqrt((w**2).sum(axis=-1)))
    return _without_df(statistic, log_normal_tail(statistic))


def logit(p: npt.ArrayLike) -> Combined:
    """Combine by the sum of the logits, close to t on 5k + 4 df (Mudholkar & George 1979)."""
    values, k = _read(p)
    with np.errstate(divide="ignore"):
        odds = np.nansum(np.log(values) - np.log1p(-values), axis=-1)
    df = 5 * k + 4
    statistic = -odds * np.sqrt(3 * df / (k * pi**2 * (df - 2)))
    return Combined(statistic, df, log_t_tail(statistic, df))


def edgington(p: npt.ArrayLike) -> Combined:
    """Combine by the sum, against the exact law of a sum of uniform numbers (Edgington 1972)."""
    values, _ = _read(p)
    rows = values.reshape(-1, values.shape[-1])
    logs = np.array([log_sum_below(row[~np.isnan(row)]) for row in rows], dtype=np.float64)
    return _without_df(np.asarray(np.nansum(values, axis=-1)), logs.reshape(values.shape[:-1]))


def tippett(p: npt.ArrayLike) -> Combined:
    """Combine by the smallest (Tippett 1931)."""
    values, k = _read(p)
    smallest = np.asarray(np.nanmin(values, axis=-1))
    return _without_df(smallest, log_any_of(smallest, k))


def wilkinson(p: npt.ArrayLike, r: int) -> Combined:
    """Combine by the r-th smallest, a beta law on r and k - r + 1 (Wilkinson 1951).

    Examples
    --------
    >>> found = wilkinson([0.016, 0.067, 0.25, 0.405, 0.871], 2)
    >>> round(float(np.exp(found.log_p)), 5)
    0.03917
    """
    values, k = _read(p)
    chosen = np.asarray(np.sort(values, axis=-1)[..., r - 1])  # NaN is last
    return _without_df(chosen, log_beta_below(chosen, r, k - r + 1))


def binomial(p: npt.ArrayLike, alpha: float) -> Combined:
    """Combine by how many are at most ``alpha``, a binomial count (Wilkinson 1951)."""
    values, k = _read(p)
    found = np.asarray((values <= alpha).sum(axis=-1), dtype=np.float64)
    # no count at all is certain to be reached; the shape of 1 only keeps the law defined
    tail = log_beta_below(alpha, np.maximum(found, 1.0), k - np.maximum(found, 1.0) + 1)
    return _without_df(found, np.where(found == 0, 0.0, tail))
