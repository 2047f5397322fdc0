"""Events in person-time: rate ratio, rate difference, and the rate of one group."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from peer_evidence.effects.arrays import (
    FloatArray,
    Pair,
    both_or_neither,
    corrected_cells,
    floats,
    quiet,
)


def _two_rates(
    events1: npt.ArrayLike,
    time1: npt.ArrayLike,
    events2: npt.ArrayLike,
    time2: npt.ArrayLike,
    add: float,
    to: str,
    drop_double_zeros: bool,
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Check and broadcast two rates and apply the rule for zero counts."""
    x1, t1, x2, t2 = floats(
        events1=(events1, "count"),
        time1=(time1, "time"),
        events2=(events2, "count"),
        time2=(time2, "time"),
    )
    if drop_double_zeros:
        double = (x1 == 0) & (x2 == 0)
        x1, x2 = np.where(double, np.nan, x1), np.where(double, np.nan, x2)
    x1, x2 = corrected_cells([x1, x2], add, to)
    return x1, t1, x2, t2


def log_rate_ratio(
    *,
    events1: npt.ArrayLike,
    time1: npt.ArrayLike,
    events2: npt.ArrayLike,
    time2: npt.ArrayLike,
    add: float = 0.5,
    to: str = "only-zero",
    drop_double_zeros: bool = False,
) -> Pair:
    """Compute the log ratio of two incidence rates (IRR).

    Parameters
    ----------
    events1, time1, events2, time2 : array_like
        Events and person-time of each group.
    add, to, drop_double_zeros
        The rule for zero counts, as for 2x2 tables; it adds to the events of both groups.

    Returns
    -------
    effect, variance : arrays
        On the log scale; NaN where an input is missing or a zero count stays uncorrected.

    Raises
    ------
    InputError
        A count below 0, a person-time of 0 or less, an infinite number, an unknown ``to``.

    Examples
    --------
    >>> e, v = log_rate_ratio(events1=9, time1=413, events2=19, time2=398)
    >>> round(e.item(), 4), round(v.item(), 4)
    (-0.7842, 0.1637)
    """
    x1, t1, x2, t2 = _two_rates(events1, time1, events2, time2, add, to, drop_double_zeros)
    with quiet():
        return both_or_neither(np.log(x1 / t1) - np.log(x2 / t2), 1 / x1 + 1 / x2)


def rate_difference(
    *,
    events1: npt.ArrayLike,
    time1: npt.ArrayLike,
    events2: npt.ArrayLike,
    time2: npt.ArrayLike,
    add: float = 0.5,
    to: str = "only-zero",
    drop_double_zeros: bool = False,
) -> Pair:
    """Compute the difference of two incidence rates (IRD).

    Parameters
    ----------
    events1, time1, events2, time2 : array_like
        Events and person-time of each group.
    add, to, drop_double_zeros
        The rule for zero counts, see `log_rate_ratio`.

    Returns
    -------
    effect, variance : arrays
        Events for one unit of person-time.

    Raises
    ------
    InputError
        A count below 0, a person-time of 0 or less, an infinite number, an unknown ``to``.

    Examples
    --------
    >>> round(rate_difference(events1=9, time1=413, events2=19, time2=398)[0].item(), 4)
    -0.0259
    """
    x1, t1, x2, t2 = _two_rates(events1, time1, events2, time2, add, to, drop_double_zeros)
    return both_or_neither(x1 / t1 - x2 / t2, x1 / t1**2 + x2 / t2**2)


def sqrt_rate_difference(
    *,
    events1: npt.ArrayLike,
    time1: npt.ArrayLike,
    events2: npt.ArrayLike,
    time2: npt.ArrayLike,
    add: float = 0.0,
    to: str = "only-zero",
    drop_double_zeros: bool = False,
) -> Pair:
    """Compute the difference of two square-root rates (IRSD), whose variance is stable.

    Parameters
    ----------
    events1, time1, events2, time2 : array_like
        Events and person-time of each group.
    add, to, drop_double_zeros
        The rule for zero counts, see `log_rate_ratio`; nothing is added by default.

    Returns
    -------
    effect, variance : arrays
        Square root of events for one unit of person-time.

    Raises
    ------
    InputError
        A count below 0, a person-time of 0 or less, an infinite number, an unknown ``to``.

    Examples
    --------
    >>> round(sqrt_rate_difference(events1=9, time1=413, events2=19, time2=398)[0].item(), 4)
    -0.0709
    """
    x1, t1, x2, t2 = _two_rates(events1, time1, events2, time2, add, to, drop_double_zeros)
    return both_or_neither(np.sqrt(x1 / t1) - np.sqrt(x2 / t2), 1 / (4 * t1) + 1 / (4 * t2))


def _one_rate(
    events: npt.ArrayLike, time: npt.ArrayLike, add: float, to: str
) -> tuple[FloatArray, FloatArray]:
    """Check and broadcast one rate and apply the rule for zero counts."""
    x, t = floats(events=(events, "count"), time=(time, "time"))
    (x,) = corrected_cells([x], add, to)
    return x, t


def rate(
    *, events: npt.ArrayLike, time: npt.ArrayLike, add: float = 0.5, to: str = "only-zero"
) -> Pair:
    """Compute an incidence rate (IR).

    Parameters
    ----------
    events, time : array_like
        Events and person-time.
    add, to
        The rule for zero counts, see `log_rate_ratio`.

    Returns
    -------
    effect, variance : arrays
        Events for one unit of person-time.

    Raises
    ------
    InputError
        A count below 0, a person-time of 0 or less, an infinite number, an unknown ``to``.

    Examples
    --------
    >>> round(rate(events=9, time=413)[0].item(), 4)
    0.0218
    """
    x, t = _one_rate(events, time, add, to)
    return both_or_neither(x / t, x / t**2)


def log_rate(
    *, events: npt.ArrayLike, time: npt.ArrayLike, add: float = 0.5, to: str = "only-zero"
) -> Pair:
    """Compute the log of an incidence rate (IRLN).

    Parameters
    ----------
    events, time : array_like
        Events and person-time.
    add, to
        The rule for zero counts, see `log_rate_ratio`.

    Returns
    -------
    effect, variance : arrays
        On the log scale.

    Raises
    ------
    InputError
        A count below 0, a person-time of 0 or less, an infinite number, an unknown ``to``.

    Examples
    --------
    >>> round(log_rate(events=9, time=413)[0].item(), 4)
    -3.8262
    """
    x, t = _one_rate(events, time, add, to)
    with quiet():
        return both_or_neither(np.log(x / t), 1 / x)


def sqrt_rate(
    *, events: npt.ArrayLike, time: npt.ArrayLike, add: float = 0.0, to: str = "only-zero"
) -> Pair:
    """Compute the square root of an incidence rate (IRS).

    Parameters
    ----------
    events, time : array_like
        Events and person-time.
    add, to
        The rule for zero counts, see `log_rate_ratio`; nothing is added by default.

    Returns
    -------
    effect, variance : arrays
        On the square-root scale.

    Raises
    ------
    InputError
        A count below 0, a person-time of 0 or less, an infinite number, an unknown ``to``.

    Examples
    --------
    >>> round(sqrt_rate(events=9, time=413)[0].item(), 4)
    0.1476
    """
    x, t = _one_rate(events, time, add, to)
    return both_or_neither(np.sqrt(x / t), 1 / (4 * t))


def freeman_tukey_rate(
    *, events: npt.ArrayLike, time: npt.ArrayLike, add: float = 0.0, to: str = "only-zero"
) -> Pair:
    """Compute the Freeman-Tukey transformed incidence rate (IRFT).

    Parameters
    ----------
    events, time : array_like
        Events and person-time.
    add, to
        The rule for zero counts, see `log_rate_ratio`; nothing is added by default.

    Returns
    -------
    effect, variance : arrays
        Mean of sqrt(x/t) and sqrt((x + 1)/t).

    Raises
    ------
    InputError
        A count below 0, a person-time of 0 or less, an infinite number, an unknown ``to``.

    References
    ----------
    Freeman & Tukey (1950), Annals of Mathematical Statistics 21:607.

    Examples
    --------
    >>> round(freeman_tukey_rate(events=9, time=413)[0].item(), 4)
    0.1516
    """
    x, t = _one_rate(events, time, add, to)
    return both_or_neither((np.sqrt(x / t) + np.sqrt((x + 1) / t)) / 2, 1 / (4 * t))
