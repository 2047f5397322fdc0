"""Correlations: raw, unbiased, Fisher's z; partial; between a group and a scale."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.special import hyp2f1, ndtri

from peer_evidence.checks import check_choice
from peer_evidence.effects.arrays import FloatArray, Pair, both_or_neither, floats, quiet
from peer_evidence.effects.continuous import hedges_g


def _r_and_n(r: npt.ArrayLike, n: npt.ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Check and broadcast; four people or fewer count as too few, as in metafor."""
    corr, k = floats(r=(r, "correlation"), n=(n, "count"))
    return corr, np.where(k > 4, k, np.nan)


def correlation(*, r: npt.ArrayLike, n: npt.ArrayLike) -> Pair:
    """Give a correlation with its large-sample variance (COR).

    Parameters
    ----------
    r, n : array_like
        Correlation and people.

    Returns
    -------
    effect, variance : arrays
        NaN where n is 4 or less.

    Raises
    ------
    InputError
        A correlation beyond -1 or 1, a negative or infinite n.

    Examples
    --------
    >>> e, v = correlation(r=0.5, n=26)
    >>> e.item(), v.item()
    (0.5, 0.0225)
    """
    corr, k = _r_and_n(r, n)
    return both_or_neither(corr, (1 - corr**2) ** 2 / (k - 1))


def unbiased_correlation(*, r: npt.ArrayLike, n: npt.ArrayLike, vtype: str = "LS") -> Pair:
    """Compute the correlation with its bias taken out (UCOR).

    Parameters
    ----------
    r, n : array_like
        Correlation and people.
    vtype : {"LS", "UB"}
        Large-sample variance, or the unbiased one.

    Returns
    -------
    effect, variance : arrays
        NaN where n is 4 or less.

    Raises
    ------
    InputError
        A correlation beyond -1 or 1, a negative or infinite n, an unknown ``vtype``.

    References
    ----------
    Olkin & Pratt (1958), Annals of Mathematical Statistics 29:201; Hedges (1989), Journal
    of Applied Psychology 74:469 for the unbiased variance.

    Examples
    --------
    >>> round(unbiased_correlation(r=0.5, n=26)[0].item(), 4)
    0.5084
    """
    check_choice("vtype", vtype, ("LS", "UB"))
    corr, k = _r_and_n(r, n)
    rest = 1 - corr**2
    effect = corr * _hypergeometric(0.5, (k - 2) / 2, rest)
    if vtype == "UB":
        variance = effect**2 - 1 + (k - 3) / (k - 2) * rest * _hypergeometric(1.0, k / 2, rest)
    else:
        variance = (1 - effect**2) ** 2 / (k - 1)
    return both_or_neither(effect, variance)


def _hypergeometric(a: float, c: FloatArray, x: FloatArray) -> FloatArray:
    """Compute 2F1(a, a; c; x) for x from 0 to 1, also for large c, where SciPy's is NaN near 1."""
    with quiet():
        small = hyp2f1(a, a, np.minimum(c, 30.0), x)
    # from c = 30 on the terms fall so fast that 80 leave less than the last digit
    term = np.ones_like(x)
    total = np.ones_like(x)
    for step in range(80):
        term = term * x * (a + step) ** 2 / ((np.maximum(c, 30.0) + step) * (step + 1))
        total = total + term
    return np.where(c < 30, small, total)


def fisher_z(*, r: npt.ArrayLike, n: npt.ArrayLike) -> Pair:
    """Compute Fisher's z of a correlation (ZCOR).

    Parameters
    ----------
    r, n : array_like
        Correlation and people.

    Returns
    -------
    effect, variance : arrays
        atanh r and 1 / (n - 3); NaN where n is 4 or less or r is -1 or 1.

    Raises
    ------
    InputError
        A correlation beyond -1 or 1, a negative or infinite n.

    References
    ----------
    Fisher (1921), Metron 1:3.

    Examples
    --------
    >>> e, v = fisher_z(r=0.5, n=28)
    >>> round(e.item(), 4), v.item()
    (0.5493, 0.04)
    """
    corr, k = _r_and_n(r, n)
    with quiet():
        return both_or_neither(np.arctanh(corr), 1 / (k - 3))


def partial_correlation(*, t: npt.ArrayLike, n: npt.ArrayLike, predictors: npt.ArrayLike) -> Pair:
    """Compute a partial correlation from the t of a regression coefficient (PCOR).

    Parameters
    ----------
    t : array_like
        The t statistic of the coefficient.
    n : array_like
        People.
    predictors : array_like
        Predictors in the model, the coefficient's own among them.

    Returns
    -------
    effect, variance : arrays
        NaN where n - predictors - 1 is below 1.

    Raises
    ------
    InputError
        A negative or infinite number where a count belongs.

    Examples
    --------
    >>> e, v = partial_correlation(t=3, n=20, predictors=3)
    >>> e.item(), round(v.item(), 4)
    (0.6, 0.0256)
    """
    stat, k, p = floats(t=(t, "number"), n=(n, "count"), predictors=(predictors, "count"))
    df = np.where(k - p - 1 >= 1, k - p - 1, np.nan)
    effect = stat / np.sqrt(stat**2 + df)
    return both_or_neither(effect, (1 - effect**2) ** 2 / df)


def point_biserial(
    *,
    mean1: npt.ArrayLike,
    sd1: npt.ArrayLike,
    n1: npt.ArrayLike,
    mean2: npt.ArrayLike,
    sd2: npt.ArrayLike,
    n2: npt.ArrayLike,
    vtype: str = "ST",
) -> Pair:
    """Compute the correlation of group membership with a scale (RPB).

    Parameters
    ----------
    mean1, sd1, n1, mean2, sd2, n2 : array_like
        Mean, standard deviation and people of each group.
    vtype : {"ST", "LS", "CS"}
        ST and LS: the size of the groups was fixed; CS: only their total was.

    Returns
    -------
    effect, variance : arrays
        A correlation between -1 and 1.

    Raises
    ------
    InputError
        A standard deviation of 0 or less, a negative or infinite number, an unknown ``vtype``.

    References
    ----------
    Tate (1954), Annals of Mathematical Statistics 25:603.

    Examples
    --------
    >>> e, v = point_biserial(mean1=55, sd1=47, n1=155, mean2=75, sd2=64, n2=156)
    >>> round(e.item(), 4), round(v.item(), 4)
    (-0.1758, 0.003)
    """
    check_choice("vtype", vtype, ("ST", "LS", "CS"))
    d, variance_d = hedges_g(
        mean1=mean1, sd1=sd1, n1=n1, mean2=mean2, sd2=sd2, n2=n2, correction="none"
    )
    k1, k2 = np.asarray(n1, dtype=np.float64), np.asarray(n2, dtype=np.float64)
    total = k1 + k2
    with quiet():
        h = (total - 2) / k1 + (total - 2) / k2
        effect = d / np.sqrt(d**2 + h)
        if vtype == "CS":
            tail = total * effect**2 / (4 * k1 * k2) + (2 - 3 * effect**2) / (2 * total)
            variance = (1 - effect**2) ** 2 * tail
        else:
            variance = h**2 / (h + d**2) ** 3 * variance_d
        return both_or_neither(effect, variance)


def biserial(
    *,
    mean1: npt.ArrayLike,
    sd1: npt.ArrayLike,
    n1: npt.ArrayLike,
    mean2: npt.ArrayLike,
    sd2: npt.ArrayLike,
    n2: npt.ArrayLike,
) -> Pair:
    """Compute the correlation with a normal variable that was cut into the groups (RBIS).

    Parameters
    ----------
    mean1, sd1, n1, mean2, sd2, n2 : array_like
        Mean, standard deviation and people of each group.

    Returns
    -------
    effect, variance : arrays
        A correlation that may pass 1 by chance; its variance then takes it as 1.

    Raises
    ------
    InputError
        A standard deviation of 0 or less, a negative or infinite number.

    References
    ----------
    Soper (1914), Biometrika 10:384.

    Examples
    --------
    >>> e, v = biserial(mean1=55, sd1=47, n1=155, mean2=75, sd2=64, n2=156)
    >>> round(e.item(), 4), round(v.item(), 4)
    (-0.2203, 0.0047)
    """
    raw, _ = point_biserial(mean1=mean1, sd1=sd1, n1=n1, mean2=mean2, sd2=sd2, n2=n2)
    k1, k2 = np.asarray(n1, dtype=np.float64), np.asarray(n2, dtype=np.float64)
    with quiet():
        p1, p2 = k1 / (k1 + k2), k2 / (k1 + k2)
        z = -ndtri(p1)
        density = np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)
        effect = np.sqrt(p1 * p2) / density * raw
        inside = np.clip(effect, -1, 1)
        middle = 3 / 2 + (1 - p1 * z / density) * (1 + p2 * z / density)
        variance = (p1 * p2 / density**2 - middle * inside**2 + inside**4) / (k1 + k2 - 1)
        return both_or_neither(effect, variance)
