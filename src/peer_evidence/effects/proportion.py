"""One group: a proportion, raw or transformed, and a mean."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from peer_evidence.checks import check_choice
from peer_evidence.effects.arrays import (
    FloatArray,
    Pair,
    both_or_neither,
    corrected_cells,
    floats,
    quiet,
    refuse_more_than,
)


def _yes_and_no(
    events: npt.ArrayLike, n: npt.ArrayLike, add: float, to: str
) -> tuple[FloatArray, FloatArray]:
    """Give people with and without the event after the rule for zero cells."""
    x, k = floats(events=(events, "count"), n=(n, "count"))
    refuse_more_than("events", x, "n", k)
    yes, no = corrected_cells([x, k - x], add, to)
    return yes, no


def proportion(
    *,
    events: npt.ArrayLike,
    n: npt.ArrayLike,
    add: float = 0.5,
    to: str = "only-zero",
    vtype: str = "LS",
) -> Pair:
    """Compute a proportion (PR).

    Parameters
    ----------
    events, n : array_like
        People with the event and people.
    add, to
        The rule for groups without events or with only events, as for 2x2 tables.
    vtype : {"LS", "UB"}
        Variance with n (large sample) or n - 1 (unbiased).

    Returns
    -------
    effect, variance : arrays
        Between 0 and 1.

    Raises
    ------
    InputError
        A count that is negative, infinite or above n; an unknown ``to`` or ``vtype``.

    Examples
    --------
    >>> p, v = proportion(events=5, n=20)
    >>> p.item(), v.item()
    (0.25, 0.009375)
    """
    check_choice("vtype", vtype, ("LS", "UB"))
    yes, no = _yes_and_no(events, n, add, to)
    total = yes + no
    with quiet():
        share = yes / total
        return both_or_neither(share, share * (no / total) / (total - (vtype == "UB")))


def log_proportion(
    *, events: npt.ArrayLike, n: npt.ArrayLike, add: float = 0.5, to: str = "only-zero"
) -> Pair:
    """Compute the log of a proportion (PLN).

    Parameters
    ----------
    events, n : array_like
        People with the event and people.
    add, to
        The rule for groups without events or with only events, as for 2x2 tables.

    Returns
    -------
    effect, variance : arrays
        On the log scale.

    Raises
    ------
    InputError
        A count that is negative, infinite or above n; an unknown ``to``.

    Examples
    --------
    >>> p, v = log_proportion(events=5, n=20)
    >>> round(p.item(), 4), round(v.item(), 4)
    (-1.3863, 0.15)
    """
    yes, no = _yes_and_no(events, n, add, to)
    with quiet():
        return both_or_neither(np.log(yes / (yes + no)), no / (yes * (yes + no)))


def logit_proportion(
    *, events: npt.ArrayLike, n: npt.ArrayLike, add: float = 0.5, to: str = "only-zero"
) -> Pair:
    """Compute the log odds of a proportion (PLO).

    Parameters
    ----------
    events, n : array_like
        People with the event and people.
    add, to
        The rule for groups without events or with only events, as for 2x2 tables.

    Returns
    -------
    effect, variance : arrays
        On the logit scale.

    Raises
    ------
    InputError
        A count that is negative, infinite or above n; an unknown ``to``.

    Examples
    --------
    >>> p, v = logit_proportion(events=5, n=20)
    >>> round(p.item(), 4), round(v.item(), 4)
    (-1.0986, 0.2667)
    """
    yes, no = _yes_and_no(events, n, add, to)
    with quiet():
        return both_or_neither(np.log(yes / no), 1 / yes + 1 / no)


def arcsine_proportion(
    *, events: npt.ArrayLike, n: npt.ArrayLike, add: float = 0.0, to: str = "only-zero"
) -> Pair:
    """Compute the arcsine of the square root of a proportion (PAS).

    Parameters
    ----------
    events, n : array_like
        People with the event and people.
    add, to
        The rule for zero cells, as for 2x2 tables; nothing is added by default.

    Returns
    -------
    effect, variance : arrays
        In radians; the variance is 1 / 4n.

    Raises
    ------
    InputError
        A count that is negative, infinite or above n; an unknown ``to``.

    Examples
    --------
    >>> p, v = arcsine_proportion(events=5, n=20)
    >>> round(p.item(), 4), v.item()
    (0.5236, 0.0125)
    """
    yes, no = _yes_and_no(events, n, add, to)
    with quiet():
        return both_or_neither(np.arcsin(np.sqrt(yes / (yes + no))), 1 / (4 * (yes + no)))


def freeman_tukey(
    *, events: npt.ArrayLike, n: npt.ArrayLike, add: float = 0.0, to: str = "only-zero"
) -> Pair:
    """Compute the Freeman-Tukey double arcsine of a proportion (PFT).

    Parameters
    ----------
    events, n : array_like
        People with the event and people.
    add, to
        The rule for zero cells, as for 2x2 tables; nothing is added by default.

    Returns
    -------
    effect, variance : arrays
        In radians, half the size of Miller's; the variance is 1 / (4n + 2).

    Raises
    ------
    InputError
        A count that is negative, infinite or above n; an unknown ``to``.

    References
    ----------
    Freeman & Tukey (1950), Annals of Mathematical Statistics 21:607.

    Examples
    --------
    >>> p, v = freeman_tukey(events=5, n=20)
    >>> round(p.item(), 4), round(v.item(), 4)
    (0.5368, 0.0122)
    """
    yes, no = _yes_and_no(events, n, add, to)
    total = np.where(yes + no > 0, yes + no, np.nan)
    with quiet():
        low = np.arcsin(np.sqrt(yes / (total + 1)))
        high = np.arcsin(np.sqrt((yes + 1) / (total + 1)))
        return both_or_neither((low + high) / 2, 1 / (4 * total + 2))


def freeman_tukey_inverse(*, effect: npt.ArrayLike, n: npt.ArrayLike) -> FloatArray:
    """Turn a Freeman-Tukey double arcsine back into a proportion.

    Parameters
    ----------
    effect : array_like
        On the scale of `freeman_tukey`; beyond what n people can give it becomes 0 or 1.
    n : array_like
        People. For a pooled effect one n must stand for all studies, their harmonic mean by
        custom; where the sizes differ widely the result can be far off (Schwarzer et al. 2019,
        doi 10.1002/jrsm.1348) and the logit is the better road.

    Returns
    -------
    array
        Proportions between 0 and 1.

    Raises
    ------
    InputError
        An infinite effect, an n of 0 or less.

    References
    ----------
    Miller (1978), The American Statistician 32:138.

    Examples
    --------
    >>> effect, _ = freeman_tukey(events=5, n=20)
    >>> round(freeman_tukey_inverse(effect=effect, n=20).item(), 10)
    0.25
    """
    z, k = floats(effect=(effect, "number"), n=(n, "positive"))
    low, _ = freeman_tukey(events=np.zeros_like(k), n=k)
    high, _ = freeman_tukey(events=k, n=k)
    inside = np.clip(z, low, high)
    sine = np.sin(2 * inside)
    root = np.sqrt(np.maximum(0.0, 1 - (sine + (sine - 1 / sine) / k) ** 2))
    share = (1 - np.sign(np.cos(2 * inside)) * root) / 2
    share = np.where(z <= low, 0.0, np.where(z >= high, 1.0, share))
    return np.where(np.isnan(z) | np.isnan(k), np.nan, share)


def single_mean(*, mean: npt.ArrayLike, sd: npt.ArrayLike, n: npt.ArrayLike) -> Pair:
    """Give the mean of one group with its variance (MN).

    Parameters
    ----------
    mean, sd, n : array_like
        Mean, standard deviation and people.

    Returns
    -------
    effect, variance : arrays
        On the scale of the measurement.

    Raises
    ------
    InputError
        A standard deviation of 0 or less, a negative or infinite number.

    Examples
    --------
    >>> m, v = single_mean(mean=50, sd=10, n=25)
    >>> m.item(), v.item()
    (50.0, 4.0)
    """
    m, s, k = floats(mean=(mean, "number"), sd=(sd, "sd"), n=(n, "count"))
    with quiet():
        return both_or_neither(m, s**2 / k)
