"""Agreement of two raters beyond chance: Cohen's kappa and Gwet's AC1. Arrays in, arrays out.

A table of counts has shape (..., q, q): rows what the first rater said, columns the second, the
same q categories in the same order. Leading axes are a batch.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from peer_evidence.errors import InputError

Floats = NDArray[np.float64]


class Coefficient(NamedTuple):
    """A coefficient of agreement with its standard error; NaN where it does not exist."""

    value: Floats
    se: Floats


def cohen_kappa(counts: Any) -> Coefficient:
    """Give Cohen's kappa and its large-sample standard error.

    Parameters
    ----------
    counts : array (..., q, q)
        How many units got each pair of categories.

    Returns
    -------
    Coefficient
        ``value`` and ``se``, shape (...). NaN without units, and where both raters used one and
        the same category only: then all agreement is expected by chance.

    Raises
    ------
    InputError
        If the tables are not square, or a count is negative or not finite.

    References
    ----------
    Cohen 1960, doi 10.1177/001316446002000104. Fleiss, Cohen and Everitt 1969, Psychol
    Bull 72:323 (the standard error when kappa is not 0).

    Examples
    --------
    >>> kappa = cohen_kappa([[20, 5], [10, 15]])
    >>> round(float(kappa.value), 3), round(float(kappa.se), 3)
    (0.4, 0.127)
    """
    p, n = _shares(counts)
    rows, columns = p.sum(axis=-1), p.sum(axis=-2)
    same = np.diagonal(p, axis1=-2, axis2=-1)
    observed, expected = same.sum(axis=-1), (rows * columns).sum(axis=-1)
    room = np.where(expected < 1, 1 - expected, np.nan)
    kappa = (observed - expected) / room
    rest = (1 - kappa)[..., None]
    agreeing = (same * (1 - (rows + columns) * rest) ** 2).sum(axis=-1)
    crossed = (columns[..., :, None] + rows[..., None, :]) ** 2
    apart = p * (1 - np.eye(p.shape[-1]))
    differing = (1 - kappa) ** 2 * (apart * crossed).sum(axis=(-2, -1))
    spread = agreeing + differing - (kappa - expected * (1 - kappa)) ** 2
    return Coefficient(kappa, np.sqrt(np.maximum(spread, 0) / n) / room)


def gwet_ac1(counts: Any) -> Coefficient:
    """Give Gwet's AC1 for two raters and its standard error.

    Chance agreement is sum pi (1 - pi) / (q - 1), with pi the mean share of a category, so that
    the number q of categories that could have been used matters, used or not.

    Parameters
    ----------
    counts : array (..., q, q)
        How many units got each pair of categories.

    Returns
    -------
    Coefficient
        ``value`` and ``se``, shape (...). NaN without units or with fewer than two categories.

    Raises
    ------
    InputError
        If the tables are not square, or a count is negative or not finite.

    References
    ----------
    Gwet 2008, doi 10.1348/000711006X126600; without a finite population.

    Examples
    --------
    >>> ac1 = gwet_ac1([[118, 5], [2, 0]])
    >>> round(float(ac1.value), 3), round(float(ac1.se), 3)
    (0.941, 0.023)
    """
    p, n = _shares(counts)
    others = float(p.shape[-1] - 1) or np.nan
    share = (p.sum(axis=-1) + p.sum(axis=-2)) / 2
    same = np.diagonal(p, axis1=-2, axis2=-1)
    observed, expected = same.sum(axis=-1), (share * (1 - share)).sum(axis=-1) / others
    ac1 = (observed - expected) / (1 - expected)
    rest = 1 - ac1
    first = (same * (1 - share)).sum(axis=-1) / others - observed * expected
    pairs = (1 - (share[..., :, None] + share[..., None, :]) / 2) ** 2
    second = (p * pairs).sum(axis=(-2, -1)) / others**2 - expected**2
    spread = observed * (1 - observed) - 4 * rest * first + 4 * rest**2 * second
    return Coefficient(ac1, np.sqrt(np.maximum(spread, 0) / n) / (1 - expected))


def cross_count(first: NDArray[np.intp], second: NDArray[np.intp], q: int) -> Floats:
    """Count the pairs of two lists of codes from 0 to q - 1; shape (q, q).

    Examples
    --------
    >>> cross_count(np.array([0, 1, 1]), np.array([0, 1, 0]), 2).tolist()
    [[1.0, 0.0], [1.0, 1.0]]
    """
    return np.bincount(first * q + second, minlength=q * q).reshape(q, q).astype(np.float64)


def _shares(counts: Any) -> tuple[Floats, Floats]:
    """Give tables as shares, and the number of units; NaN without any."""
    table = np.asarray(counts, dtype=np.float64)
    if table.ndim < 2 or table.shape[-1] != table.shape[-2]:
        raise InputError(
            f"counts: found an array of shape {table.shape}, allowed are square tables (..., q, q)"
        )
    if not np.all(np.isfinite(table) & (table >= 0)):
        raise InputError("counts: found a negative or missing count, allowed are counts from 0 up")
    total = table.sum(axis=(-2, -1))
    n = np.where(total > 0, total, np.nan)
    return table / n[..., None, None], n
