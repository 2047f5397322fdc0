"""Means and standard deviations from what stands in for them; groups combined; clusters."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri, stdtrit

from peer_evidence.checks import check_choice, check_level
from peer_evidence.effects.arrays import FloatArray, floats, quiet, refuse


class Group(NamedTuple):
    """People, mean and standard deviation of a group, as arrays."""

    n: FloatArray
    mean: FloatArray
    sd: FloatArray


def sd_from_se(*, standard_error: npt.ArrayLike, n: npt.ArrayLike) -> FloatArray:
    """Compute the standard deviation from the standard error of a mean.

    Parameters
    ----------
    standard_error, n : array_like
        Standard error of the mean of one group, people in it.

    Returns
    -------
    array
        SE sqrt(n).

    Raises
    ------
    InputError
        A standard error of 0 or less, a negative or infinite n.

    Examples
    --------
    >>> sd_from_se(standard_error=2, n=25).item()
    10.0
    """
    se, k = floats(standard_error=(standard_error, "sd"), n=(n, "count"))
    return np.asarray(se * np.sqrt(np.where(k > 0, k, np.nan)))


def se_from_sd(*, sd: npt.ArrayLike, n: npt.ArrayLike) -> FloatArray:
    """Compute the standard error of a mean from the standard deviation.

    Parameters
    ----------
    sd, n : array_like
        Standard deviation of one group, people in it.

    Returns
    -------
    array
        SD / sqrt(n).

    Raises
    ------
    InputError
        A standard deviation of 0 or less, a negative or infinite n.

    Examples
    --------
    >>> se_from_sd(sd=10, n=25).item()
    2.0
    """
    s, k = floats(sd=(sd, "sd"), n=(n, "count"))
    return np.asarray(s / np.sqrt(np.where(k > 0, k, np.nan)))


def sd_from_interval(
    *,
    low: npt.ArrayLike,
    high: npt.ArrayLike,
    n: npt.ArrayLike,
    level: float = 0.95,
    law: str = "t",
) -> FloatArray:
    """Compute the standard deviation from the confidence interval of a mean.

    Parameters
    ----------
    low, high : array_like
        Interval of the mean of one group.
    n : array_like
        People in it.
    level : float
        Confidence of the interval.
    law : {"t", "normal"}
        Student's t with n - 1 degrees of freedom, or the normal law, which is near enough only
        beyond about 60 people.

    Returns
    -------
    array
        sqrt(n) (high - low) / (2 quantile); NaN where n < 2.

    Raises
    ------
    InputError
        An interval turned round, a negative or infinite number, an unknown ``law``.

    References
    ----------
    Cochrane Handbook for Systematic Reviews of Interventions, section 6.5.2.2.

    Examples
    --------
    >>> round(sd_from_interval(low=30, high=34.2, n=25).item(), 4)
    5.0875
    """
    check_choice("law", law, ("t", "normal"))
    bottom, top, k = floats(low=(low, "number"), high=(high, "number"), n=(n, "count"))
    refuse("high - low", top - bottom, lambda x: x <= 0, "an interval with low below high")
    tail = (1 - check_level(level)) / 2
    k = np.where(k >= 2, k, np.nan)
    quantile = -ndtri(tail) if law == "normal" else -stdtrit(k - 1, tail)
    return np.asarray(np.sqrt(k) * (top - bottom) / (2 * quantile))


def combine_groups(
    *,
    mean1: npt.ArrayLike,
    sd1: npt.ArrayLike,
    n1: npt.ArrayLike,
    mean2: npt.ArrayLike,
    sd2: npt.ArrayLike,
    n2: npt.ArrayLike,
) -> Group:
    """Combine two groups into one, as if their people had been one sample.

    Parameters
    ----------
    mean1, sd1, n1, mean2, sd2, n2 : array_like
        Mean, standard deviation and people of each group.

    Returns
    -------
    Group
        n, mean and sd of all.

    Raises
    ------
    InputError
        A standard deviation of 0 or less, a negative or infinite number.

    References
    ----------
    Cochrane Handbook for Systematic Reviews of Interventions, table 6.5.2.a.

    Examples
    --------
    >>> all_ = combine_groups(mean1=5.2, sd1=1.5, n1=20, mean2=6.1, sd2=2.0, n2=30)
    >>> all_.n.item(), round(all_.mean.item(), 2), round(all_.sd.item(), 4)
    (50.0, 5.74, 1.8542)
    """
    m1, s1, k1, m2, s2, k2 = floats(
        mean1=(mean1, "number"),
        sd1=(sd1, "sd"),
        n1=(n1, "count"),
        mean2=(mean2, "number"),
        sd2=(sd2, "sd"),
        n2=(n2, "count"),
    )
    with quiet():
        n = k1 + k2
        mean = (k1 * m1 + k2 * m2) / n
        between = k1 * k2 / n * (m1 - m2) ** 2
        sd = np.sqrt(((k1 - 1) * s1**2 + (k2 - 1) * s2**2 + between) / (n - 1))
    return Group(np.asarray(n), np.asarray(mean), np.asarray(sd))


def design_effect(*, cluster_size: npt.ArrayLike, icc: npt.ArrayLike) -> FloatArray:
    """Compute by how much clusters inflate a variance, 1 + (M - 1) ICC.

    Parameters
    ----------
    cluster_size : array_like
        Mean people in a cluster, M.
    icc : array_like
        Intracluster correlation.

    Returns
    -------
    array
        Divide people and events by it (`effective_count`), or multiply a standard error by its
        root (`inflated_se`); means and standard deviations stay as they are.

    Raises
    ------
    InputError
        A cluster size of 0 or less, an ICC outside 0 to 1.

    References
    ----------
    Cochrane Handbook for Systematic Reviews of Interventions, section 23.1.4.

    Examples
    --------
    >>> round(design_effect(cluster_size=29.8, icc=0.02).item(), 3)
    1.576
    """
    m, rho = floats(cluster_size=(cluster_size, "positive"), icc=(icc, "share"))
    return np.asarray(1 + (m - 1) * rho)


def effective_count(*, count: npt.ArrayLike, design_effect: npt.ArrayLike) -> FloatArray:
    """Divide people or events of a cluster trial by the design effect.

    Parameters
    ----------
    count : array_like
        People or events as counted.
    design_effect : array_like
        See `design_effect`.

    Returns
    -------
    array
        As a rule not whole numbers; `effect_sizes` takes them with ``fractional_counts=True``.

    Raises
    ------
    InputError
        A negative or infinite count, a design effect of 0 or less.

    Examples
    --------
    >>> round(effective_count(count=295, design_effect=1.576).item(), 1)
    187.2
    """
    k, de = floats(count=(count, "count"), design_effect=(design_effect, "positive"))
    return np.asarray(k / de)


def inflated_se(*, standard_error: npt.ArrayLike, design_effect: npt.ArrayLike) -> FloatArray:
    """Multiply the standard error of an analysis that ignored clusters by the root of DE.

    Parameters
    ----------
    standard_error : array_like
        As printed.
    design_effect : array_like
        See `design_effect`.

    Returns
    -------
    array
        SE sqrt(DE).

    Raises
    ------
    InputError
        A standard error or design effect of 0 or less.

    Examples
    --------
    >>> round(inflated_se(standard_error=0.2, design_effect=1.576).item(), 4)
    0.2511
    """
    se, de = floats(
        standard_error=(standard_error, "sd"), design_effect=(design_effect, "positive")
    )
    return np.asarray(se * np.sqrt(de))
