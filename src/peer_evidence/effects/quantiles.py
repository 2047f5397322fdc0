"""Mean and standard deviation from median, quartiles and range, with the skewness screen."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

from peer_evidence.checks import check_choice
from peer_evidence.effects.arrays import FloatArray, floats, quiet
from peer_evidence.errors import InputError


class MeanAndSd(NamedTuple):
    """Estimated means and standard deviations."""

    mean: FloatArray
    sd: FloatArray


class SkewnessScreen(NamedTuple):
    """The skewness statistic, its critical value and whether the one passes the other."""

    statistic: FloatArray
    critical: FloatArray
    skewed: npt.NDArray[np.bool_]


class _Five(NamedTuple):
    """The checked inputs and which of the three scenarios each is."""

    n: FloatArray
    low: FloatArray
    q1: FloatArray
    median: FloatArray
    q3: FloatArray
    high: FloatArray
    scenario: list[npt.NDArray[np.bool_]]


def _five(
    n: npt.ArrayLike,
    minimum: npt.ArrayLike | None,
    q1: npt.ArrayLike | None,
    median: npt.ArrayLike,
    q3: npt.ArrayLike | None,
    maximum: npt.ArrayLike | None,
) -> _Five:
    """Check that the numbers stand in order and tell which scenario each element is."""

    def given(value: npt.ArrayLike | None) -> npt.ArrayLike:
        return np.nan if value is None else value

    k, a, b, m, c, d = floats(
        n=(n, "positive"),
        minimum=(given(minimum), "number"),
        q1=(given(q1), "number"),
        median=(median, "number"),
        q3=(given(q3), "number"),
        maximum=(given(maximum), "number"),
    )
    names = ("minimum", "q1", "median", "q3", "maximum")
    ordered = (a, b, m, c, d)
    for i, lower in enumerate(ordered):
        for j in range(i + 1, len(ordered)):
            bad = lower > ordered[j]
            if bad.any():
                at = tuple(np.argwhere(bad)[0])
                raise InputError(
                    f"{names[i]}: found {lower[at]:g} with {names[j]} {ordered[j][at]:g}, "
                    f"allowed is at most {names[j]}"
                )
    ends = np.isfinite(a) & np.isfinite(d) & np.isfinite(m)
    quartiles = np.isfinite(b) & np.isfinite(c) & np.isfinite(m)
    return _Five(k, a, b, m, c, d, [ends & ~quartiles, quartiles & ~ends, ends & quartiles])


def mean_sd_from_quantiles(
    *,
    n: npt.ArrayLike,
    median: npt.ArrayLike,
    minimum: npt.ArrayLike | None = None,
    q1: npt.ArrayLike | None = None,
    q3: npt.ArrayLike | None = None,
    maximum: npt.ArrayLike | None = None,
    mean_method: str = "luo",
    sd_method: str = "shi",
) -> MeanAndSd:
    """Estimate mean and standard deviation from median with range, quartiles, or both.

    Parameters
    ----------
    n : array_like
        People.
    median : array_like
        Median.
    minimum, maximum : array_like, optional
        Range; NaN where a study does not print it.
    q1, q3 : array_like, optional
        Quartiles; NaN where a study does not print them.
    mean_method : {"luo", "wan"}
        Optimal weights that depend on n, or plain averages of the quantiles.
    sd_method : {"shi", "wan"}
        With range and quartiles both known: weights that depend on n, or the half of each. With
        one of them they are the same.

    Returns
    -------
    MeanAndSd
        Mean and sd; NaN where there is neither a whole range nor both quartiles.

    Raises
    ------
    InputError
        Quantiles out of order, an n of 0 or less, an infinite number, an unknown method.

    Notes
    -----
    All rest on a nearly normal law: look at `skewness_screen` first.

    References
    ----------
    Wan, Wang, Liu & Tong (2014), BMC Medical Research Methodology 14:135; Luo, Wan, Liu & Tong
    (2018), Statistical Methods in Medical Research 27:1785; Shi et al. (2020), Research
    Synthesis Methods 11:641.

    Examples
    --------
    >>> mean, sd = mean_sd_from_quantiles(n=20, minimum=2, q1=4, median=6, q3=10, maximum=14)
    >>> round(mean.item(), 4), round(sd.item(), 4)
    (6.9388, 3.6794)
    """
    check_choice("mean_method", mean_method, ("luo", "wan"))
    check_choice("sd_method", sd_method, ("shi", "wan"))
    x = _five(n, minimum, q1, median, q3, maximum)
    with quiet():
        means = _luo_means(x) if mean_method == "luo" else _wan_means(x)
        by_range = (x.high - x.low) / (2 * ndtri((x.n - 0.375) / (x.n + 0.25)))
        by_quartiles = (x.q3 - x.q1) / (2 * ndtri((0.75 * x.n - 0.125) / (x.n + 0.25)))
        weight = 1 / (1 + 0.07 * x.n**0.6) if sd_method == "shi" else 0.5
        both = weight * by_range + (1 - weight) * by_quartiles
        mean = np.select(x.scenario, means, np.nan)
        sd = np.select(x.scenario, [by_range, by_quartiles, both], np.nan)
    usable = np.isfinite(mean) & np.isfinite(sd)
    return MeanAndSd(np.where(usable, mean, np.nan), np.where(usable, sd, np.nan))


def _luo_means(x: _Five) -> list[FloatArray]:
    """Compute the means of Luo et al. (2018), equations 7, 11 and 15."""
    mid_range, mid_quartiles = (x.low + x.high) / 2, (x.q1 + x.q3) / 2
    w = 4 / (4 + x.n**0.75)
    first = w * mid_range + (1 - w) * x.median
    w = 0.7 + 0.39 / x.n
    second = w * mid_quartiles + (1 - w) * x.median
    w1, w2 = 2.2 / (2.2 + x.n**0.75), 0.7 - 0.72 / x.n**0.55
    third = w1 * mid_range + w2 * mid_quartiles + (1 - w1 - w2) * x.median
    return [first, second, third]


def _wan_means(x: _Five) -> list[FloatArray]:
    """Compute the averages of quantiles that Wan et al. (2014) take as means."""
    return [
        (x.low + 2 * x.median + x.high) / 4,
        (x.q1 + x.median + x.q3) / 3,
        (x.low + 2 * x.q1 + 2 * x.median + 2 * x.q3 + x.high) / 8,
    ]


def skewness_screen(
    *,
    n: npt.ArrayLike,
    median: npt.ArrayLike,
    minimum: npt.ArrayLike | None = None,
    q1: npt.ArrayLike | None = None,
    q3: npt.ArrayLike | None = None,
    maximum: npt.ArrayLike | None = None,
) -> SkewnessScreen:
    """Test whether quantiles come from a law too skewed to estimate mean and SD from them.

    Parameters
    ----------
    n : array_like
        People.
    median : array_like
        Median.
    minimum, maximum, q1, q3 : array_like, optional
        Range and quartiles, NaN where a study does not print them.

    Returns
    -------
    SkewnessScreen
        ``statistic``, ``critical`` (at 5 per cent) and ``skewed``, which is False where the
        statistic is NaN.

    Raises
    ------
    InputError
        Quantiles out of order, an n of 0 or less, an infinite number.

    References
    ----------
    Shi et al. (2023), Statistical Methods in Medical Research 32:1338.

    Examples
    --------
    >>> screen = skewness_screen(n=100, q1=12.5, median=18, q3=30.25)
    >>> round(screen.statistic.item(), 4), round(screen.critical.item(), 4), screen.skewed.item()
    (0.3803, 0.2644, True)
    """
    x = _five(n, minimum, q1, median, q3, maximum)
    root = np.sqrt(x.n)
    with quiet():
        first = np.abs(x.low + x.high - 2 * x.median) / (x.high - x.low)
        second = np.abs(x.q1 + x.q3 - 2 * x.median) / (x.q3 - x.q1)
        third = np.maximum(2.65 * np.log(0.6 * x.n) / root * first, second)
        limits = [
            1 / np.log(x.n + 9) + 2.5 / (x.n + 1),
            2.65 / root - 6 / x.n**2,
            3 / root - 40 / x.n**3,
        ]
        statistic = np.select(x.scenario, [first, second, third], np.nan)
        critical = np.select(x.scenario, limits, np.nan)
        return SkewnessScreen(statistic, critical, np.asarray(statistic > critical))
