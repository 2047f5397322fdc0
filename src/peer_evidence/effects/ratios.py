"""Two groups and a scale: ratios of means, of spreads, of coefficients of variation."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from peer_evidence.checks import check_choice
from peer_evidence.effects.arrays import Pair, both_or_neither, floats, quiet
from peer_evidence.effects.continuous import pooled, two_groups, weighted_mean


def log_ratio_of_means(
    *,
    mean1: npt.ArrayLike,
    sd1: npt.ArrayLike,
    n1: npt.ArrayLike,
    mean2: npt.ArrayLike,
    sd2: npt.ArrayLike,
    n2: npt.ArrayLike,
    vtype: str = "LS",
) -> Pair:
    """Compute the log ratio of two means (ROM), the log response ratio.

    Parameters
    ----------
    mean1, sd1, n1, mean2, sd2, n2 : array_like
        Mean, standard deviation and people of each group.
    vtype : {"LS", "HO", "AV"}
        LS: each group keeps its own variance; HO: one pooled variance; AV: the coefficients
        of variation averaged over the last axis, weighted by people.

    Returns
    -------
    effect, variance : arrays
        On the log scale; NaN where the means differ in sign or one is 0.

    Raises
    ------
    InputError
        A standard deviation of 0 or less, a negative or infinite number, an unknown ``vtype``.

    References
    ----------
    Hedges, Gurevitch & Curtis (1999), Ecology 80:1150.

    Examples
    --------
    >>> r, v = log_ratio_of_means(mean1=55, sd1=47, n1=155, mean2=75, sd2=64, n2=156)
    >>> round(r.item(), 4), round(v.item(), 4)
    (-0.3102, 0.0094)
    """
    check_choice("vtype", vtype, ("LS", "HO", "AV"))
    m1, s1, k1, m2, s2, k2 = two_groups(mean1, sd1, n1, mean2, sd2, n2)
    with quiet():
        if vtype == "HO":
            s1 = s2 = pooled(s1, k1, s2, k2)
        cv1, cv2 = s1 / m1, s2 / m2
        if vtype == "AV":
            cv1, cv2 = weighted_mean(cv1, k1), weighted_mean(cv2, k2)
        return both_or_neither(np.log(m1 / m2), cv1**2 / k1 + cv2**2 / k2)


def log_variability_ratio(
    *, sd1: npt.ArrayLike, n1: npt.ArrayLike, sd2: npt.ArrayLike, n2: npt.ArrayLike
) -> Pair:
    """Compute the log ratio of two standard deviations (VR).

    Parameters
    ----------
    sd1, n1, sd2, n2 : array_like
        Standard deviation and people of each group.

    Returns
    -------
    effect, variance : arrays
        On the log scale; NaN where a group has fewer than 2 people.

    Raises
    ------
    InputError
        A standard deviation of 0 or less, a negative or infinite number.

    References
    ----------
    Nakagawa et al. (2015), Methods in Ecology and Evolution 6:143, doi 10.1111/2041-210X.12309.

    Examples
    --------
    >>> r, v = log_variability_ratio(sd1=47, n1=155, sd2=64, n2=156)
    >>> round(r.item(), 4), round(v.item(), 4)
    (-0.3087, 0.0065)
    """
    s1, k1, s2, k2 = floats(sd1=(sd1, "sd"), n1=(n1, "count"), sd2=(sd2, "sd"), n2=(n2, "count"))
    k1, k2 = (np.where(k >= 2, k, np.nan) for k in (k1, k2))
    half1, half2 = 1 / (2 * (k1 - 1)), 1 / (2 * (k2 - 1))
    return both_or_neither(np.log(s1 / s2) + half1 - half2, half1 + half2)


def log_cv_ratio(
    *,
    mean1: npt.ArrayLike,
    sd1: npt.ArrayLike,
    n1: npt.ArrayLike,
    mean2: npt.ArrayLike,
    sd2: npt.ArrayLike,
    n2: npt.ArrayLike,
) -> Pair:
    """Compute the log ratio of two coefficients of variation (CVR).

    Parameters
    ----------
    mean1, sd1, n1, mean2, sd2, n2 : array_like
        Mean, standard deviation and people of each group.

    Returns
    -------
    effect, variance : arrays
        On the log scale; NaN where a mean is 0 or less or a group has fewer than 2 people.

    Raises
    ------
    InputError
        A standard deviation of 0 or less, a negative or infinite number.

    References
    ----------
    Nakagawa et al. (2015), Methods in Ecology and Evolution 6:143, doi 10.1111/2041-210X.12309.

    Examples
    --------
    >>> r, v = log_cv_ratio(mean1=55, sd1=47, n1=155, mean2=75, sd2=64, n2=156)
    >>> round(r.item(), 4), round(v.item(), 4)
    (0.0014, 0.0159)
    """
    m1, s1, k1, m2, s2, k2 = two_groups(mean1, sd1, n1, mean2, sd2, n2)
    k1, k2 = (np.where(k >= 2, k, np.nan) for k in (k1, k2))
    half1, half2 = 1 / (2 * (k1 - 1)), 1 / (2 * (k2 - 1))
    with quiet():
        effect = np.log(s1 / m1) + half1 - np.log(s2 / m2) - half2
        variance = half1 + s1**2 / (k1 * m1**2) + half2 + s2**2 / (k2 * m2**2)
        return both_or_neither(effect, variance)
