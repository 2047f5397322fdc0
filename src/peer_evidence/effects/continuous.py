"""Two groups and a scale: differences of means, raw and standardised."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.special import gammaln

from peer_evidence.checks import check_choice
from peer_evidence.effects.arrays import FloatArray, Pair, both_or_neither, floats, quiet

SMD_VARIANCES = ("LS", "LS2", "UB", "RevMan", "AV")
CORRECTIONS = ("exact", "approximate", "none")


def hedges_correction(df: npt.ArrayLike, method: str = "exact") -> FloatArray:
    """Compute the factor J that takes the small-sample bias out of a standardised difference.

    Parameters
    ----------
    df : array_like
        Degrees of freedom of the standard deviation; NaN below 2, where the factor has no use.
    method : {"exact", "approximate", "none"}
        Gamma functions; 1 - 3 / (4 df - 1); 1.

    Returns
    -------
    array
        The factor, below 1.

    Raises
    ------
    InputError
        An infinite or negative ``df``, an unknown ``method``.

    References
    ----------
    Hedges (1981), Journal of Educational Statistics 6:107.

    Examples
    --------
    >>> hedges_correction([10, 50]).round(4).tolist()
    [0.9227, 0.9849]
    """
    check_choice("method", method, CORRECTIONS)
    (m,) = floats(df=(df, "count"))
    if method == "none":
        return np.where(np.isnan(m), np.nan, 1.0)
    m = np.where(m >= 2, m, np.nan)
    if method == "approximate":
        return np.asarray(1 - 3 / (4 * m - 1))
    x = (m - 1) / 2
    gammas = np.exp(gammaln(m / 2) - gammaln(x)) / np.sqrt(m / 2)
    # beyond x = 50 the two log gammas cancel each other's digits; the series of their
    # difference in 1/x is exact to the last digit there
    coefficients = (1.0, -1 / 8, 1 / 128, 5 / 1024, -21 / 32768, -399 / 262144, 869 / 4194304)
    series = sum(c * x**-power for power, c in enumerate(coefficients)) * np.sqrt((m - 1) / m)
    return np.where(x > 50, series, gammas)


def two_groups(
    mean1: npt.ArrayLike,
    sd1: npt.ArrayLike,
    n1: npt.ArrayLike,
    mean2: npt.ArrayLike,
    sd2: npt.ArrayLike,
    n2: npt.ArrayLike,
) -> list[FloatArray]:
    """Check and broadcast the numbers of two groups; a group of nobody counts as missing."""
    m1, s1, k1, m2, s2, k2 = floats(
        mean1=(mean1, "number"),
        sd1=(sd1, "sd"),
        n1=(n1, "count"),
        mean2=(mean2, "number"),
        sd2=(sd2, "sd"),
        n2=(n2, "count"),
    )
    return [m1, s1, np.where(k1 > 0, k1, np.nan), m2, s2, np.where(k2 > 0, k2, np.nan)]


def pooled(s1: FloatArray, n1: FloatArray, s2: FloatArray, n2: FloatArray) -> FloatArray:
    """Pool two variances into one standard deviation."""
    return np.sqrt(((n1 - 1) * s1**2 + (n2 - 1) * s2**2) / (n1 + n2 - 2))


def pooled_sd(
    *, sd1: npt.ArrayLike, n1: npt.ArrayLike, sd2: npt.ArrayLike, n2: npt.ArrayLike
) -> FloatArray:
    """Pool the standard deviations of two groups, weighted by their degrees of freedom.

    Parameters
    ----------
    sd1, n1, sd2, n2 : array_like
        Standard deviation and people of each group.

    Returns
    -------
    array
        On the scale of the measurement.

    Raises
    ------
    InputError
        A standard deviation of 0 or less, a negative or infinite number.

    Examples
    --------
    >>> round(pooled_sd(sd1=10, n1=20, sd2=14, n2=30).item(), 4)
    12.5698
    """
    s1, k1, s2, k2 = floats(sd1=(sd1, "sd"), n1=(n1, "count"), sd2=(sd2, "sd"), n2=(n2, "count"))
    with quiet():
        return pooled(s1, k1, s2, k2)


def mean_difference(
    *,
    mean1: npt.ArrayLike,
    sd1: npt.ArrayLike,
    n1: npt.ArrayLike,
    mean2: npt.ArrayLike,
    sd2: npt.ArrayLike,
    n2: npt.ArrayLike,
    vtype: str = "LS",
) -> Pair:
    """Compute the difference of two means (MD).

    Parameters
    ----------
    mean1, sd1, n1, mean2, sd2, n2 : array_like
        Mean, standard deviation and people of each group.
    vtype : {"LS", "UB", "HO"}
        LS and UB: each group keeps its own variance; HO: one pooled variance.

    Returns
    -------
    effect, variance : arrays
        On the scale of the measurement.

    Raises
    ------
    InputError
        A standard deviation of 0 or less, a negative or infinite number, an unknown ``vtype``.

    Examples
    --------
    >>> d, v = mean_difference(mean1=55, sd1=47, n1=155, mean2=75, sd2=64, n2=156)
    >>> d.item(), round(v.item(), 4)
    (-20.0, 40.508)
    """
    check_choice("vtype", vtype, ("LS", "UB", "HO"))
    m1, s1, k1, m2, s2, k2 = two_groups(mean1, sd1, n1, mean2, sd2, n2)
    with quiet():
        if vtype == "HO":
            variance = pooled(s1, k1, s2, k2) ** 2 * (1 / k1 + 1 / k2)
        else:
            variance = s1**2 / k1 + s2**2 / k2
        return both_or_neither(m1 - m2, variance)


def hedges_g(
    *,
    mean1: npt.ArrayLike,
    sd1: npt.ArrayLike,
    n1: npt.ArrayLike,
    mean2: npt.ArrayLike,
    sd2: npt.ArrayLike,
    n2: npt.ArrayLike,
    vtype: str = "LS",
    correction: str = "exact",
) -> Pair:
    """Compute the standardised mean difference with pooled SD (SMD), Hedges' g.

    Parameters
    ----------
    mean1, sd1, n1, mean2, sd2, n2 : array_like
        Mean, standard deviation and people of each group.
    vtype : {"LS", "LS2", "UB", "RevMan", "AV"}
        The variance, with N = n1 + n2, m = N - 2, d before and g after the correction J.
        LS: 1/n1 + 1/n2 + g²/2N. LS2: J² (1/n1 + 1/n2 + d²/2N), as in Borenstein et al. (2009).
        UB, unbiased: 1/n1 + 1/n2 + (1 - (m - 2) / (m J²)) g².
        RevMan: N/(n1 n2) + g² / (2 (N - 3.94)); RevMan itself also uses the approximate J.
        AV: LS with the mean of g over the last axis, weighted by N.
    correction : {"exact", "approximate", "none"}
        The factor J, see `hedges_correction`; "none" gives Cohen's d.

    Returns
    -------
    effect, variance : arrays
        In standard deviations; NaN where an input is missing or N < 4.

    Raises
    ------
    InputError
        A standard deviation of 0 or less, a negative or infinite number, an unknown option.

    References
    ----------
    Hedges (1981), Journal of Educational Statistics 6:107.

    Examples
    --------
    >>> g, v = hedges_g(mean1=55, sd1=47, n1=155, mean2=75, sd2=64, n2=156)
    >>> round(g.item(), 4), round(v.item(), 4)
    (-0.3552, 0.0131)
    """
    m1, s1, k1, m2, s2, k2 = two_groups(mean1, sd1, n1, mean2, sd2, n2)
    with quiet():
        return g_from_d((m1 - m2) / pooled(s1, k1, s2, k2), k1, k2, vtype, correction)


def g_from_d(
    d: FloatArray, n1: FloatArray, n2: FloatArray, vtype: str = "LS", correction: str = "exact"
) -> Pair:
    """Correct Cohen's d and give its variance; the last step of every road to an SMD.

    Parameters
    ----------
    d, n1, n2 : arrays
        Standardised difference before the correction, people in each group.
    vtype, correction
        See `hedges_g`.

    Returns
    -------
    effect, variance : arrays
        In standard deviations; NaN where n1 + n2 < 4.
    """
    check_choice("vtype", vtype, SMD_VARIANCES)
    check_choice("correction", correction, CORRECTIONS)
    total = n1 + n2
    m = np.where(total >= 4, total - 2, np.nan)
    j = hedges_correction(m, correction)
    with quiet():
        g = j * d
        base = total / (n1 * n2)
        if vtype == "LS2":
            variance = j**2 * (base + d**2 / (2 * total))
        elif vtype == "UB":
            variance = base + (1 - (m - 2) / (m * j**2)) * g**2
        elif vtype == "RevMan":
            variance = base + g**2 / (2 * (total - 3.94))
        elif vtype == "AV":
            variance = base + weighted_mean(g, total) ** 2 / (2 * total)
        else:
            variance = base + g**2 / (2 * total)
        return both_or_neither(g, variance)


def weighted_mean(values: FloatArray, weights: FloatArray) -> FloatArray:
    """Average along the last axis, leaving out the missing; keeps the axis."""
    present = np.isfinite(values) & np.isfinite(weights)
    w = np.atleast_1d(np.where(present, weights, 0.0))
    v = np.atleast_1d(np.where(present, values, 0.0))
    mean = (w * v).sum(axis=-1, keepdims=True) / w.sum(axis=-1, keepdims=True)
    return np.asarray(mean if np.ndim(values) else mean[0])


def smd_unequal_variances(
    *,
    mean1: npt.ArrayLike,
    sd1: npt.ArrayLike,
    n1: npt.ArrayLike,
    mean2: npt.ArrayLike,
    sd2: npt.ArrayLike,
    n2: npt.ArrayLike,
) -> Pair:
    """Compute the standardised mean difference without assuming equal variances (SMDH).

    The difference is divided by the root of the mean of the two variances.

    Parameters
    ----------
    mean1, sd1, n1, mean2, sd2, n2 : array_like
        Mean, standard deviation and people of each group.

    Returns
    -------
    effect, variance : arrays
        In standard deviations; NaN where an input is missing, a group has fewer than 2 people
        or both together fewer than 4.

    Raises
    ------
    InputError
        A standard deviation of 0 or less, a negative or infinite number.

    Notes
    -----
    The variance is Bonett's with the corrected effect put in and J² in front, as metafor has it.

    References
    ----------
    Bonett (2009), Psychological Methods 14:225, doi 10.1037/a0016619.

    Examples
    --------
    >>> d, v = smd_unequal_variances(mean1=55, sd1=47, n1=155, mean2=75, sd2=64, n2=156)
    >>> round(d.item(), 4), round(v.item(), 4)
    (-0.3553, 0.0131)
    """
    m1, s1, k1, m2, s2, k2 = two_groups(mean1, sd1, n1, mean2, sd2, n2)
    m = np.where(k1 + k2 >= 4, k1 + k2 - 2, np.nan)
    j = hedges_correction(m)
    with quiet():
        mean_square = (s1**2 + s2**2) / 2
        effect = j * (m1 - m2) / np.sqrt(mean_square)
        spread = (s1**4 / (k1 - 1) + s2**4 / (k2 - 1)) / (8 * mean_square**2)
        location = (s1**2 / (k1 - 1) + s2**2 / (k2 - 1)) / mean_square
        return both_or_neither(effect, j**2 * (effect**2 * spread + location))


def glass_delta(
    *,
    mean1: npt.ArrayLike,
    sd1: npt.ArrayLike,
    n1: npt.ArrayLike,
    mean2: npt.ArrayLike,
    sd2: npt.ArrayLike,
    n2: npt.ArrayLike,
    equal_variances: bool = True,
) -> Pair:
    """Compute the mean difference in standard deviations of group 2 (SMD1, SMD1H), Glass's delta.

    Parameters
    ----------
    mean1, sd1, n1, mean2, sd2, n2 : array_like
        Mean, standard deviation and people of each group; group 2 is the comparison.
    equal_variances : bool
        Whether the variance of the effect assumes that both groups spread alike (SMD1) or not
        (SMD1H).

    Returns
    -------
    effect, variance : arrays
        In standard deviations of group 2; NaN where n2 < 3.

    Raises
    ------
    InputError
        A standard deviation of 0 or less, a negative or infinite number.

    References
    ----------
    Glass (1976), Educational Researcher 5(10):3; Hedges (1981), Journal of Educational
    Statistics 6:107.

    Examples
    --------
    >>> d, v = glass_delta(mean1=55, sd1=47, n1=155, mean2=75, sd2=64, n2=156)
    >>> round(d.item(), 4), round(v.item(), 4)
    (-0.311, 0.0132)
    """
    m1, s1, k1, m2, s2, k2 = two_groups(mean1, sd1, n1, mean2, sd2, n2)
    effect = hedges_correction(np.where(k2 >= 3, k2 - 1, np.nan)) * (m1 - m2) / s2
    ratio = s1 / s1 if equal_variances else s1**2 / s2**2  # 1, but missing where sd1 is
    return both_or_neither(effect, ratio / k1 + 1 / k2 + effect**2 / (2 * k2))
