"""The albatross plot: how many people give an effect of some size its p value.

Harrison, Jones, Martin, Lewis & Higgins 2017, Research Synthesis Methods 8:281,
doi 10.1002/jrsm.1239. All contours are approximate: they rest on the variance that an effect has
in a plain two-group study, so a p value that is adjusted or clustered stands off its contour.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

Floats = npt.NDArray[np.float64]


def one_sided(p_two_sided: npt.ArrayLike, favours: npt.ArrayLike) -> Floats:
    """Give one-sided p values for an effect that favours the intervention.

    Parameters
    ----------
    p_two_sided : array of float
        Two-sided p values.
    favours : array of bool
        Whether the estimate favours the intervention.

    Examples
    --------
    >>> one_sided([0.05, 0.05], [True, False]).tolist()
    [0.025, 0.975]
    """
    half = np.asarray(p_two_sided, dtype=np.float64) / 2
    return np.where(np.asarray(favours, dtype=bool), half, 1 - half)


def folded(p_two_sided: npt.ArrayLike, favours: npt.ArrayLike) -> Floats:
    """Give the place of p values on the axis: 0 at no effect, right where they favour.

    The axis is that of the smaller one-sided p on a log scale: ``log10(0.5 / p)``, so that both
    halves meet at p = 0.5.

    Examples
    --------
    >>> folded([1, 0.01, 0.01], [True, True, False]).tolist()
    [0.0, 2.0, -2.0]
    """
    far = np.abs(np.log10(np.asarray(p_two_sided, dtype=np.float64)))
    return np.where(np.asarray(favours, dtype=bool), far, -far)


def z_of(p_two_sided: npt.ArrayLike) -> Floats:
    """Give the standard normal deviate of two-sided p values.

    Examples
    --------
    >>> z_of([0.05]).round(6).tolist()
    [1.959964]
    """
    return np.asarray(-ndtri(np.asarray(p_two_sided, dtype=np.float64) / 2), dtype=np.float64)


def people_for_smd(z: npt.ArrayLike, d: npt.ArrayLike, ratio: float = 1.0) -> Floats:
    """Give the number of people for which a standardised mean difference has this deviate.

    The variance is ``(1 + ratio)^2 / (ratio N) + d^2 / (2 N)``; ``ratio`` is the size of one group
    over that of the other.

    Examples
    --------
    >>> round(float(people_for_smd(z_of(0.05), 0.5)), 3)
    63.384
    """
    z, d = np.asarray(z, dtype=np.float64), np.asarray(d, dtype=np.float64)
    return np.asarray(z**2 * (2 * (1 + ratio) ** 2 / ratio + d**2) / (2 * d**2))


def people_for_r(z: npt.ArrayLike, r: npt.ArrayLike) -> Floats:
    """Give the number of people for which a correlation has this deviate, by Fisher's z.

    Examples
    --------
    >>> round(float(people_for_r(z_of(0.05), 0.3)), 3)
    43.098
    """
    z, r = np.asarray(z, dtype=np.float64), np.asarray(r, dtype=np.float64)
    return np.asarray(z**2 / np.arctanh(r) ** 2 + 3)


def people_for_or(
    z: npt.ArrayLike, odds_ratio: npt.ArrayLike, baseline: float | None = None
) -> Floats:
    """Give the number of people for which an odds ratio has this deviate, groups of equal size.

    Without the risk in the comparison group the odds ratio is taken as a standardised mean
    difference of a logistic law; with it the variance is that of the log odds ratio.

    Examples
    --------
    >>> round(float(people_for_or(z_of(0.05), 2)), 3)
    107.137
    >>> round(float(people_for_or(z_of(0.05), 2, baseline=0.5)), 3)
    135.923
    """
    z, log = np.asarray(z, dtype=np.float64), np.log(np.asarray(odds_ratio, dtype=np.float64))
    if baseline is None:
        return np.asarray(z**2 * (8 * np.pi**2 + 3 * log**2) / (6 * log**2))
    odds = np.exp(log) * baseline / (1 - baseline)
    risk = odds / (1 + odds)
    spread = 1 / (baseline * (1 - baseline)) + 1 / (risk * (1 - risk))
    return np.asarray(2 * z**2 * spread / log**2)
