"""One group before and after, and before-after with a comparison group."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from peer_evidence.effects.arrays import FloatArray, Pair, both_or_neither, floats, quiet
from peer_evidence.effects.continuous import hedges_correction


def _sd_change(sd_post: FloatArray, sd_pre: FloatArray, r: FloatArray) -> FloatArray:
    """Compute the variance of the change scores (squared, to spare a root)."""
    return sd_post**2 + sd_pre**2 - 2 * r * sd_post * sd_pre


def sd_of_change(*, sd_post: npt.ArrayLike, sd_pre: npt.ArrayLike, r: npt.ArrayLike) -> FloatArray:
    """Compute the standard deviation of change scores from those before and after.

    Parameters
    ----------
    sd_post, sd_pre : array_like
        Standard deviations after and before.
    r : array_like
        Correlation of the scores before and after.

    Returns
    -------
    array
        On the scale of the measurement.

    Raises
    ------
    InputError
        A standard deviation of 0 or less, a correlation beyond -1 or 1.

    Examples
    --------
    >>> sd_of_change(sd_post=4, sd_pre=3, r=0.5).round(4).item()
    3.6056
    """
    post, pre, corr = floats(sd_post=(sd_post, "sd"), sd_pre=(sd_pre, "sd"), r=(r, "correlation"))
    return np.sqrt(_sd_change(post, pre, corr))


def mean_change(
    *,
    mean_post: npt.ArrayLike,
    mean_pre: npt.ArrayLike,
    sd_post: npt.ArrayLike,
    sd_pre: npt.ArrayLike,
    n: npt.ArrayLike,
    r: npt.ArrayLike,
) -> Pair:
    """Compute the mean change within one group, or the difference of matched pairs (MC).

    Parameters
    ----------
    mean_post, mean_pre, sd_post, sd_pre : array_like
        Means and standard deviations after and before.
    n : array_like
        People (or pairs).
    r : array_like
        Correlation of the scores before and after.

    Returns
    -------
    effect, variance : arrays
        After less before, on the scale of the measurement.

    Raises
    ------
    InputError
        A standard deviation of 0 or less, a correlation beyond -1 or 1, a negative or infinite
        number.

    Examples
    --------
    >>> e, v = mean_change(mean_post=24, mean_pre=20, sd_post=4, sd_pre=3, n=26, r=0.5)
    >>> e.item(), v.item()
    (4.0, 0.5)
    """
    post, pre, s_post, s_pre, k, corr = floats(
        mean_post=(mean_post, "number"),
        mean_pre=(mean_pre, "number"),
        sd_post=(sd_post, "sd"),
        sd_pre=(sd_pre, "sd"),
        n=(n, "count"),
        r=(r, "correlation"),
    )
    with quiet():
        return both_or_neither(post - pre, _sd_change(s_post, s_pre, corr) / k)


def smd_change_score(
    *,
    mean_post: npt.ArrayLike,
    mean_pre: npt.ArrayLike,
    sd_post: npt.ArrayLike,
    sd_pre: npt.ArrayLike,
    n: npt.ArrayLike,
    r: npt.ArrayLike,
) -> Pair:
    """Compute the mean change in standard deviations of the change (SMCC).

    Parameters
    ----------
    mean_post, mean_pre, sd_post, sd_pre : array_like
        Means and standard deviations after and before.
    n : array_like
        People (or pairs).
    r : array_like
        Correlation of the scores before and after.

    Returns
    -------
    effect, variance : arrays
        After less before; NaN where n < 3 or the changes do not vary.

    Raises
    ------
    InputError
        A standard deviation of 0 or less, a correlation beyond -1 or 1, a negative or infinite
        number.

    References
    ----------
    Gibbons, Hedeker & Davis (1993), Journal of Educational Statistics 18:271.

    Examples
    --------
    >>> e, v = smd_change_score(mean_post=24, mean_pre=20, sd_post=4, sd_pre=3, n=26, r=0.5)
    >>> round(e.item(), 4), round(v.item(), 4)
    (1.0757, 0.0607)
    """
    post, pre, s_post, s_pre, k, corr = floats(
        mean_post=(mean_post, "number"),
        mean_pre=(mean_pre, "number"),
        sd_post=(sd_post, "sd"),
        sd_pre=(sd_pre, "sd"),
        n=(n, "count"),
        r=(r, "correlation"),
    )
    with quiet():
        j = hedges_correction(np.where(k >= 3, k - 1, np.nan))
        effect = j * (post - pre) / np.sqrt(_sd_change(s_post, s_pre, corr))
        return both_or_neither(effect, 1 / k + effect**2 / (2 * k))


def smd_raw_score(
    *,
    mean_post: npt.ArrayLike,
    mean_pre: npt.ArrayLike,
    sd_pre: npt.ArrayLike,
    n: npt.ArrayLike,
    r: npt.ArrayLike,
) -> Pair:
    """Compute the mean change in standard deviations of the scores before (SMCR).

    Parameters
    ----------
    mean_post, mean_pre : array_like
        Means after and before.
    sd_pre : array_like
        Standard deviation before.
    n : array_like
        People (or pairs).
    r : array_like
        Correlation of the scores before and after.

    Returns
    -------
    effect, variance : arrays
        After less before; NaN where n < 3.

    Raises
    ------
    InputError
        A standard deviation of 0 or less, a correlation beyond -1 or 1, a negative or infinite
        number.

    References
    ----------
    Becker (1988), British Journal of Mathematical and Statistical Psychology 41:257.

    Examples
    --------
    >>> e, v = smd_raw_score(mean_post=24, mean_pre=20, sd_pre=3, n=26, r=0.5)
    >>> round(e.item(), 4), round(v.item(), 4)
    (1.2929, 0.0706)
    """
    post, pre, s_pre, k, corr = floats(
        mean_post=(mean_post, "number"),
        mean_pre=(mean_pre, "number"),
        sd_pre=(sd_pre, "sd"),
        n=(n, "count"),
        r=(r, "correlation"),
    )
    with quiet():
        effect = hedges_correction(np.where(k >= 3, k - 1, np.nan)) * (post - pre) / s_pre
        return both_or_neither(effect, 2 * (1 - corr) / k + effect**2 / (2 * k))


def pre_post_control(
    *,
    mean_post1: npt.ArrayLike,
    mean_pre1: npt.ArrayLike,
    sd_pre1: npt.ArrayLike,
    n1: npt.ArrayLike,
    mean_post2: npt.ArrayLike,
    mean_pre2: npt.ArrayLike,
    sd_pre2: npt.ArrayLike,
    n2: npt.ArrayLike,
    r: npt.ArrayLike,
) -> Pair:
    """Compute the change of group 1 less that of group 2 in pooled SDs before (d_ppc2).

    Parameters
    ----------
    mean_post1, mean_pre1, sd_pre1, n1, mean_post2, mean_pre2, sd_pre2, n2 : array_like
        Means after and before, standard deviation before and people of each group.
    r : array_like
        Correlation of the scores before and after, the same in both groups; studies seldom print
        it: say which value was assumed.

    Returns
    -------
    effect, variance : arrays
        In standard deviations; NaN where n1 + n2 < 5.

    Raises
    ------
    InputError
        A standard deviation of 0 or less, a correlation beyond -1 or 1, a negative or infinite
        number.

    Notes
    -----
    With the exact J; Morris prints 1 - 3 / (4m - 1). The variance is his equation 25.

    References
    ----------
    Morris (2008), Organizational Research Methods 11:364.

    Examples
    --------
    >>> d, v = pre_post_control(
    ...     mean_post1=38.5, mean_pre1=30.6, sd_pre1=15.0, n1=20,
    ...     mean_post2=19.7, mean_pre2=23.1, sd_pre2=13.8, n2=20, r=0.47,
    ... )
    >>> round(d.item(), 4)
    0.7684
    """
    post1, pre1, s1, k1, post2, pre2, s2, k2, corr = floats(
        mean_post1=(mean_post1, "number"),
        mean_pre1=(mean_pre1, "number"),
        sd_pre1=(sd_pre1, "sd"),
        n1=(n1, "count"),
        mean_post2=(mean_post2, "number"),
        mean_pre2=(mean_pre2, "number"),
        sd_pre2=(sd_pre2, "sd"),
        n2=(n2, "count"),
        r=(r, "correlation"),
    )
    with quiet():
        m = np.where(k1 + k2 >= 5, k1 + k2 - 2, np.nan)
        j = hedges_correction(m)
        pooled = np.sqrt(((k1 - 1) * s1**2 + (k2 - 1) * s2**2) / m)
        effect = j * ((post1 - pre1) - (post2 - pre2)) / pooled
        base = 2 * (1 - corr) * (k1 + k2) / (k1 * k2)
        variance = j**2 * m / (m - 2) * (base + effect**2) - effect**2
        return both_or_neither(effect, variance)
