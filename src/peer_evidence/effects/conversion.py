"""From what a study prints to what a synthesis needs: intervals, correlations, odds ratios."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri, stdtrit

from peer_evidence.checks import check_choice, check_level
from peer_evidence.effects.arrays import FloatArray, Pair, both_or_neither, floats, quiet, refuse
from peer_evidence.effects.from_tests import smd_from_t
from peer_evidence.errors import InputError

# standard deviations of the standard logistic law; Chinn rounds it, Cox puts 1.65
LOGISTIC_SD = {"logistic": math.pi / math.sqrt(3), "chinn": 1.81, "cox": 1.65}


def smd_from_mean_difference(
    *,
    difference: npt.ArrayLike,
    n1: npt.ArrayLike,
    n2: npt.ArrayLike,
    standard_error: npt.ArrayLike | None = None,
    low: npt.ArrayLike | None = None,
    high: npt.ArrayLike | None = None,
    level: float = 0.95,
    vtype: str = "LS",
    correction: str = "exact",
) -> Pair:
    """Compute the standardised mean difference from a raw one and its error or interval.

    Parameters
    ----------
    difference : array_like
        The difference of means, without adjustment for other variables: an adjusted one is
        measured against a smaller spread and gives a larger effect.
    n1, n2 : array_like
        People in each group.
    standard_error : array_like, optional
        Of the difference; give it or ``low`` and ``high``.
    low, high : array_like, optional
        Interval of the difference, taken as Student's t with n1 + n2 - 2 degrees of freedom.
    level : float
        Confidence of that interval.
    vtype, correction
        See `hedges_g`.

    Returns
    -------
    effect, variance : arrays
        In standard deviations; NaN where n1 + n2 < 4.

    Raises
    ------
    InputError
        Both or neither of standard error and interval; an interval turned round; a standard
        error of 0 or less; a negative or infinite n; an unknown option.

    Examples
    --------
    >>> g, v = smd_from_mean_difference(difference=-4.0, standard_error=1.6, n1=40, n2=40)
    >>> round(g.item(), 4), round(v.item(), 4)
    (-0.5536, 0.0519)
    """
    _refuse_both_or_neither(standard_error, low, high)
    raw, k1, k2 = floats(difference=(difference, "number"), n1=(n1, "count"), n2=(n2, "count"))
    if standard_error is None:
        df = np.where(k1 + k2 > 2, k1 + k2 - 2, np.nan)
        se = _se_from_interval(low, high, np.asarray(-stdtrit(df, (1 - check_level(level)) / 2)))
    else:
        (se,) = floats(standard_error=(standard_error, "sd"))
    return smd_from_t(t=raw / se, n1=k1, n2=k2, vtype=vtype, correction=correction)


def effect_from_estimate(
    *,
    estimate: npt.ArrayLike,
    standard_error: npt.ArrayLike | None = None,
    low: npt.ArrayLike | None = None,
    high: npt.ArrayLike | None = None,
    level: float = 0.95,
    ratio: bool = False,
) -> Pair:
    """Turn a printed estimate with its standard error or interval into effect and variance.

    Parameters
    ----------
    estimate : array_like
        As printed; a ratio as a ratio, not its log.
    standard_error : array_like, optional
        On the scale of the analysis (of the log, for a ratio); give it or ``low`` and ``high``.
    low, high : array_like, optional
        The printed interval; of a ratio the logs are taken.
    level : float
        Confidence of that interval, taken as normal.
    ratio : bool
        Whether the estimate is a ratio (OR, RR, HR, IRR), to be put on the log scale.

    Returns
    -------
    effect, variance : arrays
        Ratios on the log scale.

    Raises
    ------
    InputError
        Both or neither of standard error and interval; an interval turned round; a ratio of 0 or
        less; a standard error of 0 or less; an infinite number.

    Examples
    --------
    >>> e, v = effect_from_estimate(estimate=0.66, low=0.43, high=0.99, ratio=True)
    >>> round(e.item(), 4), round(v.item(), 4)
    (-0.4155, 0.0453)
    """
    _refuse_both_or_neither(standard_error, low, high)
    kind = "positive" if ratio else "number"
    (value,) = floats(estimate=(estimate, kind))
    if standard_error is not None:
        (se,) = floats(standard_error=(standard_error, "sd"))
    else:
        z = np.asarray(-ndtri((1 - check_level(level)) / 2))
        se = _se_from_interval(low, high, z, ratio=ratio)
    return both_or_neither(np.log(value) if ratio else value, se**2)


def _refuse_both_or_neither(
    standard_error: npt.ArrayLike | None, low: npt.ArrayLike | None, high: npt.ArrayLike | None
) -> None:
    """Raise InputError unless there is a standard error or a whole interval, and not both."""
    interval = low is not None and high is not None
    part = low is not None or high is not None
    if (standard_error is None) == interval and part == interval:
        return
    raise InputError(
        "standard_error, low, high: give either the standard error or both ends of the interval"
    )


def _se_from_interval(
    low: npt.ArrayLike | None, high: npt.ArrayLike | None, quantile: FloatArray, ratio: bool = False
) -> FloatArray:
    """Compute the standard error that gives an interval of this half-width."""
    kind = "positive" if ratio else "number"
    bottom, top = floats(low=(low, kind), high=(high, kind))  # type: ignore[arg-type]
    with quiet():
        refuse("high - low", top - bottom, lambda x: x <= 0, "an interval with low below high")
        width = np.log(top) - np.log(bottom) if ratio else top - bottom
        return np.asarray(width / (2 * quantile))


def smd_from_r(*, r: npt.ArrayLike, variance: npt.ArrayLike | None = None) -> Pair:
    """Turn a correlation into a standardised mean difference of two equal groups.

    Parameters
    ----------
    r : array_like
        Correlation, strictly between -1 and 1 to give a finite effect.
    variance : array_like, optional
        Variance of r; without it the variance of the effect is NaN.

    Returns
    -------
    effect, variance : arrays
        2r / sqrt(1 - r²) and 4v / (1 - r²)³.

    Raises
    ------
    InputError
        A correlation beyond -1 or 1, a negative or infinite variance.

    References
    ----------
    Borenstein, Hedges, Higgins & Rothstein (2009), Introduction to Meta-Analysis, ch. 7.

    Examples
    --------
    >>> round(smd_from_r(r=0.3)[0].item(), 4)
    0.629
    """
    corr, v = floats(
        r=(r, "correlation"), variance=(np.nan if variance is None else variance, "count")
    )
    with quiet():
        effect = 2 * corr / np.sqrt(1 - corr**2)
        effect = np.where(np.isfinite(effect), effect, np.nan)
        return effect, np.where(np.isfinite(effect), 4 * v / (1 - corr**2) ** 3, np.nan)


def r_from_smd(
    *,
    smd: npt.ArrayLike,
    n1: npt.ArrayLike,
    n2: npt.ArrayLike,
    variance: npt.ArrayLike | None = None,
) -> Pair:
    """Turn a standardised mean difference into a correlation.

    Parameters
    ----------
    smd : array_like
        Standardised mean difference.
    n1, n2 : array_like
        People in each group.
    variance : array_like, optional
        Variance of the difference; without it the variance of the correlation is NaN.

    Returns
    -------
    effect, variance : arrays
        d / sqrt(d² + a) and a² v / (d² + a)³ with a = (n1 + n2)² / (n1 n2).

    Raises
    ------
    InputError
        An infinite number, a negative n or variance.

    References
    ----------
    Borenstein, Hedges, Higgins & Rothstein (2009), Introduction to Meta-Analysis, ch. 7.

    Examples
    --------
    >>> round(r_from_smd(smd=0.5, n1=50, n2=50)[0].item(), 4)
    0.2425
    """
    d, k1, k2, v = floats(
        smd=(smd, "number"),
        n1=(n1, "count"),
        n2=(n2, "count"),
        variance=(np.nan if variance is None else variance, "count"),
    )
    with quiet():
        a = (k1 + k2) ** 2 / (k1 * k2)
        a = np.where(np.isfinite(a), a, np.nan)
        return d / np.sqrt(d**2 + a), a**2 * v / (d**2 + a) ** 3


def smd_from_log_odds_ratio(
    *, effect: npt.ArrayLike, variance: npt.ArrayLike, method: str = "logistic"
) -> Pair:
    """Turn a log odds ratio into a standardised mean difference (OR2DL, OR2DN).

    Parameters
    ----------
    effect, variance : array_like
        Log odds ratio and its variance.
    method : {"logistic", "chinn", "cox"}
        Divide by pi / sqrt 3, by that rounded to 1.81, or by 1.65.

    Returns
    -------
    effect, variance : arrays
        In standard deviations.

    Raises
    ------
    InputError
        An infinite number, a negative variance, an unknown ``method``.

    References
    ----------
    Hasselblad & Hedges (1995), Psychological Bulletin 117:167; Chinn (2000), Statistics in
    Medicine 19:3127; Cox & Snell (1989), Analysis of Binary Data.

    Examples
    --------
    >>> d, v = smd_from_log_odds_ratio(effect=0.9163, variance=0.04)
    >>> round(d.item(), 4), round(v.item(), 4)
    (0.5052, 0.0122)
    """
    scale = LOGISTIC_SD[check_choice("method", method, tuple(LOGISTIC_SD))]
    value, v = floats(effect=(effect, "number"), variance=(variance, "count"))
    return both_or_neither(value / scale, v / scale**2)


def log_odds_ratio_from_smd(
    *, effect: npt.ArrayLike, variance: npt.ArrayLike, method: str = "logistic"
) -> Pair:
    """Turn a standardised mean difference into a log odds ratio (D2ORL, D2ORN).

    Parameters
    ----------
    effect, variance : array_like
        Standardised mean difference and its variance.
    method : {"logistic", "chinn", "cox"}
        Multiply by pi / sqrt 3, by that rounded to 1.81, or by 1.65.

    Returns
    -------
    effect, variance : arrays
        On the log scale.

    Raises
    ------
    InputError
        An infinite number, a negative variance, an unknown ``method``.

    References
    ----------
    Hasselblad & Hedges (1995), Psychological Bulletin 117:167; Chinn (2000), Statistics in
    Medicine 19:3127; Cox & Snell (1989), Analysis of Binary Data.

    Examples
    --------
    >>> e, _ = log_odds_ratio_from_smd(effect=0.5, variance=0.04)
    >>> round(float(np.exp(e)), 4)
    2.4766
    """
    scale = LOGISTIC_SD[check_choice("method", method, tuple(LOGISTIC_SD))]
    value, v = floats(effect=(effect, "number"), variance=(variance, "count"))
    return both_or_neither(value * scale, v * scale**2)
